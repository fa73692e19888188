"""A hub for each test, whose books are in balance when the test is over."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.schema import upgrade, url_of
from gateway.store.store import DATABASE, open_store
from tests.conftest import DATABASES
from tests.doubles.keyring import a_keyring
from tests.gateway.workflow.hub import Hub, a_hub


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables and nothing in them, to be copied."""
    file = tmp_path_factory.mktemp("tables") / DATABASE
    upgrade(url_of(file))
    return file


@pytest.fixture(params=DATABASES)
async def hub(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with a filled directory and no letter yet, on every database."""
    database = None
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("tables"), tmp_path / DATABASE)
    else:
        database = request.getfixturevalue("postgresql_url")
    # What the directory says holds for as long as the test runs.
    async with open_store(
        tmp_path, database=database, elapsed=lambda: 0.0, keyring=a_keyring()
    ) as store:
        hub = await a_hub(store)
        yield hub
        books = await hub.books()
        assert books.in_balance, books.findings
