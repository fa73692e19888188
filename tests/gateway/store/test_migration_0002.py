"""Yesterday's database and yesterday's code on the tables of migration 0002."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine

from gateway.domain.books import Books
from gateway.store.schema import config, is_current, upgrade, url_of
from gateway.store.seals import COLUMNS
from gateway.store.store import DATABASE, SqliteStore, open_store
from tests.gateway.store.hub import (
    CHIANG_MAI,
    CIRCULAR,
    LOEI,
    MINISTRY,
    TRAT,
    Hub,
    a_hub_on,
    enter_directory,
    to,
)

NEW: Mapping[str, frozenset[str]] = {
    "organization": frozenset(
        {"dialect", "dialect_by_hand", "never_deletes", "deleted_at"}
    ),
    "consignment": frozenset({"freed_at"}),
    "inbox_entry": frozenset({"place", "set_behind_at", "parked_at"}) | {"held_at"},
}
"""The columns that 0002 brings."""


@pytest.fixture(scope="module")
def old_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("old") / DATABASE
    engine = create_engine(url_of(file))
    with engine.begin() as connection:
        command.upgrade(config(connection), "0001")
    engine.dispose()
    return file


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub of today with letters that stand where they stood yesterday too."""
    data = tmp_path_factory.mktemp("letters")
    upgrade(url_of(data / DATABASE))
    asyncio.run(_some_letters(data))
    return data


async def _some_letters(data: Path) -> None:
    async with open_store(data, elapsed=lambda: 0.0) as store:
        hub = a_hub_on(store)
        await enter_directory(hub)
        for receiver in (CHIANG_MAI, LOEI, TRAT):
            await hub.send(to(receiver, CIRCULAR))
        await hub.poll(CHIANG_MAI, delete=True)
        await hub.register(LOEI, "สมศรี")
        await hub.poll(TRAT, delete=False)


@pytest.fixture
def old(old_tables: Path, letters: Path, tmp_path: Path) -> Path:
    """The same rows in yesterday's tables, as yesterday's code wrote them."""
    data = tmp_path / "old"
    shutil.copytree(letters, data)
    shutil.copy(old_tables, data / DATABASE)
    with (
        closing(_open(letters / DATABASE)) as new,
        closing(_open(data / DATABASE)) as c,
    ):
        for (table,) in c.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name <> 'alembic_version'"
        ).fetchall():
            for row in new.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
                _insert(c, table, _as_of_yesterday(table, dict(row)))
        c.commit()
    return data


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    return connection


def _as_of_yesterday(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in row.items() if n not in NEW.get(table, ())}


def _insert(c: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    c.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608


@pytest.fixture
async def store(old: Path) -> AsyncIterator[SqliteStore]:
    assert not is_current(url_of(old / DATABASE))
    upgrade(url_of(old / DATABASE))
    async with open_store(old, elapsed=lambda: 0.0) as opened:
        yield opened


async def test_no_row_is_written_anew_and_the_books_balance(
    store: SqliteStore, old: Path, letters: Path
) -> None:
    books: Books = await store.check_books()

    assert books.findings == ()
    assert books.in_balance
    assert books.taken == 3
    for table in COLUMNS.keys() - {"fitted_copy"}:
        assert _seals(old, table) == _seals(letters, table)


def _seals(data: Path, table: str) -> list[str]:
    with closing(_open(data / DATABASE)) as connection:
        found = connection.execute(f"SELECT seal FROM {table}")  # noqa: S608
        return sorted(seal for (seal,) in found)


async def test_work_goes_on_where_it_was(store: SqliteStore) -> None:
    hub: Hub = a_hub_on(store)
    hub.clock.advance(hours=1)

    before = await store.views.head(TRAT)
    await hub.poll(TRAT, delete=True)

    assert before is not None
    assert before.entry.place == before.entry.id
    assert await store.views.head(TRAT) is None
    assert (await store.check_books()).in_balance


async def test_yesterdays_code_writes_on(store: SqliteStore, old: Path) -> None:
    """It knows no new column when it shows an entry, and seals without them."""
    head = await store.views.head(MINISTRY)
    assert head is not None
    row = _row_of(old, head.entry.process_id)
    written = _as_of_yesterday("inbox_entry", row)
    again = {**written, "id": "f" * 32, "process_id": "9", "receipt_id": None}

    with closing(_open(old / DATABASE)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        _insert(connection, "inbox_entry", again)
        connection.commit()

    lines = await store.views.inbox(MINISTRY)
    assert [line.entry.process_id for line in lines] == [head.entry.process_id, "9"]
    assert row["place"] is None


def _row_of(data: Path, process_id: str) -> dict[str, Any]:
    with closing(_open(data / DATABASE)) as connection:
        found = connection.execute(
            "SELECT * FROM inbox_entry WHERE process_id = ?", [process_id]
        )
        return dict(found.fetchone())


def test_a_number_is_taken_once_until_it_is_freed(old: Path) -> None:
    upgrade(url_of(old / DATABASE))
    with closing(_open(old / DATABASE)) as connection:
        row = dict(connection.execute("SELECT * FROM consignment").fetchone())
        again = {**row, "id": "f" * 32, "process_id": "9"}
        with pytest.raises(sqlite3.IntegrityError):
            _insert(connection, "consignment", again)
        connection.execute("UPDATE consignment SET freed_at = '2026-07-02 00:00:00'")
        _insert(connection, "consignment", again)
