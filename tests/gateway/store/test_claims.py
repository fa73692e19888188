"""Several relays over one outbox: each promise is taken by one of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.domain.promise import Promise
from gateway.store.store import SqlStore, open_store
from tests.doubles.ids import CountedIds
from tests.gateway.store.values import START, a_promise, kept, with_directory

LATER = START + timedelta(minutes=10)


async def promised(store: SqlStore, ids: CountedIds, count: int) -> list[Promise]:
    """Promises that are due, oldest first."""
    consignment = await kept(store, ids)
    made = [a_promise(ids, consignment.id) for _ in range(count)]
    async with store.unit() as unit:
        for promise in made:
            await unit.promises.add(promise)
        await unit.commit()
    return made


async def test_a_relay_alone_takes_what_is_due(
    store: SqlStore, ids: CountedIds
) -> None:
    """On every database the relay gets what is due, oldest first."""
    made = await promised(store, ids, 3)

    assert list(await store.outbox.take(START, limit=2)) == made[:2]


@pytest.fixture
async def stores(
    postgresql_url: str, tmp_path: Path
) -> AsyncIterator[Sequence[SqlStore]]:
    """The stores of three processes on one database."""
    async with (
        open_store(tmp_path, database=postgresql_url) as one,
        open_store(tmp_path, database=postgresql_url) as two,
        open_store(tmp_path, database=postgresql_url) as three,
    ):
        await with_directory(one)
        yield one, two, three


@pytest.mark.postgresql
async def test_each_promise_is_taken_by_one_relay(
    stores: Sequence[SqlStore], ids: CountedIds
) -> None:
    """Three relays at once publish each of many promises once, and all of them."""
    made = await promised(stores[0], ids, 200)

    async def relay(store: SqlStore) -> list[Promise]:
        published: list[Promise] = []
        while taken := await store.outbox.take(START, limit=16):
            published += taken
            await store.outbox.published([one.id for one in taken], START)
        return published

    published = await asyncio.gather(*(relay(store) for store in stores))

    assert sorted(one.id for some in published for one in some) == [
        one.id for one in made
    ]
    assert await stores[0].outbox.due(START, limit=1) == []


@pytest.mark.postgresql
async def test_what_a_killed_relay_had_taken_is_free_again(
    stores: Sequence[SqlStore], ids: CountedIds
) -> None:
    """A claim ends by the server's clock; nobody has to find out who had it."""
    made = await promised(stores[0], ids, 2)
    assert list(await stores[0].outbox.take(START, limit=5)) == made
    assert list(await stores[1].outbox.take(START, limit=5)) == []

    async with stores[1].unit() as unit:
        ended = "UPDATE promise SET claimed_until = now() - interval '1 second'"
        await unit.connection.execute(text(ended))
        await unit.commit()

    assert list(await stores[1].outbox.take(START, limit=5)) == made


@pytest.mark.postgresql
async def test_while_a_relay_publishes_nobody_waits_for_it(
    stores: Sequence[SqlStore], ids: CountedIds
) -> None:
    """What is taken is locked for no one: a broker that hangs blocks no writer."""
    made = await promised(stores[0], ids, 3)
    await stores[0].outbox.take(START, limit=5)

    async with asyncio.timeout(5), stores[1].unit() as unit:
        for promise in made:
            await unit.promises.keep(promise.id, LATER)
        await unit.commit()


@pytest.mark.postgresql
async def test_what_another_relay_published_meanwhile_is_not_taken(
    stores: Sequence[SqlStore], ids: CountedIds
) -> None:
    """Between reading and taking another may have been faster, and be done with it."""
    (promise,) = await promised(stores[0], ids, 1)
    for store in stores[:2]:
        assert await store.outbox.due(START, limit=5) == [promise]

    await stores[0].outbox.take(START, limit=5)
    await stores[0].outbox.published([promise.id], START)

    assert list(await stores[1].outbox.take(START, limit=5)) == []
    again = START + timedelta(seconds=61)
    assert list(await stores[2].outbox.take(again, limit=5)) == []
