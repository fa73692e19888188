"""Which certificate speaks for which organization, at what time.

A certificate speaks for an organization because the directory says so, never because
of what stands in it: chains and subjects are not looked at here. Validity and
revocation are judged at the time the caller supplies, which is the time of receipt,
since e-CMS signatures prove no time of signing. Nothing here asks a server.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from envelopes.errors import (
    CertificateExpired,
    CertificateRevoked,
    CertificateUntrusted,
)

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

LEAST_RSA_BITS: Final = 2048
CURVES: Final = ("secp256r1", "secp384r1")
"""P-256 and P-384, by the names `cryptography` gives them."""

_PEM_BEGINS: Final = b"-----BEGIN CERTIFICATE-----"


class TrustedCertificate(Protocol):
    """A certificate as the directory registers it; the caller chose whose."""

    @property
    def der(self) -> bytes:
        """The certificate, byte for byte."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of `der`, 64 hexadecimal digits."""

    @property
    def not_before(self) -> datetime:
        """First moment of its validity, aware."""

    @property
    def not_after(self) -> datetime:
        """Last moment of its validity, aware."""

    @property
    def revoked_at(self) -> datetime | None:
        """From when on it speaks for nobody, aware; None while it is not revoked."""


_REMEMBERED: Final = 1_024
"""Certificates that are kept read, of some kilobytes each."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate file says, before anybody trusts it."""

    der: bytes = field(repr=False)
    fingerprint: str
    """SHA-256 of `der`, 64 hexadecimal digits."""
    not_before: datetime
    not_after: datetime
    subject: str
    """As RFC 4514 writes it: `CN=…,O=…,C=TH`."""
    parsed: x509.Certificate = field(repr=False, compare=False)
    public_key: PublicKey = field(repr=False, compare=False)
    revoked_at: datetime | None = None
    """None: no file says it of itself."""


@lru_cache(_REMEMBERED)
def read_certificate(pem_or_der: bytes) -> Certificate:
    """Read the one certificate of a file, PEM or DER.

    The same bytes are read once: a certificate comes with each of its letters.
    Raises `ValueError`, its text fit for the person who gave the file: where there is
    no certificate or more than one, or a key the hub does not verify with.
    """
    parsed = _parsed(pem_or_der)
    der = parsed.public_bytes(Encoding.DER)
    return Certificate(
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        subject=parsed.subject.rfc4514_string(),
        parsed=parsed,
        public_key=_supported(parsed),
    )


def speakers(
    embedded: Iterable[bytes], trusted: Iterable[TrustedCertificate], at: datetime
) -> list[TrustedCertificate]:
    """Return the registered certificates that a signature names and that are in force.

    `embedded` are the DER forms in the signature, in any order: a sender may add
    those of its authority, which say nothing here, and while it changes its own both
    the old and the new one. Raises `CertificateUntrusted` where none of them is
    registered; where none of those that are is in force at `at`, `CertificateRevoked`
    if one was revoked by then, else `CertificateExpired`.
    """
    named = set(embedded)
    registered = [certificate for certificate in trusted if certificate.der in named]
    if not registered:
        raise CertificateUntrusted("ds:X509Certificate")
    found = [one for one in registered if covers(one, at) and not revoked(one, at)]
    if found:
        return found
    if any(revoked(certificate, at) for certificate in registered):
        raise CertificateRevoked("ds:X509Certificate")
    raise CertificateExpired("ds:X509Certificate")


def covers(certificate: TrustedCertificate, at: datetime) -> bool:
    """Say whether a certificate is valid at this time, both ends included."""
    return certificate.not_before <= at <= certificate.not_after


def revoked(certificate: TrustedCertificate, at: datetime) -> bool:
    """Say whether a certificate was revoked by this time, that moment included."""
    return certificate.revoked_at is not None and certificate.revoked_at <= at


def _parsed(pem_or_der: bytes) -> x509.Certificate:
    count = pem_or_der.count(_PEM_BEGINS)
    if count > 1:
        raise ValueError(
            f"the file holds {count} certificates; give the organization's own alone"
        )
    try:
        if count:
            return x509.load_pem_x509_certificate(pem_or_der)
        return x509.load_der_x509_certificate(pem_or_der)
    except ValueError as error:
        raise ValueError("the file holds no readable X.509 certificate") from error


def _supported(certificate: x509.Certificate) -> PublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("the certificate's key is of an unknown kind") from error
    match key:
        case rsa.RSAPublicKey() if key.key_size >= LEAST_RSA_BITS:
            return key
        case ec.EllipticCurvePublicKey() if key.curve.name in CURVES:
            return key
        case rsa.RSAPublicKey():
            raise ValueError(
                f"the certificate's RSA key has {key.key_size} bits; "
                f"{LEAST_RSA_BITS} are the least"
            )
        case ec.EllipticCurvePublicKey():
            raise ValueError(
                f"the certificate's curve is {key.curve.name}; "
                "P-256 and P-384 are supported"
            )
        case _:
            raise ValueError("the certificate's key is neither RSA nor ECDSA")
