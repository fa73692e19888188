"""What lies in dead queues becomes dead letters, once, whatever ends in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.runners.undertaker import Undertaker
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from queues.broker import Message
from queues.embedded import EmbeddedBroker
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.gateway.workflow.conftest import hub  # noqa: F401 - a fixture
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Hub, to
from tests.gateway.workflow.test_give_up import dead_letters


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[UnsteadyBroker]:
    async with EmbeddedBroker.open(tmp_path / "queues.db") as broker:
        await broker.declare(Stage.ROUTE)
        yield UnsteadyBroker(broker)


class Rounds:
    """Lets so many rounds pass, then tells the runner to stop."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    async def __call__(self, stop: asyncio.Event, seconds: float) -> None:
        del seconds
        self.left -= 1
        if self.left <= 0:
            stop.set()
        await asyncio.sleep(0)


async def look(hub: Hub, broker: UnsteadyBroker, *, rounds: int = 1) -> None:  # noqa: F811
    """Have the undertaker look, so many times."""
    stop = asyncio.Event()
    undertaker = Undertaker(hub.work, broker, stop=stop, pause=Rounds(rounds))
    await undertaker.run()


async def set_aside(broker: UnsteadyBroker, *messages: UUID) -> None:
    await broker.publish(Stage.ROUTE, [Message(m, b"") for m in messages])
    async with broker.consume(Stage.ROUTE, prefetch=len(messages)) as claims:
        for _ in messages:
            await (await anext(claims)).reject()
    assert await broker.dead(Stage.ROUTE) == len(messages)


async def promised(hub: Hub) -> list[UUID]:  # noqa: F811
    due = await hub.store.outbox.due(hub.clock.now(), limit=10)
    return [promise.id for promise in due]


async def of_chiang_mai(hub: Hub) -> list[DeadLetter]:  # noqa: F811
    path = await hub.path(CHIANG_MAI)
    return await dead_letters(hub, path.consignment.id)


async def test_a_message_that_was_set_aside_becomes_a_dead_letter(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """Its letter fails, and lies in the one list that operators have."""
    await hub.send(to(CHIANG_MAI))
    await set_aside(broker, *await promised(hub))

    await look(hub, broker)

    [dead] = await of_chiang_mai(hub)
    assert (dead.cause, dead.stage) == ("poison-message", Stage.ROUTE)
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.FAILED
    assert await broker.dead(Stage.ROUTE) == 0


async def test_the_row_comes_before_the_message_is_forgotten(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """Who ends in between finds the message again, and its promise kept."""
    await hub.send(to(CHIANG_MAI))
    await set_aside(broker, *await promised(hub))
    broker.fail(Failure.BEFORE_ACK)

    await look(hub, broker, rounds=2)

    assert len(await of_chiang_mai(hub)) == 1
    assert await broker.dead(Stage.ROUTE) == 0


async def test_a_message_whose_work_was_done_otherwise_is_forgotten(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """It was published a second time, and that one was handled."""
    await hub.send(to(CHIANG_MAI))
    messages = await promised(hub)
    await hub.keep()
    await set_aside(broker, *messages)

    await look(hub, broker)

    assert await of_chiang_mai(hub) == []
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING
    assert await broker.dead(Stage.ROUTE) == 0


async def test_what_this_database_never_promised_is_forgotten_with_an_event(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """The queue is newer than a database that was restored."""
    stranger = UUID(int=4711)
    await set_aside(broker, stranger)

    with capture_logs() as logs:
        await look(hub, broker)

    [line] = [line for line in logs if line["event"] == "message forgotten"]
    assert (line["queue"], line["message"]) == (Stage.ROUTE, stranger)
    assert await broker.dead(Stage.ROUTE) == 0


async def test_what_cannot_be_given_up_stays_and_hinders_no_other(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """Its letter's row is damaged; the next one is looked after all the same."""
    await hub.send(to(CHIANG_MAI))
    await hub.send(to(LOEI))
    first, second = await promised(hub)
    await set_aside(broker, first, second)

    async def damaged(message: UUID, error: Exception) -> None:
        if message == first:
            raise VaultDamaged(detail="letter_key: is not there")
        await give_up(hub.work, message, error)

    stop = asyncio.Event()
    undertaker = Undertaker(
        hub.work, broker, stop=stop, pause=Rounds(1), give_up=damaged
    )
    with capture_logs() as logs:
        await undertaker.run()

    assert await of_chiang_mai(hub) == []
    assert (await hub.path(LOEI)).consignment.state is State.FAILED
    assert await broker.dead(Stage.ROUTE) == 1
    [line] = [line for line in logs if line["event"] == "message not given up"]
    assert (line["message"], line["code"]) == (first, "vault-damaged")


async def test_what_was_overtaken_is_settled_now_and_then(
    hub: Hub,  # noqa: F811
    broker: UnsteadyBroker,
) -> None:
    """A letter that was taken back is in the list of nobody."""
    await hub.send(to(CHIANG_MAI))
    [promise] = await promised(hub)
    await give_up(hub.work, promise, VaultDamaged())
    await hub.free(CHIANG_MAI)

    await look(hub, broker)

    [dead] = await of_chiang_mai(hub)
    assert dead.settled is Settled.OVERTAKEN
