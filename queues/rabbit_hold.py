"""What one consumer holds of a RabbitMQ queue: a channel of its own, and its claims.

RabbitMQ pushes: what is pushed and not yet asked for counts as claimed. So nothing
is subscribed to before the first claim is asked for.
An acknowledgement is answered by nobody. The server passes 32 on to the queue and
keeps what comes behind them; where the channel ends meanwhile, those messages come
again. With a prefetch of 32 at most there are never more.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from uuid import UUID

from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp import commands

from queues.broker import Claim, Message
from queues.errors import BrokerUnavailable, ClaimLost, QueueError
from queues.rabbit_link import Link, acknowledge, answered, farewell, translated

SetAside = Callable[[Message], Awaitable[None]]
"""Returns once a message is durable in the dead queue."""

_RETURNING: Final = 1.0
"""Seconds to see what was returned lie in the queue; it takes a few ms."""


class Hold:
    """One consumer of one queue; an iterator over its claims."""

    def __init__(
        self,
        link: Link,
        channel: AbstractChannel,
        queue: str,
        prefetch: int,
        set_aside: SetAside,
    ) -> None:
        self._link = link
        self._channel = channel
        self._queue = queue
        self._prefetch = prefetch
        self._set_aside = set_aside
        self._tag: str | None = None
        self._subscribing = asyncio.Lock()
        self._came: deque[int] = deque()
        self._held: dict[int, Message] = {}
        self._more = asyncio.Event()
        self._over = ""
        """Why nothing comes any more."""
        channel.closing.add_done_callback(self._lost)
        channel.on_consumer_cancel_callbacks.add(self._cancelled)

    @property
    def held(self) -> int:
        """How many messages the broker has given to this consumer, unsettled."""
        return len(self._held)

    async def prepare(self) -> None:
        """See that the queue is there; raises `UnknownQueue`."""
        async with answered(self._channel, self._queue):
            # Of this channel only (never global): RabbitMQ 4 has no other.
            await self._channel.basic_qos(prefetch_count=self._prefetch)
            await self._channel.queue_declare(self._queue, passive=True)

    def __aiter__(self) -> AsyncIterator[Claim]:
        return self

    async def __anext__(self) -> Claim:
        await self._subscribe()
        while not self._came or self._over:
            if self._over:
                raise BrokerUnavailable(self._over)
            self._more.clear()
            await self._more.wait()
        tag = self._came.popleft()
        return _Claim(self, tag, self._held[tag])

    async def settle(self, tag: int, *, aside: bool) -> None:
        """Make an end of a claim; raises `ClaimLost` where it is one no more."""
        message = self._held.get(tag)
        if message is None or self._over:
            raise ClaimLost
        if aside:
            # A reject would be answered by nobody. Published first, and confirmed:
            # whoever dies in between has it twice, not never.
            await self._set_aside(message)
            if self._over:
                raise ClaimLost
        if self._held.pop(tag, None) is None:
            raise ClaimLost
        await acknowledge(self._channel, self._queue, tag)

    async def seen(self) -> None:
        """Return once all that the broker had sent before has come in."""
        if not self._over:
            async with answered(self._channel, self._queue):
                await self._channel.basic_qos(prefetch_count=self._prefetch)

    async def leave(self) -> None:
        """Return what is held and not settled, in order, and close the channel.

        By closing it: the queue then returns all that this consumer has, and what is
        on its way to it, in one step and in order. A nack, or a cancel, would let
        what is on its way come back before what came earlier.
        """
        was_over, self._over = self._over, self._over or "the consumer has ended"
        self._more.set()
        subscribed = self._tag is not None and not was_over
        self._held.clear()
        try:
            if subscribed:
                await self._close_and_see()
        except QueueError:
            # The connection is lost, and the broker sees that by itself.
            pass
        finally:
            await farewell(self._channel)

    async def _close_and_see(self) -> None:
        """Close, and wait until the queue knows: nobody tells when it does."""
        async with self._link.brief_channel(self._queue) as other:
            before = await _consumers(other, self._queue)
            await farewell(self._channel)
            deadline = asyncio.get_running_loop().time() + _RETURNING
            while await _consumers(other, self._queue) >= before:
                # Who subscribes at this moment makes up for the one that left.
                if asyncio.get_running_loop().time() > deadline:
                    return

    async def _subscribe(self) -> None:
        if self._tag is not None:
            return
        async with self._subscribing:
            if self._tag is None and not self._over:
                async with answered(self._channel, self._queue):
                    answer = await self._channel.basic_consume(self._queue, self._take)
                self._tag = answer.consumer_tag

    async def _take(self, delivered: DeliveredMessage) -> None:
        tag = delivered.delivery_tag or 0
        try:
            id_ = UUID(delivered.header.properties.message_id or "")
        except ValueError:
            # Not one of ours: somebody published it by hand. It goes to the dead
            # queue as it is.
            with translated(self._queue):
                await self._channel.basic_reject(tag, requeue=False)
            return
        self._held[tag] = Message(id_, delivered.body)
        self._came.append(tag)
        self._more.set()

    def _lost(self, _: "asyncio.Future[object]") -> None:
        self._end("the connection was lost")

    def _cancelled(self, _: commands.Basic.Cancel) -> None:
        self._link.declared.discard(self._queue)
        self._end("the queue was deleted")

    def _end(self, why: str) -> None:
        self._over = self._over or why
        self._more.set()


class _Claim:
    """One message, held by one consumer."""

    __slots__ = ("_hold", "_message", "_tag")

    def __init__(self, hold: Hold, tag: int, message: Message) -> None:
        self._hold = hold
        self._tag = tag
        self._message = message

    @property
    def message(self) -> Message:
        """The message held."""
        return self._message

    async def ack(self) -> None:
        """Forget the message."""
        await self._hold.settle(self._tag, aside=False)

    async def reject(self) -> None:
        """Set the message aside."""
        await self._hold.settle(self._tag, aside=True)


async def _consumers(channel: AbstractChannel, queue: str) -> int:
    return (await channel.queue_declare(queue, passive=True)).consumer_count or 0
