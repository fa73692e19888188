import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from envelopes.signing_key import SoftwareKey, der_of, raw_of
from tests.doubles.pki import Key, ec_key, rsa_key

DATA = "หนังสือ".encode()


@pytest.mark.parametrize(
    ("key", "digest", "size"),
    [
        (ec_key("p256"), hashes.SHA256(), 64),
        (ec_key("p384", ec.SECP384R1()), hashes.SHA384(), 96),
        (ec_key("p521", ec.SECP521R1()), hashes.SHA512(), 132),
    ],
)
def test_an_ecdsa_signature_is_r_and_s_of_full_length(
    key: Key, digest: hashes.SHA256 | hashes.SHA384 | hashes.SHA512, size: int
) -> None:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    raw = SoftwareKey(key).sign(DATA, digest)

    assert len(raw) == size
    key.public_key().verify(der_of(raw, key.curve), DATA, ec.ECDSA(digest))


def test_an_rsa_signature_is_pkcs1() -> None:
    key = rsa_key("pkcs1")
    signature = SoftwareKey(key).sign(DATA, hashes.SHA256())

    key.public_key().verify(signature, DATA, padding.PKCS1v15(), hashes.SHA256())


def test_small_numbers_are_padded() -> None:
    raw = bytes(31) + b"\x01" + bytes(31) + b"\x02"

    assert raw_of(der_of(raw, ec.SECP256R1()), ec.SECP256R1()) == raw


@pytest.mark.parametrize("size", [0, 63, 65, 96])
def test_a_signature_of_the_wrong_length_is_none(size: int) -> None:
    with pytest.raises(ValueError, match="not 64"):
        der_of(bytes(size), ec.SECP256R1())


def test_a_key_is_not_printed() -> None:
    key = rsa_key("pkcs1")

    assert isinstance(SoftwareKey(key).public_key, rsa.RSAPublicKey)
    assert "0x" not in repr(SoftwareKey(key))
