"""Seals the journal and the acts in batches, and writes their head outside.

Any process may do it, and several: a batch has one number, and who comes second does
it again. What is sealed is safe whatever happens to the head; a head that could not
be written is written after the next batch. Where the head outside is not one of this
database, it is left as it is and said again and again: somebody must look.
"""

import asyncio
from datetime import datetime
from typing import Final, Protocol

from gateway.domain.continuity import Batch, Mark, marks_after
from gateway.headfile import HeadFile
from gateway.ports import Clock
from gateway.runners.runner import Patience, Pause, pause
from gateway.steps import passed
from gateway.telemetry import emit

INTERVAL: Final = 10.0
"""Seconds between two looks: the tail that nothing protects is as long as that."""


class Sealing(Protocol):
    """What the sealer needs of the store."""

    async def seal_journal(self, at: datetime) -> Batch | None:
        """Seal some of what no batch has taken yet; None where there is nothing."""

    async def last_batch(self) -> Batch | None:
        """Return the newest batch."""

    async def batch(self, number: int) -> Batch | None:
        """Return a batch."""


class Sealer:
    """Seals at each interval, and once more when it is told to stop."""

    name: Final = "sealer"

    def __init__(
        self,
        store: Sealing,
        head: HeadFile,
        clock: Clock,
        *,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        self._store = store
        self._head = head
        self._clock = clock
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)

    async def run(self) -> None:
        """Run until `stop` is set; what is there then is sealed."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self.seal()
        await self._pause(self._stop, INTERVAL)
        if self._stop.is_set():
            await self.seal()

    async def seal(self) -> None:
        """Seal all there is, and write the head where it is not written yet."""
        while batch := await self._store.seal_journal(self._clock.now()):
            passed("seal:after-commit")
            emit("journal sealed", batch=batch.number, entries=batch.entries)
        if newest := await self._store.last_batch():
            await self._write(Mark.of(newest))

    async def _write(self, newest: Mark) -> None:
        try:
            marks = await asyncio.to_thread(self._head.read)
            last = marks[-1] if marks else None
            if last == newest:
                return
            if last and not await self._is_ours(last):
                emit("journal cut", batch=last.number, head=last.head)
                return
            await asyncio.to_thread(self._head.write, marks_after(marks, newest))
        except (OSError, ValueError) as error:
            emit("journal head not written", batch=newest.number, detail=str(error))

    async def _is_ours(self, mark: Mark) -> bool:
        batch = await self._store.batch(mark.number)
        return batch is not None and batch.head == mark.head
