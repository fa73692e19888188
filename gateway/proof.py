"""What a signed receipt proves: verified offline, by the hub's certificate alone.

1. The certificate comes from whoever verifies, never from the receipt.
2. It is a P-256 key's, and the receipt names it by its digest.
3. The signature holds over the bytes as they are; only then are they read.
4. The version is known, and every known field has the form it always had.
5. The hub's certificate was valid when the receipt was made, by the hub's own clock:
   nothing here proves that time to somebody who does not believe the hub.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from envelopes.trust import Certificate, covers
from gateway.domain.evidence import VERSION
from gateway.domain.evidence_fields import faults, text_of
from gateway.domain.jws import (
    ALGORITHM,
    SIGNATURE_BYTES,
    TYPE,
    Jws,
    encoded,
    read,
    strict_object,
)

_DOCUMENT: Final = b"GovernmentDocument"
_LONGEST_PREFIX: Final = 32
_MOST_DOCUMENTS: Final = 8
"""Places in a file at which the delivered document is looked for."""


class ReceiptError(Exception):
    """The receipt proves nothing."""

    code: ClassVar[str] = "receipt-refused"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ใบรับนี้ใช้เป็นหลักฐานไม่ได้"

    def __init__(self, where: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where


class ReceiptUnreadable(ReceiptError):
    """The file is no signed receipt."""

    code = "receipt-unreadable"
    thai = "แฟ้มนี้ไม่ใช่ใบรับที่ลงนาม"


class ReceiptNewer(ReceiptError):
    """The receipt has a version that this program does not know."""

    code = "receipt-newer"
    thai = "ใบรับเป็นรุ่นที่โปรแกรมนี้ไม่รู้จัก"


class ReceiptAlgorithm(ReceiptError):
    """The receipt is not signed as receipts are, with ES256."""

    code = "receipt-algorithm"
    thai = "ใบรับไม่ได้ลงนามด้วย ES256"


class ReceiptOfAnother(ReceiptError):
    """The receipt is signed by another certificate than the one given."""

    code = "receipt-of-another"
    thai = "ใบรับลงนามด้วยใบรับรองอื่น"


class ReceiptAltered(ReceiptError):
    """The signature does not hold: this is not what the hub signed."""

    code = "receipt-altered"
    thai = "ลายมือชื่อไม่ถูกต้อง ไม่ใช่ข้อความที่ศูนย์กลางลงนาม"


class CertificateNotInForce(ReceiptError):
    """The hub's certificate was not valid when the receipt was made."""

    code = "receipt-certificate-not-in-force"
    thai = "ใบรับรองของศูนย์กลางไม่อยู่ในช่วงใช้งานเมื่อออกใบรับ"


class NotThisLetter(ReceiptError):
    """The receipt is about other bytes than these."""

    code = "receipt-of-other-bytes"
    thai = "ใบรับนี้ไม่ใช่ของแฟ้มที่ให้มา"


@dataclass(frozen=True, slots=True)
class Proven:
    """A receipt whose signature holds."""

    payload: Mapping[str, Any]
    made_at: datetime
    certificate: Certificate

    def text(self, name: str) -> str:
        """Return the text of a field; empty where it is not there."""
        return text_of(self.payload, name)


def verify(document: bytes, certificates: Sequence[Certificate]) -> Proven:
    """Return what a receipt proves by one of these certificates.

    Raises a `ReceiptError` that says why it proves nothing.
    """
    try:
        jws = read(document)
    except ValueError as error:
        raise ReceiptUnreadable(str(error)) from None
    _is_as_signed_by_a_hub(jws.header)
    certificate = _named(jws.header, certificates)
    if not _holds(jws, certificate):
        raise ReceiptAltered
    payload = _payload(jws)
    made_at = moment_of(text_of(payload, "made_at"))
    if not covers(certificate, made_at):
        raise CertificateNotInForce(text_of(payload, "made_at"))
    return Proven(payload, made_at, certificate)


def is_about_letter(proven: Proven, content: bytes) -> str:
    """Say which bytes of the receipt these are: `envelope` or `delivered`.

    The delivered document may also stand inside them, as in the answer that brought
    it. Raises `NotThisLetter`.
    """
    if _sha256(content) == proven.text("letter.envelope.sha256") != "":
        return "envelope"
    wanted = proven.text("letter.delivered.sha256")
    size = proven.payload.get("letter", {}).get("delivered", {}).get("size")
    if wanted and type(size) is int:
        for start in _documents(content):
            if _sha256(content[start : start + size]) == wanted:
                return "delivered"
    raise NotThisLetter(f"sha256:{_sha256(content)}")


def is_about_file(proven: Proven, content: bytes) -> int:
    """Return which file of the letter these bytes are, from 1; or `NotThisLetter`."""
    digest = _sha256(content)
    files = proven.payload.get("letter", {}).get("files", [])
    for place, file in enumerate(files, start=1):
        if file.get("sha256") == digest:
            return place
    raise NotThisLetter(f"sha256:{digest}")


def moment_of(text: str) -> datetime:
    """Read a moment of a receipt that was verified."""
    return datetime.fromisoformat(text)


def _is_as_signed_by_a_hub(header: Mapping[str, Any]) -> None:
    if header.get("alg") != ALGORITHM:
        raise ReceiptAlgorithm(f"alg {str(header.get('alg'))[:40]}")
    if header.get("typ") != TYPE:
        raise ReceiptUnreadable(f"typ {str(header.get('typ'))[:40]}")
    if "crit" in header:
        raise ReceiptNewer(f"crit {str(header['crit'])[:40]}")


def _named(
    header: Mapping[str, Any], certificates: Iterable[Certificate]
) -> Certificate:
    wanted = header.get("kid")
    for certificate in certificates:
        if certificate.fingerprint == wanted:
            break
    else:
        raise ReceiptOfAnother(f"kid {str(wanted)[:64]}")
    digest = bytes.fromhex(certificate.fingerprint)
    if header.get("x5t#S256") != encoded(digest):
        raise ReceiptOfAnother("x5t#S256")
    if not _is_p256(certificate):
        raise ReceiptAlgorithm("P-256")
    return certificate


def _is_p256(certificate: Certificate) -> bool:
    key = certificate.public_key
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1
    )


def _holds(jws: Jws, certificate: Certificate) -> bool:
    key = certificate.public_key
    if len(jws.signature) != SIGNATURE_BYTES or not isinstance(
        key, ec.EllipticCurvePublicKey
    ):
        return False
    half = SIGNATURE_BYTES // 2
    r, s = (
        int.from_bytes(part) for part in (jws.signature[:half], jws.signature[half:])
    )
    try:
        key.verify(encode_dss_signature(r, s), jws.signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _payload(jws: Jws) -> Mapping[str, Any]:
    try:
        payload = strict_object(jws.payload, "what was signed")
    except ValueError as error:
        raise ReceiptUnreadable(str(error)) from None
    version = payload.get("version")
    if type(version) is int and version > VERSION:
        raise ReceiptNewer(f"version {version}")
    if version != VERSION or type(version) is not int:
        raise ReceiptUnreadable("version")
    if fault := next(faults(payload), ""):
        raise ReceiptUnreadable(fault)
    return payload


def _documents(content: bytes) -> Iterator[int]:
    """Return where a GovernmentDocument may begin: the beginning, and at its tags."""
    yield 0
    at = -1
    for _ in range(_MOST_DOCUMENTS):
        if (at := content.find(_DOCUMENT, at + 1)) < 0:
            return
        begin = content.rfind(b"<", max(0, at - _LONGEST_PREFIX), at)
        if begin > 0:
            yield begin


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
