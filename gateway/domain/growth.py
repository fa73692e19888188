"""How fast the hub grows, and when the disk is full at this rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.domain.register import BANGKOK

LOOKED_AT: Final = timedelta(days=90)
"""The rate is that of the last so many days: a year ago says little."""

FAR: Final = timedelta(days=365 * 100)
"""Beyond that nobody plans; the disk is said not to get full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What one organization's letters added in a time."""

    sender: OrganizationCode
    letters: int
    consignments: int
    """One for each letter and receiver."""
    envelopes: int
    """Bytes of their envelopes, without the files."""
    files: int
    """Bytes of their files; one that an earlier letter had too lies there once."""

    @property
    def size(self) -> int:
        """Bytes of both."""
        return self.envelopes + self.files


@dataclass(frozen=True, slots=True)
class Month:
    """A month in Bangkok."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """Return the month of a moment."""
        there = at.astimezone(BANGKOK)
        return cls(there.year, there.month)

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.month, 1, tzinfo=BANGKOK)

    def before(self, months: int) -> "Month":
        """Return the month so many before."""
        whole = self.year * 12 + self.month - 1 - months
        return Month(whole // 12, whole % 12 + 1)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return self.before(-1)


def full_on(
    grown: Sequence[Grown], days: float, free: int, now: datetime
) -> date | None:
    """Return the day on which the disk is full; None where it does not get full.

    `grown` is what came in so many `days`, `free` how many bytes are left.
    """
    size = sum(one.size for one in grown)
    if size <= 0 or days <= 0:
        return None
    left = free / (size / days)
    if left > FAR / timedelta(days=1):
        return None
    return (now + timedelta(days=left)).astimezone(BANGKOK).date()
