"""What signs: a private key by its public half, in a file, in memory or on a token.

A signature has the form that XML Signature writes: of an elliptic-curve key r and s,
each as long as the curve's field (RFC 4050 §3.3; never the DER that `cryptography`
gives), of an RSA key PKCS #1 v1.5.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from envelopes.trust import PublicKey

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Hash: TypeAlias = hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512
"""SHA-1 only for a receiver that cannot do otherwise."""

_BITS_OF_A_BYTE: Final = 8


class SigningKey(Protocol):
    """A private key that signs and cannot be read."""

    @property
    def public_key(self) -> PublicKey:
        """Its public half; kind, curve and size are read from it."""

    def sign(self, data: bytes, digest: Hash) -> bytes:
        """Return the signature over the hash of `data`; see the file's first lines.

        May block, where the key is on a token.
        """


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A key that this process holds."""

    private: PrivateKey = field(repr=False)

    @property
    def public_key(self) -> PublicKey:
        """Its public half."""
        return self.private.public_key()

    def sign(self, data: bytes, digest: Hash) -> bytes:
        """Return the signature over the hash of `data`."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), digest)
        signature = self.private.sign(data, ec.ECDSA(digest))
        return raw_of(signature, self.private.curve)


def raw_of(der: bytes, curve: ec.EllipticCurve) -> bytes:
    """Return an ECDSA signature as r and s of this curve, from its DER form."""
    size = _bytes_of(curve)
    r, s = decode_dss_signature(der)
    return r.to_bytes(size) + s.to_bytes(size)


def der_of(raw: bytes, curve: ec.EllipticCurve) -> bytes:
    """Return an ECDSA signature in DER, from its r and s; raises `ValueError`.

    `ValueError` where it is not exactly as long as two numbers of this curve.
    """
    size = _bytes_of(curve)
    if len(raw) != 2 * size:
        raise ValueError(f"an ECDSA signature of {len(raw)} bytes, not {2 * size}")
    return encode_dss_signature(int.from_bytes(raw[:size]), int.from_bytes(raw[size:]))


def _bytes_of(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + _BITS_OF_A_BYTE - 1) // _BITS_OF_A_BYTE
