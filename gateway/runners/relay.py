"""Outbox → broker.

A promise is published after its transaction, and noted as published after the broker
has it durably: a hub that dies in between publishes it again, with the same id, and
its runner recognises the repeat. Publishing twice is safe, losing is not. Of several
processes each publishes what it has taken, so that a repeat is what a death leaves.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.domain.promise import Promise
from gateway.ports import Clock, Outbox
from gateway.runners.runner import Patience, Pause, pause, until
from gateway.steps import passed
from gateway.telemetry import emit
from queues.broker import Broker, Message
from queues.errors import UnknownQueue

BATCH: Final = 128
"""Promises published at once: as many as one group of units can make."""

IDLE: Final = 1.0
"""Seconds after which the outbox is looked at unasked: a promise may wait for a time,
or have been made by another process."""


class Relay:
    """Publishes promises that are due, oldest first.

    Each to the queue of its stage, or of the endpoint that it hands over to.
    """

    name: Final = "relay"

    def __init__(
        self,
        outbox: Outbox,
        broker: Broker,
        clock: Clock,
        *,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        self._outbox = outbox
        self._broker = broker
        self._clock = clock
        self._stop = stop
        self._patience = Patience(self.name, stop, pause=pause)

    async def run(self) -> None:
        """Run until `stop` is set; a batch that was begun is finished first."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        due = await self._outbox.take(self._clock.now(), limit=BATCH)
        if due:
            await self._publish(due)
        else:
            await until(self._stop, self._outbox.changed(IDLE))

    async def _publish(self, due: Sequence[Promise]) -> None:
        passed("relay:before-publish")
        queues: dict[str, list[Message]] = {}
        for promise in due:
            queues.setdefault(promise.queue, []).append(_message(promise))
        for queue, messages in queues.items():
            await self._hand_over(queue, messages)
        passed("relay:after-publish")
        await self._outbox.published([p.id for p in due], self._clock.now())
        for promise in due:
            emit(
                "promise published",
                promise=promise.id,
                consignment=promise.consignment,
                stage=promise.stage,
            )

    async def _hand_over(self, queue: str, messages: Sequence[Message]) -> None:
        await self._broker.declare(queue)
        try:
            await self._broker.publish(queue, messages)
        except UnknownQueue:
            # Somebody deleted it since it was declared; what lay in it is gone from
            # the broker, and nobody is helped by a hub that stops.
            await self._broker.declare(queue)
            await self._broker.publish(queue, messages)


def _message(promise: Promise) -> Message:
    """Say which promise; the body says about which consignment, for the order."""
    return Message(promise.id, promise.consignment.bytes)
