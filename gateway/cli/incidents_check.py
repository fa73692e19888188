"""What `gateway check` says of what goes wrong: each cause, with what mends it."""

from typing import TYPE_CHECKING, Final

from gateway.cli.access_check import Looked
from gateway.domain.incident import LETTER_PARKED, Incident
from gateway.domain.remedies import command_for, mending_of
from gateway.domain.replay_plan import Choice

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_NAMED: Final = 5
"""So many incidents are named; `incidents list` tells of each."""


async def look(hub: "Hub") -> list[Looked]:
    """Name the open incidents, and count the dead letters that wait for somebody."""
    views = hub.store.views.dead
    groups = await views.groups(Choice(everything=True), settled=False)
    incidents = [line.incident for line in await views.incidents(closed=False)]
    # Parked letters have lines of their own, which say how each comes back.
    wrong = [one for one in incidents if one.cause != LETTER_PARKED]
    return [
        *(_incident(one) for one in wrong[:_NAMED]),
        _others(len(wrong)),
        _dead_letters(sum(group.number for group in groups)),
    ]


def _incident(one: Incident) -> Looked:
    where = f" {one.endpoint}" if one.endpoint else ""
    said = f"{one.cause}{where} ({one.count}): {mending_of(one.cause).thai}"
    return {
        "name": "incident",
        "thai": "เหตุขัดข้อง",
        "ok": False,
        "found": f"{said}: {command_for(one)}",
    }


def _others(number: int) -> Looked:
    words = f"{number}: gateway incidents list" if number else "ไม่มี / none"
    return {
        "name": "incidents",
        "thai": "เหตุขัดข้อง",
        "ok": not number,
        "found": words,
    }


def _dead_letters(number: int) -> Looked:
    words = f"{number}: gateway dead list" if number else "ไม่มี / none"
    return {
        "name": "dead letters",
        "thai": "งานค้าง",
        "ok": not number,
        "found": words,
    }
