"""Verify → SignedPart, the only thing a Letter can be read from.

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
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.exceptions import SignXMLException
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
    speakers,
)
from schemas import names

_FAILURES: Final = (
    SignXMLException,
    UnsupportedAlgorithm,
    etree.LxmlError,
    ValueError,
    TypeError,
)
"""What signxml lets through for a signature that does not hold."""

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
    for what is too weak), `SignedPartMissing`, `CertificateUntrusted`,
    `CertificateRevoked` or `CertificateExpired`.
    """
    if document.repaired:
        # `envelopes.repair` leaves alone what holds a signature; so does this.
        raise SignatureInvalid("ds:Signature: in an envelope that is not well-formed")
    signature = signed_shape.the_signature(document, weak=weak)
    embedded = signed_shape.embedded_certificates(signature)
    for registered in speakers(embedded, trusted, at):
        try:
            certificate = _readable(registered)
            tree = _verified(document, certificate, _expected(signature, at, weak=weak))
        except SignatureInvalid as error:
            # It may name the certificate before it too, while it is changed.
            failed = error
            continue
        return SignedPart(
            tree=tree,
            certificate=registered.fingerprint,
            algorithm=signed_shape.signature_method(signature),
            weak=signed_shape.is_weak(signature),
            travels=signed_shape.is_exclusive(signature),
            maker=_MAKER,
        )
    raise failed


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


def _readable(registered: TrustedCertificate) -> Certificate:
    try:
        return read_certificate(registered.der)
    except ValueError as error:
        raise CertificateUntrusted("ds:X509Certificate", detail=str(error)) from error


class _Verifier(XMLVerifier):
    """signxml, which need not copy the tree before it looks for the signature.

    What was parsed from an envelope's bytes is nobody else's, and stands below no
    element that it could draw namespaces from; and what a reference names signxml
    takes from a copy of its own.
    """

    def get_root(self, data: etree._Element) -> etree._Element:
        """Return the root as it is."""
        return data


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
        result = _Verifier().verify(
            document.tree.getroottree().getroot(),
            x509_cert=certificate.parsed,
            parser=_parser(),
            id_attribute=names.LETTER_ID_ATTRIBUTE,
            expect_config=expected,
        )
    except _FAILURES as error:
        raise SignatureInvalid("ds:Signature", detail=type(error).__name__) from error
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
