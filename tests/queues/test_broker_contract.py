"""What every broker does. A new broker adds a parameter to `storage`, nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from uuid import UUID

import pytest

from queues.broker import Broker, Claim, Message
from queues.embedded import EmbeddedBroker
from queues.errors import ClaimLost, UnknownQueue
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.doubles.broker import UnsteadyBroker
from tests.eventually import eventually

Storage = Callable[[], AbstractAsyncContextManager[Broker]]
"""Opens a broker; called again, one that has what the last one kept."""

SOON = 5.0
"""Seconds after which a test that waits for a message has failed."""


@contextmanager
def embedded(folder: Path) -> Iterator[Storage]:
    yield lambda: EmbeddedBroker.open(folder / "queues.db")


@contextmanager
def unsteady(folder: Path) -> Iterator[Storage]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Broker]:
        async with EmbeddedBroker.open(folder / "queues.db") as broker:
            yield UnsteadyBroker(broker)

    yield opened


@contextmanager
def rabbitmq(_folder: Path) -> Iterator[Storage]:
    with rabbit.fresh() as fresh:
        yield lambda: RabbitBroker.open(fresh.access)


@pytest.fixture(
    params=[embedded, unsteady, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)]
)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    with request.param(tmp_path) as made:
        yield made


@pytest.fixture
async def broker(storage: Storage) -> AsyncIterator[Broker]:
    async with storage() as broker:
        await broker.declare("route")
        yield broker


def message(number: int) -> Message:
    return Message(UUID(int=number), f"{number}".encode())


def messages(*numbers: int) -> list[Message]:
    return [message(number) for number in numbers]


async def claimed(claims: AsyncIterator[Claim], count: int) -> list[Claim]:
    async with asyncio.timeout(SOON):
        return [await anext(claims) for _ in range(count)]


async def taken(broker: Broker, count: int, queue: str = "route") -> list[Message]:
    """Take messages and acknowledge them."""
    async with broker.consume(queue) as claims:
        found = []
        for _ in range(count):
            (claim,) = await claimed(claims, 1)
            found.append(claim.message)
            await claim.ack()
        return found


async def test_messages_come_in_the_order_of_their_publishing(broker: Broker) -> None:
    await broker.publish("route", messages(3, 1))
    await broker.publish("route", messages(2))

    assert await taken(broker, 3) == messages(3, 1, 2)


async def test_many_messages_at_once_keep_their_order(broker: Broker) -> None:
    many = messages(*range(1000))

    await broker.publish("route", many)

    assert await taken(broker, 1000) == many


async def test_a_message_wakes_who_waits_for_it(broker: Broker) -> None:
    waiting = asyncio.ensure_future(taken(broker, 1))
    await broker.waiting("route")

    await broker.publish("route", messages(1))

    assert await waiting == messages(1)


async def test_each_queue_has_its_own_messages(broker: Broker) -> None:
    await broker.declare("notify")
    await broker.publish("notify", messages(1))
    await broker.publish("route", messages(2))

    assert await taken(broker, 1, "route") == messages(2)
    assert await taken(broker, 1, "notify") == messages(1)


async def test_each_message_goes_to_one_consumer(broker: Broker) -> None:
    await broker.publish("route", messages(*range(20)))

    async with (
        broker.consume("route", prefetch=10) as one,
        broker.consume("route", prefetch=10) as other,
    ):
        found = [*await claimed(one, 10), *await claimed(other, 10)]

    assert {claim.message.id for claim in found} == {m.id for m in messages(*range(20))}


async def test_a_dropped_claim_comes_again_in_order(broker: Broker) -> None:
    await broker.publish("route", messages(1, 2, 3, 4))
    async with broker.consume("route", prefetch=3) as claims:
        _, second, _ = await claimed(claims, 3)
        await second.ack()

    assert await taken(broker, 3) == messages(1, 3, 4)


async def test_a_dropped_claim_comes_to_another_consumer(broker: Broker) -> None:
    async with broker.consume("route") as other:
        async with broker.consume("route") as claims:
            await broker.publish("route", messages(1))
            async with asyncio.timeout(SOON):
                await anext(claims)
            waiting = asyncio.ensure_future(anext(other))
            await broker.waiting("route")

        async with asyncio.timeout(SOON):
            assert (await waiting).message == message(1)


async def test_what_was_not_acknowledged_survives_a_restart(storage: Storage) -> None:
    async with storage() as broker:
        await broker.declare("route")
        await broker.publish("route", messages(1, 2, 3))
        async with broker.consume("route", prefetch=2) as claims:
            first, _ = await claimed(claims, 2)
            await first.ack()

    async with storage() as broker:
        await broker.declare("route")
        assert await taken(broker, 2) == messages(2, 3)


async def test_an_acknowledged_message_never_comes_again(storage: Storage) -> None:
    async with storage() as broker:
        await broker.declare("route")
        await broker.publish("route", messages(1))
        await taken(broker, 1)

    async with storage() as broker:
        await broker.declare("route")
        await broker.publish("route", messages(2))
        assert await taken(broker, 1) == messages(2)
        assert await broker.waiting("route") == 0


async def test_a_claim_is_settled_once(broker: Broker) -> None:
    await broker.publish("route", messages(1))
    async with broker.consume("route") as claims:
        (claim,) = await claimed(claims, 1)
        await claim.ack()

        with pytest.raises(ClaimLost):
            await claim.ack()


async def test_a_claim_is_lost_with_its_consumer(broker: Broker) -> None:
    await broker.publish("route", messages(1))
    async with broker.consume("route") as claims:
        (claim,) = await claimed(claims, 1)

    with pytest.raises(ClaimLost):
        await claim.ack()
    assert await broker.waiting("route") == 1


async def test_a_rejected_message_is_set_aside(broker: Broker) -> None:
    await broker.publish("route", messages(1, 2))
    async with broker.consume("route") as claims:
        (claim,) = await claimed(claims, 1)
        await claim.reject()

    assert await taken(broker, 1) == messages(2)
    assert await broker.dead("route") == 1


async def test_a_rejected_message_stays_aside_after_a_restart(storage: Storage) -> None:
    async with storage() as broker:
        await broker.declare("route")
        await broker.publish("route", messages(1))
        async with broker.consume("route") as claims:
            (claim,) = await claimed(claims, 1)
            await claim.reject()

    async with storage() as broker:
        await broker.declare("route")
        assert await broker.dead("route") == 1
        assert await broker.waiting("route") == 0


async def set_aside(broker: Broker, *numbers: int) -> None:
    """Publish messages and reject them."""
    await broker.publish("route", messages(*numbers))
    async with broker.consume("route", prefetch=len(numbers)) as claims:
        for claim in await claimed(claims, len(numbers)):
            await claim.reject()


async def dead(broker: Broker, count: int) -> None:
    """Wait until so many lie in the dead queue: RabbitMQ counts a moment later."""

    async def lie_there() -> bool:
        return await broker.dead("route") == count

    await eventually(lie_there)


async def test_what_was_set_aside_is_claimed_in_order_and_forgotten(
    broker: Broker,
) -> None:
    """At most so many at once, without waiting for more than there are."""
    await set_aside(broker, 1, 2, 3)

    async with broker.claim_dead("route", limit=2) as claims:
        assert [claim.message for claim in claims] == messages(1, 2)
        for claim in claims:
            await claim.ack()
    async with broker.claim_dead("route", limit=2) as claims:
        assert [claim.message for claim in claims] == messages(3)
        await claims[0].ack()

    await dead(broker, 0)
    async with broker.claim_dead("route", limit=2) as claims:
        assert list(claims) == []


async def test_what_was_set_aside_stays_there_where_it_is_not_forgotten(
    broker: Broker,
) -> None:
    """Looking changes nothing, and rejecting it again neither."""
    await set_aside(broker, 1, 2)

    async with broker.claim_dead("route", limit=9) as claims:
        await claims[0].reject()

    await dead(broker, 2)
    async with broker.claim_dead("route", limit=9) as claims:
        assert {claim.message.id for claim in claims} == {m.id for m in messages(1, 2)}


async def test_what_one_looks_after_no_other_has(broker: Broker) -> None:
    """Two processes that look at once make one dead letter of it."""
    await set_aside(broker, 1, 2)

    async with (
        broker.claim_dead("route", limit=1) as one,
        broker.claim_dead("route", limit=9) as other,
    ):
        assert [claim.message for claim in one] == messages(1)
        assert [claim.message for claim in other] == messages(2)


async def test_a_claim_on_what_was_set_aside_is_settled_once(broker: Broker) -> None:
    """Also not after its claimant has left."""
    await set_aside(broker, 1, 2)
    async with broker.claim_dead("route", limit=9) as claims:
        first, second = claims
        await first.ack()
        with pytest.raises(ClaimLost):
            await first.ack()

    with pytest.raises(ClaimLost):
        await second.ack()
    await dead(broker, 1)


async def test_what_was_forgotten_never_comes_again(storage: Storage) -> None:
    """Once the context was left, a restart does not bring it back."""
    async with storage() as broker:
        await broker.declare("route")
        await set_aside(broker, 1, 2)
        async with broker.claim_dead("route", limit=1) as claims:
            await claims[0].ack()

    async with storage() as broker:
        await broker.declare("route")
        async with broker.claim_dead("route", limit=9) as claims:
            assert [claim.message for claim in claims] == messages(2)


async def test_no_more_is_claimed_than_prefetch_allows(broker: Broker) -> None:
    await broker.publish("route", messages(1, 2, 3))

    async with broker.consume("route", prefetch=2) as claims:
        first, _ = await claimed(claims, 2)
        third = asyncio.ensure_future(anext(claims))
        assert await broker.waiting("route") == 3
        assert not third.done()

        await first.ack()
        async with asyncio.timeout(SOON):
            assert (await third).message == message(3)


async def test_claimed_messages_still_count_as_waiting(broker: Broker) -> None:
    await broker.publish("route", messages(1, 2))

    async with broker.consume("route") as claims:
        (claim,) = await claimed(claims, 1)
        assert await broker.waiting("route") == 2
        await claim.ack()
        assert await broker.waiting("route") == 1


async def test_declaring_again_keeps_what_is_there(broker: Broker) -> None:
    await broker.publish("route", messages(1))

    await broker.declare("route")

    assert await broker.waiting("route") == 1


async def test_an_unknown_queue_is_an_error(broker: Broker) -> None:
    with pytest.raises(UnknownQueue):
        await broker.publish("nowhere", messages(1))
    with pytest.raises(UnknownQueue):
        async with broker.consume("nowhere"):
            pass
    with pytest.raises(UnknownQueue):
        await broker.waiting("nowhere")
    with pytest.raises(UnknownQueue):
        await broker.dead("nowhere")
    with pytest.raises(UnknownQueue):
        async with broker.claim_dead("nowhere", limit=1):
            pass


async def test_everyone_who_publishes_at_once_is_heard(broker: Broker) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(broker.publish("route", messages(number)))

    assert sorted(await taken(broker, 300), key=lambda found: found.id) == messages(
        *range(300)
    )
