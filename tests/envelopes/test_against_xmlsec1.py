"""Our signatures judged by xmlsec1, and the other way round.

xmlsec1 shares no code with signxml or lxml's canonicalisation.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envelopes import answers
from envelopes.encoder import encode_document, stand_alone
from envelopes.errors import SignatureInvalid
from envelopes.letter import Attachment, Reference
from envelopes.signature import verify
from schemas import names
from tests.doubles.pki import AT, Identity, identity
from tests.envelopes.hand_signing import (
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    SHA256,
    WITH_COMMENTS,
)
from tests.letters import a_document, a_letter, as_wire, document_in, in_envelope

PROGRAM = shutil.which("xmlsec1")

pytestmark = [
    pytest.mark.xmlsec1,
    pytest.mark.skipif(
        PROGRAM is None and os.environ.get("CI") != "true",
        reason="xmlsec1 is not installed (apt-get install xmlsec1)",
    ),
]

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


def signed_by_xmlsec1(
    wire: bytes, signer: Identity, where: Path, c14n: str, transform: str
) -> bytes:
    """Have xmlsec1 fill a template that stands in the signature's place."""
    method = "rsa-sha256" if signer is identity("rsa") else "ecdsa-sha256"
    inside = f'<ds:Transform Algorithm="{transform}"/>'
    transforms = f"<ds:Transforms>{inside}</ds:Transforms>" if transform else ""
    template = (
        f'<ds:Signature xmlns:ds="{names.DSIG}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{MORE}{method}"/>'
        f'<ds:Reference URI="#Letter">{transforms}'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
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


def test_xmlsec1_verifies_a_large_file(tmp_path: Path) -> None:
    """Just below the 10 MB at which its parser stops."""
    signer = identity("ec")
    letter = a_letter(main=Attachment("application/pdf", bytes(7_000_000)))

    assert holds(as_wire(letter, signed_by=signer), signer, tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize(
    ("c14n", "transform"),
    [
        (EXCLUSIVE, EXCLUSIVE),
        (INCLUSIVE, INCLUSIVE),
        (WITH_COMMENTS, ""),
        (
            "http://www.w3.org/2006/12/xml-c14n11",
            "http://www.w3.org/2006/12/xml-c14n11",
        ),
    ],
    ids=["exclusive", "inclusive", "as-in-C3", "1.1"],
)
def test_we_verify_what_xmlsec1_signs(
    kind: str, c14n: str, transform: str, tmp_path: Path
) -> None:
    signer = identity(kind)
    wire = signed_by_xmlsec1(without_signature(), signer, tmp_path, c14n, transform)

    part = verify(document_in(wire), [signer], AT)

    assert part.certificate == signer.fingerprint
    assert part.tree.findtext(f"{{{names.RAM}}}Subject") == LETTER.subject
    changed = wire.replace(b"1500200050", b"1500200051")
    with pytest.raises(SignatureInvalid):
        verify(document_in(changed), [signer], AT)
