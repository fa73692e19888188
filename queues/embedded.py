"""One SQLite file, one process, no server.

The file holds every message that is not acknowledged; who has claimed which is known
in memory only, so a process that dies leaves nothing claimed. Only the front of a
queue is in memory, however long it is.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from heapq import heappop, heappush
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from queues.broker import Claim, Message
from queues.embedded_dead import Aside
from queues.errors import BrokerUnavailable, ClaimLost, UnknownQueue
from queues.writer import Change, Writer

FRONT: Final = 256
"""Messages of a queue read into memory at a time."""

# AUTOINCREMENT: without it SQLite gives the place of the last message, once it is
# acknowledged, to the next one, which a reader that is past it would never see.
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS queue (name TEXT PRIMARY KEY) STRICT",
    """CREATE TABLE IF NOT EXISTS waiting (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL REFERENCES queue (name),
        id BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS waiting_in_order ON waiting (queue, place)",
    """CREATE TABLE IF NOT EXISTS dead (
        place INTEGER PRIMARY KEY,
        queue TEXT NOT NULL REFERENCES queue (name),
        id BLOB NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS dead_in_order ON dead (queue, place)",
)


class EmbeddedBroker:
    """A `Broker` for one process; others may count its messages meanwhile."""

    def __init__(self, writer: Writer, queues: Sequence[str]) -> None:
        self._writer = writer
        self._lines = {queue: _Line(writer, queue) for queue in queues}
        self._aside = Aside(writer)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Open the broker in a file, which is made where there is none.

        Leaving waits until all that was asked for is durable. Raises
        `BrokerUnavailable`.
        """
        writer = await Writer.open(path, _SCHEMA)
        try:
            broker = cls(writer, await writer.run(_queues))
            try:
                yield broker
            finally:
                broker._release()
        finally:
            await writer.close()

    async def declare(self, queue: str) -> None:
        """Make a queue, or find it there."""
        if queue not in self._lines:
            await self._writer.run(_declared(queue))
            self._lines.setdefault(queue, _Line(self._writer, queue))

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Add messages in order, all or none; returns once they are durable."""
        line = self._line(queue)
        await self._writer.run(_added(queue, messages))
        line.more.set()

    @asynccontextmanager
    async def consume(
        self, queue: str, *, prefetch: int = 1
    ) -> AsyncIterator[AsyncIterator[Claim]]:
        """Claim messages, at most `prefetch` unsettled at a time."""
        hold = _Hold(self._line(queue), self._writer, prefetch)
        try:
            yield hold
        finally:
            hold.drop()

    async def waiting(self, queue: str) -> int:
        """Count the messages of a queue, claimed ones included."""
        self._line(queue)
        return await self._writer.run(_waiting(queue))

    async def dead(self, queue: str) -> int:
        """Count the messages rejected from a queue."""
        self._line(queue)
        return await self._writer.run(_dead(queue))

    def claim_dead(
        self, queue: str, *, limit: int
    ) -> AbstractAsyncContextManager[Sequence[Claim]]:
        """Claim messages rejected from a queue, oldest first, at most `limit`."""
        self._line(queue)
        return self._aside.claim(queue, limit)

    def _line(self, queue: str) -> "_Line":
        try:
            return self._lines[queue]
        except KeyError:
            raise UnknownQueue(queue) from None

    def _release(self) -> None:
        """Let those who wait for messages see that the broker is closing."""
        for line in self._lines.values():
            line.close()


class _Line:
    """The front of a queue: what no consumer holds, in order."""

    def __init__(self, writer: Writer, queue: str) -> None:
        self.more = asyncio.Event()
        """Set when there may be something to take; whoever finds nothing clears it."""
        self._writer = writer
        self._queue = queue
        self._front: list[tuple[int, Message]] = []
        self._read_to = 0
        self._reading = asyncio.Lock()
        self._closed = False

    async def take(self) -> tuple[int, Message]:
        """Wait for the first message that nobody holds, and its place."""
        while not self._front:
            await self._read()
            if not self._front:
                await self.more.wait()
        return heappop(self._front)

    def give_back(self, place: int, message: Message) -> None:
        """Let a message be taken again, before those that came after it."""
        heappush(self._front, (place, message))
        self.more.set()

    def close(self) -> None:
        """Nothing is taken any more."""
        self._closed = True
        self.more.set()

    async def _read(self) -> None:
        async with self._reading:
            if self._closed:
                raise BrokerUnavailable("the broker is closed")
            if self._front:  # another consumer has read meanwhile
                return
            # Cleared before reading: what is published later sets it again.
            self.more.clear()
            rows = await self._writer.run(_front(self._queue, self._read_to))
            for place, message in rows:
                heappush(self._front, (place, message))
                self._read_to = place
            if self._front or self._closed:
                self.more.set()


class _Hold:
    """What one consumer holds; an iterator over its claims."""

    def __init__(self, line: _Line, writer: Writer, prefetch: int) -> None:
        self._line = line
        self._writer = writer
        self._room = asyncio.Semaphore(prefetch)
        self._held: dict[int, Message] = {}

    def __aiter__(self) -> AsyncIterator[Claim]:
        return self

    async def __anext__(self) -> Claim:
        await self._room.acquire()
        try:
            place, message = await self._line.take()
        except BaseException:
            self._room.release()
            raise
        self._held[place] = message
        return _Claim(self, place, message)

    async def settle(self, place: int, change: Change[None]) -> None:
        """Make an end of a claim; where that fails, its message will come again."""
        message = self._held.pop(place, None)
        if message is None:
            raise ClaimLost
        try:
            await self._writer.run(change)
        except BaseException as error:
            self._line.give_back(place, message)
            if isinstance(error, BrokerUnavailable):
                raise ClaimLost from error
            raise
        finally:
            self._room.release()

    def drop(self) -> None:
        """Return what is held and not being settled."""
        while self._held:
            self._line.give_back(*self._held.popitem())


class _Claim:
    """One message, held by one consumer."""

    __slots__ = ("_hold", "_message", "_place")

    def __init__(self, hold: _Hold, place: int, message: Message) -> None:
        self._hold = hold
        self._place = place
        self._message = message

    @property
    def message(self) -> Message:
        """The message held."""
        return self._message

    async def ack(self) -> None:
        """Forget the message."""
        await self._hold.settle(self._place, _forgotten(self._place))

    async def reject(self) -> None:
        """Set the message aside."""
        await self._hold.settle(self._place, _set_aside(self._place))


def _queues(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM queue")]


def _declared(queue: str) -> Change[None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR IGNORE INTO queue VALUES (?)", [queue])

    return change


def _added(queue: str, messages: Sequence[Message]) -> Change[None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO waiting (queue, id, body) VALUES (?, ?, ?)",
            [(queue, message.id.bytes, message.body) for message in messages],
        )

    return change


def _front(queue: str, after: int) -> Change[list[tuple[int, Message]]]:
    def change(connection: sqlite3.Connection) -> list[tuple[int, Message]]:
        rows = connection.execute(
            "SELECT place, id, body FROM waiting"
            " WHERE queue = ? AND place > ? ORDER BY place LIMIT ?",
            [queue, after, FRONT],
        )
        return [(place, Message(UUID(bytes=id_), body)) for place, id_, body in rows]

    return change


def _forgotten(place: int) -> Change[None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM waiting WHERE place = ?", [place])

    return change


def _set_aside(place: int) -> Change[None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO dead SELECT * FROM waiting WHERE place = ?", [place]
        )
        connection.execute("DELETE FROM waiting WHERE place = ?", [place])

    return change


def _waiting(queue: str) -> Change[int]:
    return _count("SELECT count(*) FROM waiting WHERE queue = ?", queue)


def _dead(queue: str) -> Change[int]:
    return _count("SELECT count(*) FROM dead WHERE queue = ?", queue)


def _count(statement: str, queue: str) -> Change[int]:
    def change(connection: sqlite3.Connection) -> int:
        (count,) = connection.execute(statement, [queue]).fetchone()
        return int(count)

    return change
