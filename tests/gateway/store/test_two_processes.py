"""Two real processes on one database: numbers, and what nobody holds meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from envelopes.letter import LetterId
from gateway.domain.promise import Promise, Stage
from gateway.domain.register import Book
from gateway.runners.relay import Relay
from gateway.store.store import SqlStore, open_store
from queues.embedded import EmbeddedBroker
from tests.doubles.broker import UnsteadyBroker
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.eventually import eventually
from tests.gateway.store.test_claims import promised
from tests.gateway.store.values import CHIANG_MAI, START, with_directory
from tests.gateway.workflow.hub import LOEI, a_hub, to

pytestmark = pytest.mark.postgresql

NUMBERING = Path(__file__).with_name("numbering.py")
ROOT = Path(__file__).parents[3]
LETTERS = 500
SECOND = LetterId("มท 0210.3/2", "2026-06-05")

IN_TRANSACTION = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def bare(postgresql_url: str, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A store with no row in it."""
    async with open_store(tmp_path, database=postgresql_url) as opened:
        yield opened


@pytest.fixture
async def store(bare: SqlStore) -> SqlStore:
    """A store that knows the ministry and one province."""
    await with_directory(bare)
    return bare


async def test_two_processes_number_500_letters_without_gap_and_twin(
    store: SqlStore, postgresql_url: str, tmp_path: Path
) -> None:
    """Each number is given once, and one that was taken in vain is given again."""
    half = LETTERS // 2

    async def process(first: int) -> int:
        running_one = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.gateway.store.numbering"),
            *(postgresql_url, tmp_path, str(first), str(half)),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        said, _ = await running_one.communicate()
        assert running_one.returncode == 0
        return int(said)

    kept = sum(await asyncio.gather(process(1), process(1 + half)))

    assert kept == LETTERS - LETTERS // 7
    lines = await store.views.register(CHIANG_MAI, Book.RECEIVED, 2569)
    serials = sorted(line.registration.number.serial or 0 for line in lines)
    assert serials == list(range(1, kept + 1))


async def in_transaction(store: SqlStore) -> int:
    """Count the connections that are in a transaction, and may hold locks."""
    result = await store.reading.execute(IN_TRANSACTION)
    return int(result.scalar_one())


async def test_a_broker_that_hangs_holds_no_transaction_open(
    store: SqlStore, clock: HandClock, ids: CountedIds, tmp_path: Path
) -> None:
    """While the relay waits for it, no connection is in a transaction: no lock."""
    made = await promised(store, ids, 3)
    async with EmbeddedBroker.open(tmp_path / "queues.db") as embedded:
        broker = UnsteadyBroker(embedded)
        broker.hang()
        await _no_lock_while_it_hangs(store, broker, clock, made)


async def _no_lock_while_it_hangs(
    store: SqlStore,
    broker: UnsteadyBroker,
    clock: HandClock,
    made: Sequence[Promise],
) -> None:
    relay = Relay(store.outbox, broker, clock, stop=asyncio.Event())
    task = asyncio.ensure_future(relay.run())
    try:
        await eventually(broker.kept_waiting.is_set)
        assert await in_transaction(store) == 0
        async with asyncio.timeout(5), store.unit() as unit:
            for promise in made:
                await unit.promises.keep(promise.id, START)
            await unit.commit()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_endpoint_that_hangs_holds_no_transaction_open(
    bare: SqlStore,
) -> None:
    """While a province does not answer, its letters can still be taken and told of."""
    hub = await a_hub(bare, wait=0.0)
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    hub.endpoints.shut()

    handing_over = asyncio.ensure_future(hub.keep())
    await eventually(lambda: bool(hub.endpoints.heard))
    held = await in_transaction(bare)
    async with asyncio.timeout(5):
        await hub.send(to(CHIANG_MAI, SECOND))
        await hub.send(to(LOEI))
        assert await hub.keep([Stage.ROUTE]) == 2
    hub.endpoints.open()
    await handing_over

    assert held == 0
    assert await hub.take(LOEI)
