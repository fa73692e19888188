"""Keys and certificates that are the same in every build; nothing here is a secret.

RSA keys come from a seed: primes are searched from SHA-256 of a name, which no
library offers and no real key may do.
"""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey

NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2028, 1, 1, tzinfo=UTC)

_EXPONENT: Final = 65537
_SIEVE: Final = tuple(
    n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))
)
_WITNESSES: Final = (2, 3, 5, 7, 11, 13, 17, 19)


@dataclass(frozen=True)
class Signer:
    """A key, and a certificate that may or may not be of it."""

    key: Key = field(repr=False)
    der: bytes = field(repr=False)
    not_before: datetime = NOT_BEFORE
    not_after: datetime = NOT_AFTER

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return hashlib.sha256(self.der).hexdigest()


@functools.cache
def ec_key(name: str, curve: ec.EllipticCurve | None = None) -> Key:
    """Derive an EC key from a name; P-256 where nothing else is asked for."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:20], "big")
    return ec.derive_private_key(seed, curve or ec.SECP256R1())


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Derive an RSA key from a name."""
    p, q = (_prime(f"{name} {factor}", bits // 2) for factor in "pq")
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=public,
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def certified(
    key: Key,
    name: str,
    *,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    serial: int = 0,
    issued_by: Signer | None = None,
) -> Signer:
    """Give a key a certificate in this name, its own or another's signature on it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, by = subject, key
    if issued_by is not None:
        issuer = x509.load_der_x509_certificate(issued_by.der).subject
        by = issued_by.key
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial or int.from_bytes(name.encode()[:8], "big"))
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    same = True if isinstance(by, ec.EllipticCurvePrivateKey) else None
    made = built.sign(by, hashes.SHA256(), ecdsa_deterministic=same)
    return Signer(key, made.public_bytes(Encoding.DER), not_before, not_after)


def _prime(name: str, bits: int) -> int:
    return next(number for number in _candidates(name, bits) if _is_prime(number))


def _candidates(name: str, bits: int) -> Iterator[int]:
    """Count upwards from a number with both upper bits and the lowest one set."""
    pieces = (
        hashlib.sha256(f"{name} {part}".encode()).digest()
        for part in range(bits // 256 + 1)
    )
    number = int.from_bytes(b"".join(pieces), "big") & ((1 << bits) - 1)
    number |= (3 << (bits - 2)) | 1
    while True:
        if (number - 1) % _EXPONENT and all(number % p for p in _SIEVE):
            yield number
        number += 2


def _is_prime(number: int) -> bool:
    """Miller-Rabin; with these witnesses by far good enough for a test's key."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for witness in _WITNESSES:
        power = pow(witness, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
