"""TLS at the door: what is offered, which clients' certificates are proven, renewal.

1. TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, nothing older;
   no compression, no renegotiation, no session tickets.
2. A client may present a certificate. It is proven here, and judged at the door.
   Known here is each certificate that the directory has for access, in force or not,
   and what an authority of the setting `authorities` has issued: one that is over or
   revoked gets as far as the door, where it is refused in words and written down.
3. A certificate nobody knows ends the handshake: OpenSSL lets it be proven to nobody
   else. A client that shows none is let in as one that has shown nothing.
4. What changes (files, directory) is in force for the next connection, running ones
   go on. What cannot be used changes nothing.
"""

import ssl
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.config import Settings, SettingsError
from gateway.keys.holder import owners_alone
from gateway.telemetry import emit
from gateway.vouching.authorities import read_authorities
from gateway.vouching.vouching import folders_of

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all good."""
_NO_PASSWORD: Final = ""
_SURE: Final = 2
_NO_TLS: Final = frozenset({"HTTP_REQUEST", "WRONG_VERSION_NUMBER"})
"""Who says something else than TLS would not understand an alert."""
_PROTOCOLS: Final = ("http/1.1",)
_OPTIONS: Final = (
    ssl.OP_NO_COMPRESSION
    | ssl.OP_NO_RENEGOTIATION
    | ssl.OP_NO_TICKET
    | ssl.OP_CIPHER_SERVER_PREFERENCE
    | ssl.OP_SINGLE_ECDH_USE
)
_PARTIAL_CHAIN: Final = 0x80000
"""X509_V_FLAG_PARTIAL_CHAIN: a certificate that is known needs no authority."""
_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME: validity is for the door to judge."""

Stamps: TypeAlias = tuple[object, ...]
"""How files looked, so that a change is noticed."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What the settings name for the hub's own address."""

    certificate: Path
    key: Path
    authorities: Path | None

    @classmethod
    def of(cls, settings: Settings) -> "TlsFiles | None":
        """Return the files, or None for plain HTTP; raises `SettingsError`."""
        certificate, key = settings.tls_certificate, settings.tls_key
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            missing = "tls_key" if key is None else "tls_certificate"
            raise SettingsError(missing, "is not set, its other half is", "Set both")
        data, (authorities, _) = settings.data, folders_of(settings)
        return cls(data / certificate, data / key, authorities)

    def stamps(self) -> Stamps:
        """Say how the files look; raises `SettingsError` where one is not there."""
        try:
            folder = sorted(self.authorities.iterdir()) if self.authorities else []
            return tuple(_stamp(file) for file in (self.certificate, self.key, *folder))
        except OSError as error:
            raise SettingsError(
                "tls_certificate",
                f"{error.filename}: {error.strerror}",
                "Name files that are there",
            ) from error

    def context(self, clients: Collection[bytes]) -> ssl.SSLContext:
        """Read the files into what a connection is opened with.

        `clients` are the certificates for access, DER. Raises `SettingsError`.
        """
        context = _context()
        self._load_own(context)
        anchors = [*clients, *self._authorities()]
        if anchors:
            try:
                context.load_verify_locations(cadata=b"".join(dict.fromkeys(anchors)))
            except (ssl.SSLError, ValueError) as error:
                raise SettingsError(
                    "authorities",
                    f"a certificate cannot be read: {error}",
                    "Look for it: gateway directory certificate list",
                ) from error
        context.verify_mode = ssl.CERT_OPTIONAL if anchors else ssl.CERT_NONE
        return context

    def own(self) -> x509.Certificate:
        """Return the hub's own certificate; raises `SettingsError`."""
        try:
            return x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
        except (OSError, ValueError) as error:
            raise _unusable("tls_certificate", self.certificate) from error

    def _load_own(self, context: ssl.SSLContext) -> None:
        self.own()
        try:
            owners_alone(self.key, "tls_key")
            # Without a password it would be asked for at the terminal.
            context.load_cert_chain(self.certificate, self.key, password=_NO_PASSWORD)
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise SettingsError(
                    "tls_key",
                    f"{self.key} is not the key of {self.certificate}",
                    "Name the two files that belong together",
                ) from error
            raise _unusable("tls_key", self.key) from error
        except (OSError, ValueError) as error:
            raise _unusable("tls_key", self.key) from error

    def _authorities(self) -> list[bytes]:
        if self.authorities is None:
            return []
        try:
            found = read_authorities(self.authorities)
        except OSError as error:
            raise _unusable("authorities", self.authorities) from error
        every = (*found.roots, *found.links)
        return [one.public_bytes(Encoding.DER) for one in every]


class Tls:
    """What the hub listens with, renewed while it runs."""

    def __init__(self, files: TlsFiles, clients: Collection[bytes]) -> None:
        """Read the files; `clients` are the certificates for access, DER.

        Raises `SettingsError`.
        """
        self._files = files
        self._clients = frozenset(clients)
        self._stamps = files.stamps()
        self._problem = ""
        self._times = 0
        self._current = files.context(self._clients)
        self.context = _context()
        """Each connection begins with it, and is handed on before anything is said."""
        self.context.sni_callback = self._hand_on
        self.context.sslobject_class = _Connection
        self.context.verify_mode = self._current.verify_mode

    def renew(self, clients: Collection[bytes]) -> None:
        """Take what has changed, for connections to come; else change nothing.

        Two files are changed one after the other, so only what is still wrong at the
        second look is said to be wrong.
        """
        known = frozenset(clients)
        try:
            stamps = self._files.stamps()
            if (stamps, known) == (self._stamps, self._clients):
                self._times = 0
                return
            self._current = self._files.context(known)
        except SettingsError as error:
            self._complain(str(error))
            return
        self._stamps, self._clients, self._times = stamps, known, 0
        self.context.verify_mode = self._current.verify_mode
        emit("tls renewed", count=len(known))

    def _complain(self, problem: str) -> None:
        self._times = self._times + 1 if problem == self._problem else 1
        self._problem = problem
        if self._times == _SURE:
            emit("tls not renewed", detail=problem)

    def _hand_on(
        self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        # OpenSSL asks for clients that name no host (SNI) too.
        connection.context = self._current


class _Connection(ssl.SSLObject):
    """A connection that says why it came to nothing, to the log and to its client.

    asyncio closes a connection whose handshake fails before the alert is sent. As
    long as OpenSSL seems to wait for more it sends what is there; so the error is
    raised only once the client has answered to the alert, or has left.
    """

    _failed: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """Go on with the handshake."""
        if self._failed is not None:
            raise self._failed
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError):
            raise
        except ssl.SSLError as error:
            emit("tls refused", detail=_said_of(error))
            if error.reason in _NO_TLS:
                raise
            self._failed = error
            raise ssl.SSLWantReadError from error


def _said_of(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"client certificate: {error.verify_message}"
    return error.reason or type(error).__name__


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(_PROTOCOLS)
    context.options |= _OPTIONS
    context.num_tickets = 0
    context.verify_flags |= ssl.VerifyFlags(_PARTIAL_CHAIN | _NO_CHECK_TIME)
    return context


def _stamp(file: Path) -> tuple[str, int, int, int]:
    found = file.stat()
    return str(file), found.st_ino, found.st_mtime_ns, found.st_size


def _unusable(setting: str, file: Path) -> SettingsError:
    return SettingsError(
        setting, f"{file} cannot be used", "Name a file that is there, in PEM"
    )
