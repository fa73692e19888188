"""Connections to PostgreSQL: lent one at a time, and clean when they come back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select, text, tuple_

from gateway.store import lending
from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.lending import Lending, Session
from gateway.store.postgresql import PostgresConnection
from gateway.store.tables import Row
from tests import postgresql

pytestmark = pytest.mark.postgresql

HUB = Row.metadata.tables["hub"]
ADD = insert(HUB)


@pytest.fixture
async def lent(postgresql_url: str) -> AsyncIterator[Lending]:
    """Two connections to a server."""
    lent = Lending(postgresql_url, 2)
    yield lent
    async with asyncio.timeout(10):
        await lent.close()


def heard(session: Session) -> list[str]:
    """Return what is said on a connection, as it is said."""
    said: list[str] = []
    session.driver.add_query_logger(lambda query: said.append(query.query.split()[0]))
    return said


async def test_who_only_reads_begins_nothing(lent: Lending) -> None:
    """A question sees what is committed; it needs no transaction for that."""
    session = await lent.lend()
    said = heard(session)
    unit = PostgresConnection(session)

    await unit.execute(select(HUB))
    await unit.commit()

    await asyncio.sleep(0)  # What is said is told with the next turn of the loop.
    assert said == ["SELECT"]
    assert session.is_clean
    await lent.take_back(session)


async def test_what_is_written_at_the_end_goes_in_one_journey(lent: Lending) -> None:
    """Several INSERTs are one statement, which is a transaction by itself."""
    session = await lent.lend()
    said = heard(session)
    unit = PostgresConnection(session)

    await unit.execute(select(HUB))
    await unit.add(ADD, [{"name": n, "value": ""} for n in "ab"])
    await unit.commit()

    await asyncio.sleep(0)
    assert said == ["SELECT", "WITH"]
    await lent.take_back(session)


async def test_a_change_or_a_lock_begins_a_transaction(lent: Lending) -> None:
    """What is changed, and what is locked, is so until the commit."""
    for statement in (
        select(HUB).with_for_update(),
        ADD.values(name="a", value=""),
        text("SELECT pg_sleep(0)"),
    ):
        session = await lent.lend()
        said = heard(session)
        unit = PostgresConnection(session)

        await unit.execute(statement)
        await unit.commit()

        await asyncio.sleep(0)
        assert [said[0], said[-1]] == ["BEGIN", "COMMIT"]
        await lent.take_back(session)


async def test_what_was_begun_is_undone(lent: Lending) -> None:
    """A connection comes back without the transaction that was left open."""
    session = await lent.lend()
    await PostgresConnection(session).execute(ADD, {"name": "a", "value": ""})

    await lent.take_back(session)

    session = await lent.lend()
    assert not session.driver.is_in_transaction()
    assert (await PostgresConnection(session).execute(select(HUB))).all() == []
    await lent.take_back(session)


@pytest.mark.parametrize("begun", [["a"], []])
async def test_who_is_cancelled_leaves_no_question_open(
    lent: Lending, begun: list[str]
) -> None:
    """The server is told to stop, and the next one has a connection that answers."""
    session = await lent.lend()
    unit = PostgresConnection(session)
    for name in begun:
        await unit.execute(ADD, {"name": name, "value": ""})
    asleep = asyncio.create_task(session.write("SELECT pg_sleep(60)", ()))
    await asyncio.sleep(0.05)
    asleep.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asleep

    await lent.take_back(session)

    session = await lent.lend()
    found = await PostgresConnection(session).execute(select(HUB))
    assert found.all() == []
    assert not session.driver.is_in_transaction()
    await lent.take_back(session)


async def test_who_is_cancelled_while_giving_back_gives_back(lent: Lending) -> None:
    """The transaction is undone all the same."""
    session = await lent.lend()
    await PostgresConnection(session).execute(ADD, {"name": "a", "value": ""})
    giving = asyncio.create_task(lent.take_back(session))
    await asyncio.sleep(0)
    giving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await giving

    both = [await lent.lend(), await lent.lend()]

    for session in both:
        assert not session.driver.is_in_transaction()
        await lent.take_back(session)


async def test_a_connection_that_broke_is_not_lent_again(
    lent: Lending, postgresql_url: str
) -> None:
    """Its user is told, and the next one has another."""
    session = await lent.lend()
    broken = session.driver.get_server_pid()
    postgresql.run(postgresql_url, f"SELECT pg_terminate_backend({broken})")
    with pytest.raises(StoreUnavailable):
        await PostgresConnection(session).execute(select(HUB))
    await lent.take_back(session)

    session = await lent.lend()

    assert session.driver.get_server_pid() != broken
    await lent.take_back(session)


async def test_a_connection_is_lent_again(lent: Lending) -> None:
    """One that was given back serves the next."""
    first = await lent.lend()
    await first.begin()
    await lent.take_back(first)

    again = await lent.lend()

    assert again is first
    await lent.take_back(again)


async def test_there_are_no_more_than_so_many(
    lent: Lending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes when all are lent waits, and is told after a while."""
    monkeypatch.setattr(lending, "TURN", 0.05)
    both = [await lent.lend(), await lent.lend()]
    with pytest.raises(StoreUnavailable):
        await lent.lend()

    monkeypatch.setattr(lending, "TURN", 5)
    waiting = asyncio.create_task(lent.lend())
    await asyncio.sleep(0)
    await lent.take_back(both[0])

    assert await waiting is both[0]
    for session in both:
        await lent.take_back(session)


async def test_closing_waits_for_what_is_lent(lent: Lending) -> None:
    """Nothing new begins, and what has begun may end."""
    session = await lent.lend()
    closing = asyncio.create_task(lent.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable):
        await lent.lend()
    assert not closing.done()

    await lent.take_back(session)

    await closing
    assert session.driver.is_closed()


async def test_a_commit_that_the_server_undid_is_none(lent: Lending) -> None:
    """The server answers the COMMIT of a transaction that failed with a ROLLBACK."""
    session = await lent.lend()
    await session.begin()
    with pytest.raises(StoreError):
        await session.write("SELECT nonsense", ())

    with pytest.raises(StoreError):
        await session.commit()

    await lent.take_back(session)


async def test_lists_of_keys_are_found(lent: Lending) -> None:
    """Also those of several columns, and none."""
    session = await lent.lend()
    unit = PostgresConnection(session)
    await unit.add(ADD, [{"name": n, "value": n * 2} for n in "abc"])

    for keys in ([("a", "aa"), ("c", "cc"), ("b", "b")], []):
        wanted = select(HUB.c.name).where(tuple_(HUB.c.name, HUB.c.value).in_(keys))
        found = sorted((await unit.execute(wanted)).scalars())
        assert found == (["a", "c"] if keys else [])
    alone = select(HUB.c.name).where(tuple_(HUB.c.name).in_([("b",)]))
    assert (await unit.execute(alone)).scalars() == ["b"]

    await lent.take_back(session)
