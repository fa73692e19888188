"""Deliverers with relay, broker and store: who gets what, in which order, and when."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import text

from envelopes.letter import OrganizationCode
from gateway.domain.delivery import EndpointRefused
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.promise import Stage, queue_of
from gateway.runners.deliverer import PREFETCH
from gateway.store.store import SqlStore
from gateway.workflow import reach
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from queues.broker import Message
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.doubles.clock import HandClock
from tests.doubles.handover import FakeHandover
from tests.eventually import eventually
from tests.gateway.runners.conftest import enter
from tests.gateway.runners.moving import kept, letter_id, moving, send
from tests.letters import RECEIVER, SENDER, a_letter, as_wire, document_in

OTHER = OrganizationCode("1500200042")


@pytest.fixture
def endpoints() -> FakeHandover:
    return FakeHandover()


async def push(
    work: Work, code: OrganizationCode = RECEIVER, *, in_order: bool = True
) -> None:
    await reach.set_endpoint(
        work,
        Endpoint(
            organization=code,
            way=Way.WEBHOOK,
            url="https://example.org/",
            in_order=in_order,
            changed_at=work.clock.now(),
        ),
    )


async def send_one(work: Work, number: int, to: OrganizationCode = RECEIVER) -> None:
    """Take a letter into custody, and see it in its inbox."""
    letter = a_letter(id=letter_id(number))
    party = replace(letter.receiver, organization=to, ministry=to.ministry)
    document = document_in(as_wire(replace(letter, receiver=party)))
    await receive(work, SENDER, document)


def held(endpoints: FakeHandover, by: OrganizationCode = RECEIVER) -> list[str]:
    """Return the numbers that an endpoint holds, in the order in which it took them."""
    parcels = endpoints.held.values()
    return [p.letter.letter_id.number for p in parcels if p.receiver == by]


def numbers(*numbers: int) -> list[str]:
    return [letter_id(number).number for number in numbers]


async def queued(work: Work) -> Sequence[str]:
    """Return the numbers in the inbox, head first."""
    lines = await work.store.views.inbox(RECEIVER)
    return [line.letter.letter_id.number for line in lines]


async def nothing_more(endpoints: FakeHandover, heard: int) -> None:
    """Give others their turns, and see that no endpoint hears more than this."""
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(endpoints.heard) == heard


async def failures(store: SqlStore, code: OrganizationCode = RECEIVER) -> int:
    [found] = [e for e in await store.endpoints() if e.organization == code]
    return found.failures


async def test_each_letter_is_handed_over_once_and_in_order(
    work: Work, store: SqlStore, broker: UnsteadyBroker, endpoints: FakeHandover
) -> None:
    """As they lie in the inbox, however many the relay publishes at once."""
    await push(work)
    await reach.pause(work, RECEIVER)

    async with moving(work, broker, endpoints):
        await send(work, 30)
        await kept(store, broker)
        in_order = await queued(work)
        assert len(in_order) == 30
        await reach.resume(work, RECEIVER)
        await eventually(lambda: len(endpoints.held) == 30)
        await kept(store, broker)

    assert held(endpoints) == in_order
    assert len(endpoints.heard) == 30
    assert await broker.waiting(queue_of(RECEIVER)) == 0


@pytest.mark.parametrize("failure", Failure)
async def test_failures_of_the_broker_neither_lose_nor_double_a_parcel(
    work: Work,
    store: SqlStore,
    broker: UnsteadyBroker,
    endpoints: FakeHandover,
    failure: Failure,
) -> None:
    """A repeat of a message finds its promise kept."""
    await push(work)
    broker.fail(failure, times=3)

    async with moving(work, broker, endpoints):
        await send(work, 8)
        await eventually(lambda: len(endpoints.held) == 8)
        await kept(store, broker)

    assert len(endpoints.heard) == 8


async def test_an_endpoint_that_is_away_delays_nobody_and_comes_back_in_order(
    work: Work,
    store: SqlStore,
    broker: UnsteadyBroker,
    endpoints: FakeHandover,
    clock: HandClock,
) -> None:
    """Its letters wait with the hub; the other's go out meanwhile."""
    await enter(store, clock, OTHER)
    await push(work)
    await push(work, OTHER)
    endpoints.away.add(RECEIVER)

    async with moving(work, broker, endpoints):
        await send_one(work, 0)
        await eventually(lambda: len(endpoints.heard) == 1)
        for number in (1, 2, 3):
            await send_one(work, number)
            await eventually(partial(_lies, work, number))
        await send_one(work, 9, OTHER)
        await eventually(lambda: held(endpoints, OTHER) == numbers(9))
        assert held(endpoints) == []
        endpoints.away.clear()
        clock.advance(minutes=5)
        await eventually(lambda: len(held(endpoints)) == 4)
        await kept(store, broker)

    assert held(endpoints) == numbers(0, 1, 2, 3)
    assert await failures(store) == 0


@pytest.mark.parametrize(("in_order", "at_once"), [(True, 1), (False, PREFETCH)])
async def test_how_many_are_on_their_way_at_once(
    work: Work,
    store: SqlStore,
    broker: UnsteadyBroker,
    endpoints: FakeHandover,
    *,
    in_order: bool,
    at_once: int,
) -> None:
    """One where order matters, a few where it does not."""
    await push(work, in_order=in_order)
    endpoints.shut()

    async with moving(work, broker, endpoints):
        await send(work, 10)
        await eventually(lambda: len(endpoints.heard) == at_once)
        await nothing_more(endpoints, at_once)
        endpoints.open()
        await eventually(lambda: len(endpoints.held) == 10)
        await kept(store, broker)


async def test_a_pause_ends_what_is_begun_and_begins_nothing(
    work: Work, store: SqlStore, broker: UnsteadyBroker, endpoints: FakeHandover
) -> None:
    """The parcel that is on its way arrives; the others wait for the operator."""
    await push(work)
    endpoints.shut()

    async with moving(work, broker, endpoints):
        await send(work, 5)
        await eventually(lambda: len(endpoints.heard) == 1)
        await reach.pause(work, RECEIVER)
        endpoints.open()
        await eventually(lambda: len(endpoints.held) == 1)
        await nothing_more(endpoints, 1)
        await reach.resume(work, RECEIVER)
        await eventually(lambda: len(endpoints.held) == 5)
        await kept(store, broker)


async def test_what_waits_unpromised_is_found_by_the_deliverers(
    work: Work,
    store: SqlStore,
    broker: UnsteadyBroker,
    endpoints: FakeHandover,
    clock: HandClock,
) -> None:
    """A command that was killed between record and promises does no harm."""
    async with moving(work, broker, endpoints):
        await send(work, 3)
        await kept(store, broker)
        async with store.unit() as unit:
            await unit.endpoints.set(
                Endpoint(
                    organization=RECEIVER,
                    way=Way.WEBHOOK,
                    url="https://example.org/",
                    changed_at=clock.now(),
                )
            )
            await unit.commit()
        await eventually(lambda: len(endpoints.held) == 3)
        await kept(store, broker)


async def test_what_is_set_to_pull_stays_in_the_inbox(
    work: Work, store: SqlStore, broker: UnsteadyBroker, endpoints: FakeHandover
) -> None:
    """Its promises are kept as void, and no message is left."""
    await push(work)
    await reach.pause(work, RECEIVER)

    async with moving(work, broker, endpoints):
        await send(work, 3)
        await kept(store, broker)
        await reach.let_pull(work, RECEIVER)

        async def none_is_open() -> bool:
            found = await store.reading.execute(
                text("SELECT count(*) FROM promise WHERE kept_at IS NULL")
            )
            return found.scalar_one() == 0

        await eventually(none_is_open)
        await kept(store, broker)

    assert not endpoints.heard
    assert len(await queued(work)) == 3


async def test_what_is_damaged_is_given_up_and_those_behind_it_go_on(
    work: Work,
    store: SqlStore,
    broker: UnsteadyBroker,
    endpoints: FakeHandover,
    clock: HandClock,
) -> None:
    """Under the promise that it is about, though another one's message came first."""
    await push(work)
    await reach.pause(work, RECEIVER)

    async with moving(work, broker, endpoints):
        for number in range(3):
            await send_one(work, number)
            await eventually(partial(_lies, work, number))
        async with store.unit() as unit:
            await unit.connection.execute(
                text(
                    "UPDATE consignment SET delivery_digest = NULL WHERE id ="
                    " (SELECT consignment_id FROM inbox_entry ORDER BY id LIMIT 1)"
                )
            )
            await unit.commit()
        clock.advance(seconds=1)
        await reach.resume(work, RECEIVER)
        await eventually(lambda: len(endpoints.held) == 2)
        await kept(store, broker)

    assert held(endpoints) == numbers(1, 2)
    [lost] = await store.views.paths(letter_id(0).number)
    async with store.unit() as unit:
        [dead] = await unit.dead_letters.of(lost.consignment.id)
    assert dead.cause == "internal-error"
    assert await broker.dead(queue_of(RECEIVER)) == 0


async def _lies(work: Work, number: int) -> bool:
    return letter_id(number).number in await queued(work)


async def test_a_message_without_an_endpoint_is_nothing(
    work: Work, store: SqlStore, broker: UnsteadyBroker, endpoints: FakeHandover
) -> None:
    """The queue of the stage itself is emptied too."""
    await push(work)
    endpoints.fail(EndpointRefused())

    async with moving(work, broker, endpoints):
        await send(work, 1)
        await eventually(lambda: len(endpoints.heard) == 1)
        await kept(store, broker)
        [(_, parcel)] = endpoints.heard
        await broker.publish(Stage.DELIVER, [Message(parcel.id, b"")])
        await kept(store, broker)

    assert len(endpoints.heard) == 1
