"""Yesterday's database and yesterday's code on the tables of migration 0002."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.books import Books
from gateway.store.schema import is_current, upgrade, url_of
from gateway.store.seals import COLUMNS
from gateway.store.store import DATABASE, SqlStore, open_store
from tests.gateway.store.hub import MINISTRY, TRAT, Hub, a_hub_on
from tests.gateway.store.yesterday import (
    as_of_yesterday,
    insert_row,
    make_letters,
    make_old,
    make_old_tables,
    opened,
    seals_of,
)


@pytest.fixture(scope="module")
def old_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("old") / DATABASE
    make_old_tables(file, "0001")
    return file


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("letters")
    make_letters(data)
    return data


@pytest.fixture
def old(old_tables: Path, letters: Path, tmp_path: Path) -> Path:
    data = tmp_path / "old"
    make_old(old_tables, letters, data)
    return data


@pytest.fixture
async def store(old: Path) -> AsyncIterator[SqlStore]:
    assert not is_current(url_of(old / DATABASE))
    upgrade(url_of(old / DATABASE))
    async with open_store(old, elapsed=lambda: 0.0) as opened_store:
        yield opened_store


async def test_no_row_is_written_anew_and_the_books_balance(
    store: SqlStore, old: Path, letters: Path
) -> None:
    books: Books = await store.check_books()

    assert books.findings == ()
    assert books.in_balance
    assert books.taken == 3
    for table in COLUMNS.keys() - {"fitted_copy"}:
        assert seals_of(old, table) == seals_of(letters, table)


async def test_work_goes_on_where_it_was(store: SqlStore) -> None:
    hub: Hub = a_hub_on(store)
    hub.clock.advance(hours=1)

    before = await store.views.head(TRAT)
    await hub.poll(TRAT, delete=True)

    assert before is not None
    assert before.entry.place == before.entry.id
    assert await store.views.head(TRAT) is None
    assert (await store.check_books()).in_balance


async def test_yesterdays_code_writes_on(
    store: SqlStore, old: Path, old_tables: Path
) -> None:
    """It knows no new column when it shows an entry, and seals without them."""
    head = await store.views.head(MINISTRY)
    assert head is not None
    row = _row_of(old, head.entry.process_id)
    written = as_of_yesterday(old_tables, "inbox_entry", row)
    again = {**written, "id": "f" * 32, "process_id": "9", "receipt_id": None}

    with closing(opened(old / DATABASE)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        insert_row(connection, "inbox_entry", again)
        connection.commit()

    lines = await store.views.inbox(MINISTRY)
    assert [line.entry.process_id for line in lines] == [head.entry.process_id, "9"]
    assert row["place"] is None


def _row_of(data: Path, process_id: str) -> dict[str, Any]:
    with closing(opened(data / DATABASE)) as connection:
        found = connection.execute(
            "SELECT * FROM inbox_entry WHERE process_id = ?", [process_id]
        )
        return dict(found.fetchone())


def test_a_number_is_taken_once_until_it_is_freed(old: Path) -> None:
    upgrade(url_of(old / DATABASE))
    with closing(opened(old / DATABASE)) as connection:
        row = dict(connection.execute("SELECT * FROM consignment").fetchone())
        again = {**row, "id": "f" * 32, "process_id": "9"}
        with pytest.raises(sqlite3.IntegrityError):
            insert_row(connection, "consignment", again)
        connection.execute("UPDATE consignment SET freed_at = '2026-07-02 00:00:00'")
        insert_row(connection, "consignment", again)
