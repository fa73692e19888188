"""A broker that fails before or after storing, or hangs, when it is told to."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto

from queues.broker import Broker, Claim, Message
from queues.errors import BrokerUnavailable, ClaimLost


class Failure(Enum):
    """What goes wrong, once each time it is asked for."""

    BEFORE_STORING = auto()
    AFTER_STORING = auto()
    BEFORE_ACK = auto()


class UnsteadyBroker:
    """Another broker, with failures. Told nothing, it is that broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._failures: Counter[Failure] = Counter()
        self._answers = asyncio.Event()
        self._answers.set()
        self.kept_waiting = asyncio.Event()
        """Set when somebody publishes and gets no answer."""

    def hang(self) -> None:
        """Take what is published from now on, and say nothing."""
        self._answers.clear()

    def fail(self, failure: Failure, *, times: int = 1) -> None:
        """Fail so, the next so many times."""
        self._failures[failure] += times

    async def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Publish, or fail before or after it, or hang."""
        if not self._answers.is_set():
            self.kept_waiting.set()
            await self._answers.wait()
        if self._fails(Failure.BEFORE_STORING):
            raise BrokerUnavailable("fails before storing")
        await self._broker.publish(queue, messages)
        if self._fails(Failure.AFTER_STORING):
            raise BrokerUnavailable("fails after storing")

    @asynccontextmanager
    async def consume(
        self, queue: str, *, prefetch: int = 1
    ) -> AsyncIterator[AsyncIterator[Claim]]:
        """Consume, with claims that may fail."""
        async with self._broker.consume(queue, prefetch=prefetch) as claims:
            yield _UnsteadyClaims(self, claims)

    async def declare(self, queue: str) -> None:
        """Declare."""
        await self._broker.declare(queue)

    async def waiting(self, queue: str) -> int:
        """Count."""
        return await self._broker.waiting(queue)

    async def dead(self, queue: str) -> int:
        """Count."""
        return await self._broker.dead(queue)

    @asynccontextmanager
    async def claim_dead(
        self, queue: str, *, limit: int
    ) -> AsyncIterator[Sequence[Claim]]:
        """Claim rejected messages, with claims that may fail."""
        async with self._broker.claim_dead(queue, limit=limit) as claims:
            yield [_UnsteadyClaim(self, claim) for claim in claims]

    def ack_fails(self) -> bool:
        """Say whether this acknowledgement is one to fail."""
        return self._fails(Failure.BEFORE_ACK)

    def _fails(self, failure: Failure) -> bool:
        fails = self._failures[failure] > 0
        self._failures[failure] -= fails
        return fails


class _UnsteadyClaims:
    def __init__(self, broker: UnsteadyBroker, claims: AsyncIterator[Claim]) -> None:
        self._broker = broker
        self._claims = claims

    def __aiter__(self) -> AsyncIterator[Claim]:
        return self

    async def __anext__(self) -> Claim:
        return _UnsteadyClaim(self._broker, await anext(self._claims))


class _UnsteadyClaim:
    def __init__(self, broker: UnsteadyBroker, claim: Claim) -> None:
        self._broker = broker
        self._claim = claim

    @property
    def message(self) -> Message:
        return self._claim.message

    async def ack(self) -> None:
        if self._broker.ack_fails():
            raise ClaimLost
        await self._claim.ack()

    async def reject(self) -> None:
        await self._claim.reject()
