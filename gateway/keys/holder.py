"""Where the hub's private keys lie: a file beside its certificate, or a token.

**The certificate file says which key is in use**: whichever key is its other half.
So a key is changed by putting one file in another's place, which the file system does
at once or not at all; a crash before leaves the old pair, a crash after the new one,
and what is left over is put away by whoever looks next.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from envelopes.signing_key import SigningKey, SoftwareKey
from envelopes.trust import Certificate, PublicKey, read_certificate
from gateway.config import SettingsError

CURVE: Final = "secp256r1"
"""Receipts are ECDSA P-256."""

_SETTING: Final = "signing_key"
_OTHERS: Final = 0o077


class SignerUnavailable(Exception):
    """The hub cannot sign at the moment: its token does not answer."""

    code: ClassVar[str] = "signer-unavailable"
    temporary: ClassVar[bool] = True
    thai: ClassVar[str] = "ศูนย์กลางลงลายมือชื่อไม่ได้ในขณะนี้ อุปกรณ์เก็บกุญแจไม่ตอบ"

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail


class KeyHolder(Protocol):
    """Holds the key in use, and one that waits for its certificate."""

    @property
    def certificate(self) -> Path:
        """The file with the certificate in use, PEM."""

    @property
    def where(self) -> str:
        """Where the keys are, for people."""

    @property
    def may_block(self) -> bool:
        """Whether a signature asks something outside this process."""

    def key_of(self, certificate: Certificate) -> SigningKey:
        """Return the private key of a certificate; raises `SettingsError`."""

    def waiting(self, used: Collection[PublicKey]) -> SigningKey | None:
        """Return the key that waits: one that none of these public keys is of.

        `used` are those of all certificates the hub ever used. Raises
        `SettingsError`.
        """

    def make(self) -> SigningKey:
        """Make a key that waits; there must be none."""

    def settle(self, in_use: PublicKey, *, drop: Collection[PublicKey]) -> None:
        """Put the key in use in its place, and destroy these others for good."""


class FileHolder:
    """Keys in files, readable by their owner alone."""

    may_block = False

    def __init__(self, key: Path) -> None:
        """Take the file of the key in use; a waiting one lies beside it."""
        self._key = key
        self._new = key.with_suffix(".new.key")
        self.certificate = key.with_suffix(".crt")
        self.where = str(key)

    def key_of(self, certificate: Certificate) -> SigningKey:
        """Return the private key of a certificate; raises `SettingsError`."""
        problem = f"there is no key for {self.certificate}"
        for file in (self._key, self._new):
            key = _read(file)
            if key is not None and key.public_key == certificate.public_key:
                return key
            if key is not None:
                problem = f"{self.certificate} is not of {self._key}"
        raise unusable(problem)

    def waiting(self, used: Collection[PublicKey]) -> SigningKey | None:
        """Return the key that waits, if one does; raises `SettingsError`."""
        for file in (self._new, self._key):
            key = _read(file)
            if key is not None and key.public_key not in used:
                return key
        return None

    def make(self) -> SigningKey:
        """Make a key that waits."""
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        put(self._new, pem, mode=0o600)
        return SoftwareKey(private)

    def settle(self, in_use: PublicKey, *, drop: Collection[PublicKey]) -> None:
        """Put the key in use in its place; what was there before is gone."""
        with suppress(SettingsError):
            new = _read(self._new)
            if new is not None and new.public_key == in_use:
                self._new.replace(self._key)
            elif new is not None and new.public_key in drop:
                self._new.unlink()
        _sync(self._key.parent)


def request_file(holder: KeyHolder) -> Path:
    """Return where the certificate request of a waiting key lies."""
    return holder.certificate.with_suffix(".new.csr")


def in_use(holder: KeyHolder) -> tuple[Certificate, SigningKey]:
    """Return the certificate in use with its key; raises `SettingsError`."""
    try:
        return _pair(holder)
    except SettingsError:
        # Another process may just have put the new key into its place.
        return _pair(holder)


def _pair(holder: KeyHolder) -> tuple[Certificate, SigningKey]:
    try:
        certificate = read_certificate(holder.certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise unusable(f"{holder.certificate} cannot be read: {error}") from error
    return certificate, holder.key_of(certificate)


def put(file: Path, content: bytes, *, mode: int) -> None:
    """Write a file in place of another, at once and durably."""
    fresh = file.with_name(f"{file.name}.writing")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb"
    ) as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    fresh.replace(file)
    _sync(file.parent)


def owners_alone(file: Path, setting: str) -> None:
    """Raise `SettingsError` where others may read a file with a secret in it."""
    if file.stat().st_mode & _OTHERS:
        raise SettingsError(setting, f"others may read {file}", f"chmod 600 {file}")


def unusable(problem: str) -> SettingsError:
    """Return the error of a hub whose own key or certificate is not right."""
    return SettingsError(
        _SETTING,
        f"the hub's own key cannot be used: {problem}",
        "Restore key and certificate from a backup, or: gateway keys begin",
    )


def _read(file: Path) -> SoftwareKey | None:
    try:
        owners_alone(file, _SETTING)
        private = load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise unusable(f"{file} cannot be read") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or (
        private.curve.name != CURVE
    ):
        raise unusable(f"{file} is no ECDSA key on P-256")
    return SoftwareKey(private)


def _sync(folder: Path) -> None:
    """Make what was renamed in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
