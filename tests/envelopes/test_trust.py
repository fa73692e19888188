"""Certificates: what a file says, and which of them speaks for whom at what time."""

import datetime as dt
import hashlib
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from envelopes.errors import CertificateExpired, CertificateUntrusted
from envelopes.trust import covers, read_certificate, speaks
from gateway.domain.organization import RegisteredCertificate
from tests.doubles.pki import (
    AT,
    NOT_AFTER,
    NOT_BEFORE,
    Identity,
    certified,
    ec_key,
    identity,
    rsa_key,
)

MINISTRY = identity("ec")


@pytest.mark.parametrize("kind", ["rsa", "ec", "p384"])
@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_certificate_is_read_from_either_form(kind: str, form: str) -> None:
    holder = identity(kind)

    certificate = read_certificate(getattr(holder, form))

    assert certificate.der == holder.der
    assert certificate.fingerprint == hashlib.sha256(holder.der).hexdigest()
    assert (certificate.not_before, certificate.not_after) == (NOT_BEFORE, NOT_AFTER)
    assert certificate.subject == "CN=1500200000,O=หน่วยงานตัวอย่าง,C=TH"
    assert certificate.public_key == holder.key.public_key()


def test_text_around_a_pem_certificate_does_no_harm() -> None:
    """`openssl x509 -text` writes the certificate's contents before it."""
    assert (
        read_certificate(b"Certificate:\n  Data\n" + MINISTRY.pem).der == MINISTRY.der
    )


@pytest.mark.parametrize(
    "junk", [b"", b"junk", MINISTRY.key_pem, MINISTRY.der[:-1], MINISTRY.pem[:-40]]
)
def test_a_file_without_certificate_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="holds no readable"):
        read_certificate(junk)


def test_a_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="holds 2 certificates"):
        read_certificate(MINISTRY.pem + MINISTRY.pem)


def test_a_short_rsa_key_is_refused() -> None:
    weak = certified(rsa_key("weak", 1024))

    with pytest.raises(ValueError, match="1024 bits; 2048 are the least"):
        read_certificate(weak.der)


def test_another_curve_is_refused() -> None:
    odd = certified(ec_key("odd", ec.SECP256K1()))

    with pytest.raises(ValueError, match="secp256k1; P-256 and P-384"):
        read_certificate(odd.der)


def test_another_kind_of_key_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .sign(key, None)
    )

    with pytest.raises(ValueError, match="neither RSA nor ECDSA"):
        read_certificate(certificate.public_bytes(Encoding.DER))


def test_a_key_on_no_curve_is_refused() -> None:
    """The point of the key is damaged, and its file is a certificate all the same."""
    numbers = ec_key("1500200000").public_key().public_numbers()
    assert isinstance(numbers, ec.EllipticCurvePublicNumbers)
    point = numbers.y.to_bytes(32, "big")
    damaged = MINISTRY.der.replace(point, bytes(32))
    assert damaged != MINISTRY.der

    with pytest.raises(ValueError, match="unknown kind"):
        read_certificate(damaged)


def test_only_what_is_registered_speaks() -> None:
    other = identity("ec", "1600100000")

    assert speaks([other.der, MINISTRY.der], [MINISTRY], AT) is MINISTRY
    with pytest.raises(CertificateUntrusted):
        speaks([other.der], [MINISTRY], AT)
    with pytest.raises(CertificateUntrusted):
        speaks([], [MINISTRY], AT)


def test_of_two_that_are_named_the_valid_one_speaks() -> None:
    start = datetime(2020, 1, 1, tzinfo=dt.UTC)
    old = certified(MINISTRY.key, not_before=start, not_after=NOT_BEFORE)
    both = [old.der, MINISTRY.der]

    assert speaks(both, [old, MINISTRY], AT) is MINISTRY
    assert speaks(both, [old, MINISTRY], start) is old
    with pytest.raises(CertificateExpired):
        speaks(both, [old, MINISTRY], NOT_AFTER + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (NOT_BEFORE - dt.timedelta(microseconds=1), False),
        (NOT_BEFORE, True),
        (NOT_AFTER, True),
        (NOT_AFTER + dt.timedelta(microseconds=1), False),
    ],
)
def test_both_ends_belong_to_its_validity(at: datetime, *, valid: bool) -> None:
    assert covers(MINISTRY, at) is valid


def test_what_the_directory_registers_is_a_trusted_certificate() -> None:
    read = read_certificate(MINISTRY.pem)
    registered = RegisteredCertificate(
        organization=MINISTRY.organization,
        der=read.der,
        fingerprint=read.fingerprint,
        not_before=read.not_before,
        not_after=read.not_after,
    )

    assert speaks([MINISTRY.der], [registered], AT) is registered


def test_the_authority_of_the_tests_is_what_it_says() -> None:
    assert isinstance(MINISTRY, Identity)
    assert identity("ec") is MINISTRY
    assert read_certificate(MINISTRY.der).fingerprint == MINISTRY.fingerprint
