"""Messages that are handled together.

What comes while a batch is being handled is the next batch; nothing is waited for, so
a lone message is handled at once. A message that its batch did not do, or whose batch
failed, is handled by itself: what is wrong with one delays and undoes no other, and
its error is its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias
from uuid import UUID

from gateway.runners.runner import Handler, code_of, error_of
from gateway.telemetry import emit

Together: TypeAlias = Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]
"""Does what it can of what messages ask for, and returns which it has committed."""


class Gathering:
    """A handler of messages one by one that does them together, as they come."""

    def __init__(self, together: Together, alone: Handler) -> None:
        self._together = together
        self._alone = alone
        self._waiting: list[tuple[UUID, asyncio.Future[bool]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, message: UUID) -> None:
        """Handle a message with those that wait; raises what it ends with alone."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, done))
        if self._working is None:
            # In a task of its own: nobody's end is that of the others' batch.
            self._working = asyncio.create_task(self._work())
        if not await done:
            await self._alone(message)

    async def _work(self) -> None:
        """Handle batches until nobody waits."""
        batch: list[tuple[UUID, asyncio.Future[bool]]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                kept = await self._handled(list(dict.fromkeys(one for one, _ in batch)))
                for message, done in batch:
                    if not done.done():  # its waiter was cancelled
                        done.set_result(message in kept)
        finally:
            self._working = None
            # Where this is cancelled, nobody waits for ever.
            for _, done in batch + self._waiting:
                done.cancel()

    async def _handled(self, messages: Sequence[UUID]) -> Collection[UUID]:
        kept: Collection[UUID] = ()

        async def handle() -> None:
            nonlocal kept
            kept = await self._together(messages)

        if error := await error_of(handle()):
            emit("batch undone", count=len(messages), code=code_of(error))
        return kept
