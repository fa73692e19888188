import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from envelopes.letter import OrganizationCode
from envelopes.trust import covers, read_certificate
from gateway.config import SettingsError
from gateway.domain.organization import RegisteredCertificate
from gateway.signing import CERTIFICATE, KEY, KeySigner, new_key_pair

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


@pytest.mark.parametrize("content", [None, b"", b"no key"])
def test_without_its_key_a_hub_says_what_to_do(
    tmp_path: Path, content: bytes | None
) -> None:
    (tmp_path / "keys").mkdir()
    new_key_pair("hub", "0", NOW).write(tmp_path / KEY, tmp_path / CERTIFICATE)
    (tmp_path / KEY).unlink()
    if content is not None:
        (tmp_path / KEY).write_bytes(content)

    with pytest.raises(SettingsError, match="backup"):
        KeySigner.of(tmp_path)
