"""The hub's own key and certificate, and what it signs with them.

What the hub signs proves only what the hub says: that a letter came through its
sender's door. Keys are ECDSA P-256, certificates self-signed: an organization's
certificate speaks for it because the directory says so (`envelopes.trust`).
"""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from envelopes.signing import sign
from envelopes.signing_key import SoftwareKey
from envelopes.trust import read_certificate
from gateway.config import SettingsError

KEY: Final = "keys/hub.key"
CERTIFICATE: Final = "keys/hub.crt"
"""Relative to the data directory; PEM."""

_YEAR: Final = timedelta(days=365)
_YEARS: Final = 10
_BACKDATED: Final = timedelta(days=1)
"""For clocks that differ."""
_LONGEST_NAME: Final = 64
"""RFC 5280 counts characters of a CN, `cryptography` counts bytes."""


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
    common_name = name.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, code),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _BACKDATED)
        .not_valid_after(at + _YEARS * _YEAR)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )


class KeySigner:
    """Signs with the key of the data directory."""

    __slots__ = ("_key", "certificate")

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> None:
        """Take the key, and its certificate, PEM or DER; raises `ValueError`."""
        self._key = key
        self.certificate = read_certificate(certificate)

    @classmethod
    def of(cls, data: Path) -> Self:
        """Read key and certificate; raises `SettingsError` where they are not right."""
        try:
            key = load_pem_private_key((data / KEY).read_bytes(), password=None)
            certificate = (data / CERTIFICATE).read_bytes()
        except (OSError, ValueError, TypeError) as error:
            raise _unusable("cannot be read") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _unusable("is no ECDSA key")
        try:
            return cls(key, certificate)
        except ValueError as error:
            raise _unusable("cannot be read") from error

    def pinned(self) -> Self:
        """Return itself: its key never changes."""
        return self

    def sign(self, document: bytes) -> bytes:
        """Return a GovernmentDocument with the hub's signature over its letter."""
        return sign(document, SoftwareKey(self._key), self.certificate.der)

    def sign_bytes(self, content: bytes) -> bytes:
        """Return ECDSA P-256 over the SHA-256 of these bytes: r and s, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def _unusable(problem: str) -> SettingsError:
    return SettingsError(
        KEY,
        f"the hub's key or its certificate {problem}",
        "Restore both files of `keys/` from a backup; `gateway init` made them",
    )
