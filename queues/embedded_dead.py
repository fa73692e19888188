"""What was rejected from the queues of an embedded broker, claimed without waiting.

Who holds what is known in memory only, as it is of what waits.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from queues.broker import Claim, Message
from queues.errors import ClaimLost
from queues.writer import Change, Writer


class Aside:
    """The rejected messages of one broker."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._held: set[int] = set()
        """The places of those that somebody looks after now."""

    @asynccontextmanager
    async def claim(self, queue: str, limit: int) -> AsyncIterator[Sequence[Claim]]:
        """Claim what nobody holds, oldest first, at most `limit`."""
        found = await self._writer.run(_rejected(queue, limit + len(self._held)))
        free = [(place, message) for place, message in found if place not in self._held]
        claims = [_DeadClaim(self, place, message) for place, message in free[:limit]]
        places = {claim.place for claim in claims}
        self._held |= places
        try:
            yield claims
        finally:
            self._held -= places

    async def forget(self, place: int) -> None:
        """Forget a message that is held; raises `ClaimLost`."""
        if place not in self._held:
            raise ClaimLost
        self._held.discard(place)
        await self._writer.run(_forgotten(place))


class _DeadClaim:
    """One rejected message, held by one who looks after it."""

    __slots__ = ("_aside", "_message", "place")

    def __init__(self, aside: Aside, place: int, message: Message) -> None:
        self._aside = aside
        self._message = message
        self.place = place

    @property
    def message(self) -> Message:
        """The message held."""
        return self._message

    async def ack(self) -> None:
        """Forget the message; raises `ClaimLost`."""
        await self._aside.forget(self.place)

    async def reject(self) -> None:
        """Leave the message where it lies."""


def _rejected(queue: str, limit: int) -> Change[list[tuple[int, Message]]]:
    def change(connection: sqlite3.Connection) -> list[tuple[int, Message]]:
        rows = connection.execute(
            "SELECT place, id, body FROM dead WHERE queue = ? ORDER BY place LIMIT ?",
            [queue, limit],
        )
        return [(place, Message(UUID(bytes=id_), body)) for place, id_, body in rows]

    return change


def _forgotten(place: int) -> Change[None]:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM dead WHERE place = ?", [place])

    return change
