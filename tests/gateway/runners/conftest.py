"""A real store and brokers for runners that move letters, and nothing of a door."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from envelopes.letter import OrganizationCode
from gateway.arrivals import InProcessArrivals
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from gateway.domain.promise import Stage
from gateway.store.store import SqlStore, open_store
from gateway.workbench import ThreadBench
from gateway.workflow.work import Work
from queues.broker import Broker
from queues.embedded import EmbeddedBroker
from queues.rabbitmq import RabbitBroker
from tests import rabbit
from tests.doubles.broker import UnsteadyBroker
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.letters import RECEIVER, SENDER
from tests.tables import lay_tables

SMALL = 1_000_000


class NoSigner:
    """Nothing here is signed by the hub."""

    def sign(self, document: bytes) -> bytes:
        raise AssertionError(document)


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[SqlStore]:
    lay_tables(tmp_path)
    clock.advance(days=365)
    async with open_store(tmp_path) as store:
        await enter(store, clock, SENDER)
        await enter(store, clock, RECEIVER)
        yield store


@pytest.fixture
def work(store: SqlStore, clock: HandClock, ids: CountedIds) -> Iterator[Work]:
    with ThreadBench(SMALL, 1) as bench:
        yield Work(
            store=store,
            clock=clock,
            ids=ids,
            signer=NoSigner(),
            arrivals=InProcessArrivals(0),
            bench=bench,
        )


async def enter(store: SqlStore, clock: HandClock, code: OrganizationCode) -> None:
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
