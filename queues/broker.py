"""The interface of a broker: Broker, Claim, Message.

Time lives in the database, never in the broker: no delay, priority, routing keys,
headers or request and reply (docs/decisions).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

NOBODYS: Final = UUID(int=0)
"""The id of a message that none of us published."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a queue carries: an identifier, never a letter."""

    id: UUID
    body: bytes
    """At most 1 KiB."""


class Claim(Protocol):
    """One consumer's exclusive hold on one message.

    A claim that is dropped without `ack` or `reject` returns its message to the
    queue.
    """

    @property
    def message(self) -> Message:
        """The message held."""

    async def ack(self) -> None:
        """Forget the message. Call only after its effects are committed.

        Raises `ClaimLost` where the connection died meanwhile: the message will
        come again, and its handler will recognise it.
        """

    async def reject(self) -> None:
        """Set the message aside in the dead queue, for a person to look at."""


class Broker(Protocol):
    """Moves messages between runners, at least once, in order per queue."""

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Add messages to a queue in order, returning only once they are durable.

        Raises `UnknownQueue`, or `BrokerUnavailable` where it is not known whether
        they were stored; publishing them again is then right.
        """

    def consume(
        self, queue: str, *, prefetch: int = 1
    ) -> AbstractAsyncContextManager[AsyncIterator[Claim]]:
        """Claim messages, at most `prefetch` unacknowledged at a time.

        The iterator waits and has no end; it raises `BrokerUnavailable` where the
        connection is lost. Leaving the context returns what was claimed and not
        settled, in order.
        """

    async def declare(self, queue: str) -> None:
        """Make a queue, or find it there."""

    async def waiting(self, queue: str) -> int:
        """Count the messages of a queue, claimed ones included."""

    async def dead(self, queue: str) -> int:
        """Count the messages rejected from a queue."""

    def claim_dead(
        self, queue: str, *, limit: int
    ) -> AbstractAsyncContextManager[Sequence[Claim]]:
        """Claim messages rejected from a queue, at most `limit`; waits for none.

        What others hold is not among them. Leaving the context leaves those that were
        not acknowledged where they lie, and so does `reject`. A message that somebody
        else put there, with no id of ours, has the id `NOBODYS`.
        """
