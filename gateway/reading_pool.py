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
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from envelopes.errors import EnvelopeError
from gateway import reading_wire as wire
from gateway.telemetry import emit
from gateway.web.errors import TemporarilyUnavailable
from gateway.workflow.reading import Asked, Told

LEAST: Final = 4 * 1024
"""Bytes from which a request is read elsewhere: for a poll the way would be longer
than the work."""
MOST: Final = 4 * 1024 * 1024
"""Bytes from which it is not: its bytes would be there several times."""

_LONGEST: Final = 3 * MOST
"""Bytes of what it says of a request: never more than its files and all the rest."""

_AHEAD: Final = 8
_AHEAD_BYTES: Final = 1024 * 1024
"""What a process is given before it has answered: it never waits for the hub then,
and little is to be read again where it ends."""
_WAITING: Final = 32
"""Requests that wait, for each process; further ones are read here."""

_STUCK: Final = 60.0
"""Seconds for one request, of which the largest takes a tenth of one."""
_GLANCE: Final = 10.0
_LONGEST_PAUSE: Final = 60.0
_END: Final = 5.0
_TICK: Final = 0.01

_KEPT: Final = ("PATH", "TZ", "LANG", "LD_LIBRARY_PATH")
_KEPT_PREFIXES: Final = ("LC_", "PYTHON", "OPENSSL_", "MALLOC_")
"""What a process is told of the hub's environment: how to run, and no more."""


@dataclass(slots=True, eq=False)
class _Job:
    asked: Asked
    done: asyncio.Future[wire.Answer]
    ended: int = 0
    """Processes that ended while they read it."""

    @property
    def size(self) -> int:
        return len(self.asked.body)


class _Process(asyncio.Protocol):
    """One reading process, and what it was given."""

    def __init__(self, pool: "ReadingPool") -> None:
        self.ready = False
        self.was_ready = False
        self.given: deque[_Job] = deque()
        self.bytes = 0
        self.lost = asyncio.Event()
        self.child: subprocess.Popen[bytes]
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._since = 0.0
        self._said = bytearray()
        self._transport: asyncio.WriteTransport

    async def start(self) -> None:
        """Start it; raises `OSError`."""
        ours, its = socket.socketpair()
        try:
            with its:
                self.child = _started(its)
        except BaseException:
            ours.close()
            raise
        await self._loop.connect_accepted_socket(lambda: self, ours)

    def has_room_for(self, job: _Job) -> bool:
        """Say whether it is to be given this too."""
        if not self.given:
            return self.ready
        fits = self.bytes + job.size <= _AHEAD_BYTES
        return self.ready and fits and len(self.given) < _AHEAD

    def give(self, job: _Job) -> None:
        """Have it read something, after what it was given before."""
        if not self.given:
            self._since = self._loop.time()
        self.given.append(job)
        self.bytes += job.size
        self._transport.write(wire.request(job.asked))

    def is_stuck(self) -> bool:
        """Say whether it has read one request for far too long."""
        return bool(self.given) and self._loop.time() - self._since > _STUCK

    def take_back(self) -> list[_Job]:
        """Return what it has not answered, the one it was reading first."""
        jobs, self.given = list(self.given), deque()
        self.bytes = 0
        return jobs

    def close(self) -> None:
        """Tell it to end."""
        self._transport.close()

    async def gone(self) -> int:
        """Wait until it has ended; kill it where it does not. Return its status."""
        deadline = self._loop.time() + _END
        while (status := self.child.poll()) is None:
            if self._loop.time() > deadline:
                self.child.kill()
            await asyncio.sleep(_TICK)
        return status

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError(type(transport))
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It has ended, or will: what it was given is read elsewhere."""
        self.ready = False
        self.lost.set()
        self._pool.lost(self)

    def data_received(self, data: bytes) -> None:
        """Take what it says, frame by frame."""
        self._said += data
        at, head = 0, wire.LENGTH.size
        while len(self._said) >= at + head:
            (length,) = wire.LENGTH.unpack_from(self._said, at)
            if length > _LONGEST:
                self._distrust()
                return
            if len(self._said) < at + head + length:
                break
            at += head
            self._heard(bytes(memoryview(self._said)[at : at + length]))
            at += length
        del self._said[:at]

    def _heard(self, payload: bytes) -> None:
        if not payload:
            self.ready = self.was_ready = True
            self._pool.share_out()
            return
        try:
            answer = wire.answer_in(payload)
            job = self.given.popleft()
        except (ValueError, IndexError):
            self._distrust()
            return
        self._since = self._loop.time()
        self.bytes -= job.size
        if not job.done.done():
            job.done.set_result(answer)
        self._pool.share_out()

    def _distrust(self) -> None:
        """It said what it never says: end it."""
        self.child.kill()
        self._transport.abort()


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
        self._processes: list[_Process] = []
        self._waiting: deque[_Job] = deque()

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
        return len(self._waiting) < _WAITING * self.ready

    async def read(self, asked: Asked) -> Told | None:
        """Have it read; None: it has to be read here after all.

        Raises the `EnvelopeError` of a request that cannot be decoded, and
        `TemporarilyUnavailable` for one at which two processes ended.
        """
        done: asyncio.Future[wire.Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(asked, done))
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

    def lost(self, process: _Process) -> None:
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
            process = _Process(self)
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

    async def _watch(self, process: _Process) -> None:
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


def _refuse(job: _Job) -> None:
    if not job.done.done():
        detail = "the process that read it ended, and so did another"
        job.done.set_exception(TemporarilyUnavailable(detail=detail))


def _started(its: socket.socket) -> subprocess.Popen[bytes]:
    """Start a process; it takes a millisecond, and no thread is forked with it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "gateway.reading_process"],
        stdin=its.fileno(),
        stdout=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    """Return what a process is told: of ours what it needs, and where our code is."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    places = [place or str(Path.cwd()) for place in sys.path]
    return {**kept, "PYTHONPATH": os.pathsep.join(places)}
