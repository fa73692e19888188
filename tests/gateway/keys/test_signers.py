"""One contract for every holder of the hub's keys: files, and a token."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from envelopes.encoder import encode_document
from envelopes.signing_key import der_of
from envelopes.trust import Certificate, read_certificate
from gateway.config import SettingsError
from gateway.domain.hub_certificate import HubCertificate
from gateway.keys.change import (
    Keys,
    KeysBusy,
    KeyWaits,
    NoKeyWaits,
    NotInForce,
    NotOfThisKey,
    first_key,
    one_at_a_time,
)
from gateway.keys.holder import FileHolder, KeyHolder, in_use, request_file
from gateway.keys.papers import self_signed
from gateway.keys.signing import CurrentSigner
from gateway.keys.token import Token, TokenAddress, TokenHolder
from schemas import names
from tests.doubles.pki import identity
from tests.doubles.token import SoftToken
from tests.letters import a_letter

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LATER = NOW + timedelta(days=300)

Opener = Callable[[], KeyHolder]
"""Opens the same keys, each time as another process would."""


@pytest.fixture(
    params=["file", pytest.param("token", marks=pytest.mark.softhsm)],
)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """The keys of a hub that has its first one."""

    def opened() -> KeyHolder:
        if request.param == "file":
            return FileHolder(tmp_path / "hub.key")
        token: SoftToken = request.getfixturevalue("soft_token")
        address = TokenAddress.parse(token.uri())
        return TokenHolder(Token(address), tmp_path / "hub.crt")

    first_key(opened(), NOW)
    return opened


def keys(holder: KeyHolder, *before: Certificate) -> Keys:
    known = [
        HubCertificate(
            der=one.der,
            fingerprint=one.fingerprint,
            not_before=one.not_before,
            not_after=one.not_after,
            in_use_from=NOW,
        )
        for one in before
    ]
    return Keys(holder, in_use(holder)[0], known)


def rotate(holder: KeyHolder) -> Certificate:
    """Change the key with a certificate by itself, and return the old certificate."""
    found = keys(holder)
    found.new(None, replace=False)
    fresh = read_certificate(found.self_signed(NOW))
    found.fits(fresh, NOW)
    found.install(fresh)
    keys(holder, found.certificate).settle()
    return found.certificate


def verify(certificate: Certificate, signature: bytes, content: bytes) -> None:
    key = certificate.public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(der_of(signature, key.curve), content, ec.ECDSA(hashes.SHA256()))


def test_the_first_certificate_is_by_its_own_key(opener: Opener) -> None:
    parsed = in_use(opener())[0].parsed

    parsed.verify_directly_issued_by(parsed)
    assert parsed.not_valid_before_utc < NOW < parsed.not_valid_after_utc


def test_bytes_are_signed_with_the_key_in_use(opener: Opener) -> None:
    signer = CurrentSigner(opener())

    verify(signer.certificate, signer.sign_bytes(b"receipt"), b"receipt")


@pytest.mark.xmlsec1
def test_xmlsec1_verifies_a_letter_that_was_signed(
    opener: Opener, tmp_path: Path
) -> None:
    signer = CurrentSigner(opener())
    letter = a_letter(subject="ก & ข <๑>")
    (tmp_path / "letter.xml").write_bytes(
        signer.sign(encode_document(letter, signer=letter.sender))
    )
    program = shutil.which("xmlsec1")
    assert program is not None, "xmlsec1 is not installed, and CI=true demands it"
    (tmp_path / "pem").write_bytes(opener().certificate.read_bytes())

    said = subprocess.run(
        [
            program,
            "--verify",
            f"--id-attr:{names.LETTER_ID_ATTRIBUTE}",
            f"{names.RAM}:CorrespondenceLetter",
            "--pubkey-cert-pem",
            str(tmp_path / "pem"),
            str(tmp_path / "letter.xml"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert said.returncode == 0, said.stderr


def test_a_new_key_waits_and_changes_nothing(opener: Opener) -> None:
    before = CurrentSigner(opener()).certificate
    file = keys(opener()).new(None, replace=False)

    request = x509.load_pem_x509_csr(file.read_bytes())
    waiting = keys(opener()).waiting()
    assert request.is_signature_valid
    assert request.subject == before.parsed.subject
    assert waiting is not None
    assert request.public_key() == waiting.public_key != before.public_key
    assert CurrentSigner(opener()).certificate == before


def test_a_key_that_waits_is_not_replaced_by_mistake(opener: Opener) -> None:
    file = keys(opener()).new(None, replace=False)
    asked = file.read_bytes()

    with pytest.raises(KeyWaits):
        keys(opener()).new(None, replace=False)
    assert file.read_bytes() == asked

    keys(opener()).new(None, replace=True)
    waiting = keys(opener()).waiting()
    assert waiting is not None
    request = x509.load_pem_x509_csr(file.read_bytes())
    assert request.public_key() == waiting.public_key
    assert file.read_bytes() != asked


def test_a_key_without_request_is_asked_for(opener: Opener) -> None:
    """A crash may come between the two; a token's own tools may have made it."""
    made = opener().make()
    file = keys(opener()).new(None, replace=False)

    request = x509.load_pem_x509_csr(file.read_bytes())
    assert request.public_key() == made.public_key


def test_a_signer_takes_the_new_key_without_being_opened_again(
    opener: Opener,
) -> None:
    signer = CurrentSigner(opener())
    pinned = signer.pinned()
    old = rotate(opener())

    assert signer.certificate.public_key != old.public_key
    verify(signer.certificate, signer.sign_bytes(b"after"), b"after")
    assert pinned.certificate == old


def test_the_old_private_key_is_destroyed(opener: Opener) -> None:
    old = rotate(opener())

    with pytest.raises(SettingsError):
        opener().key_of(old)
    assert keys(opener(), old).waiting() is None
    assert not request_file(opener()).exists()


def test_a_crash_before_the_switch_leaves_the_old_pair(opener: Opener) -> None:
    found = keys(opener())
    found.new(None, replace=False)
    fresh = read_certificate(found.self_signed(NOW))

    signer = CurrentSigner(opener())
    assert signer.certificate == found.certificate
    verify(found.certificate, signer.sign_bytes(b"x"), b"x")
    assert keys(opener()).waiting() is not None
    keys(opener()).fits(fresh, NOW)


def test_a_crash_after_the_switch_leaves_the_new_pair(opener: Opener) -> None:
    found = keys(opener())
    found.new(None, replace=False)
    fresh = read_certificate(found.self_signed(NOW))
    found.install(fresh)

    signer = CurrentSigner(opener())
    assert signer.certificate == fresh
    verify(fresh, signer.sign_bytes(b"x"), b"x")

    old = found.certificate
    assert keys(opener(), old).waiting() is None, "the old key waits for nothing"
    keys(opener(), old).settle()
    assert CurrentSigner(opener()).certificate == fresh
    with pytest.raises(SettingsError):
        opener().key_of(old)


def test_what_was_left_over_is_in_nobodys_way(opener: Opener) -> None:
    """Neither settled nor noted: the next change begins all the same."""
    found = keys(opener())
    found.new(None, replace=False)
    found.install(read_certificate(found.self_signed(NOW)))
    again = keys(opener(), found.certificate)
    again.settle()
    again.new(None, replace=False)

    assert keys(opener(), found.certificate).waiting() is not None


@pytest.mark.parametrize("waits", [True, False])
def test_a_strangers_certificate_is_not_taken(opener: Opener, *, waits: bool) -> None:
    if waits:
        keys(opener()).new(None, replace=False)
    stranger = read_certificate(identity().der)

    with pytest.raises(NotOfThisKey if waits else NoKeyWaits):
        keys(opener()).fits(stranger, NOW)


@pytest.mark.parametrize("days", [-2, 20 * 365])
def test_a_certificate_that_is_not_valid_is_not_taken(
    opener: Opener, days: int
) -> None:
    keys(opener()).new(None, replace=False)
    fresh = read_certificate(keys(opener()).self_signed(NOW))

    with pytest.raises(NotInForce):
        keys(opener()).fits(fresh, NOW + timedelta(days=days))


def test_the_key_in_use_may_get_a_new_certificate(opener: Opener) -> None:
    found = keys(opener())
    first, key = in_use(opener())
    renewed = read_certificate(self_signed(key, first.parsed.subject, LATER))
    found.fits(renewed, LATER)
    found.install(renewed)
    keys(opener(), first).settle()

    signer = CurrentSigner(opener())
    assert signer.certificate == renewed
    verify(first, signer.sign_bytes(b"same key"), b"same key")


@pytest.mark.parametrize("content", [b"", b"no certificate", identity().pem])
def test_without_its_certificate_a_hub_does_not_open(
    opener: Opener, content: bytes
) -> None:
    opener().certificate.write_bytes(content)

    with pytest.raises(SettingsError, match="backup"):
        CurrentSigner(opener())


def test_a_served_hub_signs_on_while_the_new_certificate_is_broken(
    opener: Opener,
) -> None:
    signer = CurrentSigner(opener())
    before = signer.certificate
    opener().certificate.write_bytes(b"broken")

    assert signer.certificate == before
    verify(before, signer.sign_bytes(b"x"), b"x")
    opener().certificate.write_bytes(before.der)
    assert signer.certificate == before


def test_two_do_not_change_the_key_at_once(opener: Opener) -> None:
    with one_at_a_time(opener()):
        with pytest.raises(KeysBusy) as refused, one_at_a_time(opener()):
            pass
        assert refused.value.temporary
    with one_at_a_time(opener()):
        pass
