"""Where the password of the broker comes from, and what is said where it does not."""

import ssl
from pathlib import Path

import pytest

from gateway.broker_access import access_of
from gateway.config import SettingsError, load
from gateway.keys.signing import new_key_pair
from tests.doubles.clock import HandClock


def password_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    file = folder / "broker.password"
    file.write_bytes(content)
    file.chmod(mode)
    return file.name


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    name = password_file(tmp_path, b"open sesame\n")

    access = access_of(
        load(
            tmp_path,
            broker_url="amqp://hub@mq.example/gateway",
            broker_password_file=name,
        )
    )

    assert access.password == "open sesame"
    assert (access.user, access.host, access.port) == ("hub", "mq.example", 5672)
    assert access.vhost == "gateway"
    assert "sesame" not in f"{access} {access!r}"


def test_guest_needs_no_file(tmp_path: Path) -> None:
    access = access_of(load(tmp_path, broker_url="amqp://127.0.0.1/"))

    assert (access.user, access.password, access.vhost) == ("guest", "guest", "/")
    assert access.tls is None


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"sesame", 0o644, "chmod 600"),
        (b"", 0o600, "no password"),
        (b"\xff sesame", 0o600, "no password"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_password_that_cannot_be_had_is_told_and_not_shown(
    tmp_path: Path, content: bytes | None, mode: int, says: str
) -> None:
    name = "broker.password"
    if content is not None:
        password_file(tmp_path, content, mode)

    with pytest.raises(SettingsError, match=says) as refused:
        access_of(
            load(
                tmp_path,
                broker_url="amqp://hub@mq.example/",
                broker_password_file=name,
            )
        )

    assert refused.value.name == "broker_password_file"
    assert "sesame" not in str(refused.value)


def test_a_user_without_a_password_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="broker_password_file"):
        access_of(load(tmp_path, broker_url="amqp://hub@mq.example/"))


def test_tls_verifies_by_the_authorities_of_the_setting(tmp_path: Path) -> None:
    new_key_pair("mq.example", "1", HandClock().now()).write(
        tmp_path / "ca.key", tmp_path / "ca.crt"
    )

    access = access_of(
        load(tmp_path, broker_url="amqps://mq.example/", broker_authorities="ca.crt")
    )

    assert access.port == 5671
    assert access.tls is not None
    assert access.tls.verify_mode is ssl.CERT_REQUIRED
    assert access.tls.check_hostname
    assert len(access.tls.get_ca_certs()) <= 1


@pytest.mark.parametrize(
    ("url", "content", "says"),
    [
        ("amqps://mq.example/", b"no certificate", "no certificates in PEM"),
        ("amqps://mq.example/", None, "cannot be read"),
        ("amqp://mq.example/", b"no certificate", "Use amqps"),
    ],
)
def test_authorities_that_cannot_be_used_are_told(
    tmp_path: Path, url: str, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "ca.crt").write_bytes(content)

    with pytest.raises(SettingsError, match=says) as refused:
        access_of(load(tmp_path, broker_url=url, broker_authorities="ca.crt"))

    assert refused.value.name == "broker_authorities"
