"""A reading process as the hub has it: started, given requests, heard, and ended."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gateway.reading import wire
from gateway.workflow.reading import Asked

MOST: Final = 4 * 1024 * 1024
"""Bytes from which a request is read in the hub itself: they would be there several
times."""

STUCK: Final = 60.0
"""Seconds for one request, of which the largest takes a tenth of one."""

_LONGEST: Final = 3 * MOST
"""Bytes of what it says of a request: never more than its files and all the rest."""
_AHEAD: Final = 8
_AHEAD_BYTES: Final = 1024 * 1024
"""What a process is given before it has answered: it never waits for the hub then,
and little is to be read again where it ends."""

_END: Final = 5.0
_TICK: Final = 0.01

_KEPT: Final = ("PATH", "TZ", "LANG", "LD_LIBRARY_PATH")
_KEPT_PREFIXES: Final = ("LC_", "PYTHON", "OPENSSL_", "MALLOC_")
"""What a process is told of the hub's environment: how to run, and no more."""


@dataclass(slots=True, eq=False)
class Job:
    """A request that waits to be read, or is being read."""

    asked: Asked
    done: asyncio.Future[wire.Answer]
    ended: int = 0
    """Processes that ended while they read it."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.asked.body)


class Readers(Protocol):
    """Whoever it reads for."""

    def share_out(self) -> None:
        """It has less before it than before."""

    def lost(self, process: "ReadingChild") -> None:
        """It has ended, or will: what it was given is to be taken back."""


class ReadingChild(asyncio.Protocol):
    """One reading process, and what it was given."""

    def __init__(self, pool: Readers) -> None:
        self.ready = False
        self.was_ready = False
        self.given: deque[Job] = deque()
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

    def has_room_for(self, job: Job) -> bool:
        """Say whether it is to be given this too."""
        if not self.given:
            return self.ready
        fits = self.bytes + job.size <= _AHEAD_BYTES
        return self.ready and fits and len(self.given) < _AHEAD

    def give(self, job: Job) -> None:
        """Have it read something, after what it was given before."""
        if not self.given:
            self._since = self._loop.time()
        self.given.append(job)
        self.bytes += job.size
        self._transport.write(wire.request(job.asked))

    def is_stuck(self) -> bool:
        """Say whether it has read one request for far too long."""
        return bool(self.given) and self._loop.time() - self._since > STUCK

    def take_back(self) -> list[Job]:
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


def _started(its: socket.socket) -> subprocess.Popen[bytes]:
    """Start a process; it takes a millisecond, and no thread is forked with it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "gateway.reading.process"],
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
