"""The server itself is killed, and comes back: nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest

from queues.access import Access
from queues.broker import Message
from queues.errors import BrokerUnavailable, ClaimLost
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.eventually import SOON, eventually
from tools.services_rabbitmq import Server

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]


def messages(*numbers: int) -> list[Message]:
    return [Message(UUID(int=number), f"{number}".encode()) for number in numbers]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with rabbit.own_server(tmp_path_factory.mktemp("rabbitmq")) as made:
        made.wait()
        yield made


@pytest.fixture
async def broker(server: Server) -> AsyncIterator[RabbitBroker]:
    async with RabbitBroker.open(Access.parse(server.amqp)) as opened:
        await opened.declare("route")
        # RabbitMQ 3.10 forgets a queue that is younger than that (deploy/rabbitmq).
        await eventually(
            lambda: server.knows("route") and server.knows("route.dead"), every=0.05
        )
        yield opened


async def taken(broker: RabbitBroker, count: int) -> list[Message]:
    async with broker.consume("route", prefetch=25) as claims:
        found = []
        for _ in range(count):
            async with asyncio.timeout(SOON):
                claim = await anext(claims)
            found.append(claim.message)
            await claim.ack()
        return found


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_what_was_confirmed_survives_the_server(
    server: Server, broker: RabbitBroker, end: str
) -> None:
    many = messages(*range(300))
    await broker.publish("route", many)
    async with broker.consume("route", prefetch=50) as claims:
        async with asyncio.timeout(SOON):
            held = [await anext(claims) for _ in range(50)]
        await asyncio.to_thread(getattr(server, end))
        await eventually(lambda: not broker._consuming.is_up, every=0.01)

        with pytest.raises(ClaimLost):
            await held[0].ack()
        with pytest.raises(BrokerUnavailable):
            await anext(claims)
    with pytest.raises(BrokerUnavailable):
        await broker.publish("route", messages(1000))

    await asyncio.to_thread(server.start)

    # What was held may come after what was not: the server finds out only by and by
    # that its consumer is gone.
    found = await taken(broker, 300)
    assert sorted(found, key=lambda message: message.id) == many
    assert [m for m in found if m in many[50:]] == many[50:]
    assert await broker.waiting("route") == 0


async def test_who_publishes_while_it_dies_loses_nothing(
    server: Server, broker: RabbitBroker
) -> None:
    """As the relay does: what was not confirmed is published again."""
    confirmed: list[Message] = []

    async def publish_until_it_dies() -> None:
        for number in range(100_000):
            batch = messages(*range(number * 20, number * 20 + 20))
            await broker.publish("route", batch)
            confirmed.extend(batch)

    publishing = asyncio.ensure_future(publish_until_it_dies())
    await eventually(lambda: len(confirmed) > 200, every=0.01)
    await asyncio.to_thread(server.kill)
    with pytest.raises(BrokerUnavailable):
        async with asyncio.timeout(SOON):
            await publishing

    await asyncio.to_thread(server.start)
    await broker.declare("route")

    # Of the last batch nobody knows whether it was stored.
    assert await taken(broker, len(confirmed)) == confirmed
    assert await broker.waiting("route") <= 20
