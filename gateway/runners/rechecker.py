"""Asks the authorities again when a list or their folder changes, and once a day.

Lists are files that something else fetches. A change is seen by size and time of
change within a minute; a day without one is told too, since lists and authorities
end by time alone.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.domain.act import Order, Who
from gateway.domain.consignment import HUB
from gateway.runners.runner import Patience, Pause, pause
from gateway.telemetry import emit
from gateway.vouching.vouching import Marks, Vouching, marks, read_vouching
from gateway.workflow.recheck import recheck
from gateway.workflow.work import Work

INTERVAL: Final = 60.0
"""Seconds between two looks at the folders."""
AT_LEAST: Final = timedelta(days=1)
"""How often certificates are asked about where no file changes."""

_ORDER: Final = Order("certificate taken back", Who("", HUB))


class Rechecker:
    """Looks at the folders at each interval."""

    name: Final = "rechecker"

    def __init__(
        self,
        work: Work,
        authorities: Path | None,
        lists: Path | None,
        *,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        self._work = work
        self._authorities = authorities
        self._lists = lists
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)
        self._seen: Marks | None = None
        self._next: datetime | None = None

    async def run(self) -> None:
        """Run until `stop` is set; where no folder is set there is nothing to do."""
        if self._authorities or self._lists:
            await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self.look()
        await self._pause(self._stop, INTERVAL)

    async def look(self) -> None:
        """Ask again where something changed or a day has passed."""
        now = self._work.clock.now()
        # Looked at first: what changes while they are read is seen the next time.
        seen = await asyncio.to_thread(marks, (self._authorities, self._lists))
        if seen == self._seen and self._next and now < self._next:
            return
        vouching = await asyncio.to_thread(
            read_vouching, self._authorities, self._lists, now
        )
        _tell(vouching, now)
        done = await recheck(self._work, vouching.judge, _ORDER)
        if done.missing:
            emit("certificates without authority", count=len(done.missing))
        self._seen, self._next = seen, now + AT_LEAST


def _tell(vouching: Vouching, now: datetime) -> None:
    for unused in vouching.unused:
        emit("authority file not used", file=unused.file, detail=unused.why)
    for one in vouching.stale(now):
        emit("revocation list stale", file=one.file, due=one.next_update.isoformat())
