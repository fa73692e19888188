"""What is done now and then: who was seen, who was not let in, what comes back.

Every old client polls, thousands of times a day. A poll of an empty inbox writes
nothing; when its endpoint was seen is gathered in memory and written for all at once.
What was parked a day ago comes back by itself (`gateway/domain/inbox.py`, rule 5).
Who was not let in is gathered likewise (`denials.py`).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.runners.denials import Denials
from gateway.runners.runner import Patience, Pause, pause
from gateway.workflow.park import bring_back_after_a_day
from gateway.workflow.work import Work

INTERVAL: Final = 60.0
"""Seconds between two sweeps; what was seen since the last is lost in a crash."""

Marks = Mapping[OrganizationCode, datetime]
"""When each endpoint was last seen."""


class LastSeen:
    """When endpoints were seen, since it was last taken."""

    def __init__(self) -> None:
        self._marks: dict[OrganizationCode, datetime] = {}

    def note(self, code: OrganizationCode, at: datetime) -> None:
        """Note that an endpoint was seen; the latest time counts."""
        self._marks[code] = max(at, self._marks.get(code, at))

    def take(self) -> Marks:
        """Return what was gathered, and gather anew."""
        marks, self._marks = self._marks, {}
        return marks


class Sweeper:
    """Sweeps at each interval, and once more when it is told to stop."""

    name: Final = "sweeper"

    def __init__(
        self,
        last_seen: LastSeen,
        work: Work,
        *,
        denials: Denials,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        self._last_seen = last_seen
        self._denials = denials
        self._work = work
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)

    async def run(self) -> None:
        """Run until `stop` is set; what is gathered then is written."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self._pause(self._stop, INTERVAL)
        await self._write_marks()
        await self._denials.write(self._work)
        await bring_back_after_a_day(self._work)

    async def _write_marks(self) -> None:
        marks = self._last_seen.take()
        if not marks:
            return
        try:
            await self._work.store.seen(marks)
        except BaseException:
            for code, at in marks.items():
                self._last_seen.note(code, at)
            raise
