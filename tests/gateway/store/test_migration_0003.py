"""Yesterday's database and yesterday's code on the tables of migration 0003."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.domain.organization import Purpose
from gateway.store.schema import is_current, upgrade, url_of
from gateway.store.seals import COLUMNS
from gateway.store.store import DATABASE, SqlStore, open_store
from tests.gateway.store.hub import MINISTRY, TRAT, a_hub_on
from tests.gateway.store.yesterday import (
    as_of_yesterday,
    insert_row,
    make_letters,
    make_old,
    make_old_tables,
    opened,
    seals_of,
)

SINCE = ("act",)
"""Tables that yesterday did not have."""


@pytest.fixture(scope="module")
def old_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("old") / DATABASE
    make_old_tables(file, "0002")
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
    books = await store.check_books()

    assert books.findings == ()
    assert books.in_balance
    assert books.taken == 3
    for table in COLUMNS.keys() - {"fitted_copy", *SINCE}:
        assert seals_of(old, table) == seals_of(letters, table)


async def test_work_goes_on_where_it_was(store: SqlStore) -> None:
    hub = a_hub_on(store)
    hub.clock.advance(hours=1)

    await hub.poll(TRAT, delete=True)

    assert await store.views.head(TRAT) is None
    assert (await store.check_books()).in_balance


async def test_a_certificate_of_yesterday_speaks_in_letters(store: SqlStore) -> None:
    [certificate] = await store.certificates(MINISTRY)

    assert certificate.purposes == {Purpose.SIGNATURE}
    assert certificate.revoked_at is None


async def test_an_organization_of_yesterday_sets_no_level_of_its_own(
    store: SqlStore,
) -> None:
    found = await store.organization(MINISTRY)

    assert found is not None
    assert found.secrecy == ""
    assert not found.weak_signatures


async def test_yesterdays_code_writes_on(
    store: SqlStore, old: Path, old_tables: Path
) -> None:
    """It knows no new column when it writes a letter down, and seals without them."""
    with closing(opened(old / DATABASE)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table in ("letter", "consignment", "journal", "envelope", "file"):
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
            for row in rows:
                written = as_of_yesterday(old_tables, table, dict(row))
                insert_row(connection, table, written)
        connection.commit()

    assert (await store.check_books()).findings == ()
