"""Of several processes one leads in a duty; another does once that one is gone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.store.store import SqlStore, open_store
from tests.eventually import eventually

pytestmark = pytest.mark.postgresql

LOCKS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
HERE = (
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
async def stores(
    postgresql_url: str, tmp_path: Path
) -> AsyncIterator[Sequence[SqlStore]]:
    """The stores of two processes."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_store(tmp_path, database=postgresql_url)
            )
            for _ in range(2)
        ]


async def test_one_leads_in_each_duty(stores: Sequence[SqlStore]) -> None:
    """Who asked first leads, and goes on leading; other duties are free."""
    one, other = stores

    assert await one.leads("sealer")
    assert not await other.leads("sealer")
    assert await other.leads("notary")
    assert await one.leads("sealer")
    assert not await one.leads("notary")


async def test_the_lead_ends_with_the_process(
    stores: Sequence[SqlStore], postgresql_url: str, tmp_path: Path
) -> None:
    """A process that closes its store leads no more; the next one to ask does."""
    async with open_store(tmp_path, database=postgresql_url) as ending:
        assert await ending.leads("sealer")
        assert not await stores[0].leads("sealer")

    await eventually(lambda: stores[0].leads("sealer"))


async def test_who_lost_the_connection_knows_that_it_leads_no_more(
    stores: Sequence[SqlStore],
) -> None:
    """The server dropped its lock with its session: it is asked for anew."""
    one, other = stores
    assert await one.leads("sealer")
    await other.reading.execute(text(LOCKS + HERE))
    await eventually(lambda: other.leads("sealer"))

    assert not await one.leads("sealer")
    assert not await one.leads("sealer")
    assert await other.leads("sealer")


async def test_a_lead_is_one_lock_however_often_it_is_asked_for(
    stores: Sequence[SqlStore],
) -> None:
    """Nothing grows in the server while a process leads for months."""
    for _ in range(5):
        await stores[0].leads("sealer")

    result = await stores[1].reading.execute(text(HELD + HERE))
    assert result.scalar_one() == 1
