"""What is done now and then: writes down when endpoints were last seen.

Every old client polls, thousands of times a day. A poll of an empty inbox writes
nothing; when its endpoint was seen is gathered in memory and written for all at once.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from envelopes.letter import OrganizationCode
from gateway.runners.runner import Patience, Pause, pause

INTERVAL: Final = 60.0
"""Seconds between two sweeps; what was seen since the last is lost in a crash."""

Marks = Mapping[OrganizationCode, datetime]
"""When each endpoint was last seen."""


class SeenStore(Protocol):
    """What the sweeper needs of the store."""

    async def seen(self, marks: Marks) -> None:
        """Keep when endpoints were last seen, all in one transaction."""


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
        store: SeenStore,
        *,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        self._last_seen = last_seen
        self._store = store
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)

    async def run(self) -> None:
        """Run until `stop` is set; what is gathered then is written."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self._pause(self._stop, INTERVAL)
        marks = self._last_seen.take()
        if not marks:
            return
        try:
            await self._store.seen(marks)
        except BaseException:
            for code, at in marks.items():
                self._last_seen.note(code, at)
            raise
