"""What SQLite says, in our words; and what happens where it says it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.domain.lifecycle import Happening
from gateway.domain.register import Book
from gateway.store.errors import ConcurrentChange, StoreError, StoreUnavailable
from gateway.store.sqlite import SqliteConnection, SqliteDatabase
from gateway.store.store import SqlStore, open_store
from tests.doubles.ids import CountedIds
from tests.gateway.store.conftest import Opener
from tests.gateway.store.values import (
    MINISTRY,
    START,
    a_receipt,
    an_organization,
    keep,
    kept,
)


@pytest.fixture
def opener(data: Path) -> Opener:
    """No other database."""
    return lambda: open_store(data)


@pytest.fixture
def other(data: Path) -> Iterator[sqlite3.Connection]:
    """Another process."""
    with closing(sqlite3.connect(data / "hub.db", isolation_level=None)) as opened:
        yield opened


async def _fails(
    connection: SqliteConnection, statement: str, **values: object
) -> StoreError:
    with pytest.raises(StoreError) as raised:
        await connection.execute(text(statement), values)
    return raised.value


async def test_each_error_says_whether_to_try_again(data: Path) -> None:
    async with SqliteDatabase.open(data / "hub.db", before_commit=lambda: None) as db:
        writing = db.writing
        await writing.execute(text("INSERT INTO hub VALUES ('a', 'secret')"))
        twin = await _fails(writing, "INSERT INTO hub VALUES (:n, :v)", n="a", v="s3c")
        wrong = await _fails(writing, "SELECT nonsense FROM hub")
        empty = await _fails(writing, "INSERT INTO hub VALUES ('b', NULL)")

    assert isinstance(twin, ConcurrentChange)
    assert "s3c" not in f"{twin} {twin.detail}"
    assert type(wrong) is type(empty) is StoreError
    assert not wrong.temporary


async def test_a_foreign_row_must_be_there(data: Path) -> None:
    async with SqliteDatabase.open(data / "hub.db", before_commit=lambda: None) as db:
        error = await _fails(
            db.writing, "INSERT INTO book VALUES ('x', 'received', 1, 1, '')"
        )

    assert type(error) is StoreError


async def test_what_is_durable_is_synced(data: Path) -> None:
    async with SqliteDatabase.open(data / "hub.db", before_commit=lambda: None) as db:
        for connection in (db.writing, db.reading):
            for pragma, value in (("synchronous", 2), ("foreign_keys", 1)):
                result = await connection.execute(text(f"PRAGMA {pragma}"))
                assert result.scalar_one() == value
        result = await db.writing.execute(text("PRAGMA journal_mode"))
        assert result.scalar_one() == "wal"


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_store(tmp_path):
            pass

    assert not (tmp_path / "hub.db").exists()


async def test_what_fails_before_the_commit_undoes_the_group(data: Path) -> None:
    failures = [StoreUnavailable(detail="the vault's disk is gone")]

    def before_commit() -> None:
        if failures:
            raise failures.pop()

    async with SqliteDatabase.open(data / "hub.db", before_commit=before_commit) as db:

        async def note(name: str) -> None:
            await db.turns.take()
            await db.writing.execute(
                text("INSERT INTO hub VALUES (:n, '')"), {"n": name}
            )
            await asyncio.sleep(0)
            await db.turns.done()

        outcomes = await asyncio.gather(note("a"), note("b"), return_exceptions=True)
        await note("c")
        result = await db.reading.execute(text("SELECT name FROM hub"))
        names = list(result.scalars())

    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 2
    assert names == ["c"]


async def test_a_value_that_cannot_be_written_is_an_error_without_it(
    store: SqlStore, ids: CountedIds
) -> None:
    async with store.unit() as unit:
        naive = START.replace(tzinfo=None)
        with pytest.raises(StoreError) as raised:
            await unit.receipts.add(replace(a_receipt(ids, ids.new()), at=naive))

    assert not raised.value.temporary
    assert "2026" not in f"{raised.value} {raised.value.detail}"


async def test_after_a_mistake_of_ours_a_unit_takes_no_statement_either(
    store: SqlStore,
) -> None:
    async with store.unit() as unit:
        with pytest.raises(OverflowError):
            await unit.registers.next_number(MINISTRY, Book.RECEIVED, 2**70)
        with pytest.raises(StoreError):
            await unit.directory.all()


async def test_a_journal_that_lacks_its_last_line_is_not_written_on(
    store: SqlStore, ids: CountedIds, other: sqlite3.Connection
) -> None:
    consignment = await kept(store, ids)
    other.execute("DELETE FROM journal")
    consignment.record(Happening.ROUTE_CHOSEN, START, actor="hub")

    async with store.unit() as unit:
        with pytest.raises(StoreError):
            await unit.consignments.save(consignment)


async def test_a_unit_waits_for_another_process(
    store: SqlStore, ids: CountedIds, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(kept(store, ids))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert await store.views.letters(limit=1) == []

    other.execute("COMMIT")

    await waiting
    assert len(await store.views.letters(limit=1)) == 1


async def test_a_unit_that_only_reads_leaves_the_lock(
    store: SqlStore, other: sqlite3.Connection
) -> None:
    async with store.unit() as unit:
        await unit.directory.all()

    other.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")


async def test_a_cancelled_unit_leaves_the_lock_and_nothing_else(
    store: SqlStore, ids: CountedIds, other: sqlite3.Connection
) -> None:
    inside = asyncio.Event()

    async def never_ends() -> None:
        async with store.unit() as unit:
            await keep(unit, ids)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(never_ends())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    other.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    assert await store.views.letters(limit=1) == []


async def test_when_the_database_undoes_everything_nothing_is_kept_by_halves(
    store: SqlStore, ids: CountedIds
) -> None:
    """SQLite rolls the whole transaction back where the disk is full."""
    others = asyncio.Event()

    async def well_behaved() -> None:
        async with store.unit() as unit:
            await keep(unit, ids)
            others.set()
            await unit.commit()

    async def finds_the_disk_full() -> None:
        await others.wait()
        async with store.unit() as unit:
            await unit.directory.find(MINISTRY)
            # Stands for SQLITE_FULL, which does the same.
            await unit.connection.execute(text("ROLLBACK"))
            await unit.directory.add(an_organization(MINISTRY), (), START)

    async def comes_last() -> None:
        await others.wait()
        async with store.unit() as unit:
            await unit.directory.all()

    outcomes = await asyncio.gather(
        well_behaved(), finds_the_disk_full(), comes_last(), return_exceptions=True
    )

    assert isinstance(outcomes[1], StoreError)
    assert outcomes[2] is None
    kept_letters = await store.views.letters(limit=2)
    assert len(kept_letters) == (outcomes[0] is None)
