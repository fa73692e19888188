"""Why an envelope cannot be read as what it says it is. The sender's move, always.

The first line of a class's docstring is its default message in English, `thai` the
same in Thai; both are fit for the peer. `where` names the place for the peer (an
element path, a limit), `detail` is for the hub's log only and never leaves it.
"""

from typing import ClassVar

from schemas.catalog import Operation


class EnvelopeError(Exception):
    """The envelope could not be read."""

    code: ClassVar[str] = "envelope-unreadable"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "อ่านซองข้อมูลไม่ได้"

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail
        self.operation: Operation | None = None
        """What was asked for, where that much could be read: the answer's element."""


class MalformedEnvelope(EnvelopeError):
    """The body is not well-formed XML of a kind the hub reads."""

    code = "malformed-envelope"
    thai = "ข้อความไม่ใช่ XML ที่ถูกต้อง"


class SchemaViolated(EnvelopeError):
    """The envelope does not follow the schema of its operation."""

    code = "schema-violated"
    thai = "ซองข้อมูลไม่เป็นไปตามโครงสร้างที่กำหนด"


class LimitExceeded(EnvelopeError):
    """The envelope is larger or deeper than the hub reads."""

    code = "limit-exceeded"
    thai = "ซองข้อมูลมีขนาดหรือความซับซ้อนเกินกำหนด"


class OperationUnknown(EnvelopeError):
    """The operation in the body of the envelope is not known here."""

    code = "operation-unknown"
    thai = "ไม่รู้จักคำสั่งในซองข้อมูล"


class SignatureMissing(EnvelopeError):
    """The letter is not signed, and this organization must sign its letters."""

    code = "signature-missing"
    thai = "หนังสือไม่มีลายมือชื่ออิเล็กทรอนิกส์ ซึ่งหน่วยงานนี้ต้องลงทุกฉบับ"


class SignatureInvalid(EnvelopeError):
    """The signature does not match the letter."""

    code = "signature-invalid"
    thai = "ลายมือชื่ออิเล็กทรอนิกส์ไม่ตรงกับหนังสือ"


class SignedPartMissing(EnvelopeError):
    """The signature is not over the letter that the document carries."""

    code = "signed-part-missing"
    thai = "ลายมือชื่ออิเล็กทรอนิกส์ไม่ได้ลงบนหนังสือฉบับที่ส่งมา"


class CertificateUntrusted(EnvelopeError):
    """The certificate is not one that the sender's organization has registered."""

    code = "certificate-untrusted"
    thai = "ใบรับรองอิเล็กทรอนิกส์ไม่ใช่ใบที่หน่วยงานผู้ส่งลงทะเบียนไว้"


class CertificateExpired(EnvelopeError):
    """The certificate was not valid when the letter came."""

    code = "certificate-expired"
    thai = "ใบรับรองอิเล็กทรอนิกส์หมดอายุหรือยังไม่เริ่มใช้ในเวลาที่ส่ง"


class CertificateRevoked(EnvelopeError):
    """The certificate was revoked before the letter came."""

    code = "certificate-revoked"
    thai = "ใบรับรองอิเล็กทรอนิกส์ถูกเพิกถอนแล้วก่อนที่หนังสือจะมาถึง"
