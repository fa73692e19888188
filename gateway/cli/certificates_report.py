"""What is shown of certificates: which are there, and what ends when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from gateway.cli import documents, screen
from gateway.cli.documents import Document
from gateway.cli.screen import Column
from gateway.cli.thai import NEVER, ago, thai_time, within
from gateway.cli.words import CERTIFICATES, PURPOSES
from gateway.domain.certificates import Standing, endings, standing
from gateway.domain.organization import Organization, Purpose, RegisteredCertificate

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.vouching.vouching import Vouching
    from gateway.workflow.recheck import Rechecked

DAYS: Final = 60
"""What `expiring` and `check` look ahead: time to have a certificate issued."""

_SHORT: Final = 16
_LIST: Final = (
    Column("รหัส", "Code"),
    Column("ลายพิมพ์", "Fingerprint"),
    Column("ชื่อในใบรับรอง", "Subject", fold=True, least=120),
    Column("ใช้สำหรับ", "Purposes"),
    Column("ตั้งแต่", "From"),
    Column("ถึง", "To"),
    Column("สถานะ", "Standing"),
)
_ENDINGS: Final = (
    Column("สิ้นสุด", "Ends"),
    Column("", ""),
    Column("รหัส", "Code"),
    Column("ชื่อหน่วยงาน", "Name", fold=True),
    Column("ใช้สำหรับ", "Purpose"),
    Column("ลายพิมพ์", "Fingerprint"),
    Column("ผล", "Then"),
)


@dataclass(frozen=True, slots=True)
class EndingLine:
    """A certificate that ends, and whose."""

    whose: Organization | None
    """None: the hub itself."""
    fingerprint: str
    purpose: Purpose
    at: datetime
    left: timedelta
    stops: bool
    """Whether none follows it."""


def short(certificate: RegisteredCertificate) -> str:
    """Return so much of a fingerprint that no other one begins alike."""
    return certificate.fingerprint[:_SHORT]


def document(certificate: RegisteredCertificate, now: datetime) -> Document:
    """Say all that is known of a certificate, for programs."""
    return {
        "organization": certificate.organization.text,
        **documents.certificate(certificate),
        "subject": _subject(certificate),
        "standing": standing(certificate, now).value,
    }


def show_list(found: Sequence[RegisteredCertificate], now: datetime) -> None:
    """Write a table of certificates."""
    screen.show_table(
        _LIST,
        [
            (
                one.organization,
                short(one),
                _subject(one),
                purposes_of(one),
                thai_time(one.not_before),
                thai_time(one.not_after),
                standing_of(one, now),
            )
            for one in found
        ],
        styles=[
            screen.PLAIN if standing(one, now) is Standing.VALID else screen.RED
            for one in found
        ],
    )


def purposes_of(certificate: RegisteredCertificate) -> str:
    """Say what a certificate is registered for."""
    return ", ".join(PURPOSES[one] for one in Purpose if one in certificate.purposes)


def standing_of(certificate: RegisteredCertificate, now: datetime) -> str:
    """Say whether a certificate is in force; of a revoked one since when, and why."""
    found = standing(certificate, now)
    if found is not Standing.REVOKED:
        return CERTIFICATES[found]
    when, why = thai_time(certificate.revoked_at), certificate.revoked_why
    return f"{CERTIFICATES[found]} {when} ({why})"


def count(certificates: Sequence[RegisteredCertificate], now: datetime) -> str:
    """Say how many are in force, and how many are known where these are more."""
    valid = sum(standing(one, now) is Standing.VALID for one in certificates)
    return str(valid) if valid == len(certificates) else f"{valid}/{len(certificates)}"


def fact(certificate: RegisteredCertificate, now: datetime) -> str:
    """Say in one line what a certificate is."""
    line = (
        f"sha256:{certificate.fingerprint} ({purposes_of(certificate)}) "
        f"ถึง {thai_time(certificate.not_after)}"
    )
    if standing(certificate, now) is Standing.VALID:
        return f"{line} ({within(certificate.not_after - now)})"
    return f"{line}, {standing_of(certificate, now)}"


async def endings_of(hub: "Hub", ahead: timedelta) -> list[EndingLine]:
    """Return what ends, of active organizations and of the hub itself."""
    now = hub.work.clock.now()
    found = [
        EndingLine(
            whose=line.organization,
            fingerprint=ending.certificate.fingerprint,
            purpose=ending.purpose,
            at=ending.at,
            left=ending.at - now,
            stops=ending.stops,
        )
        for line in await hub.store.views.endpoints()
        if line.organization.active
        for ending in endings(line.certificates, now, ahead)
    ]
    own = hub.work.signer.certificate
    if own.not_after <= now + ahead:
        found.append(
            EndingLine(
                whose=None,
                fingerprint=own.fingerprint,
                purpose=Purpose.SIGNATURE,
                at=own.not_after,
                left=own.not_after - now,
                stops=True,
            )
        )
    return sorted(found, key=lambda one: one.at)


def show_endings(found: Sequence[EndingLine]) -> None:
    """Write a table of what ends, the soonest first."""
    screen.show_table(
        _ENDINGS,
        [
            (
                thai_time(one.at),
                ago(-one.left) if one.left < timedelta() else within(one.left),
                one.whose.code if one.whose else NEVER,
                one.whose.th_name if one.whose else "ศูนย์กลาง / the hub",
                PURPOSES[one.purpose],
                one.fingerprint[:_SHORT],
                _then(one),
            )
            for one in found
        ],
        styles=[screen.RED if one.stops else screen.PLAIN for one in found],
    )


def ending_document(one: EndingLine) -> Document:
    """Say what ends, for programs; `organization` is null for the hub itself."""
    return {
        "organization": one.whose.code.text if one.whose else None,
        "fingerprint": one.fingerprint,
        "purpose": one.purpose.value,
        "ends_at": documents.moment(one.at),
        "days": one.left // timedelta(days=1),
        "stops": one.stops,
    }


def show_rechecked(done: "Rechecked", troubles: Sequence[str]) -> None:
    """Write what authorities took back and what they do not vouch for."""
    screen.say(
        f"ตรวจ {done.looked_at} ใบ เพิกถอน {len(done.taken_back)} ใบ / "
        f"Looked at {done.looked_at}, revoked {len(done.taken_back)}"
    )
    for one, why in done.taken_back:
        screen.say(f"เพิกถอน / revoked: {one.organization} {short(one)}: {why}")
    for one, why in done.missing:
        screen.say(f"ไม่พบผู้ออก / no chain: {one.organization} {short(one)}: {why}")
    for trouble in troubles:
        screen.tell(trouble, style=screen.RED)


def rechecked_document(done: "Rechecked", troubles: Sequence[str]) -> Document:
    """Say the same, for programs."""
    return {
        "looked_at": done.looked_at,
        "revoked": [_because(one, why) for one, why in done.taken_back],
        "without_authority": [_because(one, why) for one, why in done.missing],
        "troubles": list(troubles),
    }


def troubles(vouching: "Vouching", now: datetime) -> list[str]:
    """Name the files that are not used, and the lists that are overdue."""
    found = [f"ไม่ใช้แฟ้ม / not used: {one.file}: {one.why}" for one in vouching.unused]
    found += [
        f"บัญชีเพิกถอนเก่าแล้ว / stale list: {one.file}, ต้องมีใหม่ / due "
        f"{thai_time(one.next_update)}"
        for one in vouching.stale(now)
    ]
    return found


def _then(one: EndingLine) -> str:
    if not one.stops:
        return "มีใบต่อไปแล้ว / another follows"
    return "หยุดแล้ว / has stopped" if one.left < timedelta() else "จะหยุด / stops"


def _because(certificate: RegisteredCertificate, why: str) -> Document:
    return {
        "organization": certificate.organization.text,
        "fingerprint": certificate.fingerprint,
        "why": why,
    }


def _subject(certificate: RegisteredCertificate) -> str:
    # What reads certificates is loaded only where one is shown.
    from envelopes.trust import read_certificate  # noqa: PLC0415

    try:
        return read_certificate(certificate.der).subject
    except ValueError:
        return NEVER
