"""One connection to RabbitMQ, made when it is needed, and anew after it was lost.

Nothing reconnects by itself in the background: whoever needs the broker asks again,
and waits as long as its patience says. So a lost connection is seen by everybody
who had something on it, which a silent recovery would hide.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq import exceptions as amqp
from aiormq.abc import AbstractChannel
from pamqp.exceptions import PAMQPException
from yarl import URL

from queues.access import Access
from queues.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ClaimLost,
    QueueDiffers,
    QueueError,
    UnknownQueue,
)

CONNECT: Final = 5.0
"""Seconds to wait for a connection."""
ANSWER: Final = 10.0
"""Seconds to wait for any answer of the broker, a confirm included."""
HEARTBEAT: Final = 10
"""Seconds; a network that was cut in silence is noticed after 35 (aiormq 7.2)."""
_FAREWELL: Final = 1.0
_LAST_WORDS: Final = 0.2

_REFUSED: Final = (
    amqp.AuthenticationError,
    amqp.ProbableAuthenticationError,
    amqp.ConnectionNotAllowed,
    amqp.ChannelAccessRefused,
)
_LOST: Final = (
    amqp.AMQPError,
    PAMQPException,
    OSError,
    EOFError,
    TimeoutError,
    # What aiormq says of a connection or channel that is closed already.
    RuntimeError,
)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn what the libraries raise into errors of ours; `what`: queue or place."""
    try:
        yield
    except QueueError:
        raise
    except asyncio.CancelledError as error:
        # aiormq cancels who waits on a connection that is lost. Who was cancelled
        # by somebody else is to stay so.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerUnavailable(f"{what}: the connection was lost") from error
    except (amqp.ChannelNotFoundEntity, amqp.PublishError) as error:
        raise UnknownQueue(what) from error
    except amqp.ChannelPreconditionFailed as error:
        raise QueueDiffers(f"{what}: {_said(error)}") from error
    except _REFUSED as error:
        raise BrokerRefused(f"{what}: {_said(error)}") from error
    except _LOST as error:
        raise BrokerUnavailable(f"{what}: {_said(error)}") from error
    except Exception as error:
        # aiormq ends what waits on a connection that is lost with no better word.
        if type(error) is Exception:
            raise BrokerUnavailable(f"{what}: the connection was lost") from error
        raise


class Link:
    """A connection to be had."""

    def __init__(self, access: Access, name: str) -> None:
        self._access = access
        self._name = name
        self._connecting = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._closed = False
        self.declared: set[str] = set()
        """The queues that were declared since the connection was made."""

    @property
    def is_up(self) -> bool:
        """Whether there is a connection that is not known to be lost."""
        return self._connection is not None and self._connection.connected.is_set()

    async def channel(self, *, confirms: bool = False) -> AbstractChannel:
        """Open a channel; raises `BrokerUnavailable`."""
        connection = await self._connected()
        with translated(str(self._access)):
            async with asyncio.timeout(ANSWER):
                transport = connection.transport
                if transport is None:
                    raise BrokerUnavailable("the connection was lost")
                return await transport.connection.channel(
                    publisher_confirms=confirms, on_return_raises=confirms
                )

    @asynccontextmanager
    async def brief_channel(self, what: str) -> AsyncIterator[AbstractChannel]:
        """Open a channel for one question; it may end with it, as after a 404."""
        channel = await self.channel()
        try:
            async with answered(channel, what):
                yield channel
        finally:
            await farewell(channel)

    async def drop(self) -> None:
        """Give the connection up, and what was written to it and not yet sent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await farewell(connection)

    async def close(self) -> None:
        """Close for good."""
        self._closed = True
        await self.drop()

    async def _connected(self) -> AbstractConnection:
        async with self._connecting:
            if self._closed:
                raise BrokerUnavailable("the broker is closed")
            if self._connection is None or not self.is_up:
                await self.drop()
                self.declared.clear()
                self._connection = await self._connect()
            return self._connection

    async def _connect(self) -> AbstractConnection:
        access = self._access
        url = URL.build(
            scheme="amqps" if access.is_encrypted else "amqp",
            host=access.host,
            port=access.port,
            user=access.user,
            password=access.password,
            path="/" + access.vhost.replace("/", "%2F"),
            query={"heartbeat": str(HEARTBEAT), "name": self._name},
            encoded=False,
        )
        with translated(str(access)):
            async with asyncio.timeout(CONNECT):
                return await aio_pika.connect(url, ssl_context=access.tls)


@asynccontextmanager
async def answered(channel: AbstractChannel, what: str) -> AsyncIterator[None]:
    """Give an answer its time, and little of it once the channel has ended.

    On a connection that is lost, aiormq may wait for ever for room to write.
    """
    with translated(what):
        loop = asyncio.get_running_loop()
        is_over = False
        async with asyncio.timeout(ANSWER) as limit:

            def hurry(_: "asyncio.Future[object]") -> None:
                # It may be called in the step after the one that ended the waiting.
                if is_over:
                    return
                # Not at once: what the channel ended with says more than "late".
                if (when := limit.when()) is not None and not limit.expired():
                    limit.reschedule(min(when, loop.time() + _LAST_WORDS))

            closing = channel.closing
            closing.add_done_callback(hurry)
            try:
                yield
            finally:
                is_over = True
                closing.remove_done_callback(hurry)
                if not channel.is_closed:
                    closing.cancel()


async def acknowledge(channel: AbstractChannel, queue: str, tag: int) -> None:
    """Have the broker forget a message; raises `ClaimLost`: then it comes again."""
    try:
        async with answered(channel, queue):
            await channel.basic_ack(tag, wait=False)
    except QueueError as error:
        raise ClaimLost from error


async def farewell(what: AbstractChannel | AbstractConnection) -> None:
    """Close in order, or leave it where that is not possible."""
    with suppress(QueueError), translated("closing"):
        async with asyncio.timeout(_FAREWELL):
            await what.close()


def _said(error: BaseException) -> str:
    """Return what went wrong, without what a library quotes of its own objects."""
    reason = getattr(error, "reason", None)
    text = str(error) if reason is not None else (str(error) or type(error).__name__)
    return text or type(error).__name__
