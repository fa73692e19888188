"""Refusals: requests the hub does not take, and why. The caller's move, always.

The first line of a class's docstring is its default message in English, `thai` the
same in Thai; both are fit for the peer. `where` names the number, code or field it
is about, in the peer's own words; `detail` is for the hub's log only.
`IllegalTransition` is no refusal: it is a mistake of ours.
"""

from typing import ClassVar


class Refusal(Exception):
    """The hub does not take this request."""

    code: ClassVar[str] = "refused"
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "ศูนย์กลางไม่รับคำขอนี้"

    def __init__(self, where: str = "", *, detail: str = "") -> None:
        super().__init__(where or type(self).__doc__)
        self.where = where
        self.detail = detail


class SenderUnknown(Refusal):
    """The sender's organization is not in the directory."""

    code = "sender-unknown"
    thai = "ไม่พบหน่วยงานผู้ส่งในทะเบียนหน่วยงาน"


class SenderSuspended(Refusal):
    """The sender's organization is suspended."""

    code = "sender-suspended"
    thai = "หน่วยงานผู้ส่งถูกระงับการใช้งาน"


class SenderNotOfThisDoor(Refusal):
    """The sender in the letter is not the organization whose address was used."""

    code = "sender-not-of-this-door"
    thai = "หน่วยงานผู้ส่งในหนังสือไม่ใช่เจ้าของที่อยู่ที่ใช้ส่ง"


class ReceiverUnknown(Refusal):
    """The receiver's organization is not in the directory."""

    code = "receiver-unknown"
    thai = "ไม่พบหน่วยงานผู้รับในทะเบียนหน่วยงาน"


class SecrecyNotCarried(Refusal):
    """Letters of this level of secrecy are not carried here; use another way."""

    code = "secrecy-not-carried"
    thai = "ศูนย์กลางไม่รับส่งหนังสือชั้นความลับนี้ โปรดส่งทางอื่น"


class DateInFuture(Refusal):
    """The letter is dated in the future."""

    code = "date-in-future"
    thai = "หนังสือลงวันที่ล่วงหน้า"


class NumberTaken(Refusal):
    """The number and date were already sent to this receiver with other content."""

    code = "number-taken"
    thai = "เลขที่และวันที่นี้เคยส่งถึงผู้รับรายนี้แล้วด้วยเนื้อหาอื่น"


class LetterUnknown(Refusal):
    """No letter with this number and date is in the caller's hands."""

    code = "letter-unknown"
    thai = "ไม่พบหนังสือเลขที่และวันที่นี้ในความรับผิดชอบของผู้แจ้ง"


class NumberUnknown(Refusal):
    """The letter was not registered under this number."""

    code = "number-unknown"
    thai = "หนังสือไม่ได้ลงเลขรับนี้ไว้"


class AlreadyRegistered(Refusal):
    """The letter is already registered."""

    code = "already-registered"
    thai = "หนังสือลงเลขรับไว้แล้ว"


class AlreadyReturned(Refusal):
    """The letter was already sent back to its sender."""

    code = "already-returned"
    thai = "หนังสือถูกส่งคืนผู้ส่งแล้ว"


class NotPossibleNow(Refusal):
    """The letter is in a state in which this is not possible."""

    code = "not-possible-now"
    thai = "สถานะของหนังสือขณะนี้ทำรายการนี้ไม่ได้"


class EntryUnknown(Refusal):
    """The inbox of this organization has no such entry."""

    code = "entry-unknown"
    thai = "ไม่พบรายการนี้ในกล่องขาเข้าของหน่วยงาน"


class OrganizationUnknown(Refusal):
    """The organization is not in the directory."""

    code = "organization-unknown"
    thai = "ไม่พบหน่วยงานนี้ในทะเบียนหน่วยงาน"


class OrganizationExists(Refusal):
    """The organization is already in the directory."""

    code = "organization-exists"
    thai = "มีหน่วยงานรหัสนี้ในทะเบียนหน่วยงานแล้ว"


class CertificateTaken(Refusal):
    """The certificate is already registered for another organization."""

    code = "certificate-taken"
    thai = "ใบรับรองนี้ลงทะเบียนให้หน่วยงานอื่นไว้แล้ว"


class CertificateUnknown(Refusal):
    """The organization has no such certificate."""

    code = "certificate-unknown"
    thai = "หน่วยงานไม่มีใบรับรองนี้"


class AccessUnknown(Refusal):
    """The organization has no such access."""

    code = "access-unknown"
    thai = "หน่วยงานไม่มีช่องทางเข้าถึงนี้"


class EndpointUnknown(Refusal):
    """The organization has no endpoint: it fetches by itself."""

    code = "endpoint-unknown"
    thai = "หน่วยงานไม่มีปลายทางให้ศูนย์กลางส่งให้ หน่วยงานมาดึงเอง"


class NotASecretRegistrar(Refusal):
    """This person is no registrar of secret letters of the organization."""

    code = "not-a-secret-registrar"
    thai = "ผู้นี้ไม่ใช่นายทะเบียนข้อมูลข่าวสารลับของหน่วยงาน"


class ReplayUnknown(Refusal):
    """There is no such plan or replay, or more than one begins so."""

    code = "replay-unknown"
    thai = "ไม่พบแผนส่งซ้ำนี้ หรือมีมากกว่าหนึ่งแผนที่ขึ้นต้นเช่นนี้"


class PlanExpired(Refusal):
    """The plan is older than half an hour: what it counted may be true no longer."""

    code = "plan-expired"
    thai = "แผนส่งซ้ำหมดอายุ (30 นาที) สิ่งที่นับไว้อาจไม่จริงแล้ว"


class PlanStarted(Refusal):
    """The replay was started, or called off, before."""

    code = "plan-started"
    thai = "แผนส่งซ้ำนี้เริ่มหรือยกเลิกไปแล้ว"


class PlanChanged(Refusal):
    """Something that the plan would send may not be sent any more as it was planned."""

    code = "plan-changed"
    thai = "มีรายการในแผนที่ส่งตามแผนไม่ได้แล้ว"


class NothingEligible(Refusal):
    """Nothing of this plan may be sent again."""

    code = "nothing-eligible"
    thai = "ไม่มีรายการใดในแผนที่ส่งซ้ำได้"


class StampedNotAgreed(Refusal):
    """The plan has another number of letters that are stamped than was agreed to."""

    code = "stamped-not-agreed"
    thai = "จำนวนหนังสือที่ลงเลขรับแล้วในแผนไม่ตรงกับที่ยืนยัน"


class ReplayNotRunning(Refusal):
    """The replay is not going on."""

    code = "replay-not-running"
    thai = "การส่งซ้ำนี้ไม่ได้ดำเนินอยู่"


class DeadLetterUnknown(Refusal):
    """There is no such dead letter."""

    code = "dead-letter-unknown"
    thai = "ไม่พบงานค้างรายการนี้"


class DeadLetterSettled(Refusal):
    """The dead letter is settled: replayed, discarded, or overtaken."""

    code = "dead-letter-settled"
    thai = "งานค้างรายการนี้จัดการไปแล้ว"


class IncidentUnknown(Refusal):
    """There is no such incident."""

    code = "incident-unknown"
    thai = "ไม่พบเหตุขัดข้องนี้"


class IllegalTransition(Exception):
    """A happening that the lifecycle table does not allow in this state."""

    code: ClassVar[str] = "illegal-transition"
    temporary: ClassVar[bool] = False
