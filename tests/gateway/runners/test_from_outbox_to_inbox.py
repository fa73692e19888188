"""Relay, broker, router and notifier with the real store, and what may go wrong."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import Notifier, NotifierKind
from gateway.arrivals import InProcessArrivals
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from gateway.domain.promise import Stage
from gateway.domain.receipts import ReceiptKind
from gateway.runners.notifier import notifier
from gateway.runners.relay import Relay
from gateway.runners.router import router
from gateway.store.outbox import due
from gateway.store.schema import upgrade, url_of
from gateway.store.store import DATABASE, SqliteStore, open_store
from gateway.workbench import ThreadBench
from gateway.workflow.notice import take_notice
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from queues.broker import Broker
from queues.embedded import EmbeddedBroker
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.doubles.clock import START, HandClock
from tests.doubles.ids import CountedIds
from tests.eventually import SOON, eventually
from tests.letters import RECEIVER, SENDER, a_letter, as_wire, document_in

SMALL = 1_000_000


class NoSigner:
    """Nothing here is signed by the hub."""

    def sign(self, document: bytes) -> bytes:
        raise AssertionError(document)


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[SqliteStore]:
    upgrade(url_of(tmp_path / DATABASE))
    clock.advance(days=365)
    async with open_store(tmp_path) as store:
        await enter(store, clock, SENDER)
        await enter(store, clock, RECEIVER)
        yield store


@pytest.fixture
def work(store: SqliteStore, clock: HandClock, ids: CountedIds) -> Iterator[Work]:
    with ThreadBench(SMALL, 1) as bench:
        yield Work(
            store=store,
            clock=clock,
            ids=ids,
            signer=NoSigner(),
            arrivals=InProcessArrivals(0),
            bench=bench,
        )


async def enter(store: SqliteStore, clock: HandClock, code: OrganizationCode) -> None:
    organization = Organization(code, code.text, code.text, Signed.NONE)
    async with store.unit() as unit:
        await unit.directory.add(organization, [], clock.now())
        await unit.commit()


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Broker]:
    async with EmbeddedBroker.open(folder / "queues.db") as broker:
        yield broker


@asynccontextmanager
async def rabbitmq(_folder: Path) -> AsyncIterator[Broker]:
    with rabbit.fresh() as fresh:
        async with RabbitBroker.open(fresh.access) as broker:
            yield broker


@pytest.fixture(params=[embedded, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)])
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[UnsteadyBroker]:
    async with request.param(tmp_path) as broker:
        for stage in Stage:
            await broker.declare(stage)
        yield UnsteadyBroker(broker)


@asynccontextmanager
async def moving(work: Work, broker: Broker) -> AsyncIterator[None]:
    """Run relay, router and notifier inside, and drain them at the end."""
    stop = asyncio.Event()
    relay = Relay(work.store.outbox, broker, work.clock, stop=stop)
    async with asyncio.timeout(2 * SOON), asyncio.TaskGroup() as group:
        group.create_task(relay.run())
        group.create_task(router(work, broker, stop=stop).run())
        group.create_task(notifier(work, broker, stop=stop).run())
        try:
            yield
        finally:
            stop.set()


def letter_id(number: int) -> LetterId:
    return LetterId(f"มท 0210.3/{number}", "2026-11-20")


async def send(work: Work, count: int) -> None:
    """Take so many letters into custody, all at once."""
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            document = document_in(as_wire(a_letter(id=letter_id(number))))
            group.create_task(receive(work, SENDER, document))


async def tell(work: Work, number: int) -> None:
    """Let the receiver say that a letter arrived, and at once that it has a number."""
    for kind, accept_id in (
        (NotifierKind.RECEIVED, None),
        (NotifierKind.REGISTERED, f"{number}"),
    ):
        notifier = Notifier(kind, letter_id(number), "", accept_id)
        await take_notice(work, RECEIVER, notifier, to="")


async def kept(store: SqliteStore, broker: Broker) -> None:
    """Wait until every promise is kept and no message waits."""
    forever = START + timedelta(days=1000)

    async def are_kept() -> bool:
        waiting = [await broker.waiting(stage) for stage in Stage]
        # Not by the outbox: asking it is a look of the relay, which would not wake.
        return not any(waiting) and not await due(store.reading, forever, limit=1)

    await eventually(are_kept)


async def numbers_in(work: Work, organization: OrganizationCode) -> list[str]:
    """Return the letters that lie in an inbox, head first."""
    lines = await work.store.views.inbox(organization)
    return [line.letter.letter_id.number for line in lines]


async def test_each_letter_comes_into_its_inbox_once(
    work: Work, store: SqliteStore, broker: UnsteadyBroker
) -> None:
    async with moving(work, broker):
        await send(work, 40)
        await kept(store, broker)

    expected = [letter_id(number).number for number in range(40)]
    assert sorted(await numbers_in(work, RECEIVER)) == sorted(expected)


@pytest.mark.parametrize("failure", Failure)
async def test_failures_of_the_broker_neither_lose_nor_double_a_letter(
    work: Work, store: SqliteStore, broker: UnsteadyBroker, failure: Failure
) -> None:
    broker.fail(failure, times=3)

    async with moving(work, broker):
        await send(work, 10)
        await kept(store, broker)

    expected = [letter_id(number).number for number in range(10)]
    assert sorted(await numbers_in(work, RECEIVER)) == sorted(expected)
    assert await broker.dead(Stage.ROUTE) == 0


async def test_letters_wait_for_a_hub_that_was_stopped(
    work: Work, store: SqliteStore, broker: UnsteadyBroker
) -> None:
    await send(work, 5)
    assert await numbers_in(work, RECEIVER) == []

    async with moving(work, broker):
        await kept(store, broker)

    assert len(await numbers_in(work, RECEIVER)) == 5


async def test_a_sender_reads_arrived_before_registered(
    work: Work, store: SqliteStore, broker: UnsteadyBroker
) -> None:
    async with moving(work, broker):
        await send(work, 12)
        await kept(store, broker)
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(tell(work, number))
        await kept(store, broker)

    told: dict[str, list[ReceiptKind]] = defaultdict(list)
    for line in await work.store.views.inbox(SENDER):
        assert line.receipt is not None
        told[line.letter.letter_id.number].append(line.receipt.kind)
    in_order = [ReceiptKind.RECEIVED, ReceiptKind.REGISTERED]
    assert told == {letter_id(number).number: in_order for number in range(12)}
