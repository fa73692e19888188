"""What a signed envelope must look like before its signature is judged.

1. One ds:Signature in the whole envelope, inside the ram:GovernmentSignature of the
   one rsm:GovernmentDocument in the operation in Body.
2. It has one SignedInfo, one Reference, one X509Data, and nothing that no letter
   needs: no Object, no Manifest, no comment that would cut a digest in two.
3. The reference names `#Letter`, one element in the envelope has that ID, however
   the attribute is spelled, and it is the document's ram:CorrespondenceLetter.
4. RSA (PKCS #1) or ECDSA with SHA-2, digests of SHA-2, canonicalisation and no other
   transform. SHA-1 is refused, unless the caller says that this sender may be weak:
   then RSA with SHA-1 is taken, and a digest of SHA-1 under RSA, and nothing else.

All of it is what signature wrapping plays with; each rule has its hostile test.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Final

import pybase64
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from envelopes.errors import (
    CertificateUntrusted,
    SignatureInvalid,
    SignatureMissing,
    SignedPartMissing,
)
from envelopes.requests import Document
from schemas import names

LETTER_URI: Final = f"#{names.LETTER_ID}"

_METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS: Final = frozenset(
    {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}
)
# What clients of before 2010 sign by (C3); taken where their record allows it.
_WEAK_METHODS: Final = frozenset({SignatureMethod.RSA_SHA1})
_WEAK_DIGESTS: Final = frozenset({DigestAlgorithm.SHA1})
_WEAK: Final = frozenset(
    [method.value for method in _WEAK_METHODS]
    + [digest.value for digest in _WEAK_DIGESTS]
)
_BY_RSA: Final = frozenset(
    method.value
    for method in _METHODS | _WEAK_METHODS
    if method.name.startswith("RSA_")
)
_EXCLUSIVE: Final = frozenset(
    {
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0.value,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS.value,
    }
)
_CANONICALISATIONS: Final = frozenset(CanonicalizationMethod)
# A reference by name never covers comments (XMLDSig 4.4.3.3), yet signxml would
# digest them under a transform "with comments": such a transform is not taken.
_TRANSFORMS: Final = frozenset(
    {
        CanonicalizationMethod.CANONICAL_XML_1_0,
        CanonicalizationMethod.CANONICAL_XML_1_1,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    }
)

_XML_ATTRIBUTE: Final = "{http://www.w3.org/XML/1998/namespace}"
_INCLUSIVE_NAMESPACES: Final = "{http://www.w3.org/2001/10/xml-exc-c14n#}"
_WITH_LETTER_ID: Final = etree.XPath(
    "//@*[. = $id and translate(local-name(), 'ID', 'id') = 'id']/.."
)


def methods(*, weak: bool) -> frozenset[SignatureMethod]:
    """Return the signature methods that are taken; `weak` adds RSA with SHA-1."""
    return _METHODS | _WEAK_METHODS if weak else _METHODS


def digests(*, weak: bool) -> frozenset[DigestAlgorithm]:
    """Return the digests that are taken; `weak` adds SHA-1."""
    return _DIGESTS | _WEAK_DIGESTS if weak else _DIGESTS


def letters_in(document: Document) -> list[etree._Element]:
    """Return every ram:CorrespondenceLetter anywhere in the envelope."""
    return list(document.tree.getroottree().iter(names.CORRESPONDENCE_LETTER))


def the_signature(document: Document, *, weak: bool) -> etree._Element:
    """Return the envelope's signature, its shape and algorithms checked.

    `weak` says whether SHA-1 is taken. Raises `SignatureMissing`, `SignatureInvalid`
    or `SignedPartMissing`; the digest and the signature itself are not looked at.
    """
    found = list(document.tree.getroottree().iter(names.SIGNATURE))
    if not found:
        raise SignatureMissing("ds:Signature")
    if len(found) > 1:
        raise SignatureInvalid("ds:Signature: more than one")
    signature = found[0]
    _stands_in_its_place(document, signature)
    _has_its_parts(signature)
    _covers_the_letter(document, signature)
    _has_its_algorithms(signature, weak=weak)
    _stands_under_no_xml_attribute(signature)
    return signature


def embedded_certificates(signature: etree._Element) -> list[bytes]:
    """Return the certificates in the signature as DER, as they stand, unread.

    Raises `CertificateUntrusted` where there are none.
    """
    certificates = []
    for element in signature.iter(_ds("X509Certificate")):
        text = "".join((element.text or "").split())
        try:
            certificates.append(pybase64.b64decode(text, validate=True))
        except ValueError as error:
            raise SignatureInvalid("ds:X509Certificate") from error
    if not certificates:
        raise CertificateUntrusted("ds:X509Certificate")
    return certificates


def signature_method(signature: etree._Element) -> str:
    """Return the URI of the signature method; empty where none is named."""
    return _algorithm(signature, "SignedInfo", "SignatureMethod")


def is_weak(signature: etree._Element) -> bool:
    """Say whether anything of it rests on SHA-1."""
    info = signature[0]
    named = {info[1].get("Algorithm"), info[2][-2].get("Algorithm")}
    return not named.isdisjoint(_WEAK)


def is_exclusive(signature: etree._Element) -> bool:
    """Say whether everything digested is canonicalised exclusively.

    A reference without a transform is inclusive (XMLDSig 4.4.3.2).
    """
    methods = [method.get("Algorithm") for method in _canonicalisations(signature)]
    return len(methods) > 1 and _EXCLUSIVE.issuperset(methods)


def the_letter(signed: etree._Element | None) -> etree._Element:
    """Return what the verifier says is signed, or raise `SignedPartMissing`.

    The protocol's ID attribute is in no namespace; the checks before look for it
    under any, so that none is missed.
    """
    expected = (names.CORRESPONDENCE_LETTER, names.LETTER_ID)
    if (
        signed is None
        or (signed.tag, signed.get(names.LETTER_ID_ATTRIBUTE)) != expected
    ):
        raise SignedPartMissing("ds:Reference")
    return signed


def _stands_in_its_place(document: Document, signature: etree._Element) -> None:
    """Check rule 1: its path from the root is the only one it may have."""
    above = list(signature.iterancestors())
    tags = [str(element.tag) for element in above]
    fixed = (
        len(above) == 5  # noqa: PLR2004 - the five below, named one by one
        and tags[0] == names.GOVERNMENT_SIGNATURE
        and above[1] is document.tree
        and tags[1] == names.GOVERNMENT_DOCUMENT
        and tags[3:] == [f"{{{names.SOAP}}}Body", f"{{{names.SOAP}}}Envelope"]
        and _only(above[4], tags[3])
        and _only(above[2], tags[1])
        and _only(above[1], tags[0])
    )
    if not fixed:
        raise SignatureInvalid("ds:Signature: not in ram:GovernmentSignature")


def _has_its_parts(signature: etree._Element) -> None:
    """Check rule 2."""
    if any(not isinstance(node.tag, str) for node in signature.iter()):
        raise SignatureInvalid("ds:Signature: comments or instructions inside")
    _has(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    info = signature[0]
    _has(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    _has(info[1])
    reference = info[2]
    transforms = [child for child in reference if child.tag == _ds("Transforms")]
    _has(reference, *["Transforms"] * len(transforms), "DigestMethod", "DigestValue")
    _has(reference[-2])
    for element in transforms:
        _has(element, "Transform")
    if not _only(signature[2], _ds("X509Data")):
        raise SignatureInvalid("ds:KeyInfo: one ds:X509Data is expected")
    for value in (signature[1], reference[-1]):
        if not (value.text or "").strip():
            raise SignatureInvalid(f"{_shown(value)}: empty")


def _covers_the_letter(document: Document, signature: etree._Element) -> None:
    """Check rule 3."""
    reference = signature[0][2]
    if reference.get("URI") != LETTER_URI:
        raise SignedPartMissing(f"ds:Reference: {LETTER_URI} is expected")
    letters = letters_in(document)
    named = _WITH_LETTER_ID(document.tree.getroottree(), id=names.LETTER_ID)
    there = len(letters) == 1 and letters[0].getparent() is document.tree
    if not there or named != letters:
        raise SignedPartMissing("ram:CorrespondenceLetter")


def _has_its_algorithms(signature: etree._Element, *, weak: bool) -> None:
    """Check rule 4, so that the sender is told which algorithm is not taken."""
    info = signature[0]
    reference = info[2]
    _takes(info[0], _CANONICALISATIONS)
    _takes(info[1], methods(weak=weak))
    by_rsa = info[1].get("Algorithm") in _BY_RSA
    _takes(reference[-2], digests(weak=weak and by_rsa))
    for transform in reference.iter(_ds("Transform")):
        _takes(transform, _TRANSFORMS)
    for method in _canonicalisations(signature):
        _has_only_prefixes(method)


def _stands_under_no_xml_attribute(signature: etree._Element) -> None:
    """Refuse xml:lang and its like above what is canonicalised inclusively.

    It belongs to the digest then, and lxml, unlike xmlsec1, leaves it out.
    """
    if is_exclusive(signature):
        return
    for element in signature.iterancestors():
        if any(str(name).startswith(_XML_ATTRIBUTE) for name in element.attrib):
            raise SignatureInvalid(f"{_shown(element)}: xml attributes")


def _canonicalisations(signature: etree._Element) -> Iterator[etree._Element]:
    yield signature[0][0]
    yield from signature.iter(_ds("Transform"))


def _has_only_prefixes(method: etree._Element) -> None:
    """Let a canonicalisation have InclusiveNamespaces, where it is exclusive."""
    if len(method) == 0:
        return
    exclusive = method.get("Algorithm") in _EXCLUSIVE
    prefixes = method[0].get("PrefixList", "")
    expected = [f"{_INCLUSIVE_NAMESPACES}InclusiveNamespaces"]
    listed = bool(prefixes) and prefixes == " ".join(prefixes.split())
    if not (exclusive and listed and [child.tag for child in method] == expected):
        raise SignatureInvalid(f"{_shown(method)}: only a prefix list is expected")


def _takes(element: etree._Element, allowed: frozenset[Enum]) -> None:
    uri = element.get("Algorithm", "")
    if uri not in _uris(allowed):
        name = uri.rsplit("#", 1)[-1] or uri
        raise SignatureInvalid(f"{_shown(element)}: {name} is not accepted")


@cache
def _uris(allowed: frozenset[Enum]) -> frozenset[str]:
    return frozenset(method.value for method in allowed)


def _has(element: etree._Element, *children: str) -> None:
    if [child.tag for child in element] != [_ds(name) for name in children]:
        raise SignatureInvalid(f"{_shown(element)}: other parts than expected")


def _only(element: etree._Element, tag: str) -> bool:
    return sum(1 for child in element if child.tag == tag) == 1


def _algorithm(signature: etree._Element, *path: str) -> str:
    found = signature.find("/".join(_ds(name) for name in path))
    return "" if found is None else found.get("Algorithm", "")


def _shown(element: etree._Element) -> str:
    """Name an element for its sender, by the prefix the protocol gives it."""
    name = etree.QName(element)
    prefix = {names.DSIG: "ds:", names.RAM: "ram:", names.RSM: "rsm:"}
    return f"{prefix.get(name.namespace or '', '')}{name.localname}"


def _ds(name: str) -> str:
    return f"{{{names.DSIG}}}{name}"
