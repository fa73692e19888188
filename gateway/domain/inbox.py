"""The entries of a pull inbox: one queue for letters and notifiers (A7).

1. The head is the first entry in order that waits; it comes again until deleted.
2. An entry is deleted only by its own organization, and only after it was shown.
3. An entry is never removed: it is marked as taken.
4. A head that was read as often as its client's dialect has patience for, and never
   deleted, is set behind the others once; the second time it is parked (F4.6).
   Reads are counted by the process that answers them, and forgotten when it ends:
   looking changes nothing.
   A client that could not get past some notifiers will not get past others like
   them: from the third on each has a quarter of the patience, so that the letters
   behind them come through. A letter always has all of it.
5. What is parked comes back when its client has deleted another entry, once a day,
   or by an operator; it then stands behind all that were never parked, also those
   that come later, with new patience: what stays unread for ever delays nothing.
6. A notifier that its client cannot read is held beside the queue, and comes back to
   its old place as soon as the client speaks a dialect that reads it (Q-B9).
7. What the hub could not hand over for its organization is parked too, and stays so
   until its dead letter is replayed: rule 5 is about clients that pull.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode

PARKED_FOR: Final = timedelta(days=1)
"""After this a parked entry comes back by itself (rule 5)."""


_SOME: Final = 3
"""Notifiers that a client could not get past, after which others go sooner."""


def sooner(patience: int, left: int) -> int:
    """Return the patience with a notifier, where `left` others were left before it."""
    return patience if left < _SOME else max(1, patience // 4)


class Carries(StrEnum):
    """What an entry brings."""

    LETTER = "letter"
    NOTIFIER = "notifier"


class Standing(StrEnum):
    """Where an entry is."""

    WAITING = "waiting"
    HELD = "held"
    PARKED = "parked"
    TAKEN = "taken"


@dataclass(slots=True, kw_only=True)
class InboxEntry:
    """One entry of an organization's inbox."""

    id: UUID
    organization: OrganizationCode
    process_id: str
    """Unique over the whole hub, never reused, at most 50 characters (Q-C16)."""
    carries: Carries
    consignment: UUID
    receipt: UUID | None
    """The receipt a notifier reports; None for a letter."""
    queued_at: datetime
    place: UUID | None = None
    """UUIDv7: entries come in this order; its id, or a newer one where set behind."""
    shown_at: datetime | None = None
    taken_at: datetime | None = None
    set_behind_at: datetime | None = None
    parked_at: datetime | None = None
    held_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.place is None:
            self.place = self.id

    @property
    def standing(self) -> Standing:
        """Where it is now."""
        if self.taken_at is not None:
            return Standing.TAKEN
        if self.held_at is not None:
            return Standing.HELD
        return Standing.PARKED if self.parked_at is not None else Standing.WAITING

    @property
    def _came_back(self) -> bool:
        return self.place is not None and self.place == _last(self.place)

    def show(self, at: datetime) -> bool:
        """Note that its organization has seen it; say whether for the first time."""
        if self.shown_at is not None:
            return False
        self.shown_at = at
        return True

    def take(self, at: datetime) -> bool:
        """Take it out of the inbox if it was shown; say whether it was there."""
        if self.shown_at is None or self.taken_at is not None:
            return False
        self.taken_at = at
        self.parked_at = self.held_at = None
        return True

    def withdraw(self, at: datetime) -> bool:
        """Take it out for its sender, shown or not; say whether it was there."""
        if self.taken_at is not None:
            return False
        self.taken_at = at
        self.parked_at = self.held_at = None
        return True

    def lose_patience(self, place: UUID, at: datetime) -> None:
        """Set it behind, or park it the second time: it was read too often (rule 4).

        `place` is a new last place.
        """
        if self.set_behind_at is None:
            self.set_behind_at = at
            self.place = _last(place) if self._came_back else place
        else:
            self.parked_at = at

    def give_up(self, at: datetime) -> bool:
        """Park it since it could not be handed over; say whether it waited (rule 7)."""
        if self.standing is not Standing.WAITING:
            return False
        self.parked_at = at
        return True

    def come_back(self, place: UUID) -> bool:
        """Return from being parked, behind the others; say whether it was (rule 5)."""
        if self.standing is not Standing.PARKED:
            return False
        self.parked_at = self.set_behind_at = None
        self.place = _last(place)
        return True

    def hold(self, at: datetime) -> bool:
        """Lay it beside the queue; say whether it was in it (rule 6)."""
        if self.standing is not Standing.WAITING:
            return False
        self.held_at = at
        return True

    def release(self) -> bool:
        """Bring it back to its old place; say whether it was held (rule 6)."""
        if self.standing is not Standing.HELD:
            return False
        self.held_at = None
        return True

    def ask_again(self) -> bool:
        """Have a taken entry come again, under its old number; say whether it was.

        Its client got past it once, so it comes with new patience.
        """
        if self.taken_at is None:
            return False
        self.taken_at = self.set_behind_at = None
        return True


def _last(place: UUID) -> UUID:
    """Return a place behind all entries that were never parked, now and later.

    No UUIDv7 has its first bit set before the year 6429.
    """
    return UUID(int=place.int | 1 << 127)
