"""How the settings say that RabbitMQ is reached; the password comes from a file."""

import os
import ssl
from pathlib import Path
from typing import Final

from gateway.config import Settings, SettingsError
from gateway.keys.holder import owners_alone
from queues.access import Access

PASSWORD: Final = "broker_password_file"  # noqa: S105 - a setting's name
AUTHORITIES: Final = "broker_authorities"
_GUEST: Final = "guest"
_MOST: Final = 1024


def access_of(settings: Settings) -> Access:
    """Return how to connect; raises `SettingsError`, in which no password stands."""
    access = Access.parse(settings.broker_url)
    password = _password(settings.data, settings.broker_password_file)
    if password is None and access.user != _GUEST:
        raise SettingsError(
            PASSWORD,
            f"the password of {access.user!r} is not known",
            f"Write it into a file of its own, and name that in {PASSWORD}",
        )
    return access.with_secrets(password, _tls(settings, access))


def _password(data: Path, named: Path | None) -> str | None:
    if named is None:
        return None
    file = data / named
    try:
        owners_alone(file, PASSWORD)
        with file.open("rb") as opened:
            password = opened.read(_MOST).decode("utf-8").strip()
    except OSError as error:
        raise _unreadable(PASSWORD, file, os.strerror(error.errno or 0)) from error
    except UnicodeDecodeError:
        # Without its cause: that quotes what it could not read.
        password = ""
    if not password:
        raise SettingsError(PASSWORD, f"there is no password in {file}", "Write it")
    return password


def _tls(settings: Settings, access: Access) -> ssl.SSLContext | None:
    if settings.broker_authorities is None:
        return ssl.create_default_context() if access.is_encrypted else None
    file = settings.data / settings.broker_authorities
    if not access.is_encrypted:
        raise SettingsError(
            AUTHORITIES,
            "nothing is encrypted without TLS",
            "Use amqps:// in broker_url",
        )
    try:
        return ssl.create_default_context(cafile=str(file))
    except ssl.SSLError as error:
        raise _unreadable(AUTHORITIES, file, "no certificates in PEM") from error
    except OSError as error:
        raise _unreadable(AUTHORITIES, file, os.strerror(error.errno or 0)) from error


def _unreadable(setting: str, file: Path, problem: str) -> SettingsError:
    return SettingsError(setting, f"{file} cannot be read: {problem}", "Mend the file")
