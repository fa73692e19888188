"""Signs receipts: every committed fact gets one, oldest first, in batches.

1. Nothing tells it of new facts; it looks at what is new every second. Any process
   may do it, and several: who comes second finds the receipt there.
2. It begins with every fact there is, in small pages, and comes back to that now and
   then: what was not signed when the hub ended, or could not be, is found.
3. Between, it looks only behind a place before which all was signed a while ago: ids
   sort by time, but a fact may be committed after a later one.
4. A fact that cannot be signed is said, and holds up no other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.domain.evidence import Unsigned
from gateway.ports import Source
from gateway.runners.runner import (
    Patience,
    Pause,
    code_of,
    is_temporary,
    pause,
)
from gateway.telemetry import emit
from gateway.workflow.attest import BATCH, attest
from gateway.workflow.work import Work

INTERVAL: Final = 1.0
"""Seconds between two looks: nobody waits for a receipt, and batches fill."""

PAGE: Final = 512
"""Facts that are looked at in one statement."""

SETTLING: Final = timedelta(seconds=10)
"""Longer than any unit lasts between making an id and committing it."""

SWEEP: Final = timedelta(hours=1)
"""After so long every fact there is is looked at again."""

_FIRST: Final = UUID(int=0)
_OVERTAKEN: Final = "concurrent-change"


@dataclass(slots=True)
class Place:
    """Where the looks at one source begin."""

    settled: UUID = _FIRST
    """All that was committed before it has been looked at."""
    _ended: UUID = _FIRST
    _ended_at: datetime | None = None

    def note_end(self, end: UUID, now: datetime) -> None:
        """Note where a look ended; where an earlier one did is settled by and by."""
        if self._ended_at is None or now - self._ended_at >= SETTLING:
            self.settled, self._ended, self._ended_at = self._ended, end, now

    def forget(self) -> None:
        """Begin with the first fact again."""
        self.settled, self._ended, self._ended_at = _FIRST, _FIRST, None


class Notary:
    """Looks and signs at each interval until told to stop."""

    name: Final = "notary"

    def __init__(
        self, work: Work, *, stop: asyncio.Event, pause: Pause = pause
    ) -> None:
        self._work = work
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)
        self._places = {source: Place() for source in Source}
        self._failed: set[UUID] = set()
        self._swept_at: datetime | None = None

    async def run(self) -> None:
        """Run until `stop` is set; a batch that was begun is finished first."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self.look()
        await self._pause(self._stop, INTERVAL)

    async def look(self) -> int:
        """Sign what has no receipt yet; return how many receipts that made."""
        now = self._work.clock.now()
        if self._swept_at is None or now - self._swept_at >= SWEEP:
            self._failed.clear()
            for place in self._places.values():
                place.forget()
            self._swept_at = now
        return sum([await self._look_at(source, now) for source in Source])

    async def _look_at(self, source: Source, now: datetime) -> int:
        place = self._places[source]
        after, made = place.settled, 0
        while not self._stop.is_set():
            page = await self._work.store.evidence.page(source, after, limit=PAGE)
            after = page.end
            facts = [one for one in page.unsigned if one.about not in self._failed]
            for first in range(0, len(facts), BATCH):
                made += await self._sign(facts[first : first + BATCH])
            if page.is_last:
                place.note_end(after, now)
                break
            # Statements run in place: others are to have their turn between pages.
            await asyncio.sleep(0)
        return made

    async def _sign(self, facts: Sequence[Unsigned]) -> int:
        try:
            return len(await attest(self._work, facts))
        except Exception as error:  # judged by `temporary`
            if code_of(error) == _OVERTAKEN:
                return 0
            if is_temporary(error):
                raise
            if len(facts) == 1:
                self._give_up(facts[0], error)
                return 0
        return sum([await self._sign([fact]) for fact in facts])

    def _give_up(self, fact: Unsigned, error: Exception) -> None:
        self._failed.add(fact.about)
        emit(
            "receipt not signed",
            consignment=fact.consignment,
            code=code_of(error),
            detail=str(error),
        )
