"""Our signatures judged by xmlsec1, and the other way round.

xmlsec1 shares no code with signxml or lxml's canonicalisation. What is offered is
tried in full: each kind of key with each hash, and each canonicalisation of SignedInfo
with each of the letter.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from envelopes import answers
from envelopes.encoder import encode_document, stand_alone
from envelopes.errors import SignatureInvalid
from envelopes.letter import Attachment, Reference
from envelopes.signature import SignedPart, verify
from schemas import names
from tests.doubles.pki import AT, Identity, identity
from tests.envelopes.hand_signing import (
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    SHA1,
    SHA256,
    WITH_COMMENTS,
)
from tests.envelopes.libxmlsec import BROKEN, HOLDS
from tests.letters import a_document, a_letter, as_wire, document_in, in_envelope

PROGRAM = shutil.which("xmlsec1")

pytestmark = [
    pytest.mark.xmlsec1,
    pytest.mark.skipif(
        PROGRAM is None and os.environ.get("CI") != "true",
        reason="xmlsec1 is not installed (apt-get install xmlsec1)",
    ),
]

C14N_1_1: Final = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVELY: Final = (EXCLUSIVE, f"{EXCLUSIVE}WithComments")
HASHES: Final = {
    "sha256": SHA256,
    "sha384": f"{MORE}sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
C14N = pytest.mark.parametrize(
    ("c14n", "transform"),
    list(
        product(
            (
                INCLUSIVE,
                WITH_COMMENTS,
                C14N_1_1,
                f"{C14N_1_1}#WithComments",
                *EXCLUSIVELY,
            ),
            ("", INCLUSIVE, C14N_1_1, EXCLUSIVE),
        )
    ),
    ids=lambda uri: uri.rsplit("/", 1)[-1] or "none",
)
KINDS = pytest.mark.parametrize("kind", ["rsa", "ec", "p384"])
LETTER = a_letter(
    subject='ก & ข < ค > "ง" \r\n ๐๑๒',
    references=(Reference("มท 1/2569", "2026-01-02", "เดิม"),),
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run xmlsec1; under CI its absence is a failure, not a reason to skip."""
    if PROGRAM is None:
        pytest.fail("xmlsec1 is not installed, and CI=true demands it")
    return subprocess.run(
        [PROGRAM, *arguments], check=False, capture_output=True, text=True, timeout=60
    )


def holds(wire: bytes, signer: Identity, where: Path) -> bool:
    """Ask xmlsec1 whether the signature in an envelope holds with this certificate."""
    (where / "wire.xml").write_bytes(wire)
    (where / "certificate.pem").write_bytes(signer.pem)
    result = run(
        "--verify",
        f"--id-attr:{names.LETTER_ID_ATTRIBUTE}",
        f"{names.RAM}:CorrespondenceLetter",
        "--pubkey-cert-pem",
        str(where / "certificate.pem"),
        "--enabled-reference-uris",
        "same-doc",
        str(where / "wire.xml"),
    )
    return result.returncode == 0


def library_says(wire: bytes, signer: Identity, where: Path) -> int:
    """Ask xmlsec1's library, whose caller may let it read texts above 10 MB."""
    (where / "wire.xml").write_bytes(wire)
    (where / "certificate.pem").write_bytes(signer.pem)
    paths = str(where / "wire.xml"), str(where / "certificate.pem")
    program = [sys.executable, "-m", "tests.envelopes.libxmlsec", *paths]
    return subprocess.run(program, check=False, timeout=60).returncode


@dataclass(frozen=True)
class Asked:
    """What xmlsec1 is asked to sign by."""

    c14n: str = EXCLUSIVE
    transform: str = EXCLUSIVE
    """Empty for a reference without transforms."""
    method: str = ""
    """URI; by the key, with SHA-256, where empty."""
    digest: str = SHA256


def signed_by_xmlsec1(
    wire: bytes, signer: Identity, where: Path, asked: Asked
) -> bytes:
    """Have xmlsec1 fill a template that stands in the signature's place."""
    name = "rsa-sha256" if signer is identity("rsa") else "ecdsa-sha256"
    inside = f'<ds:Transform Algorithm="{asked.transform}"/>'
    transforms = f"<ds:Transforms>{inside}</ds:Transforms>" if asked.transform else ""
    template = (
        f'<ds:Signature xmlns:ds="{names.DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{asked.c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{asked.method or MORE + name}"/>'
        f'<ds:Reference URI="#Letter">{transforms}'
        f'<ds:DigestMethod Algorithm="{asked.digest}"/><ds:DigestValue/>'
        "</ds:Reference>"
        "</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>"
        "<ds:X509SubjectName/><ds:X509Certificate/></ds:X509Data></ds:KeyInfo>"
        "</ds:Signature></ram:GovernmentSignature>"
    )
    end = b"</ram:GovernmentSignature>"
    (where / "template.xml").write_bytes(wire.replace(end, template.encode()))
    (where / "key.pem").write_bytes(signer.key_pem)
    (where / "certificate.pem").write_bytes(signer.pem)
    result = run(
        "--sign",
        f"--id-attr:{names.LETTER_ID_ATTRIBUTE}",
        f"{names.RAM}:CorrespondenceLetter",
        "--privkey-pem",
        f"{where / 'key.pem'},{where / 'certificate.pem'}",
        "--output",
        str(where / "signed.xml"),
        str(where / "template.xml"),
    )
    assert result.returncode == 0, result.stderr
    return (where / "signed.xml").read_bytes()


def without_signature() -> bytes:
    """A request of a letter with a signer and nothing signed yet."""
    return in_envelope(encode_document(LETTER, signer=LETTER.sender))


@KINDS
def test_xmlsec1_verifies_what_we_sign(kind: str, tmp_path: Path) -> None:
    signer = identity(kind)
    document = a_document(LETTER, signer)

    assert holds(in_envelope(document), signer, tmp_path)
    assert holds(answers.inbox_letter("17", AT, document), signer, tmp_path)


def test_xmlsec1_sees_a_change(tmp_path: Path) -> None:
    signer = identity("ec")
    wire = as_wire(LETTER, signed_by=signer)

    assert not holds(wire.replace(b"1500200050", b"1500200051"), signer, tmp_path)
    assert not holds(wire, identity("ec", "1600100000"), tmp_path)


def test_xmlsec1_verifies_a_document_written_out(tmp_path: Path) -> None:
    signer = identity("ec")
    declared = f' xmlns:ram="{names.RAM}"'
    wire = as_wire(LETTER, signed_by=signer).decode().replace(declared, "")
    start = "<SOAP-ENV:Envelope"
    came = wire.replace(start, start + declared, 1).encode()

    answer = answers.inbox_letter("17", AT, stand_alone(document_in(came)))

    assert holds(came, signer, tmp_path)
    assert holds(answer, signer, tmp_path)


@KINDS
@pytest.mark.parametrize("size", [1_000, 11_000_000, 40_000_000])
def test_xmlsec1_verifies_what_we_sign_at_any_size(
    kind: str, size: int, tmp_path: Path
) -> None:
    """Envelopes of this size, of a file that fills them; we verify them too."""
    signer = identity(kind)
    letter = a_letter(main=Attachment("application/pdf", bytes(size * 3 // 4)))
    wire = as_wire(letter, signed_by=signer)
    assert len(wire) > size
    changed = wire.replace(b"1500200050", b"1500200051")

    assert library_says(wire, signer, tmp_path) == HOLDS
    assert library_says(changed, signer, tmp_path) == BROKEN
    assert verify(document_in(wire), [signer], AT).certificate == signer.fingerprint
    with pytest.raises(SignatureInvalid):
        verify(document_in(changed), [signer], AT)


def opened(wire: bytes, signer: Identity, *, weak: bool = False) -> SignedPart:
    """Verify, and see that a change of one digit is found."""
    part = verify(document_in(wire), [signer], AT, weak=weak)
    assert part.certificate == signer.fingerprint
    assert part.tree.findtext(f"{{{names.RAM}}}Subject") == LETTER.subject
    changed = wire.replace(b"1500200050", b"1500200051")
    with pytest.raises(SignatureInvalid):
        verify(document_in(changed), [signer], AT, weak=weak)
    return part


@KINDS
@C14N
def test_we_verify_what_xmlsec1_signs(
    kind: str, c14n: str, transform: str, tmp_path: Path
) -> None:
    signer = identity(kind)
    asked = Asked(c14n, transform)

    wire = signed_by_xmlsec1(without_signature(), signer, tmp_path, asked)

    part = opened(wire, signer)
    assert holds(wire, signer, tmp_path)
    assert part.travels == (c14n in EXCLUSIVELY and transform in EXCLUSIVELY)
    assert not part.weak


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
@KINDS
def test_we_verify_each_hash(
    kind: str, method: str, digest: str, tmp_path: Path
) -> None:
    signer = identity(kind)
    by = "rsa" if kind == "rsa" else "ecdsa"
    asked = Asked(method=f"{MORE}{by}-{method}", digest=HASHES[digest])

    wire = signed_by_xmlsec1(without_signature(), signer, tmp_path, asked)

    assert opened(wire, signer).algorithm == f"{MORE}{by}-{method}"


@C14N
def test_we_read_rsa_with_sha1_where_it_is_allowed(
    c14n: str, transform: str, tmp_path: Path
) -> None:
    """As clients of before 2010 sign, C14N as in C3 among them."""
    signer = identity("rsa")
    asked = Asked(c14n, transform, method=f"{names.DSIG}rsa-sha1", digest=SHA1)

    wire = signed_by_xmlsec1(without_signature(), signer, tmp_path, asked)

    assert opened(wire, signer, weak=True).weak
    with pytest.raises(SignatureInvalid):
        verify(document_in(wire), [signer], AT)


@pytest.mark.parametrize("method", [f"{names.DSIG}rsa-sha1", f"{MORE}rsa-sha256"])
@pytest.mark.parametrize("digest", [SHA1, SHA256], ids=["sha1", "sha256"])
def test_either_half_of_sha1_is_weak(method: str, digest: str, tmp_path: Path) -> None:
    signer = identity("rsa")
    asked = Asked(WITH_COMMENTS, "", method=method, digest=digest)

    wire = signed_by_xmlsec1(without_signature(), signer, tmp_path, asked)

    strong = (method, digest) == (f"{MORE}rsa-sha256", SHA256)
    assert opened(wire, signer, weak=True).weak is not strong


@C14N
def test_what_stands_above_a_letter_belongs_to_an_inclusive_digest(
    c14n: str, transform: str, tmp_path: Path
) -> None:
    """Namespaces are read as xmlsec1 reads them; xml:lang is refused, never misread."""
    signer = identity("ec")
    asked = Asked(c14n, transform)
    body = b"<SOAP-ENV:Body"
    wire = without_signature()
    strange = wire.replace(body, body + b' xmlns:a="urn:a"\n xmlns:b = "urn:b"', 1)
    spoken = wire.replace(body, body + b' xml:lang="th"', 1)
    assert strange != wire
    assert spoken != wire

    assert opened(signed_by_xmlsec1(strange, signer, tmp_path, asked), signer)
    signed = signed_by_xmlsec1(spoken, signer, tmp_path, asked)
    if c14n in EXCLUSIVELY and transform in EXCLUSIVELY:
        assert opened(signed, signer)
    else:
        with pytest.raises(SignatureInvalid) as caught:
            verify(document_in(signed), [signer], AT)
        assert caught.value.where == "Body: xml attributes"
