"""What two records must both say: the form in which the sides of the books compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.domain.archive import Archived
from gateway.domain.consignment import Entry, FittedCopy
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Attempt
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt
from gateway.domain.register import Registration

ROUTE: Final = "route"
"""The key of the promise to route."""

LETTER: Final = "the letter"
"""What the entry of a letter brings; that of a notifier brings its receipt."""

MOVED: Final = "moved"
"""Of an entry that does not stand where it was queued."""


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """What two records must both say."""

    table: str
    key: str
    what: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What all tables but `consignment` and `letter` hold of one consignment."""

    journal: Sequence[Entry]
    entries: Sequence[InboxEntry]
    promises: Sequence[Promise]
    kept: Mapping[UUID, datetime]
    """When each kept promise was kept."""
    registrations: Sequence[Registration]
    receipts: Sequence[Receipt]
    copies: Sequence[FittedCopy] = ()
    dead_letters: Sequence[DeadLetter] = ()
    attempts: Sequence[Attempt] = ()
    archived: Sequence[Archived] = ()
    facts: Sequence[Fact] = ()
    """What the consignment's own row says."""
    freed: bool = False
    """Whether its own row says that its sender freed the number."""


_PROMISING: Final = frozenset(
    {
        Happening.ROUTE_CHOSEN,
        Happening.NOTIFIER_QUEUED,
        Happening.DELIVERY_BEGUN,
        Happening.ENTRY_RELEASED,
        Happening.ENTRY_CAME_BACK,
        Happening.DELIVERY_RESUMED,
        Happening.NOTIFIER_RESUMED,
    }
)
"""Happenings that made the promise to hand over that they name."""

_FAILING: Final = (Happening.DELIVERY_FAILED, Happening.NOTIFIER_FAILED)


def deliveries_made(entry: Entry) -> list[str]:
    """Return the promises to hand over that were made by what a journal says."""
    made = [entry.facts.get("again")]
    if entry.happening in _PROMISING:
        made.append(entry.facts.get(Stage.DELIVER))
    return [promise for promise in made if promise]


def delivery_kept(entry: Entry) -> str:
    """Return the promise to hand over that was kept by it; empty for none.

    A failed attempt keeps its promise by making the next; where there is none, what
    says that it was given up does, or it was found void.
    """
    failed_last = entry.happening in _FAILING and "again" not in entry.facts
    if entry.happening in _PROMISING or failed_last:
        return ""
    return entry.facts.get(Stage.DELIVER, "")


def attempted(promise: str, number: object, outcome: str, at: str) -> list[Fact]:
    """Say that an attempt to hand over was made."""
    return [
        Fact("attempt", promise, "number", str(number)),
        Fact("attempt", promise, outcome, at),
    ]


def queued(entry: str, brings: str, organization: str, at: str) -> list[Fact]:
    """Say that an entry was put into an inbox."""
    return [
        Fact("inbox_entry", entry, "brings", brings),
        Fact("inbox_entry", entry, "inbox of", organization),
        Fact("inbox_entry", entry, "queued", at),
    ]


def given_up(
    dead_letter: str, stage: str, promise: object, cause: str, endpoint: str
) -> list[Fact]:
    """Say what was given up, and why."""
    return [
        Fact("dead_letter", dead_letter, stage, str(promise)),
        Fact("dead_letter", dead_letter, "cause", cause),
        Fact("dead_letter", dead_letter, "for", endpoint),
    ]


def at_text(moment: datetime) -> str:
    """Write a time as it stands in facts."""
    return moment.isoformat()
