"""Stores to be opened, as often as a test wants, on the same data."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from gateway.store.schema import upgrade, url_of
from gateway.store.store import DATABASE, SqlStore, open_store
from tests.conftest import DATABASES
from tests.gateway.store.values import with_directory

Opener = Callable[[], AbstractAsyncContextManager[SqlStore]]


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them, to be copied."""
    file = tmp_path_factory.mktemp("tables") / DATABASE
    upgrade(url_of(file))
    return file


@pytest.fixture
def data(tables: Path, tmp_path: Path) -> Path:
    """A data directory with empty tables."""
    shutil.copy(tables, tmp_path / DATABASE)
    return tmp_path


@pytest.fixture(params=DATABASES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """What opens a store; each time on the same data, as another process would.

    The contract suite asks for nothing else. Each test runs on every database.
    """
    if request.param == "sqlite":
        data = request.getfixturevalue("data")
        return lambda: open_store(data)
    url = request.getfixturevalue("postgresql_url")
    return lambda: open_store(tmp_path, database=url)


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[SqlStore]:
    """A store that knows the ministry and one province."""
    async with opener() as opened:
        await with_directory(opened)
        yield opened
