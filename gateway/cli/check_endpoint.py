"""`gateway check endpoint CODE`: the way to an office's system, step by step.

Of a push endpoint the steps are those of handing over, and walking stops at the one
that fails. Of an office that pulls, what it needs to fetch its letters is looked at.
Nothing is changed by looking.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from envelopes.dialects import UNKNOWN
from envelopes.letter import OrganizationCode
from gateway.cli.endpoint_hints import HINTS, STEPS, Hint
from gateway.cli.screen import GREEN, RED, Column, say, show_json, show_table
from gateway.cli.session import known
from gateway.cli.thai import NEVER, ago, thai_day, thai_time
from gateway.domain.access import is_open
from gateway.domain.certificates import Standing, registered_for, standing
from gateway.domain.consignment import Signed
from gateway.domain.endpoint import Endpoint
from gateway.domain.organization import Organization, Purpose
from gateway.domain.reach import Target
from gateway.ports import EndpointLine
from gateway.transport.handover import opened
from gateway.transport.probing import Step, walk

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_COLUMNS: Final = (
    Column("", ""),
    Column("ขั้น", "Step"),
    Column("", ""),
    Column("ผล", "Found", fold=True),
    Column("วินาที", "Seconds", right=True),
)
_QUIET: Final = timedelta(hours=24)
"""After which an office that should fetch its letters seems to have stopped."""
_SOON: Final = timedelta(days=14)
"""A certificate that ends so soon is worth a word."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    seconds: float = 0.0
    hint: Hint | None = None
    error: Exception | None = None
    command: str = ""
    """What to do next, where it is not fine."""


async def look(hub: "Hub", code: OrganizationCode) -> list[Line]:
    """Look at one office's endpoint; raises `OrganizationUnknown`."""
    organization = await known(hub, code)
    async with hub.store.unit() as unit:
        endpoint = await unit.endpoints.find(code)
    if endpoint is None or not endpoint.pushes:
        return _advised(await _pulls(hub, organization), code, "")
    now = hub.work.clock.now()
    async with opened(
        hub.settings, hub.work.signer, hub.work.clock, demo=hub.demo
    ) as handover:
        steps = await walk(handover, endpoint)
    lines = [_state(endpoint, now), *(_line(step, now) for step in steps)]
    return _advised(lines, code, endpoint.url)


def _advised(lines: Sequence[Line], code: OrganizationCode, url: str) -> list[Line]:
    """Fill in the command for what is not fine, so that it can be copied."""
    host, port = "HOST", 443
    with suppress(ValueError):
        target = Target.parse(url)
        host, port = target.host, target.port
    return [
        replace(line, command=line.hint.command.format(code=code, host=host, port=port))
        if line.hint is not None and not line.ok
        else line
        for line in lines
    ]


def show(code: OrganizationCode, lines: Sequence[Line], *, as_json: bool) -> None:
    """Write what was found, and below it what to do about what is not fine."""
    if as_json:
        show_json(_document(code, lines))
        return
    show_table(
        _COLUMNS,
        [
            (
                "✓" if line.ok else "✗",
                STEPS[line.name],
                line.name,
                line.found,
                f"{line.seconds:.3f}" if line.seconds else "",
            )
            for line in lines
        ],
        styles=[GREEN if line.ok else RED for line in lines],
    )
    for line in lines:
        if line.hint is not None and line.command:
            say(f"{STEPS[line.name]}: {line.hint.thai} / {line.hint.english}")
            say(f"ต่อไป / Next: {line.command}")


def _document(code: OrganizationCode, lines: Sequence[Line]) -> dict[str, object]:
    return {
        "organization": code.text,
        "in_order": all(line.ok for line in lines),
        "lines": [
            {
                "name": line.name,
                "ok": line.ok,
                "found": line.found,
                "seconds": line.seconds,
                "error": getattr(line.error, "code", None),
                "cause": line.hint.english if line.hint and line.command else None,
                "next": line.command or None,
            }
            for line in lines
        ],
    }


def _line(step: Step, now: datetime) -> Line:
    found = step.found
    if step.error is not None:
        found = f"{step.error.thai} / {step.found or step.error}"
    if step.until is not None:
        soon = " !" if step.until - now < _SOON else ""
        found += f", ถึง / until {thai_day(step.until.date())}{soon}"
    hint = HINTS.get(step.name)
    return Line(step.name, step.ok, found, step.seconds, hint, step.error)


def _state(endpoint: Endpoint, now: datetime) -> Line:
    """Say whether the hub hands over to it now."""
    if endpoint.paused_at is not None:
        found = f"พักตั้งแต่ / paused since {thai_time(endpoint.paused_at)}"
    elif endpoint.rests(now):
        found = (
            f"พักถึง / rests until {thai_time(endpoint.closed_until)}: "
            f"{endpoint.failures} ครั้ง / failures, {endpoint.last_failure}"
        )
    else:
        last = _ago(endpoint.last_success_at, now)
        found = f"ส่งอยู่ / handing over, สำเร็จล่าสุด / last taken {last}"
    return Line("state", not endpoint.rests(now), found, hint=HINTS["state"])


async def _pulls(hub: "Hub", organization: Organization) -> list[Line]:
    """Say whether an office can fetch its letters, and does."""
    code, now = organization.code, hub.work.clock.now()
    line = next(
        one
        for one in await hub.store.views.endpoints()
        if one.organization.code == code
    )
    async with hub.store.unit() as unit:
        # The entry alone: what it brings may be secret.
        head = await unit.inboxes.head(code)
    accesses = await hub.store.accesses(code)
    let_in = hub.demo or is_open(accesses, line.certificates, now)
    return [
        _said("record", "ดึงเอง / it pulls", ok=True),
        _said(
            "active",
            "ใช้งาน / active" if organization.active else "ระงับ / suspended",
            ok=organization.active,
        ),
        _said("access", _let_in(let_in=let_in, demo=hub.demo), ok=let_in),
        _signs(line, now),
        _seen(line, now),
        _said("dialect", _dialect(organization), ok=True),
        _said("backlog", f"{line.waiting} รายการ / entries", ok=True),
        *([_head(head.queued_at, now)] if head else []),
    ]


def _said(name: str, found: str, *, ok: bool) -> Line:
    return Line(name, ok, found, hint=HINTS.get(name))


def _let_in(*, let_in: bool, demo: bool) -> str:
    if demo:
        return "สาธิต เข้าได้จากเครื่องนี้ / a demo, open to this machine"
    return "เข้าได้ / let in" if let_in else "ยังเข้าไม่ได้ / let in nowhere"


def _signs(line: EndpointLine, now: datetime) -> Line:
    """Say by which certificate it signs, where it must."""
    valid = [
        one
        for one in registered_for(Purpose.SIGNATURE, line.certificates)
        if standing(one, now) is Standing.VALID
    ]
    if valid:
        until = max(one.not_after for one in valid)
        soon = " !" if until - now < _SOON else ""
        found = f"ถึง / until {thai_day(until.date())}{soon}"
    else:
        found = "ไม่มี / none in force"
    must = line.organization.signing is Signed.OWN
    return _said("certificate", found, ok=bool(valid) or not must)


def _seen(line: EndpointLine, now: datetime) -> Line:
    """Say when it called last; silence matters where something waits."""
    last = line.last_seen_at
    quiet = last is None or now - last > _QUIET
    return _said("seen", _ago(last, now), ok=not (quiet and line.waiting))


def _ago(at: datetime | None, now: datetime) -> str:
    return NEVER if at is None else f"{ago(now - at)} ({thai_time(at)})"


def _dialect(organization: Organization) -> str:
    known_as = organization.dialect
    return "ยังไม่ทราบ / not known yet" if known_as == UNKNOWN.name else known_as


def _head(queued_at: datetime, now: datetime) -> Line:
    return _said(
        "head",
        f"ตั้งแต่ / since {thai_time(queued_at)}",
        ok=now - queued_at <= _QUIET,
    )
