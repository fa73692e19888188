"""Yesterday's hub on PostgreSQL, with letters, brought to the tables of today."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, inspect, select

from gateway.bootstrap import init, open_hub, upgrade_tables
from gateway.cli.main import main
from gateway.config import Settings, SettingsError, load
from gateway.domain.act import Order, Who
from gateway.store.schema import _within, config, revision_of, url_of
from gateway.store.store import DATABASE, open_store
from gateway.store.tables import Row
from tests import postgresql
from tests.gateway.store.hub import TRAT, a_hub_on
from tests.gateway.store.yesterday import make_letters

pytestmark = pytest.mark.postgresql

ORDER = Order("database upgrade", Who("operator", "สมชาย"), "รุ่นใหม่")
FACTS = [
    {"name": "made_at", "value": "2026-07-01T00:00:00+00:00"},
    {"name": "demo", "value": "no"},
]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        if not name.startswith("GATEWAY_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Letters of today, in a file; they stand where they stood yesterday too."""
    data = tmp_path_factory.mktemp("letters")
    make_letters(data)
    return data


@pytest.fixture
def settings(letters: Path, tmp_path: Path) -> Iterator[Settings]:
    """A hub whose database has the tables of migration 0003, and rows in them."""
    with postgresql.empty() as keys, postgresql.empty() as name:
        data, url = tmp_path / "hub", postgresql.url_of(name)
        # Made for its keys; it is opened with the other database.
        asyncio.run(init(load(data, database_url=postgresql.url_of(keys)), demo=False))
        if (letters / "vault").exists():
            shutil.copytree(letters / "vault", data / "vault")
        _within(url, lambda c: _old(c, rows_of(letters)))
        yield load(data, database_url=url)


def rows_of(letters: Path) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(url_of(letters / DATABASE))
    with engine.connect() as connection:
        rows = {
            table.name: [
                dict(row) for row in connection.execute(select(table)).mappings()
            ]
            for table in Row.metadata.sorted_tables
        }
    engine.dispose()
    return rows | {"hub": FACTS}


def _old(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Make the tables, and write the columns they had, without any code of today."""
    command.upgrade(config(connection), "0003")
    known = inspect(connection)
    for table in Row.metadata.sorted_tables:
        if not known.has_table(table.name) or not rows[table.name]:
            continue
        columns = {column["name"] for column in known.get_columns(table.name)}
        written = [
            {name: value for name, value in row.items() if name in columns}
            for row in rows[table.name]
        ]
        wanted = [table.c[name] for name in written[0]]
        connection.execute(
            table.insert().values({c.name: None for c in wanted}), written
        )


def test_every_process_is_told_the_command_to_run(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Doors, workers and commands refuse old tables, and name what mends them."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("GATEWAY_BROKER_URL", "amqp://guest@127.0.0.1:1/%2F")
    data = ["--data", str(settings.data)]

    for arguments in (
        ["work"],
        ["serve"],
        ["serve", "--door-only"],
        ["letters", "list"],
    ):
        assert main([*arguments, *data]) == 2, arguments
        said = capsys.readouterr().err
        assert f"gateway database upgrade --data {settings.data}" in said, arguments

    assert main(["check", *data]) == 2
    assert "gateway database upgrade" in capsys.readouterr().out


def test_letters_of_yesterday_are_whole_and_go_on(settings: Settings) -> None:
    """Nothing of them is written anew; books balance, and the next poll is answered."""
    newest = upgrade_tables(settings, ORDER)[1]

    assert revision_of(settings.database_url) == newest
    assert upgrade_tables(settings, ORDER) == (newest, newest)

    async def look() -> None:
        async with open_hub(settings) as opened:
            (act,) = await opened.store.views.acts(None, limit=9)
            assert (act.before, act.after) == ({"tables": "0003"}, {"tables": newest})
            books = await opened.store.check_books()
            assert books.findings == ()
            assert books.taken == 3
        async with open_store(settings.data, database=settings.database_url) as store:
            hub = a_hub_on(store)
            hub.clock.advance(hours=1)
            await hub.poll(TRAT, delete=True)
            assert (await store.check_books()).in_balance

    asyncio.run(look())


def test_while_another_process_works_the_tables_stay(settings: Settings) -> None:
    """Whoever is connected, from any machine, would find tables it does not know."""

    async def while_open() -> None:
        async with open_store(settings.data, database=settings.database_url):
            with pytest.raises(SettingsError, match="on every machine"):
                await asyncio.to_thread(upgrade_tables, settings, ORDER)

    asyncio.run(while_open())

    assert revision_of(settings.database_url) == "0003"
