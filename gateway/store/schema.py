"""Brings a database to the tables of this version, and says whether it is there.

The migrations travel in the package; no `alembic.ini` is needed. Each runs whole or
not at all, and each says whether it runs before or after the deploy of the code
that needs it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from gateway.store.errors import StoreUnavailable
from gateway.store.sqlite import connect, translated

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_PREFIX: Final = "sqlite:///"


def url_of(file: Path) -> str:
    """Return the URL of a SQLite file."""
    return f"{_PREFIX}{file.absolute()}"


def upgrade(url: str) -> None:
    """Bring a database to the newest tables; make it where there is none. Blocks.

    Raises `StoreError`; the tables are then as they were.
    """
    with _connected(url) as connection:
        command.upgrade(config(connection), "head")


def is_current(url: str) -> bool:
    """Say whether a database has the tables of this version. Blocks.

    Raises `StoreError` where there is none.
    """
    with _connected(url, make=False) as connection:
        heads = ScriptDirectory.from_config(config(connection)).get_heads()
        return set(MigrationContext.configure(connection).get_current_heads()) == set(
            heads
        )


def revision_of(url: str) -> str:
    """Return which tables a database has: `0003`; empty for none. Blocks.

    Raises `StoreError` where there is no database.
    """
    with _connected(url, make=False) as connection:
        return " ".join(MigrationContext.configure(connection).get_current_heads())


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


@contextmanager
def _connected(url: str, *, make: bool = True) -> Iterator[Connection]:
    file = Path(url.removeprefix(_PREFIX))
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
            yield connection
    except SQLAlchemyError as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def _only_for_the_owner(file: Path) -> None:
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(detail=str(error)) from error
