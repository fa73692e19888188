"""Stores to be opened, as often as a test wants, on the same data."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from gateway.store.store import SqlStore, open_store
from tests.conftest import DATABASES
from tests.gateway.store.values import with_directory
from tests.tables import lay_tables

Opener = Callable[[], AbstractAsyncContextManager[SqlStore]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with empty tables."""
    lay_tables(tmp_path)
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
