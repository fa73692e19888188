"""What lies in a dead queue of RabbitMQ, claimed one by one without waiting.

Nobody subscribes to a dead queue: what lies there is looked after now and then.
"""

from collections.abc import Sequence
from uuid import UUID

from aiormq.abc import AbstractChannel
from pamqp import commands

from queues.broker import NOBODYS, Claim, Message
from queues.errors import ClaimLost
from queues.rabbit_link import acknowledge, answered


async def claimed_at_once(
    channel: AbstractChannel, queue: str, limit: int
) -> Sequence[Claim]:
    """Claim what lies in a queue, at most `limit`, for as long as the channel is open.

    Raises `UnknownQueue`.
    """
    claims: list[Claim] = []
    while len(claims) < limit:
        async with answered(channel, queue):
            found = await channel.basic_get(queue)
        tag = getattr(found.delivery, "delivery_tag", None)
        if isinstance(found.delivery, commands.Basic.GetEmpty) or tag is None:
            break
        id_ = _id_of(found.header.properties.message_id)
        claims.append(_DeadClaim(channel, queue, tag, Message(id_, found.body)))
    return claims


class _DeadClaim:
    """One rejected message, held by one channel."""

    __slots__ = ("_channel", "_message", "_queue", "_tag")

    def __init__(
        self, channel: AbstractChannel, queue: str, tag: int, message: Message
    ) -> None:
        self._channel = channel
        self._queue = queue
        self._tag: int | None = tag
        self._message = message

    @property
    def message(self) -> Message:
        """The message held."""
        return self._message

    async def ack(self) -> None:
        """Forget the message; raises `ClaimLost`."""
        tag, self._tag = self._tag, None
        if tag is None or self._channel.is_closed:
            raise ClaimLost
        await acknowledge(self._channel, self._queue, tag)

    async def reject(self) -> None:
        """Leave the message where it lies."""


def _id_of(said: str | None) -> UUID:
    """Read the id of a message; `NOBODYS` where somebody published it by hand."""
    try:
        return UUID(said or "")
    except ValueError:
        return NOBODYS
