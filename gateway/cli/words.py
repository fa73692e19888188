"""Thai words for what the domain names, where the domain does not say them itself."""

from typing import Final

from gateway.domain import certificates
from gateway.domain.consignment import HUB, LetterFacts, Signed
from gateway.domain.deadletter import Settled
from gateway.domain.evidence import EvidenceKind
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import Organization, Purpose
from gateway.domain.promise import Stage
from gateway.domain.receipts import ReceiptKind
from gateway.domain.register import NumberedBy

WITHHELD: Final = "ลับ"
"""Stands for whatever these commands do not show of a secret letter."""

HAPPENINGS: Final = {
    Happening.LETTER_ACCEPTED: "ศูนย์กลางรับหนังสือ",
    Happening.ROUTE_CHOSEN: "วางในกล่องขาเข้า",
    Happening.ENTRY_SHOWN: "ปลายทางเปิดดู",
    Happening.ENDPOINT_TOOK_IT: "ระบบปลายทางดึงไปแล้ว",
    Happening.RECEIVER_CONFIRMED: "ปลายทางแจ้งได้รับ",
    Happening.NUMBER_GIVEN: "ลงเลขรับ",
    Happening.NUMBER_CORRECTED: "แก้เลขรับ",
    Happening.NUMBER_DISPUTED: "ผู้ส่งแจ้งเลขรับผิด",
    Happening.RECEIVER_RETURNED: "ปลายทางตีกลับ",
    Happening.RECEIVER_CALLED_IT_WRONG: "ปลายทางแจ้งหนังสือผิด",
    Happening.SENDER_RECALLED: "ผู้ส่งดึงกลับ",
    Happening.NUMBER_FREED: "ผู้ส่งขอใช้เลขเดิมส่งใหม่",
    Happening.COPY_FITTED: "จัดสำเนาให้ระบบปลายทางอ่านได้",
    Happening.ENTRY_SET_BEHIND: "เลื่อนไปท้ายกล่อง",
    Happening.ENTRY_PARKED: "พักไว้นอกกล่อง",
    Happening.ENTRY_CAME_BACK: "กลับเข้ากล่อง",
    Happening.ENTRY_HELD: "เก็บไว้ข้างกล่อง",
    Happening.ENTRY_RELEASED: "คืนเข้ากล่อง",
    Happening.ENTRY_ASKED_AGAIN: "ปลายทางขอรับใหม่",
    Happening.NOTIFIER_QUEUED: "วางใบแจ้งในกล่อง",
    Happening.NOTIFIER_SHOWN: "เปิดดูใบแจ้ง",
    Happening.NOTIFIER_TAKEN: "ดึงใบแจ้งไปแล้ว",
    Happening.DELIVERY_BEGUN: "ศูนย์กลางจะส่งให้ปลายทางเอง",
    Happening.DELIVERY_FAILED: "ส่งให้ปลายทางไม่สำเร็จครั้งหนึ่ง",
    Happening.NOTIFIER_FAILED: "ส่งใบแจ้งไม่สำเร็จครั้งหนึ่ง",
    Happening.WORK_GIVEN_UP: "เลิกลองส่งหนังสือ",
    Happening.NOTIFIER_GIVEN_UP: "เลิกลองส่งใบแจ้ง",
    Happening.OPERATOR_REPLAYED: "ผู้ดูแลระบบสั่งส่งใหม่ตั้งแต่ต้น",
    Happening.DELIVERY_RESUMED: "ผู้ดูแลระบบสั่งส่งให้ปลายทางอีก",
    Happening.NOTIFIER_RESUMED: "ผู้ดูแลระบบสั่งส่งใบแจ้งอีก",
    Happening.DEAD_LETTER_DISCARDED: "ผู้ดูแลระบบสั่งไม่ส่งอีก",
    Happening.BYTES_PURGED: "ลบเนื้อหาแล้วหลังเก็บถาวร",
    Happening.DEAD_LETTER_OVERTAKEN: "ไม่ต้องส่งอีก ปลายทางได้รับหรือตอบแล้ว",
}
RECEIPTS: Final = {
    ReceiptKind.CUSTODY: "รับแฟ้มไปแล้ว",
    ReceiptKind.RECEIVED: "แจ้งได้รับ",
    ReceiptKind.REGISTERED: "แจ้งเลขรับ",
    ReceiptKind.RETURNED: "ตีกลับ",
    ReceiptKind.RETURNED_AS_WRONG: "แจ้งหนังสือผิด",
    ReceiptKind.DISPUTED: "แจ้งเลขรับผิด",
}
EVIDENCE: Final = {
    EvidenceKind.CUSTODY_BY_HUB: "ศูนย์กลางรับไว้แล้ว",
    EvidenceKind.CUSTODY_BY_ENDPOINT: "ระบบปลายทางรับแฟ้มไปแล้ว",
    EvidenceKind.RECEIVED: "ปลายทางแจ้งได้รับ",
    EvidenceKind.REGISTERED: "ปลายทางลงเลขรับ",
    EvidenceKind.RETURNED: "ปลายทางตีกลับ",
    EvidenceKind.RETURNED_AS_WRONG: "ปลายทางแจ้งหนังสือผิด",
    EvidenceKind.DISPUTED: "ผู้ส่งแจ้งเลขรับผิด",
}
ASIDE: Final = {
    Standing.HELD: "ระบบอ่านไม่ได้ / held",
    Standing.PARKED: "พักไว้ / parked",
}
STAGES: Final = {
    Stage.ROUTE: "นำเข้ากล่อง",
    Stage.NOTIFY: "แจ้งผล",
    Stage.DELIVER: "ส่งให้ปลายทาง",
}
SETTLED: Final = {
    Settled.REPLAYED: "ส่งซ้ำแล้ว / replayed",
    Settled.DISCARDED: "เลิกส่ง / discarded",
    Settled.OVERTAKEN: "ไม่ต้องส่งแล้ว / overtaken",
}
NUMBERED_BY: Final = {
    NumberedBy.HUB: "ศูนย์กลาง",
    NumberedBy.OFFICE: "หน่วยงาน",
}
SIGNING: Final = {
    Signed.OWN: "ลงเอง",
    Signed.HOSTED: "ศูนย์กลางลงแทน",
    Signed.NONE: "ไม่ลง",
}
PURPOSES: Final = {
    Purpose.SIGNATURE: "ลงลายมือชื่อ",
    Purpose.ACCESS: "เข้าระบบ",
}
CERTIFICATES: Final = {
    certificates.Standing.VALID: "ใช้ได้ / valid",
    certificates.Standing.NOT_YET: "ยังไม่เริ่ม / not yet",
    certificates.Standing.EXPIRED: "หมดอายุ / expired",
    certificates.Standing.REVOKED: "เพิกถอน / revoked",
}

_OFFICE: Final = "สำนักงานจังหวัด"
_CODE: Final = 10


def is_hidden(letter: LetterFacts, *, seen: bool = False) -> bool:
    """Whether subject, persons and files of a letter are not shown.

    `seen`: whoever looks may see them (`gateway.cli.reading`).
    """
    return letter.is_secret and not seen


def subject_of(letter: LetterFacts, *, seen: bool = False) -> str:
    """Return the subject, or that it is secret."""
    return WITHHELD if is_hidden(letter, seen=seen) else letter.subject


def short_name(organization: Organization) -> str:
    """Return the province of a provincial office, and any other name as it is."""
    if organization.iso_code:
        return organization.th_name.removeprefix(_OFFICE)
    return organization.th_name


def actor_of(actor: str, letter: LetterFacts, *, seen: bool = False) -> str:
    """Return who did it; of a secret letter no person is named."""
    is_office = len(actor) == _CODE and actor.isascii() and actor.isdigit()
    is_person = actor != HUB and not is_office
    return WITHHELD if is_person and is_hidden(letter, seen=seen) else actor
