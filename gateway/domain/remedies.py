"""What mends each cause for which work is given up: one action for each code.

An incident names the one thing to do, not a list of guesses. The command is the next
one to type: it shows what is wrong, or mends it. When the cause is mended, what was
given up goes back: `gateway dead replay`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.deadletter import INTERNAL
from gateway.domain.incident import LETTER_PARKED, POISON, Incident


@dataclass(frozen=True, slots=True)
class Mending:
    """The one action that mends a cause."""

    thai: str
    english: str
    command: str
    """With `{endpoint}`, `{cause}`, `{incident}` where they belong."""


_LOOK: Final = "gateway dead list --each --incident {incident}"
_TRY_OUT: Final = "gateway check endpoint {endpoint}"
_RECORD: Final = "gateway directory endpoint show {endpoint}"
_BOOKS: Final = "gateway check books"

_OURS: Final = Mending(
    "ข้อผิดพลาดของโปรแกรม ดูบันทึกระบบแล้วแจ้งผู้พัฒนา",
    "a mistake of the program: find it in the log, have it corrected",
    _LOOK,
)
_KEPT_UNREADABLE: Final = Mending(
    "หนังสือที่เก็บไว้อ่านไม่ได้แล้ว ตรวจแฟ้มแล้วกู้จากสำรอง",
    "the letter can no longer be read as it was kept: restore it from the backup",
    _BOOKS,
)
_STORE: Final = Mending(
    "ฐานข้อมูลผิดปกติ ตรวจระบบ", "the database is not in order: look at it", "gateway check"
)
_REFUSED: Final = Mending(
    "สิ่งที่บันทึกไว้กับหนังสือขัดกัน ดูรายการ",
    "what is recorded does not fit the letter: look at each",
    _LOOK,
)

_ENDPOINTS: Final[Mapping[str, Mending]] = {
    "endpoint-unreachable": Mending(
        "ให้ปลายทางเปิดระบบหรือเครือข่าย แล้วทดสอบ",
        "have the endpoint's system reached again, and try it out",
        _TRY_OUT,
    ),
    "endpoint-untrusted": Mending(
        "ให้ปลายทางเปลี่ยนใบรับรอง หรือเพิ่มผู้ออกใบรับรอง แล้วทดสอบ",
        "have its certificate renewed, or its authority added, and try it out",
        _TRY_OUT,
    ),
    "endpoint-silent": Mending(
        "ให้ปลายทางตอบภายในเวลา แล้วทดสอบ",
        "have the endpoint answer in time, and try it out",
        _TRY_OUT,
    ),
    "endpoint-busy": Mending(
        "รอให้ปลายทางว่าง หรือลดความเร็ว แล้วทดสอบ",
        "wait until the endpoint has room, and try it out",
        _TRY_OUT,
    ),
    "endpoint-misbehaved": Mending(
        "แจ้งผู้ขายระบบของปลายทาง พร้อมคำตอบที่ได้รับ",
        "tell the endpoint's supplier what it answered",
        _LOOK,
    ),
    "endpoint-refused": Mending(
        "อ่านเหตุผลที่ปลายทางไม่รับ แล้วตกลงกับปลายทาง",
        "read why the endpoint refuses, and settle it with them",
        _LOOK,
    ),
    "delivery-failed": Mending("ทดสอบปลายทาง", "try the endpoint out", _TRY_OUT),
    "address-forbidden": Mending(
        "แก้ที่อยู่ หรืออนุญาตเครือข่ายของปลายทาง",
        "correct the address, or allow the network it lies in",
        _RECORD,
    ),
    "credentials-missing": Mending(
        "วางแฟ้มรหัสผ่านหรือกุญแจที่ปลายทางต้องการ แล้วทดสอบ",
        "put the password or key in place that the endpoint asks for, and try it out",
        _TRY_OUT,
    ),
    LETTER_PARKED: Mending(
        "ให้ผู้ขายระบบของหน่วยงานแก้ให้อ่านหนังสือนี้ได้ แล้วนำกลับเข้ากล่อง",
        "have the office's system read the letter, then put it back: inbox unpark",
        "gateway inbox parked {endpoint}",
    ),
}
_HUB: Final[Mapping[str, Mending]] = {
    INTERNAL: _OURS,
    "illegal-transition": _OURS,
    POISON: Mending(
        "งานนี้ทำให้โปรแกรมหยุดทุกครั้ง ดูบันทึกระบบแล้วแจ้งผู้พัฒนา",
        "it ended its process each time: find it in the log, have it corrected",
        _LOOK,
    ),
    "vault-damaged": Mending(
        "แฟ้มเสียหาย ตรวจว่าแฟ้มใด แล้วกู้จากสำรอง",
        "bytes are damaged: see which, and restore them from the backup",
        _BOOKS,
    ),
    "bytes-purged": Mending(
        "เนื้อหาถูกลบหลังเก็บถาวร ดูในชุดเก็บถาวร",
        "its bytes were purged: look it up in its archive",
        "gateway archive list",
    ),
    "secrets-closed": Mending(
        "นำแฟ้มกุญแจหนังสือลับกลับมา",
        "bring back the key file of secret letters",
        "gateway keys secrecy list",
    ),
    "signer-unavailable": Mending(
        "ทำให้กุญแจของศูนย์กลางใช้ได้อีก",
        "have the hub's own key, or its token, at hand again",
        "gateway keys list",
    ),
    "store-error": _STORE,
    "store-unavailable": _STORE,
    "concurrent-change": _STORE,
}


def _all(codes: Iterable[str], mending: Mending) -> dict[str, Mending]:
    return dict.fromkeys(codes, mending)


MENDINGS: Final[Mapping[str, Mending]] = {
    **_ENDPOINTS,
    **_HUB,
    **_all(
        (
            "certificate-expired",
            "certificate-revoked",
            "certificate-untrusted",
            "code-unknown",
            "envelope-unreadable",
            "limit-exceeded",
            "malformed-envelope",
            "not-a-day",
            "not-base64",
            "not-of-the-standard",
            "operation-unknown",
            "schema-violated",
            "signature-invalid",
            "signature-missing",
            "signed-part-missing",
        ),
        _KEPT_UNREADABLE,
    ),
}
"""By code; what is a refusal besides is looked at one by one (`mending_of`)."""


def mending_of(cause: str) -> Mending:
    """Return what mends a cause; each is looked at where it is a refusal."""
    return MENDINGS.get(cause, _REFUSED)


def command_of(cause: str, endpoint: OrganizationCode | None, incident: UUID) -> str:
    """Return the command to type next, whole."""
    return mending_of(cause).command.format(
        endpoint=endpoint or "ORGANIZATION", cause=cause, incident=incident
    )


def command_for(incident: Incident) -> str:
    """Return the command to type next about an incident."""
    return command_of(incident.cause, incident.endpoint, incident.id)
