"""RabbitMQ: quorum queues, confirmed publishing, one channel for each consumer.

The broker keeps the messages, durable on as many nodes as it has; who has claimed
which it knows by its connections, so a hub that dies leaves nothing claimed. Two
connections: RabbitMQ stops reading from one that publishes when its disk or memory
is short, and acknowledgements have to go through all the same.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from aiormq.abc import AbstractChannel
from pamqp import commands

from queues.access import Access
from queues.broker import Claim, Message
from queues.errors import BrokerUnavailable, UnknownQueue
from queues.rabbit_dead import claimed_at_once
from queues.rabbit_hold import Hold
from queues.rabbit_link import Link, answered, farewell
from queues.topology import DELIVERY_LIMIT, dead_queue, topology

WINDOW: Final = 100
"""Messages that are published before their confirms are waited for."""

_DURABLE: Final = 2
_LOOKS: Final = 20


class RabbitBroker:
    """A `Broker` for any number of processes on any number of machines."""

    def __init__(self, access: Access, delivery_limit: int) -> None:
        self._delivery_limit = delivery_limit
        self._consuming = Link(access, "gateway: consuming")
        self._publishing = Link(access, "gateway: publishing")
        self._confirming: AbstractChannel | None = None
        self._opening = asyncio.Lock()
        self._holds: defaultdict[str, set[Hold]] = defaultdict(set)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, access: Access, *, delivery_limit: int = DELIVERY_LIMIT
    ) -> AsyncIterator[Self]:
        """Open the broker; it is first connected to when something is asked of it."""
        broker = cls(access, delivery_limit)
        try:
            yield broker
        finally:
            await broker._consuming.close()
            await broker._publishing.close()

    async def declare(self, queue: str) -> None:
        """Make a queue and its dead queue, or find them there.

        Asks once for each connection. Raises `QueueDiffers` where one is there that
        was made otherwise.
        """
        if queue in self._consuming.declared and self._consuming.is_up:
            return
        for declared in topology([queue], self._delivery_limit):
            async with self._consuming.brief_channel(declared.name) as channel:
                await channel.queue_declare(
                    declared.name, durable=True, arguments=dict(declared.arguments)
                )
        self._consuming.declared.add(queue)

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Add messages in order; returns once the broker has confirmed all of them.

        Where it raises, some of them may have been stored.
        """
        for start in range(0, len(messages), WINDOW):
            await self._publish(queue, messages[start : start + WINDOW])

    @asynccontextmanager
    async def consume(
        self, queue: str, *, prefetch: int = 1
    ) -> AsyncIterator[AsyncIterator[Claim]]:
        """Claim messages, at most `prefetch` unsettled at a time."""

        async def set_aside(message: Message) -> None:
            await self._set_aside(queue, message)

        channel = await self._consuming.channel()
        hold = Hold(self._consuming, channel, queue, prefetch, set_aside)
        self._holds[queue].add(hold)
        try:
            await self._prepare(hold, queue)
            yield hold
        finally:
            await hold.leave()
            self._holds[queue].discard(hold)

    async def waiting(self, queue: str) -> int:
        """Count the messages of a queue, those claimed by this process included.

        What other processes have claimed the broker does not tell.
        """
        return await self._counted(queue, queue)

    async def dead(self, queue: str) -> int:
        """Count the messages rejected from a queue, or returned too often."""
        return await self._counted(dead_queue(queue), queue)

    @asynccontextmanager
    async def claim_dead(
        self, queue: str, *, limit: int
    ) -> AsyncIterator[Sequence[Claim]]:
        """Claim messages rejected from a queue, or returned too often."""
        channel = await self._consuming.channel()
        try:
            yield await claimed_at_once(channel, dead_queue(queue), limit)
        finally:
            # By closing it what was not acknowledged goes back.
            await farewell(channel)

    async def _prepare(self, hold: Hold, queue: str) -> None:
        try:
            await hold.prepare()
        except UnknownQueue:
            self._consuming.declared.discard(queue)
            raise

    async def _publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Publish one window; order is that of the calls, as the channel keeps it."""
        channel = await self._confirming_channel()
        properties = [
            commands.Basic.Properties(
                message_id=str(message.id), delivery_mode=_DURABLE
            )
            for message in messages
        ]
        try:
            async with answered(channel, queue):
                outcomes = await asyncio.gather(
                    *(
                        # Not drained one by one, which the abstract class does not
                        # know: the confirm says more.
                        channel.basic_publish(  # type: ignore[call-arg]
                            message.body,
                            routing_key=queue,
                            properties=its,
                            mandatory=True,
                            wait=False,
                        )
                        for message, its in zip(messages, properties, strict=True)
                    ),
                    return_exceptions=True,
                )
                for outcome in outcomes:
                    if isinstance(outcome, BaseException):
                        raise outcome
        except UnknownQueue:
            self._consuming.declared.discard(queue)
            raise
        except BrokerUnavailable as error:
            if isinstance(error.__cause__, TimeoutError):
                # What is written and not sent would arrive beside its repeat.
                await self._publishing.drop()
            raise

    async def _set_aside(self, queue: str, message: Message) -> None:
        try:
            await self._publish(dead_queue(queue), [message])
        except UnknownQueue:
            # Somebody deleted the dead queue.
            self._consuming.declared.discard(queue)
            await self.declare(queue)
            await self._publish(dead_queue(queue), [message])

    async def _confirming_channel(self) -> AbstractChannel:
        async with self._opening:
            if (
                self._confirming is None
                or self._confirming.is_closed
                or not self._publishing.is_up
            ):
                self._confirming = await self._publishing.channel(confirms=True)
            return self._confirming

    async def _counted(self, name: str, queue: str) -> int:
        """Count what lies there and what is held, until two looks agree.

        Between the two a message may be on its way from the one to the other.
        """
        last = None
        for _ in range(_LOOKS):
            ready = await self._ready(name)
            holds = self._holds[queue] if name == queue else ()
            for hold in tuple(holds):
                await hold.seen()
            look = ready, sum(hold.held for hold in holds)
            if look == last or not holds:
                break
            last = look
        return sum(look)

    async def _ready(self, name: str) -> int:
        async with self._consuming.brief_channel(name) as channel:
            found = await channel.queue_declare(name, passive=True)
        return found.message_count or 0
