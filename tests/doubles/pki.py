"""A small authority: keys and self-signed certificates for tests.

EC keys come from the seed alone and are the same in every run; RSA keys are made
once per session, since no library makes them from a seed. Nothing here is a secret.
"""

import datetime as dt
import functools
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from envelopes.letter import OrganizationCode

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=dt.UTC)
NOT_AFTER: Final = datetime(2028, 1, 1, tzinfo=dt.UTC)
AT: Final = datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)
"""A moment at which the certificates of this authority are valid."""


@dataclass(frozen=True)
class Identity:
    """An organization with a key and its certificate; a `TrustedCertificate` too."""

    organization: OrganizationCode
    key: Key = field(repr=False)
    der: bytes = field(repr=False)
    not_before: datetime = NOT_BEFORE
    not_after: datetime = NOT_AFTER
    revoked_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def pem(self) -> bytes:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Make an RSA key, one per name and session."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(name: str, curve: ec.EllipticCurve | None = None) -> Key:
    """Derive an EC key from a name; P-256 where nothing else is asked for."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:20], "big")
    return ec.derive_private_key(seed, curve or ec.SECP256R1())


def certified(
    key: Key,
    organization: str = "1500200000",
    *,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
) -> Identity:
    """Give a key a self-signed certificate in the name of an organization."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "หน่วยงานตัวอย่าง"),
            x509.NameAttribute(NameOID.COMMON_NAME, organization),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(organization) + 1)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        OrganizationCode.parse(organization),
        key,
        certificate.public_bytes(Encoding.DER),
        not_before,
        not_after,
    )


@functools.cache
def identity(kind: str = "ec", organization: str = "1500200000") -> Identity:
    """Return an organization's identity: kind is `rsa`, `ec` (P-256) or `p384`."""
    match kind:
        case "rsa":
            key: Key = rsa_key(organization)
        case "p384":
            key = ec_key(organization, ec.SECP384R1())
        case _:
            key = ec_key(organization)
    return certified(key, organization)
