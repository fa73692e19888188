"""What the hub shows an endpoint, and whom it believes: certificates and passwords.

1. TLS 1.2 and later; the endpoint's certificate must hold for the host of its address,
   and come from an authority of `push_authorities`, or of the system where none is set.
2. With `push_certificate` the hub shows its own where it is asked for it (mutual TLS).
3. Files are read again when they change. What cannot be used changes nothing, and is
   told; where nothing could be used so far, nothing is handed over.
4. A password is read from its file each time, and kept nowhere.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from aiohttp import encode_basic_auth
from cryptography import x509

from gateway.config import Settings, SettingsError
from gateway.domain.delivery import CredentialsMissing
from gateway.domain.endpoint import Endpoint
from gateway.keys.holder import owners_alone

_NO_PASSWORD: Final = ""
_LONGEST: Final = 1024

Stamps: TypeAlias = tuple[tuple[int, int, int], ...]
Complain: TypeAlias = Callable[[str], None]
"""Is told what is wrong with files that have changed."""


@dataclass(frozen=True, slots=True)
class PushFiles:
    """What the settings name for connections to endpoints."""

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "PushFiles":
        """Return the files; raises `SettingsError` where one half is missing."""
        certificate, key = settings.push_certificate, settings.push_key
        if (certificate is None) is not (key is None):
            missing = "push_key" if key is None else "push_certificate"
            raise SettingsError(missing, "is not set, its other half is", "Set both")
        data, authorities = settings.data, settings.push_authorities
        return cls(
            data / certificate if certificate else None,
            data / key if key else None,
            data / authorities if authorities else None,
        )

    def stamps(self) -> Stamps:
        """Say how the files look; raises `OSError`."""
        named = (self.certificate, self.key, self.authorities)
        found = [file.stat() for file in named if file is not None]
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)

    def context(self) -> ssl.SSLContext:
        """Read the files into what connections are opened with.

        Raises `SettingsError`.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
        except (OSError, ssl.SSLError) as error:
            raise _unusable("push_authorities", self.authorities) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        if self.certificate is not None and self.key is not None:
            self._load_own(context, self.certificate, self.key)
        return context

    @staticmethod
    def _load_own(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
        try:
            owners_alone(key, "push_key")
            # Without a password it would be asked for at the terminal.
            context.load_cert_chain(certificate, key, password=_NO_PASSWORD)
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _unusable("push_certificate", certificate) from error


class Credentials:
    """What connections are opened with, renewed while the hub runs (rule 3)."""

    def __init__(self, files: PushFiles, data: Path, complain: Complain) -> None:
        self._files = files
        self._data = data
        self._complain = complain
        self._stamps: Stamps | None = None
        self._context: ssl.SSLContext | None = None
        self._problem = ""

    def context(self) -> ssl.SSLContext:
        """Return what is in force now, the same object until a file changes.

        Raises `CredentialsMissing` where nothing could be used so far.
        """
        try:
            stamps = self._files.stamps()
            if self._context is None or stamps != self._stamps:
                self._context = self._files.context()
                self._stamps, self._problem = stamps, ""
        except (OSError, SettingsError) as error:
            self._note(str(error))
            if self._context is None:
                raise CredentialsMissing(str(error)) from error
        return self._context

    def certificate(self) -> x509.Certificate | None:
        """Return the hub's own certificate; raises `CredentialsMissing`."""
        file = self._files.certificate
        if file is None:
            return None
        self.context()
        try:
            return x509.load_pem_x509_certificates(file.read_bytes())[0]
        except (OSError, ValueError) as error:
            raise CredentialsMissing(f"push_certificate: {file}") from error

    def basic(self, endpoint: Endpoint) -> dict[str, str]:
        """Return the header with user and password; raises `CredentialsMissing`."""
        if not endpoint.user:
            return {}
        file = self._data / endpoint.password_file
        try:
            owners_alone(file, "password_file")
            password = file.read_text("utf-8")[:_LONGEST].removesuffix("\n")
        except (OSError, ValueError, SettingsError) as error:
            raise CredentialsMissing(f"password_file: {error}") from error
        return {"Authorization": encode_basic_auth(endpoint.user, password, "utf-8")}

    def _note(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._complain(problem)


def _unusable(setting: str, file: Path | None) -> SettingsError:
    return SettingsError(
        setting, f"{file} cannot be used", "Name files that are there, in PEM"
    )
