"""Brings a database to the tables of this version, and says whether it is there.

The migrations travel in the package; no `alembic.ini` is needed. Each runs whole or
not at all, and each says whether it runs before or after the deploy of the code
that needs it. On PostgreSQL one process migrates at a time, others wait for it.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.store import postgresql
from gateway.store.errors import StoreUnavailable
from gateway.store.postgresql_errors import told
from gateway.store.sqlite import connect, translated

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_PREFIX: Final = "sqlite:///"
_ALONE: Final = text("SELECT pg_advisory_xact_lock(7470326205)")
"""Any number, the same in all versions."""

_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = current_setting('application_name')"
    " AND pid <> pg_backend_pid()"
)

T = TypeVar("T")


def url_of(database: Path | str) -> str:
    """Return the URL of a SQLite file; that of a server is one."""
    if isinstance(database, str):
        return database
    return f"{_PREFIX}{database.absolute()}"


def upgrade(url: str) -> None:
    """Bring a database to the newest tables; make a file where there is none. Blocks.

    Raises `StoreError`; the tables are then as they were.
    """

    def work(connection: Connection) -> None:
        command.upgrade(config(connection), "head")

    _within(url, work)


def is_current(url: str) -> bool:
    """Say whether a database has the tables of this version. Blocks.

    Raises `StoreError` where there is none.
    """

    def work(connection: Connection) -> bool:
        heads = ScriptDirectory.from_config(config(connection)).get_heads()
        context = MigrationContext.configure(connection)
        return set(context.get_current_heads()) == set(heads)

    return _within(url, work, make=False)


def revision_of(url: str) -> str:
    """Return which tables a database has: `0003`; empty for none. Blocks.

    Raises `StoreError` where there is no database.
    """

    def work(connection: Connection) -> str:
        return " ".join(MigrationContext.configure(connection).get_current_heads())

    return _within(url, work, make=False)


def connected(url: str) -> int:
    """Return how many connections other processes of a hub have to a server. Blocks.

    Of a file nobody knows.
    """
    if url.startswith(_PREFIX):
        return 0
    return _within(url, lambda c: int(c.execute(_OTHERS).scalar_one()), make=False)


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _within(url: str, work: Callable[[Connection], T], *, make: bool = True) -> T:
    """Do something in one transaction."""
    if url.startswith(_PREFIX):
        return _in_file(Path(url.removeprefix(_PREFIX)), work, make=make)
    # The driver has no other form than the asynchronous one, and who calls may
    # stand in a loop of his own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _on_server(url, work, alone=make)).result()


def _in_file(file: Path, work: Callable[[Connection], T], *, make: bool) -> T:
    # Foreign keys are not watched here: a table is changed by making it anew.
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(file, make=make),
        poolclass=NullPool,
        hide_parameters=True,
    )
    # The driver would begin late, and commit before each CREATE TABLE.
    begin = "BEGIN IMMEDIATE" if make else "BEGIN"
    event.listen(engine, "begin", lambda c: c.exec_driver_sql(begin))
    try:
        if make:
            _only_for_the_owner(file)
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        engine.dispose()


async def _on_server(url: str, work: Callable[[Connection], T], *, alone: bool) -> T:
    engine = postgresql.engine_of(url, poolclass=NullPool)

    async def begun() -> T:
        async with engine.begin() as connection:
            if alone:
                await connection.execute(text("SET LOCAL lock_timeout = 0"))
                await connection.execute(_ALONE)
            return await connection.run_sync(work)

    try:
        return await told(begun())
    finally:
        await engine.dispose()


def _only_for_the_owner(file: Path) -> None:
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(detail=str(error)) from error
