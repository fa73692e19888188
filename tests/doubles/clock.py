"""A clock that is advanced by hand."""

from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
"""Nine o'clock in Bangkok on 1 July 2569."""


class HandClock:
    """Stands still until it is advanced."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it was advanced to."""
        return self._now

    def advance(self, **by: float) -> None:
        """Advance it by what `timedelta` takes: `seconds`, `minutes`, `days` …."""
        self._now += timedelta(**by)
