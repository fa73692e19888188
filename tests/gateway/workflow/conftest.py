"""A hub for each test, whose books are in balance when the test is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.store import open_store
from tests.conftest import DATABASES
from tests.doubles.keyring import a_keyring
from tests.gateway.workflow.hub import Hub, a_hub
from tests.tables import lay_tables


@pytest.fixture(params=DATABASES)
async def hub(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub with a filled directory and no letter yet, on every database."""
    database = None
    if request.param == "sqlite":
        lay_tables(tmp_path)
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
