"""An outbox in memory, for the relay."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.domain.promise import Promise

UNKEPT: Final = timedelta(minutes=1)


class MemoryOutbox:
    """Promises that are due as the port says, made and kept by hand."""

    def __init__(self) -> None:
        self._promises: dict[UUID, Promise] = {}
        self._changed = asyncio.Event()
        self.published_at: dict[UUID, datetime] = {}
        self.fails_with: list[Exception] = []
        """Errors to raise first, one at each question."""

    def add(self, *promises: Promise) -> None:
        """Have promises made, as a committed unit would."""
        self._promises.update((promise.id, promise) for promise in promises)
        self._changed.set()

    def keep(self, promise: UUID) -> None:
        """Note that a promise is kept."""
        del self._promises[promise]

    async def due(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return promises to publish, oldest first."""
        if self.fails_with:
            raise self.fails_with.pop(0)
        self._changed.clear()
        due = [p for p in self._promises.values() if self._is_due(p, now)]
        return sorted(due, key=lambda promise: promise.id)[:limit]

    async def take(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return what is due: nobody else is there."""
        return await self.due(now, limit=limit)

    async def published(self, promises: Sequence[UUID], at: datetime) -> None:
        """Note when they were published."""
        self.published_at.update(dict.fromkeys(promises, at))

    async def changed(self, timeout: float) -> None:  # noqa: ASYNC109
        """Return when promises were added, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return

    def _is_due(self, promise: Promise, now: datetime) -> bool:
        published = self.published_at.get(promise.id)
        if published is None:
            return promise.not_before <= now
        waited = max(UNKEPT, published - promise.made_at)
        return published + UNKEPT < now and published + waited <= now
