"""Relay and runner on a real RabbitMQ: they go on by themselves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from gateway.domain.promise import Promise, Stage
from gateway.runners.relay import Relay
from gateway.runners.runner import Runner
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.doubles.outbox import MemoryOutbox
from tests.doubles.proxy import Wire
from tests.eventually import eventually
from tests.gateway.runners.running import Runs
from tests.rabbit import Rabbit

pytestmark = pytest.mark.rabbitmq

WITHIN = 20.0


class Keeper:
    """Keeps promises, and recognises a repeat, as a verb does."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox
        self.kept: list[UUID] = []
        self.came: Counter[UUID] = Counter()

    async def __call__(self, message: UUID) -> None:
        self.came[message] += 1
        if self.came[message] == 1:
            self._outbox.keep(message)
            self.kept.append(message)
        await asyncio.sleep(0.001)


@pytest.fixture
def fresh() -> Iterator[Rabbit]:
    with rabbit.fresh() as made:
        yield made


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def promises(clock: HandClock, ids: CountedIds, count: int) -> list[Promise]:
    now = clock.now()
    return [
        Promise(
            id=ids.new(),
            stage=Stage.ROUTE,
            consignment=ids.new(),
            receipt=None,
            made_at=now,
            not_before=now,
        )
        for _ in range(count)
    ]


@asynccontextmanager
async def at_work(*runners: Runs, stop: asyncio.Event) -> AsyncIterator[None]:
    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as group:
        for runner in runners:
            group.create_task(runner.run())
        try:
            yield
        finally:
            stop.set()


async def test_a_wire_that_is_cut_again_and_again_loses_nothing(
    fresh: Rabbit, outbox: MemoryOutbox, clock: HandClock, ids: CountedIds
) -> None:
    stop, keeper = asyncio.Event(), Keeper(outbox)
    made = promises(clock, ids, 600)
    there = fresh.access.host, fresh.access.port
    async with (
        Wire.to(*there) as wire,
        RabbitBroker.open(replace(fresh.access, port=wire.port)) as broker,
        at_work(
            Relay(outbox, broker, clock, stop=stop),
            Runner("router", broker, Stage.ROUTE, keeper, stop=stop),
            stop=stop,
        ),
    ):
        for part in range(0, 600, 100):
            outbox.add(*made[part : part + 100])
            await eventually(
                lambda enough=part + 30: len(keeper.kept) >= enough,  # type: ignore[misc]
                within=WITHIN,
                every=0.005,
            )
            wire.cut()
            wire.mend()
        await eventually(lambda: len(keeper.kept) == 600, within=WITHIN, every=0.01)

    assert set(keeper.kept) == {promise.id for promise in made}
    assert wire.connections > 6


async def test_what_a_lost_broker_held_is_published_again(
    fresh: Rabbit, outbox: MemoryOutbox, clock: HandClock, ids: CountedIds
) -> None:
    """Its disk is gone, the queues with it; a minute later nothing is missing."""
    made = promises(clock, ids, 50)
    stop, keeper = asyncio.Event(), Keeper(outbox)
    async with RabbitBroker.open(fresh.access) as broker:
        relay = Relay(outbox, broker, clock, stop=stop)
        async with at_work(relay, stop=stop):
            outbox.add(*made)
            await eventually(lambda: len(outbox.published_at) == 50, every=0.01)
            for queue in fresh.queues():
                await asyncio.to_thread(fresh.delete, queue)
            clock.advance(seconds=121)
            late = promises(clock, ids, 1)
            outbox.add(*late)
            await eventually(lambda: len(outbox.published_at) == 51, every=0.01)

        stop = asyncio.Event()
        router = Runner("router", broker, Stage.ROUTE, keeper, stop=stop)
        async with at_work(router, stop=stop):
            await eventually(lambda: len(keeper.kept) == 51, every=0.01)

    assert set(keeper.kept) == {promise.id for promise in made + late}


async def test_a_queue_that_is_deleted_under_its_runner_is_made_again(
    fresh: Rabbit, outbox: MemoryOutbox, clock: HandClock, ids: CountedIds
) -> None:
    stop, keeper = asyncio.Event(), Keeper(outbox)
    first, second = promises(clock, ids, 2)
    async with (
        RabbitBroker.open(fresh.access) as broker,
        at_work(
            Relay(outbox, broker, clock, stop=stop),
            Runner("router", broker, Stage.ROUTE, keeper, stop=stop),
            stop=stop,
        ),
    ):
        outbox.add(first)
        await eventually(lambda: len(keeper.kept) == 1, every=0.01)
        await asyncio.to_thread(fresh.delete, "route")

        async def is_there() -> bool:
            return "route" in await asyncio.to_thread(fresh.queues)

        await eventually(is_there, within=WITHIN, every=0.01)
        outbox.add(second)

        await eventually(lambda: len(keeper.kept) == 2, within=WITHIN, every=0.01)
