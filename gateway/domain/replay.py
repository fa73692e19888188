"""Replay: an operator's recorded act of sending dead letters back, planned first.

1. A plan is a stored list of dead letters with a verdict on each, made for one choice
   (an incident or a filter, never nothing), and good for half an hour.
2. Only what stands in the plan is sent, and only what the plan calls eligible.
3. Started with a name and a reason, it sends one letter for each endpoint ahead and
   waits for what comes of it; the rest follows at its rate, oldest first, in the
   order of each sender and receiver. New letters go first.
4. It stops by itself where the same cause returns with more than three in a row.
5. It can be cancelled at any time; what was sent stays sent.
6. A letter that is stamped with a number is not sent again, unless that was said in
   words, with how many they are.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.domain.act import Who

GOOD_FOR: Final = timedelta(minutes=30)
"""How long a plan may be started after it was made (rule 1)."""

RETURNS: Final = 3
"""How often in a row the same cause may return before a replay stops (rule 4)."""


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

    def is_good(self, now: datetime) -> bool:
        """Whether it may still be started."""
        return self.progress is Progress.PLANNED and now < self.planned_at + GOOD_FOR
