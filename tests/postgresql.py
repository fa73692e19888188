"""PostgreSQL databases for tests, copied from one with empty tables: soon made."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from gateway.store.schema import upgrade

VARIABLE: Final = "GATEWAY_TEST_PG"
"""URL of a server on which tests may make and drop databases."""

_NUMBERS: Final = itertools.count(1)


def url_of(name: str) -> str:
    """Return the URL of a database on the server of the tests."""
    return urlsplit(_server())._replace(path=f"/{name}").geturl()


@contextmanager
def template() -> Iterator[str]:
    """Make a database with all tables, to be copied."""
    with empty() as name:
        upgrade(url_of(name))
        yield name


@contextmanager
def copy_of(name: str) -> Iterator[str]:
    """Copy a database; gives its URL, and drops it."""
    with empty(name) as copy:
        yield url_of(copy)


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

    # Who asks may stand in a loop of his own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work()).result()


def _server() -> str:
    return os.environ[VARIABLE]
