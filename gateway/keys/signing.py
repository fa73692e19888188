"""What the hub signs with: one key, or whichever is in use now.

What the hub signs proves only what the hub says: that a letter came through its
sender's door. Its keys are ECDSA P-256 (`gateway.keys.holder`). An organization's
certificate speaks for it because the directory says so (`envelopes.trust`).
"""

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from envelopes.signing import sign
from envelopes.signing_key import PrivateKey, SigningKey, SoftwareKey
from envelopes.trust import Certificate, read_certificate
from gateway.config import Settings, SettingsError
from gateway.keys.holder import FileHolder, KeyHolder, SignerUnavailable, in_use
from gateway.keys.papers import self_signed, subject_of
from gateway.keys.token import SCHEME, Token, TokenAddress, TokenHolder
from gateway.telemetry import emit

CERTIFICATE: Final = "keys/hub.crt"
"""Of a key on a token; that of a key in a file lies beside it. PEM."""

_FILE: Final = "file:"

_Stamp: TypeAlias = tuple[int, int, int]
"""Which file it is, when it was written, how large."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key with its certificate, PEM both."""

    key: bytes = field(repr=False)
    certificate: bytes

    def write(self, key: Path, certificate: Path) -> None:
        """Write both into new files, readable by their owner alone."""
        for path, content in ((key, self.key), (certificate, self.certificate)):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(content)


def new_key_pair(name: str, code: str, at: datetime) -> KeyPair:
    """Make a P-256 key and a self-signed certificate of ten years for it.

    `name`, cut to 64 bytes of UTF-8, becomes its CN, `code` its serialNumber.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        self_signed(SoftwareKey(key), subject_of(name, code), at),
    )


def holder_of(settings: Settings) -> KeyHolder:
    """Return what holds the hub's keys; raises `SettingsError`."""
    place = settings.signing_key
    if place.startswith(SCHEME):
        token = Token(TokenAddress.parse(place))
        return TokenHolder(token, settings.data / CERTIFICATE)
    if place.startswith(_FILE) and place != _FILE:
        return FileHolder(settings.data / place.removeprefix(_FILE))
    raise SettingsError(
        "signing_key", f"{place!r} is neither", "Write file:FILE or pkcs11:…"
    )


class KeySigner:
    """Signs with one key, as long as it is asked."""

    __slots__ = ("_key", "certificate")

    def __init__(self, key: SigningKey | PrivateKey, certificate: bytes) -> None:
        """Take the key, and its certificate, PEM or DER; raises `ValueError`."""
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            key = SoftwareKey(key)
        self._key = key
        self.certificate = read_certificate(certificate)

    def pinned(self) -> "KeySigner":
        """Return itself: its key never changes."""
        return self

    def sign(self, document: bytes) -> bytes:
        """Return a GovernmentDocument with the hub's signature over its letter."""
        return sign(document, self._key, self.certificate.der)

    def sign_bytes(self, content: bytes) -> bytes:
        """Return ECDSA P-256 over the SHA-256 of these bytes: r and s, 64 bytes."""
        return self._key.sign(content, hashes.SHA256())


class CurrentSigner:
    """Signs with the key in use, also after an operator has changed it.

    The certificate file is looked at before each signature. Where what it says now
    cannot be used, the key used so far goes on, and an event says so once.
    """

    def __init__(self, holder: KeyHolder) -> None:
        """Take the key in use; raises `SettingsError`."""
        self._holder = holder
        self._turn = threading.Lock()
        self._seen = self._complained = _stamp(holder.certificate)
        self._signer = _signer(holder)

    @property
    def certificate(self) -> Certificate:
        """The certificate of the key in use."""
        return self.pinned().certificate

    def pinned(self) -> KeySigner:
        """Return a signer with the key in use now."""
        with self._turn:
            stamp = _stamp(self._holder.certificate)
            if stamp != self._seen:
                self._take(stamp)
            return self._signer

    def sign(self, document: bytes) -> bytes:
        """Return a GovernmentDocument with the hub's signature over its letter."""
        return self.pinned().sign(document)

    def sign_bytes(self, content: bytes) -> bytes:
        """Return ECDSA P-256 over the SHA-256 of these bytes: r and s, 64 bytes."""
        return self.pinned().sign_bytes(content)

    def _take(self, stamp: _Stamp | None) -> None:
        try:
            self._signer = _signer(self._holder)
        except (SettingsError, SignerUnavailable) as error:
            if stamp != self._complained:
                emit("signing key not changed", detail=str(error))
            self._complained = stamp
            return
        self._seen = stamp
        emit("signing key changed", certificate=self._signer.certificate.fingerprint)


def _signer(holder: KeyHolder) -> KeySigner:
    certificate, key = in_use(holder)
    return KeySigner(key, certificate.der)


def _stamp(file: Path) -> _Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
