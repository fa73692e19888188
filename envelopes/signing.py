"""Sign the letter of a document that `envelopes.encoder` wrote.

A signature of ours is XMLDSig over `#Letter`: exclusive C14N, SHA-256, RSA (PKCS #1)
or ECDSA P-256 and P-384. It is never made with SHA-1: no known receiver verifies one.

A large file is never parsed and never copied: base64 is its own canonical form, so it
is digested where it stands, and only the few kilobytes around the files go through
the canonicaliser. Whether the result holds is for `envelopes.signature` to judge, and
for `xmlsec1` in the tests; neither shares this way.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

import pybase64
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from envelopes.markup import text
from envelopes.signing_key import Hash, SigningKey
from envelopes.trust import Certificate, PublicKey, read_certificate
from schemas import names

_END: Final = b"</ram:GovernmentSignature></rsm:GovernmentDocument>"
_LARGE: Final = re.compile(rb">([A-Za-z0-9+/=]{4096,}+)<")
"""A base64 text between two tags; no other text is cut out."""
_CUT: Final = re.compile(rb"<\?cut (\d+)\?>")
"""Stands where a large text stood: no text of a letter comes out of C14N like it."""

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"


def sign(document: bytes, key: SigningKey, certificate: bytes) -> bytes:
    """Return a GovernmentDocument with a signature over its letter.

    The signature is put in as the last child of ram:GovernmentSignature and no other
    byte changes. `certificate` is PEM or DER. Raises `ValueError` for a document that
    is not as the encoder writes it with a signer, and for a certificate that is not
    of this key.
    """
    if not document.endswith(_END):
        raise ValueError("the document does not end with a ram:GovernmentSignature")
    facts = read_certificate(certificate)
    if facts.public_key != key.public_key:
        raise ValueError("the certificate is not of this key")
    signature = _signature(_digest(document), key, facts)
    place = len(document) - len(_END)
    return b"".join((memoryview(document)[:place], signature, _END))


def _digest(document: bytes) -> bytes:
    """Return the SHA-256 of the canonical form of the letter."""
    large = [found.span(1) for found in _LARGE.finditer(document)]
    rest = b"".join(_without(document, large))
    if b"<ds:Signature" in rest:
        raise ValueError("the document is signed already")
    if b"<!" in rest or rest.count(b"<?") != len(large):
        raise ValueError("the document cannot be signed: more than elements and text")
    digest = hashlib.sha256()
    view = memoryview(document)
    # Texts and numbers take turns.
    for turn, piece in enumerate(_CUT.split(_canonical_letter(rest))):
        if turn % 2:
            start, stop = large[int(piece)]
            digest.update(view[start:stop])
        else:
            digest.update(piece)
    return digest.digest()


def _without(document: bytes, large: list[tuple[int, int]]) -> Iterator[memoryview]:
    view = memoryview(document)
    offset = 0
    for number, (start, stop) in enumerate(large):
        yield view[offset:start]
        yield memoryview(b"<?cut %d?>" % number)
        offset = stop
    yield view[offset:]


def _canonical_letter(document: bytes) -> bytes:
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("the document cannot be signed: not well-formed") from error
    letters = root.findall(names.CORRESPONDENCE_LETTER)
    ids = [node for node in root.iter() if names.LETTER_ID in node.attrib.values()]
    if len(letters) != 1 or ids != letters:
        raise ValueError("the document cannot be signed: not one letter")
    # Written out by itself first: lxml leaves the namespaces of what stands above.
    alone = etree.tostring(letters[0], with_tail=False)
    return _canonical(etree.fromstring(alone, parser))


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _signature(digest: bytes, key: SigningKey, facts: Certificate) -> bytes:
    """Write ds:Signature on one line, in the order BOI reads it (C3)."""
    method, hashed = _method(key.public_key)
    declared = f' xmlns:ds="{names.DSIG}"'
    info = (
        f"<ds:SignedInfo{declared}>"
        f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="{_MORE}{method}"/>'
        f'<ds:Reference URI="#{names.LETTER_ID}">'
        f'<ds:Transforms><ds:Transform Algorithm="{_EXCLUSIVE}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{_base64(digest)}</ds:DigestValue>"
        "</ds:Reference></ds:SignedInfo>"
    )
    subject = b"".join(text(facts.subject)).decode()
    value = key.sign(_canonical(etree.fromstring(info)), hashed)
    return (
        f"<ds:Signature{declared}>{info.replace(declared, '', 1)}"
        f"<ds:SignatureValue>{_base64(value)}</ds:SignatureValue>"
        "<ds:KeyInfo><ds:X509Data>"
        f"<ds:X509SubjectName>{subject}</ds:X509SubjectName>"
        f"<ds:X509Certificate>{_base64(facts.der)}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo></ds:Signature>"
    ).encode()


def _method(public: PublicKey) -> tuple[str, Hash]:
    if isinstance(public, rsa.RSAPublicKey):
        return "rsa-sha256", hashes.SHA256()
    if public.curve.name == ec.SECP384R1.name:
        return "ecdsa-sha384", hashes.SHA384()
    return "ecdsa-sha256", hashes.SHA256()


def _base64(content: bytes) -> str:
    return pybase64.b64encode(content).decode()
