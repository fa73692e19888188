"""A small authority: keys, certificates, chains and revocation lists for tests.

EC keys come from the seed alone and are the same in every run; RSA keys are made
once per session, since no library makes them from a seed. Nothing here is a secret.
"""

import datetime as dt
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

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
    name = _office_name(organization)
    certificate = _issued(
        subject=name,
        public=key.public_key(),
        issuer=name,
        signed_by=key,
        extensions=(),
        valid=(not_before, not_after),
        serial=int(organization) + 1,
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


@dataclass(frozen=True)
class Authority:
    """An authority with a key derived from its name, so that all runs have the same."""

    name: str
    key: Key = field(repr=False)
    certificate: x509.Certificate = field(repr=False)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        organization: str = "1500200000",
        *,
        key: Key | None = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        not_before: datetime = NOT_BEFORE,
        not_after: datetime = NOT_AFTER,
        serial: int | None = None,
    ) -> Identity:
        """Issue the certificate of an organization."""
        key = key or ec_key(organization)
        certificate = _issued(
            subject=_office_name(organization),
            public=key.public_key(),
            issuer=self.certificate.subject,
            signed_by=self.key,
            extensions=extensions,
            valid=(not_before, not_after),
            serial=serial or int(organization) + 1,
        )
        der = certificate.public_bytes(Encoding.DER)
        code = OrganizationCode.parse(organization)
        return Identity(code, key, der, not_before, not_after)

    def vouches_for(self, name: str, **how: Any) -> "Authority":
        """Make an authority below this one; `how` is what `authority` takes."""
        return authority(name, above=self, **how)

    def revokes(
        self,
        *serials: int,
        reason: x509.ReasonFlags | None = x509.ReasonFlags.key_compromise,
        this_update: datetime = AT - dt.timedelta(days=1),
        next_update: datetime = AT + dt.timedelta(days=30),
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        signed_by: Key | None = None,
        issuer: x509.Name | None = None,
        digest: hashes.SHA256 | hashes.SHA224 | None = None,
    ) -> bytes:
        """Write a revocation list, PEM."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer or self.certificate.subject)
            .last_update(this_update)
            .next_update(next_update)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        for serial in serials:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(serial)
                .revocation_date(this_update)
            )
            if reason:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        signed = builder.sign(signed_by or self.key, digest or hashes.SHA256())
        return signed.public_bytes(Encoding.PEM)


def usage(**uses: bool) -> x509.KeyUsage:
    """Return a key usage in which nothing but these is allowed."""
    names = (
        *("digital_signature", "content_commitment", "key_encipherment"),
        *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
        *("encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: uses.get(name, False) for name in names})


def authority(
    name: str = "Root",
    *,
    above: Authority | None = None,
    key: Key | None = None,
    ca: bool = True,
    path_length: int | None = None,
    key_usage: x509.KeyUsage | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
) -> Authority:
    """Make an authority: a root, or one below another."""
    key = key or ec_key(f"authority {name}")
    own = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ผู้ออกใบรับรองตัวอย่าง"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    uses = key_usage or usage(key_cert_sign=True, crl_sign=True)
    certificate = _issued(
        subject=own,
        public=key.public_key(),
        issuer=above.certificate.subject if above else own,
        signed_by=above.key if above else key,
        extensions=[
            (x509.BasicConstraints(ca=ca, path_length=path_length), True),
            (uses, True),
            *extensions,
        ],
        valid=(not_before, not_after),
        serial=int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"),
    )
    return Authority(name, key, certificate)


def _office_name(organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "หน่วยงานตัวอย่าง"),
            x509.NameAttribute(NameOID.COMMON_NAME, organization),
        ]
    )


def _issued(
    *,
    subject: x509.Name,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    signed_by: Key,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    valid: tuple[datetime, datetime],
    serial: int,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signed_by, hashes.SHA256())
