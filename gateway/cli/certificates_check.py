"""What `gateway check` says of certificates: who stops next, who vouches for them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from gateway.cli import certificates_entry, certificates_report
from gateway.cli.certificates_report import EndingLine
from gateway.cli.thai import thai_time
from gateway.domain.certificates import Standing, standing

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.domain.organization import RegisteredCertificate
    from gateway.vouching.vouching import Vouching

_NAMED: Final = 5
"""So many organizations are named; the commands name all."""
_FOREVER: Final = timedelta(days=36500)
_EXPIRING: Final = "gateway directory certificate expiring"
_REFRESH: Final = "gateway directory certificate refresh"


class Looked(TypedDict):
    """A line of `gateway check`."""

    name: str
    thai: str
    ok: bool
    found: str


async def look(hub: "Hub") -> list[Looked]:
    """Look at organizations' certificates, and at what vouches for them if any does."""
    now = hub.work.clock.now()
    lines = [await _next(hub)]
    vouching = certificates_entry.vouching(hub, now)
    endpoints = await hub.store.views.endpoints()
    certificates = [
        one
        for line in endpoints
        for one in line.certificates
        if standing(one, now) is Standing.VALID
    ]
    if hub.settings.authorities:
        lines.append(_authorities(vouching, certificates, now))
    if hub.settings.revocation_lists:
        lines.append(_lists(vouching, certificates, now))
    return lines


async def _next(hub: "Hub") -> Looked:
    """Say who has stopped; or which certificate that none follows ends next."""
    ahead = await certificates_report.endings_of(hub, _FOREVER)
    # The hub's own has a line of its own.
    found = [one for one in ahead if one.whose and one.stops]
    ended = [one for one in found if one.left < timedelta()]
    if ended:
        words = f"หมดอายุแล้ว {len(ended)} ใบ / expired: {_codes(ended)}: {_EXPIRING}"
    elif found:
        days = found[0].left // timedelta(days=1)
        words = (
            f"ใบต่อไปหมดอายุใน {days} วัน / next in {days} days: {_codes(found[:1])} "
            f"({thai_time(found[0].at)})"
        )
    else:
        words = "ยังไม่มีใบรับรอง / there are none"
    return Looked(
        name="certificates",
        thai="ใบรับรองของหน่วยงาน",
        ok=not ended,
        found=words,
    )


def _authorities(
    vouching: "Vouching", certificates: Sequence["RegisteredCertificate"], now: datetime
) -> Looked:
    """Say how many authorities there are, and for which certificates none vouches."""
    known = vouching.authorities
    roots, links = (len(known.roots), len(known.links)) if known else (0, 0)
    words = [f"{roots} roots, {links} intermediates"]
    unused = known.unused if known else ()
    words += [f"ไม่ใช้แฟ้ม / not used: {one.file}: {one.why}" for one in unused]
    judged = [(one, vouching.judge(one, now)) for one in certificates]
    missing = sorted({one.organization.text for one, said in judged if said.missing})
    taken = [one for one, said in judged if said.taken_back]
    if missing:
        words.append(
            f"ไม่พบผู้ออก {len(missing)} แห่ง / no chain, still in force: "
            f"{_some(missing)}: {_REFRESH}"
        )
    if taken:
        words.append(f"ต้องเพิกถอน / to be revoked: {len(taken)}: {_REFRESH}")
    return Looked(
        name="authorities",
        thai="ผู้ออกใบรับรอง",
        ok=not (unused or missing or taken) and roots > 0,
        found="; ".join(words),
    )


def _lists(
    vouching: "Vouching", certificates: Sequence["RegisteredCertificate"], now: datetime
) -> Looked:
    """Say which lists count, which are stale, and which authorities have none."""
    stale = vouching.stale(now)
    words = [f"{len(vouching.lists)} lists"]
    words += [
        f"เก่าแล้ว / stale, still counts: {one.file}, due {thai_time(one.next_update)}"
        for one in stale
    ]
    of_authorities = vouching.authorities.unused if vouching.authorities else ()
    unused = [one for one in vouching.unused if one not in of_authorities]
    words += [f"ไม่ใช้แฟ้ม / not used: {one.file}: {one.why}" for one in unused]
    without = vouching.without_list(certificates)
    words += [f"ไม่มีบัญชีของ / no list of: {name}" for name in without]
    return Looked(
        name="revocation lists",
        thai="บัญชีเพิกถอน",
        ok=not (stale or unused or without),
        found="; ".join(words),
    )


def _codes(found: Sequence[EndingLine]) -> str:
    return _some(sorted({one.whose.code.text for one in found if one.whose}))


def _some(codes: Sequence[str]) -> str:
    more = len(codes) - _NAMED
    return ", ".join(codes[:_NAMED]) + (f" +{more}" if more > 0 else "")
