"""Sign a letter: XMLDSig over `#Letter`, certificate enclosed, made by hand.

Exclusive C14N, so that the signature stands wherever the letter is put (ecms.md C3).
Made from lxml's canonical form and `cryptography` alone: another way than the hub's,
so that the two can disagree.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from gateway.simulation.errors import SimulationError

_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_RSA: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


@dataclass(frozen=True, slots=True)
class Signer:
    """An office's key and certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def of_pem(cls, key: bytes, certificate: bytes) -> Self:
        """Take an unencrypted PEM key, RSA or on P-256, and its PEM certificate."""
        loaded = serialization.load_pem_private_key(key, password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise SimulationError("a key is RSA or on a curve")
        return cls(loaded, x509.load_pem_x509_certificate(certificate))

    def signature_of(self, document: str) -> str:
        """Return ds:Signature over the element with `ID="Letter"`."""
        letter = etree.fromstring(document.encode()).find("*[@ID='Letter']")
        if letter is None:
            raise SimulationError("the document has no letter to sign")
        digest = hashlib.sha256(_canonical(letter)).digest()
        signed = self._signed_info(_text(digest))
        value = self._sign(_canonical(etree.fromstring(signed)))
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return (
            '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
            f"{signed.replace(_DECLARED, '')}"
            f"<ds:SignatureValue>{_text(value)}</ds:SignatureValue>"
            "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName>"
            f"{_subject(self.certificate)}"
            f"</ds:X509SubjectName><ds:X509Certificate>{_text(der)}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        )

    def _signed_info(self, digest: str) -> str:
        method = _RSA if isinstance(self.key, rsa.RSAPrivateKey) else _ECDSA
        return (
            f"<ds:SignedInfo{_DECLARED}>"
            f'<ds:CanonicalizationMethod Algorithm="{_C14N}"/>'
            f'<ds:SignatureMethod Algorithm="{method}"/>'
            '<ds:Reference URI="#Letter"><ds:Transforms>'
            f'<ds:Transform Algorithm="{_C14N}"/></ds:Transforms>'
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
            f"<ds:DigestValue>{digest}</ds:DigestValue>"
            "</ds:Reference></ds:SignedInfo>"
        )

    def _sign(self, signed: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        pair = decode_dss_signature(self.key.sign(signed, ec.ECDSA(hashes.SHA256())))
        width = (self.key.curve.key_size + 7) // 8
        return b"".join(number.to_bytes(width, "big") for number in pair)


_DECLARED: Final = ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, with_tail=False
    )


def _subject(certificate: x509.Certificate) -> str:
    name = certificate.subject.rfc4514_string()
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
