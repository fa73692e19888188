"""The entries of a pull inbox: one queue for letters and notifiers (A7).

1. The head is the oldest entry that was not taken; it comes again until deleted.
2. An entry is deleted only by its own organization, and only after it was shown.
3. An entry is never removed: it is marked as taken.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from envelopes.letter import OrganizationCode


class Carries(StrEnum):
    """What an entry brings."""

    LETTER = "letter"
    NOTIFIER = "notifier"


@dataclass(slots=True, kw_only=True)
class InboxEntry:
    """One entry of an organization's inbox."""

    id: UUID
    """UUIDv7: entries of an inbox come in the order of their ids."""
    organization: OrganizationCode
    process_id: str
    """Unique over the whole hub, never reused, at most 50 characters (Q-C16)."""
    carries: Carries
    consignment: UUID
    receipt: UUID | None
    """The receipt a notifier reports; None for a letter."""
    queued_at: datetime
    shown_at: datetime | None = None
    taken_at: datetime | None = None

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
        return True
