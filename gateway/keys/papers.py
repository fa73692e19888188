"""Certificates and certificate requests over a key that cannot be read.

`cryptography` signs both with keys it holds itself only. So each is made with a
throw-away key of the same kind, and then its signature, and in a request the public
key, are put in anew: P-256 keys take the same 91 bytes in DER.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from envelopes.signing_key import SigningKey, der_of

_YEARS: Final = timedelta(days=10 * 365)
_BACKDATED: Final = timedelta(days=1)
"""For clocks that differ."""
_LONGEST_NAME: Final = 64
"""RFC 5280 counts characters of a CN, `cryptography` counts bytes."""

_ECDSA_WITH_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_SEQUENCE: Final = 0x30
_BIT_STRING: Final = 0x03
_SHORT: Final = 0x80
_CURVE: Final = ec.SECP256R1()


def subject_of(name: str, code: str) -> x509.Name:
    """Return a subject: `name`, cut to 64 bytes of UTF-8, as CN, `code` as number."""
    common_name = name.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, code),
        ]
    )


def self_signed(key: SigningKey, subject: x509.Name, at: datetime) -> bytes:
    """Return a certificate of ten years (PEM) for a P-256 key, signed by itself."""
    draft = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BACKDATED)
        .not_valid_after(at + _YEARS)
        .sign(ec.generate_private_key(_CURVE), hashes.SHA256())
    )
    der = _signed(draft.tbs_certificate_bytes, key)
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def request(key: SigningKey, subject: x509.Name) -> bytes:
    """Return a certificate request (CSR, PEM) for a P-256 key, signed by it."""
    draft_key = ec.generate_private_key(_CURVE)
    draft = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(draft_key, hashes.SHA256())
    )
    own, drafted = _public(key.public_key), _public(draft_key.public_key())
    content = draft.tbs_certrequest_bytes
    if content.count(drafted) != 1 or len(own) != len(drafted):
        raise ValueError("the key is no P-256 key")
    der = _signed(content.replace(drafted, own), key)
    return x509.load_der_x509_csr(der).public_bytes(Encoding.PEM)


def _signed(content: bytes, key: SigningKey) -> bytes:
    signature = der_of(key.sign(content, hashes.SHA256()), _CURVE)
    bits = _tagged(_BIT_STRING, b"\0" + signature)
    return _tagged(_SEQUENCE, content + _ECDSA_WITH_SHA256 + bits)


def _tagged(tag: int, content: bytes) -> bytes:
    """Write one value of DER, its length in the shortest form."""
    size = len(content)
    if size < _SHORT:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, _SHORT | len(length)]) + length + content


def _public(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the key is no ECDSA key")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
