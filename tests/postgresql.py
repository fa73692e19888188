"""PostgreSQL databases for tests: copied from one with empty tables, and used again.

To copy a database and to drop it moves some hundred files; to empty its tables moves
none, and takes a tenth of the time.
"""

import asyncio
import itertools
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import asyncpg

from gateway.store.schema import upgrade
from gateway.store.tables import Row

VARIABLE: Final = "GATEWAY_TEST_PG"
"""URL of a server on which tests may make and drop databases."""

T = TypeVar("T")

_NUMBERS: Final = itertools.count(1)

_END_OTHERS: Final = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_EMPTY: Final = "; ".join(
    f'DELETE FROM "{table}"'  # noqa: S608 - our own names
    for table in reversed(Row.metadata.sorted_tables)
)
_BEGIN_ANEW: Final = (
    "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
)
_SHAPE: Final = """
SELECT md5(string_agg(row, ' ' ORDER BY row)) AS shape FROM (
    SELECT concat('class ', oid, ' ', xmin) AS row FROM pg_class
    UNION ALL SELECT concat('column ', attrelid, ' ', attnum, ' ', xmin)
        FROM pg_attribute
    UNION ALL SELECT concat('default ', oid, ' ', xmin) FROM pg_attrdef
    UNION ALL SELECT concat('constraint ', oid, ' ', xmin) FROM pg_constraint
    UNION ALL SELECT concat('index ', indexrelid, ' ', xmin) FROM pg_index
    UNION ALL SELECT concat('trigger ', oid, ' ', xmin) FROM pg_trigger
    UNION ALL SELECT concat('function ', oid, ' ', xmin) FROM pg_proc
    UNION ALL SELECT concat('schema ', oid, ' ', xmin) FROM pg_namespace
    UNION ALL SELECT concat('setting ', setdatabase, ' ', setrole, ' ', xmin)
        FROM pg_db_role_setting
    UNION ALL SELECT concat('revision ', version_num, ' ', xmin) FROM alembic_version
) AS rows
"""
"""Changes with whatever is made, altered or removed besides rows."""


def url_of(name: str) -> str:
    """Return the URL of a database on the server of the tests."""
    return urlsplit(_server())._replace(path=f"/{name}").geturl()


@contextmanager
def template() -> Iterator[str]:
    """Make a database with all tables, to be copied."""
    with empty() as name:
        upgrade(url_of(name))
        yield name


class Spare:
    """A database like one with empty tables, lent to one test after the other."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._url = ""
        self._shape = ""
        self._made = ExitStack()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Give the URL of a database that nobody has used, or that is as it was."""
        if not self._url:
            self._url = url_of(self._made.enter_context(empty(self._template)))
            self._shape = _emptied(self._url)
        try:
            yield self._url
        finally:
            # Who altered more than rows leaves nothing to others.
            if _emptied(self._url) != self._shape:
                self.close()

    def close(self) -> None:
        """Drop it; the next one is a copy again."""
        self._url = ""
        self._made.close()


def _emptied(url: str) -> str:
    """End all other connections, remove all rows; return what else is there."""

    async def work() -> str:
        connection = await asyncpg.connect(url)
        try:
            for statement in (_END_OTHERS, _EMPTY, _BEGIN_ANEW):
                await connection.execute(statement)
            return str(await connection.fetchval(_SHAPE))
        finally:
            await connection.close()

    return _elsewhere(work())


@contextmanager
def empty(name: str = "template0") -> Iterator[str]:
    """Make a database like another one; drop it with all who are connected."""
    new = f"test_{os.getpid()}_{next(_NUMBERS)}"
    run(_server(), f'CREATE DATABASE "{new}" TEMPLATE "{name}"')
    try:
        yield new
    finally:
        run(_server(), f'DROP DATABASE "{new}" WITH (FORCE)')


def run(url: str, statement: str) -> list[Any]:
    """Run a statement on a connection of its own, and return its rows."""

    async def work() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    return _elsewhere(work())


def _elsewhere(work: Coroutine[Any, Any, T]) -> T:
    # Who asks may stand in a loop of his own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _server() -> str:
    return os.environ[VARIABLE]
