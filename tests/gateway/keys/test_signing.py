import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from envelopes.letter import OrganizationCode
from envelopes.trust import covers, read_certificate
from gateway.config import Settings, SettingsError
from gateway.domain.organization import RegisteredCertificate
from gateway.keys.change import first_key
from gateway.keys.holder import in_use
from gateway.keys.signing import CurrentSigner, holder_of, new_key_pair
from tests.doubles.pki import identity

KEY = "keys/hub.key"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_key_pair_is_p256_and_valid_now() -> None:
    pair = new_key_pair("สำนักงานจังหวัดเชียงใหม่", "1500200050", NOW)
    key = load_pem_private_key(pair.key, password=None)
    certificate = read_certificate(pair.certificate)

    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert certificate.public_key == key.public_key()
    assert "1500200050" in certificate.subject
    registered = RegisteredCertificate(
        OrganizationCode("1500200050"),
        certificate.der,
        certificate.fingerprint,
        certificate.not_before,
        certificate.not_after,
    )
    assert covers(registered, NOW)


def test_files_are_for_their_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    paths = tmp_path / "a.key", tmp_path / "a.crt"
    new_key_pair("a", "1", NOW).write(*paths)

    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    with pytest.raises(FileExistsError):
        new_key_pair("a", "1", NOW).write(*paths)


def hub_in(folder: Path) -> Settings:
    """A data directory with a key of its own."""
    (folder / "keys").mkdir()
    settings = Settings(data=folder)
    first_key(holder_of(settings), NOW)
    return settings


def test_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    hub_in(tmp_path)

    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == [
        "hub.crt",
        "hub.key",
    ]


@pytest.mark.parametrize("content", [None, b"", b"no key", b"rsa", b"p384", b"other"])
def test_without_its_key_a_hub_says_what_to_do(
    tmp_path: Path, content: bytes | None
) -> None:
    settings = hub_in(tmp_path)
    file = tmp_path / KEY
    match content:
        case None:
            file.unlink()
        case b"rsa" | b"p384" | b"other":
            file.write_bytes(identity(content.decode()).key_pem)
        case _:
            file.write_bytes(content)

    with pytest.raises(SettingsError, match="backup"):
        CurrentSigner(holder_of(settings))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    settings = hub_in(tmp_path)
    (tmp_path / KEY).chmod(mode)

    with pytest.raises(SettingsError, match="chmod 600"):
        CurrentSigner(holder_of(settings))


@pytest.mark.parametrize("place", ["", "hub.key", "file:", "http://x", "env:KEY"])
def test_a_key_is_in_a_file_or_on_a_token(tmp_path: Path, place: str) -> None:
    with pytest.raises(SettingsError, match="file:FILE or pkcs11"):
        holder_of(Settings(data=tmp_path, signing_key=place))


def test_a_key_may_lie_outside_the_data_directory(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = f"file:{outside / 'own.key'}"
    holder = holder_of(Settings(data=tmp_path / "data", signing_key=place))
    first_key(holder, NOW)

    assert (outside / "own.crt").is_file()
    assert CurrentSigner(holder).certificate == in_use(holder)[0]
