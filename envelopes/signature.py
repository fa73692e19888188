"""Sign; verify → SignedPart, the only thing a Letter can be read from.

See what is signed: a letter is read from the element that the signature was found
to cover, as the verifier canonicalised it, never from the tree that came. A letter
nobody signed is read from an `UnsignedPart`, so that the difference is a type.
Signatures are judged in the whole envelope they came in, since inclusive
canonicalisation draws in its namespaces (docs/protocol/ecms.md, C3).

signxml judges digest and signature. What it leaves to its caller stands in
`envelopes.signed_shape`: it accepts a second Signature, a letter moved to the header,
and, with a pinned certificate, any embedded one.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

import pybase64
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import SignatureReference, XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from envelopes import signed_shape
from envelopes.errors import (
    CertificateUntrusted,
    SchemaViolated,
    SignatureInvalid,
)
from envelopes.requests import Document
from envelopes.trust import (
    Certificate,
    TrustedCertificate,
    read_certificate,
    speaks,
)
from schemas import names

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_FAILURES: Final = (
    SignXMLException,
    UnsupportedAlgorithm,
    etree.LxmlError,
    ValueError,
    TypeError,
)
"""What signxml lets through for a signature that does not hold."""

_END: Final = b"</ram:GovernmentSignature></rsm:GovernmentDocument>"

_MAKER: Final = object()


@dataclass(frozen=True, slots=True, eq=False)
class SignedPart:
    """A letter as its signature covers it. Only `verify` makes one."""

    tree: etree._Element = field(repr=False)
    """ram:CorrespondenceLetter, parsed anew from what the digest was made of."""
    certificate: str
    """SHA-256 of the signer's certificate (DER), 64 hexadecimal digits."""
    algorithm: str
    """URI of the signature method."""
    weak: bool
    """Whether anything of it rests on SHA-1."""
    travels: bool
    """Whether it holds in another envelope too; see `travels`."""
    maker: InitVar[object]

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("only verify() makes a SignedPart")


@dataclass(frozen=True, slots=True, eq=False)
class UnsignedPart:
    """A letter that nobody signed. Only `unsigned` makes one."""

    tree: etree._Element = field(repr=False)
    """ram:CorrespondenceLetter, in the envelope it came in."""
    maker: InitVar[object]

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("only unsigned() makes an UnsignedPart")


def signatures_in(document: Document) -> int:
    """Count the ds:Signature elements anywhere in the envelope, its header included."""
    return sum(1 for _ in document.tree.getroottree().iter(names.SIGNATURE))


def travels(document: Document) -> bool:
    """Say whether its one signature holds in another envelope too (C3).

    An inclusive signature draws this envelope's namespaces into its digest and
    breaks in the next one: it proves, but cannot be handed on. For a document that
    was verified before; nothing is judged here.
    """
    return signed_shape.is_exclusive(signed_shape.the_signature(document, weak=True))


def verify(
    document: Document,
    trusted: Sequence[TrustedCertificate],
    at: datetime,
    *,
    weak: bool = False,
) -> SignedPart:
    """Return the letter that the envelope's one signature covers.

    `trusted` are the certificates registered for the organization that is to have
    signed; `at` is the time of receipt. `weak` says that RSA with SHA-1 is taken:
    where that organization's record allows it, and of a letter that was taken before,
    whatever its record says now. Raises `SignatureMissing`, `SignatureInvalid` (also
    for what is too weak), `SignedPartMissing`, `CertificateUntrusted` or
    `CertificateExpired`.
    """
    if document.repaired:
        # `envelopes.repair` leaves alone what holds a signature; so does this.
        raise SignatureInvalid("ds:Signature: in an envelope that is not well-formed")
    signature = signed_shape.the_signature(document, weak=weak)
    registered = speaks(signed_shape.embedded_certificates(signature), trusted, at)
    try:
        certificate = read_certificate(registered.der)
    except ValueError as error:
        raise CertificateUntrusted("ds:X509Certificate", detail=str(error)) from error
    return SignedPart(
        tree=_verified(document, certificate, _expected(signature, at, weak=weak)),
        certificate=registered.fingerprint,
        algorithm=signed_shape.signature_method(signature),
        weak=signed_shape.is_weak(signature),
        travels=signed_shape.is_exclusive(signature),
        maker=_MAKER,
    )


def unsigned(document: Document) -> UnsignedPart:
    """Return the letter of an envelope that holds no signature at all.

    Raises `SignatureInvalid` where one stands anywhere in it: a signature is
    verified or refused, never passed over. Raises `SchemaViolated` unless the
    envelope holds exactly one letter.
    """
    if signatures_in(document):
        raise SignatureInvalid("ds:Signature")
    letters = signed_shape.letters_in(document)
    if len(letters) != 1 or letters[0].getparent() is not document.tree:
        raise SchemaViolated("ram:CorrespondenceLetter")
    return UnsignedPart(tree=letters[0], maker=_MAKER)


def sign(document: bytes, key: PrivateKey, certificate: bytes) -> bytes:
    """Return a GovernmentDocument with a signature over its letter.

    `document` is what `envelopes.encoder` writes with a signer; the signature is
    put into it as the last child of ram:GovernmentSignature and no other byte
    changes. `certificate` is PEM or DER. Canonicalisation is exclusive, so that
    the document can be put into any envelope. Raises `ValueError` for a document
    that is not of this form, and for a certificate that is not of this key.
    """
    if not document.endswith(_END):
        raise ValueError("the document does not end with a ram:GovernmentSignature")
    if b"<ds:Signature" in document:
        raise ValueError("the document is signed already")
    facts = read_certificate(certificate)
    if facts.parsed.public_key() != key.public_key():
        raise ValueError("the certificate is not of this key")
    try:
        signature = _signature_over(document, key, facts)
    except (SignXMLException, etree.LxmlError) as error:
        raise ValueError("the document cannot be signed") from error
    place = len(document) - len(_END)
    return b"".join((document[:place], signature, _END))


def _parser() -> etree.XMLParser:
    """Return a parser that reads texts above libxml2's 10 MB, and nothing outside."""
    return etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def _verified(
    document: Document,
    certificate: Certificate,
    expected: SignatureConfiguration,
) -> etree._Element:
    """Let signxml judge, and return the element that it says is signed."""
    try:
        result = XMLVerifier().verify(
            document.tree.getroottree().getroot(),
            x509_cert=certificate.parsed,
            parser=_parser(),
            id_attribute=names.LETTER_ID_ATTRIBUTE,
            expect_config=expected,
        )
    except _FAILURES as error:
        raise SignatureInvalid("ds:Signature", detail=repr(error)) from error
    signed = result.signed_xml if isinstance(result, VerifyResult) else None
    return signed_shape.the_letter(signed)


def _expected(
    signature: etree._Element, at: datetime, *, weak: bool
) -> SignatureConfiguration:
    above = [str(element.tag) for element in signature.iterancestors()]
    return SignatureConfiguration(
        location="./" + "".join(f"{tag}/" for tag in reversed(above[:-1])),
        expect_references=1,
        signature_methods=signed_shape.methods(weak=weak),
        digest_algorithms=signed_shape.digests(weak=weak),
        # The registered certificate is the key; a KeyValue beside it says nothing.
        ignore_ambiguous_key_info=True,
        verification_time=at,
        # Without a transform the standard says this one (XMLDSig 4.4.3.2).
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )


class _Signer(XMLSigner):
    """signxml's signer with our parser: its own stops at texts of 10 MB."""

    @property
    def parser(self) -> etree.XMLParser:
        """The parser of everything it reads."""
        return _parser()


def _signature_over(document: bytes, key: PrivateKey, facts: Certificate) -> bytes:
    signer = _Signer(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=_method_of(key),
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signature = signer.sign(
        document,
        key=key,
        key_info=_key_info(facts),
        reference_uri=[SignatureReference(URI=signed_shape.LETTER_URI)],
        id_attribute=names.LETTER_ID_ATTRIBUTE,
    )
    return etree.tostring(signature, encoding="unicode").encode()


def _method_of(key: PrivateKey) -> SignatureMethod:
    if isinstance(key, rsa.RSAPrivateKey):
        return SignatureMethod.RSA_SHA256
    if key.curve.name == ec.SECP384R1.name:
        return SignatureMethod.ECDSA_SHA384
    return SignatureMethod.ECDSA_SHA256


def _key_info(facts: Certificate) -> etree._Element:
    """Write subject and certificate, in the order BOI reads them (C3)."""
    ds = {"ds": names.DSIG}
    info = etree.Element(f"{{{names.DSIG}}}KeyInfo", nsmap=ds)
    data = etree.SubElement(info, f"{{{names.DSIG}}}X509Data")
    subject = etree.SubElement(data, f"{{{names.DSIG}}}X509SubjectName")
    subject.text = facts.subject
    certificate = etree.SubElement(data, f"{{{names.DSIG}}}X509Certificate")
    certificate.text = pybase64.b64encode(facts.der).decode()
    return info
