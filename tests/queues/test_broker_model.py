"""Each broker against a list: nothing is lost, nothing overtaken."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues.broker import Broker, Claim, Message
from queues.embedded import EmbeddedBroker
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.eventually import SOON

Opened = Callable[[], AbstractAsyncContextManager[Broker]]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 4)),
        st.tuples(st.just("claim"), st.just(0)),
        st.tuples(st.sampled_from(["ack", "reject"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["leave", "restart"]), st.just(0)),
    ),
    max_size=30,
)


class Compared:
    """A queue, and the two lists that say what must be in it."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._published = 0
        self._waiting: list[UUID] = []
        self._dead = 0
        self._held: list[Claim] = []
        self._open = AsyncExitStack()
        self._consuming = AsyncExitStack()
        self._broker: Broker
        self._claims: AsyncIterator[Claim]

    async def start(self) -> None:
        self._broker = await self._open.enter_async_context(self._opened())
        await self._broker.declare("queue")
        await self.consume()

    async def consume(self) -> None:
        self._claims = await self._consuming.enter_async_context(
            self._broker.consume("queue", prefetch=1000)
        )

    async def end(self) -> None:
        await self._consuming.aclose()
        await self._open.aclose()
        self._held.clear()

    async def take(self, step: str, number: int) -> None:
        match step:
            case "publish":
                await self._publish(number)
            case "claim":
                await self._claim()
            case "ack" | "reject":
                await self._settle(step, number)
            case "leave":
                await self._consuming.aclose()
                self._held.clear()
                await self.consume()
            case _:
                await self.end()
                await self.start()

    async def check(self) -> None:
        assert await self._broker.waiting("queue") == len(self._waiting)
        assert await self._broker.dead("queue") == self._dead

    async def _publish(self, count: int) -> None:
        new = [UUID(int=self._published + n) for n in range(count)]
        self._published += count
        await self._broker.publish("queue", [Message(id_, b"") for id_ in new])
        self._waiting += new

    async def _claim(self) -> None:
        held = {claim.message.id for claim in self._held}
        free = [id_ for id_ in self._waiting if id_ not in held]
        if free:
            async with asyncio.timeout(SOON):
                claim = await anext(self._claims)
            assert claim.message.id == free[0]
            self._held.append(claim)

    async def _settle(self, step: str, number: int) -> None:
        if not self._held:
            return
        claim = self._held.pop(number % len(self._held))
        if step == "ack":
            await claim.ack()
        else:
            await claim.reject()
            self._dead += 1
        self._waiting.remove(claim.message.id)


async def compare(opened: Opened, steps: list[tuple[str, int]]) -> None:
    compared = Compared(opened)
    await compared.start()
    for step, number in steps:
        await compared.take(step, number)
    await compared.check()
    await compared.end()


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_queue_is_a_list_whatever_is_done_with_it(
    steps: list[tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queues.db"
        asyncio.run(compare(lambda: EmbeddedBroker.open(path), steps))


@pytest.mark.rabbitmq
@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_a_queue_of_rabbitmq_is_a_list_whatever_is_done_with_it(
    steps: list[tuple[str, int]],
) -> None:
    with rabbit.fresh() as fresh:
        asyncio.run(compare(lambda: RabbitBroker.open(fresh.access), steps))
