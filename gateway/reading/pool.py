"""Reading processes, as the hub has them: started, given work, and started again.

A request goes to the process that has least before it. What a process was reading
when it ended is read by another one; where that ends too, it is the request that does
it, and its sender is asked to come again: the hub itself never reads it. Everything
else that waited is read at once, by another process or here.

Not `ProcessPoolExecutor`: one process that is killed breaks all of that, its processes
outlive a hub that is killed, and two threads of it stand between the hub and each
letter (decision 38).
"""

import asyncio
import contextlib
import os
from collections import deque
from typing import Final, Self

from envelopes.errors import EnvelopeError
from gateway.reading import wire
from gateway.reading.child import MOST, Job, ReadingChild
from gateway.telemetry import emit
from gateway.web.errors import TemporarilyUnavailable
from gateway.workflow.reading import Asked, Told

LEAST: Final = 4 * 1024
"""Bytes from which a request is read elsewhere: for a poll the way would be longer
than the work."""
_WAITING: Final = 2 * 1024 * 1024
"""Bytes that wait for each process, as though all were as large as the next one: a
quarter of a second's work. What comes beyond is read here meanwhile."""

_GLANCE: Final = 10.0
_LONGEST_PAUSE: Final = 60.0


class ReadingPool:
    """So many reading processes while the context is open."""

    __slots__ = ("_closing", "_count", "_keepers", "_processes", "_waiting")

    def __init__(self, count: int) -> None:
        """Take how many; they start when the context is entered, and are not awaited.

        Until one is ready, everything is read in this process.
        """
        self._count = count
        self._closing = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: list[ReadingChild] = []
        self._waiting: deque[Job] = deque()

    async def __aenter__(self) -> Self:
        self._keepers = [
            asyncio.create_task(self._keep(), name="reading process")
            for _ in range(self._count)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        for process in list(self._processes):
            process.close()
        await asyncio.gather(*self._keepers)

    @property
    def ready(self) -> int:
        """How many processes are ready to read."""
        return sum(process.ready for process in self._processes)

    @property
    def processes(self) -> list[int]:
        """The ids of those that run, ready or not."""
        return [process.child.pid for process in self._processes]

    def takes(self, size: int) -> bool:
        """Say whether a request of so many bytes should be read there, now."""
        if not LEAST <= size < MOST:
            return False
        return len(self._waiting) * size < _WAITING * self.ready

    async def read(self, asked: Asked) -> Told | None:
        """Have it read; None: it has to be read here after all.

        Raises the `EnvelopeError` of a request that cannot be decoded, and
        `TemporarilyUnavailable` for one at which two processes ended.
        """
        done: asyncio.Future[wire.Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(Job(asked, done))
        self.share_out()
        answer = await done
        if isinstance(answer, EnvelopeError):
            raise answer
        return answer

    def share_out(self) -> None:
        """Give what waits to those who have least to do."""
        while self._waiting:
            job = self._waiting[0]
            free = [one for one in self._processes if one.has_room_for(job)]
            if not free:
                return
            self._waiting.popleft()
            min(free, key=lambda one: one.bytes).give(job)

    def lost(self, process: ReadingChild) -> None:
        """Have what a process was given read by others, or here."""
        jobs = process.take_back()
        if jobs:
            jobs[0].ended += 1
            if jobs[0].ended > 1:
                _refuse(jobs.pop(0))
        self._waiting.extendleft(reversed(jobs))
        if not self.ready:
            self._read_here()
        self.share_out()

    def _read_here(self) -> None:
        """Nobody is there to read: only what may have ended a process waits for one."""
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            if job.ended and not self._closing.is_set():
                self._waiting.append(job)
            elif not job.done.done():
                job.done.set_result(None)

    async def _keep(self) -> None:
        """Keep one process running."""
        pause = 0.0
        while not self._closing.is_set():
            process = ReadingChild(self)
            try:
                await process.start()
            except OSError as error:
                emit(
                    "reading process not started", detail=os.strerror(error.errno or 0)
                )
                self._give_up()
            else:
                await self._watch(process)
            pause = 0.0 if process.was_ready else min(2 * pause + 1, _LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()

    async def _watch(self, process: ReadingChild) -> None:
        """Wait until a process has ended, and say so where nobody told it to."""
        self._processes.append(process)
        if self._closing.is_set():
            process.close()
        try:
            while not process.lost.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GLANCE):
                        await process.lost.wait()
                if process.is_stuck():
                    process.child.kill()
            status = await process.gone()
        finally:
            self._processes.remove(process)
            if process.child.poll() is None:
                process.child.kill()
                process.child.wait()
        if not self._closing.is_set():
            emit("reading process ended", process=process.child.pid, status=status)
            if not process.was_ready:
                self._give_up()

    def _give_up(self) -> None:
        """No process can be had: refuse what may have ended one."""
        if not self.ready:
            for job in self._waiting:
                _refuse(job)
            self._waiting.clear()


def _refuse(job: Job) -> None:
    if not job.done.done():
        detail = "the process that read it ended, and so did another"
        job.done.set_exception(TemporarilyUnavailable(detail=detail))
