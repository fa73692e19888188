"""Replay: an operator's recorded act of sending dead letters back, planned first.

1. A plan is a stored list of dead letters with a verdict on each, made for one choice
   (an incident or a filter, never nothing), and good for half an hour.
2. Only what stands in the plan is sent, and only what the plan calls eligible. What
   was answered or fetched meanwhile is not sent, and its dead letter overtaken.
3. Started with a name and a reason, it sends one letter for each endpoint ahead and
   waits for what comes of it; the rest follows at its rate, oldest first, in the
   order of each sender and receiver. New letters go first.
4. It stops by itself where the same cause returns with more than three in a row. An
   endpoint whose first letter fails again gets no others.
5. It can be cancelled at any time; what was sent stays sent.
6. A letter that is stamped with a number is not sent again, unless that was said in
   words, with how many they are.
7. No more than ten seconds' worth of an endpoint's letters, ten at least, are on their
   way at once: what rule 4 learns late has done little.
8. By itself the hub replays only what died of time or reachability, for an endpoint
   whose record says so and that takes again, and each piece of work once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.act import Who

GOOD_FOR: Final = timedelta(minutes=30)
"""How long a plan may be started after it was made (rule 1)."""

RETURNS: Final = 3
"""How often in a row the same cause may return before a replay stops (rule 4)."""

RATE: Final = 1.0
"""Letters in a second for one endpoint, where nothing else is said."""

SLOWEST: Final = 0.01
FASTEST: Final = 100.0

_AHEAD: Final = 10
"""Letters, and seconds' worth of letters, on their way at once (rule 7)."""


class Verdict(StrEnum):
    """What the plan says of one dead letter."""

    ELIGIBLE = "eligible"
    ALREADY_HELD = "already-held"
    """The receiver holds the same bytes already."""
    STAMPED = "stamped"
    """It has a number: sent again, it may be stamped a second time."""
    ANSWERED = "answered"
    """It was returned or taken back: nobody waits for it."""
    SETTLED = "settled"
    """Somebody settled the dead letter meanwhile."""
    ENDPOINT_RESTS = "endpoint-rests"
    """Its endpoint is paused, or its circuit is open."""


class Outcome(StrEnum):
    """What became of one dead letter of a replay."""

    WAITING = "waiting"
    """Not sent yet."""
    SENT = "sent"
    """Promised anew; nothing is known yet."""
    DONE = "done"
    FAILED_AGAIN = "failed-again"
    HELD_BACK = "held-back"
    """Not eligible."""
    NOT_ATTEMPTED = "not-attempted"
    """The replay ended before its turn."""


class Progress(StrEnum):
    """Where a replay stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By itself: the same cause returned (rule 4)."""
    CANCELLED = "cancelled"
    """By a person."""
    EXPIRED = "expired"
    """Never started in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One dead letter of a replay."""

    position: int
    """From 1, oldest first."""
    dead_letter: UUID
    consignment: UUID
    endpoint: OrganizationCode
    """Who does not get it."""
    verdict: Verdict
    outcome: Outcome
    canary: bool = False
    """Sent ahead of the others of its endpoint."""
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    cause: str = ""
    """Of a failure that came again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A plan, and what became of it."""

    id: UUID
    choice: str
    """What was chosen, as the operator wrote it."""
    incident: UUID | None
    planned_at: datetime
    planned_by: Who
    progress: Progress
    rate: float
    """Letters in a second, for one endpoint."""
    even_if_stamped: int | None = None
    """How many stamped letters were agreed to (rule 6)."""
    started_at: datetime | None = None
    started_by: Who | None = None
    why: str = field(default="", repr=False)
    ended_at: datetime | None = None
    ended_why: str = ""

    @property
    def expires_at(self) -> datetime:
        """Until when it may be started."""
        return self.planned_at + GOOD_FOR

    def is_good(self, now: datetime) -> bool:
        """Whether it may still be started."""
        return self.progress is Progress.PLANNED and now < self.expires_at

    def stands(self, now: datetime) -> Progress:
        """Where it stands; that it expired is written down nowhere."""
        planned = self.progress is Progress.PLANNED
        return Progress.EXPIRED if planned and not self.is_good(now) else self.progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What a replay has for one endpoint."""

    endpoint: OrganizationCode
    counts: Mapping[Outcome, int]
    """How many of its letters have each outcome; those with none are left out."""
    canary: Outcome | None = None
    """What became of the letter that was sent ahead; None before there is one."""
    last_sent_at: datetime | None = None

    @property
    def waiting(self) -> int:
        """How many were not sent yet."""
        return self.counts.get(Outcome.WAITING, 0)

    @property
    def is_closed(self) -> bool:
        """Whether it gets no more: the letter sent ahead failed again (rule 4)."""
        return self.canary is Outcome.FAILED_AGAIN

    @property
    def is_over(self) -> bool:
        """Whether nothing more is sent, and all that was sent has an outcome."""
        on_their_way = self.counts.get(Outcome.SENT, 0)
        return not on_their_way and (self.is_closed or not self.waiting)

    def may_send(self, rate: float, now: datetime) -> int:
        """Return how many of its letters may be sent now, at most (rules 3 and 7).

        Never faster than `rate` letters in a second; what was not sent in time is not
        made up for by more than a second's worth.
        """
        if self.canary is None:
            return min(1, self.waiting)
        if self.canary is not Outcome.DONE:
            return 0
        due = min(self._due(rate, now), max(1, ceil(rate)))
        room = max(_AHEAD, ceil(rate * _AHEAD)) - self.counts.get(Outcome.SENT, 0)
        return max(0, min(due, room, self.waiting))

    def _due(self, rate: float, now: datetime) -> int:
        """Return how many fit into the time since the last one was sent."""
        if self.last_sent_at is None or now < self.last_sent_at:
            # The clock was set back: an hour's rest would help nobody.
            return 1
        passed = (now - self.last_sent_at).total_seconds()
        return int(passed * rate + _ROUNDING)


_ROUNDING: Final = 1e-6
"""What products of seconds and letters in a second may lack of a whole number."""


def returning(latest: Sequence[Item]) -> str:
    """Return the cause that returned too often in a row; empty for none (rule 4).

    `latest` are the letters whose outcome is known, newest first.
    """
    newest = latest[: RETURNS + 1]
    causes = {item.cause for item in newest if item.outcome is Outcome.FAILED_AGAIN}
    in_a_row = all(item.outcome is Outcome.FAILED_AGAIN for item in newest)
    if len(newest) > RETURNS and in_a_row and len(causes) == 1:
        return causes.pop()
    return ""


def duration(eligible: Mapping[OrganizationCode, int], rate: float) -> timedelta:
    """Return how long a replay takes at least: as long as its longest lane."""
    return timedelta(seconds=max(eligible.values(), default=0) / rate)
