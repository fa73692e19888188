"""Migrations: they make the tables the code knows, whole or not at all."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.postgresql import engine_of
from gateway.store.schema import MIGRATIONS, config, is_current, upgrade, url_of
from gateway.store.store import DATABASE
from gateway.store.tables import Row
from tests import postgresql

VERSIONS = sorted((MIGRATIONS / "versions").glob("[0-9]*.py"))


NOT_COMPARED = "ignore:.*expression-based index:Warning"


@pytest.mark.filterwarnings(NOT_COMPARED)
def test_the_migrations_make_the_tables_the_code_knows(data: Path) -> None:
    engine = create_engine(url_of(data / DATABASE))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Row.metadata)
    engine.dispose()

    assert differences == []


def test_the_migrations_make_the_indexes_the_code_knows(data: Path) -> None:
    """Also those on expressions and on some rows, which no reflection shows whole."""

    def indexes(connection: Connection) -> set[str]:
        found = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        return {" ".join(sql.split()) for (sql,) in found}

    known = create_engine("sqlite://")
    made = create_engine(url_of(data / DATABASE))
    with known.begin() as connection:
        Row.metadata.create_all(connection)
        by_code = indexes(connection)
    with made.connect() as connection:
        by_migrations = indexes(connection)
    known.dispose()
    made.dispose()

    assert by_migrations == by_code


@pytest.mark.postgresql
@pytest.mark.filterwarnings(NOT_COMPARED)
async def test_on_postgresql_they_make_the_same_tables(postgresql_url: str) -> None:
    """Types, keys and indexes, also those on expressions and on some rows."""

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, Row.metadata))

    def indexes(connection: Connection) -> set[str]:
        found = connection.exec_driver_sql(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        )
        return {index for (index,) in found if "alembic" not in index}

    engine = engine_of(postgresql_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        by_migrations = await connection.run_sync(indexes)
    with postgresql.empty() as name:
        known = engine_of(postgresql.url_of(name))
        async with known.begin() as connection:
            await connection.run_sync(Row.metadata.create_all)
            by_code = await connection.run_sync(indexes)
        await known.dispose()
    await engine.dispose()

    assert by_migrations == by_code


@pytest.mark.postgresql
def test_on_postgresql_several_may_upgrade_at_once() -> None:
    with postgresql.empty() as name, ThreadPoolExecutor(3) as threads:
        url = postgresql.url_of(name)
        assert not is_current(url)

        list(threads.map(upgrade, [url] * 3))

        assert is_current(url)


def test_an_upgrade_of_what_is_current_changes_nothing(data: Path) -> None:
    url = url_of(data / "hub.db")
    before = (data / "hub.db").read_bytes()

    upgrade(url)

    assert is_current(url)
    assert (data / "hub.db").read_bytes() == before


def test_an_empty_file_is_not_current(tmp_path: Path) -> None:
    (tmp_path / "hub.db").touch()

    assert not is_current(url_of(tmp_path / "hub.db"))


def test_a_missing_file_is_an_error_and_stays_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        is_current(url_of(tmp_path / "hub.db"))

    assert not (tmp_path / "hub.db").exists()


def test_where_no_file_can_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        upgrade(url_of(tmp_path / "nowhere" / "hub.db"))


def test_who_asks_whether_it_is_current_needs_no_lock(data: Path) -> None:
    with closing(sqlite3.connect(data / "hub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert is_current(url_of(data / "hub.db"))


@pytest.mark.filterwarnings(NOT_COMPARED)
def test_a_new_migration_is_written_without_the_libraries_own_types(
    tmp_path: Path,
) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        settings = config(connection)
        settings.set_main_option("version_locations", str(tmp_path))
        command.revision(settings, "Something", autogenerate=True, rev_id="0001")
    engine.dispose()

    [file] = tmp_path.glob("*.py")
    written = file.read_text("utf-8")
    compile(written, file, "exec")
    assert "UtcDateTime()" in written
    assert "AutoString" not in written


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"no database" * 100)

    with pytest.raises(StoreError) as raised:
        upgrade(url_of(tmp_path / "hub.db"))

    assert not raised.value.temporary


def test_only_the_owner_may_read_a_new_database(tmp_path: Path) -> None:
    upgrade(url_of(tmp_path / "hub.db"))

    assert (tmp_path / "hub.db").stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE receipt (id)")
    connection.close()

    with pytest.raises(StoreError):
        upgrade(url_of(file))

    connection = sqlite3.connect(file)
    names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("receipt",)]


@pytest.mark.parametrize("name", ["a b", "ก", "100%", "q?x=1", "#"])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    upgrade(url_of(tmp_path / name / "hub.db"))

    assert is_current(url_of(tmp_path / name / "hub.db"))


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_each_migration_says_when_it_runs(file: Path) -> None:
    first = file.read_text("utf-8").splitlines()[0]

    assert re.search(r"Runs (before|after) deploy\.", first)


def test_the_migrations_are_one_chain() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1
