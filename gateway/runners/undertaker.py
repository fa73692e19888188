"""Dead queues → dead letters, so that operators have one list; and what is overtaken.

1. What lies in a dead queue was set aside by the broker since it was returned too
   often (it ends its process each time), or by a runner that could not even give up.
2. Where its promise is open, it is given up now; the row comes first, then the
   message is forgotten: who dies in between finds the promise kept.
3. Where its promise is kept, its work was done otherwise: the message is forgotten.
4. Where nobody knows its promise, as after a database was restored, nothing can be
   said of it: it is forgotten with an event.
5. What still cannot be given up stays where it lies, and is tried again.
6. Dead letters that need nothing any more are settled (`settle.py`).

Any process may do it, and several: the broker gives a message to one at a time.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final
from uuid import UUID

from gateway.domain.incident import POISON
from gateway.domain.promise import Stage, queue_of
from gateway.runners.runner import (
    GiveUp,
    Patience,
    Pause,
    code_of,
    error_of,
    is_temporary,
    pause,
)
from gateway.telemetry import emit
from gateway.workflow.give_up import give_up as really_give_up
from gateway.workflow.settle import overtake, overtaken
from gateway.workflow.work import Work
from queues.broker import Broker, Claim
from queues.errors import UnknownQueue

INTERVAL: Final = 60.0
"""Seconds between two looks."""

LIMIT: Final = 500
"""Messages of one queue that are looked after at a time."""


class PoisonMessage(Exception):
    """A message was set aside, and nobody could say why."""

    code: ClassVar[str] = POISON
    temporary: ClassVar[bool] = False
    thai: ClassVar[str] = "งานในคิวทำให้โปรแกรมหยุด จึงถูกกันไว้"


class Undertaker:
    """Looks at each interval."""

    name: Final = "undertaker"

    def __init__(
        self,
        work: Work,
        broker: Broker,
        *,
        stop: asyncio.Event,
        give_up: GiveUp | None = None,
        pause: Pause = pause,
    ) -> None:
        self._work = work
        self._give_up = give_up or partial(really_give_up, work)
        self._broker = broker
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)

    async def run(self) -> None:
        """Run until `stop` is set."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        for queue in await self._queues():
            await self.empty(queue)
        await self._settle_what_was_overtaken()
        await self._pause(self._stop, INTERVAL)

    async def _queues(self) -> Sequence[str]:
        endpoints = await self._work.store.endpoints()
        return [*Stage, *(queue_of(endpoint.organization) for endpoint in endpoints)]

    async def empty(self, queue: str) -> None:
        """Make dead letters of what was set aside from a queue."""
        try:
            async with self._broker.claim_dead(queue, limit=LIMIT) as claims:
                for claim in claims:
                    await self._look_after(queue, claim)
        except UnknownQueue:
            # Nothing was ever published to it.
            return

    async def _look_after(self, queue: str, claim: Claim) -> None:
        message = claim.message.id
        if await self._work.store.views.dead.is_promised(message):
            error = await error_of(self._give_up(message, PoisonMessage()))
            if error is not None and is_temporary(error):
                raise error
            if error is not None:
                self._note(queue, message, error)
                return
        else:
            emit("message forgotten", queue=queue, message=message)
        await claim.ack()

    async def _settle_what_was_overtaken(self) -> None:
        for dead_letter in await overtaken(self._work):
            error = await error_of(overtake(self._work, dead_letter))
            if error is not None and is_temporary(error):
                raise error
            if error is not None:
                code = code_of(error)
                emit(
                    "dead letter not settled",
                    error=error,
                    dead_letter=dead_letter,
                    code=code,
                )

    def _note(self, queue: str, message: UUID, error: Exception) -> None:
        emit(
            "message not given up",
            error=error,
            queue=queue,
            message=message,
            code=code_of(error),
        )
