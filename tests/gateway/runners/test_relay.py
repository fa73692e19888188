import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from gateway.domain.promise import Promise, Stage
from gateway.runners.relay import BATCH, Relay
from queues.broker import Message
from queues.embedded import EmbeddedBroker
from queues.errors import BrokerUnavailable
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.doubles.outbox import MemoryOutbox
from tests.eventually import SOON, eventually
from tests.gateway.runners.running import Pauses, running


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[UnsteadyBroker]:
    async with EmbeddedBroker.open(tmp_path / "queues.db") as broker:
        await broker.declare(Stage.ROUTE)
        await broker.declare(Stage.NOTIFY)
        yield UnsteadyBroker(broker)


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def relay(
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    clock: HandClock,
    pauses: Pauses,
    stop: asyncio.Event,
) -> Relay:
    return Relay(outbox, broker, clock, stop=stop, pause=pauses)


class Promises:
    """Makes promises, at the clock's time."""

    def __init__(self, clock: HandClock, ids: CountedIds) -> None:
        self._clock = clock
        self._ids = ids

    def __call__(
        self, stage: Stage = Stage.ROUTE, *, after_seconds: float = 0
    ) -> Promise:
        now = self._clock.now()
        self._clock.advance(seconds=after_seconds)
        later = self._clock.now()
        self._clock.advance(seconds=-after_seconds)
        return Promise(
            id=self._ids.new(),
            stage=stage,
            consignment=self._ids.new(),
            receipt=self._ids.new() if stage is Stage.NOTIFY else None,
            made_at=now,
            not_before=later,
        )


@pytest.fixture
def promise(clock: HandClock, ids: CountedIds) -> Promises:
    return Promises(clock, ids)


async def published(outbox: MemoryOutbox, *promises: Promise) -> None:
    """Wait until all of them are noted as published."""
    wanted = {promise.id for promise in promises}
    await eventually(lambda: outbox.published_at.keys() >= wanted)


async def arrived(broker: UnsteadyBroker, stage: Stage = Stage.ROUTE) -> list[Message]:
    """Return what lies in a queue, in order, and leave it there."""
    count = await broker.waiting(stage)
    async with broker.consume(stage, prefetch=count + 1) as claims:
        async with asyncio.timeout(SOON):
            return [(await anext(claims)).message for _ in range(count)]


def ids_of(messages: list[Message]) -> list[UUID]:
    return [message.id for message in messages]


async def test_promises_arrive_in_the_queue_of_their_stage_in_order(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    first, other, second = promise(), promise(Stage.NOTIFY), promise()
    outbox.add(first, other, second)

    async with running(relay, stop):
        await published(outbox, first, other, second)

    assert ids_of(await arrived(broker)) == [first.id, second.id]
    assert ids_of(await arrived(broker, Stage.NOTIFY)) == [other.id]


async def test_a_message_is_an_identifier_and_says_about_what(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    made = promise()
    outbox.add(made)

    async with running(relay, stop):
        await published(outbox, made)

    assert await arrived(broker) == [Message(made.id, made.consignment.bytes)]


async def test_a_new_promise_wakes_the_relay(
    relay: Relay,
    outbox: MemoryOutbox,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    first, second = promise(), promise()
    async with running(relay, stop):
        outbox.add(first)
        await published(outbox, first)
        outbox.add(second)
        await published(outbox, second)


async def test_more_than_a_batch_is_published_in_order(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    many = [promise() for _ in range(2 * BATCH + 1)]
    outbox.add(*many)

    async with running(relay, stop):
        await published(outbox, *many)

    assert ids_of(await arrived(broker)) == [made.id for made in many]


async def test_a_promise_waits_for_its_time(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    clock: HandClock,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    later, now = promise(after_seconds=60), promise()
    outbox.add(later, now)

    async with running(relay, stop):
        await published(outbox, now)
        assert ids_of(await arrived(broker)) == [now.id]

        clock.advance(seconds=60)
        outbox.add()
        await published(outbox, later)

    assert ids_of(await arrived(broker)) == [now.id, later.id]


async def test_what_failed_before_storing_is_published_once(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    stop: asyncio.Event,
    pauses: Pauses,
    promise: Promises,
) -> None:
    made = promise()
    outbox.add(made)
    broker.fail(Failure.BEFORE_STORING, times=2)

    async with running(relay, stop):
        await published(outbox, made)

    assert ids_of(await arrived(broker)) == [made.id]
    assert pauses.seconds == [0.05, 0.1]


async def test_what_failed_after_storing_arrives_twice_with_the_same_id(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    made = promise()
    outbox.add(made)
    broker.fail(Failure.AFTER_STORING)

    async with running(relay, stop):
        await published(outbox, made)

    assert ids_of(await arrived(broker)) == [made.id, made.id]


async def test_what_is_published_and_not_kept_is_published_again(
    relay: Relay,
    outbox: MemoryOutbox,
    broker: UnsteadyBroker,
    clock: HandClock,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    kept, forgotten = promise(), promise()
    outbox.add(kept, forgotten)
    async with running(relay, stop):
        await published(outbox, kept, forgotten)
        outbox.keep(kept.id)
        clock.advance(seconds=61)
        outbox.add()
        await eventually(lambda: outbox.published_at[forgotten.id] == clock.now())

    assert ids_of(await arrived(broker)) == [kept.id, forgotten.id, forgotten.id]


async def test_a_queue_that_is_not_there_is_made(
    tmp_path: Path,
    outbox: MemoryOutbox,
    clock: HandClock,
    stop: asyncio.Event,
    promise: Promises,
) -> None:
    made = promise()
    outbox.add(made)

    async with EmbeddedBroker.open(tmp_path / "other.db") as broker:
        async with running(Relay(outbox, broker, clock, stop=stop), stop):
            await published(outbox, made)

        assert await broker.waiting(Stage.ROUTE) == 1


async def test_an_outbox_that_cannot_be_read_for_a_while_is_read_again(
    relay: Relay,
    outbox: MemoryOutbox,
    stop: asyncio.Event,
    pauses: Pauses,
    promise: Promises,
) -> None:
    made = promise()
    outbox.add(made)
    outbox.fails_with = [BrokerUnavailable("any error that is temporary")]

    async with running(relay, stop):
        await published(outbox, made)

    assert pauses.seconds == [0.05]


async def test_a_mistake_of_ours_ends_the_relay(
    relay: Relay, outbox: MemoryOutbox
) -> None:
    outbox.fails_with = [KeyError("a mistake")]

    with pytest.raises(KeyError):
        await relay.run()


async def test_an_idle_relay_stops_when_told(relay: Relay, stop: asyncio.Event) -> None:
    async with running(relay, stop):
        await asyncio.sleep(0)
