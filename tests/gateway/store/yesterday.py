"""Yesterday's database: today's rows in the tables of an older migration."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import create_engine, select, update

from gateway.store.schema import config, upgrade, url_of
from gateway.store.seals import with_seal
from gateway.store.store import DATABASE, open_store
from gateway.store.tables import Row
from tests.gateway.store.hub import (
    CHIANG_MAI,
    CIRCULAR,
    LOEI,
    TRAT,
    a_hub_on,
    enter_directory,
    to,
)

TABLES = Row.metadata.tables
_JUDGED = ("intact", "valid", "trusted", "reasons", "certificate", "algorithm")


def make_old_tables(file: Path, revision: str) -> None:
    """Make a database with the tables of an older migration, and no rows."""
    engine = create_engine(url_of(file))
    with engine.begin() as connection:
        command.upgrade(config(connection), revision)
    engine.dispose()


def make_letters(data: Path) -> None:
    """Make a hub of today with letters that stand where they stood yesterday too."""
    upgrade(url_of(data / DATABASE))
    asyncio.run(_some_letters(data))
    _forget_judgements(data)


async def _some_letters(data: Path) -> None:
    async with open_store(data, elapsed=lambda: 0.0) as store:
        hub = a_hub_on(store)
        await enter_directory(hub)
        for receiver in (CHIANG_MAI, LOEI, TRAT):
            await hub.send(to(receiver, CIRCULAR))
        await hub.poll(CHIANG_MAI, delete=True)
        await hub.register(LOEI, "สมศรี")
        await hub.poll(TRAT, delete=False)


def _forget_judgements(data: Path) -> None:
    """Write rows as they were before signatures were judged: sealed without it."""
    consignment, journal = TABLES["consignment"], TABLES["journal"]
    engine = create_engine(url_of(data / DATABASE))
    with engine.begin() as connection:
        for row in connection.execute(select(consignment)).mappings().all():
            kept = with_seal("consignment", {**row, **dict.fromkeys(_JUDGED)})
            its = consignment.c.id == row["id"]
            connection.execute(update(consignment).where(its).values(kept))
            before = ""
            lines = select(journal).where(journal.c.consignment_id == row["id"])
            ordered = lines.order_by(journal.c.number)
            for line in connection.execute(ordered).mappings().all():
                facts = json.loads(line["facts"])
                told = {n: v for n, v in facts.items() if n not in _JUDGED}
                written = json.dumps(told, ensure_ascii=False, sort_keys=True)
                sealed = with_seal("journal", {**line, "facts": written}, before)
                before = sealed["seal"]
                this = (
                    journal.c.consignment_id == row["id"],
                    journal.c.number == line["number"],
                )
                connection.execute(update(journal).where(*this).values(sealed))
    engine.dispose()


def make_old(old_tables: Path, letters: Path, data: Path) -> None:
    """Put today's rows into yesterday's tables, as yesterday's code wrote them."""
    shutil.copytree(letters, data)
    for beside in ("-wal", "-shm"):
        (data / f"{DATABASE}{beside}").unlink(missing_ok=True)
    shutil.copy(old_tables, data / DATABASE)
    with (
        closing(opened(letters / DATABASE)) as new,
        closing(opened(data / DATABASE)) as old,
    ):
        for (table,) in old.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name <> 'alembic_version'"
        ).fetchall():
            for row in new.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
                insert_row(old, table, as_of_yesterday(old_tables, table, dict(row)))
        old.commit()


def opened(file: Path) -> sqlite3.Connection:
    """Open a database whose rows are known by the names of their columns."""
    connection = sqlite3.connect(file)
    connection.row_factory = sqlite3.Row
    return connection


def as_of_yesterday(
    old_tables: Path, table: str, row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the columns that yesterday's table has."""
    with closing(opened(old_tables)) as connection:
        found = connection.execute(f"PRAGMA table_info({table})").fetchall()
    known = {column["name"] for column in found}
    return {name: value for name, value in row.items() if name in known}


def insert_row(
    connection: sqlite3.Connection, table: str, row: Mapping[str, Any]
) -> None:
    """Insert a row without any code of today."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
        list(row.values()),
    )


def seals_of(data: Path, table: str) -> list[str]:
    """Return the seals of all rows of a table."""
    with closing(opened(data / DATABASE)) as connection:
        found = connection.execute(f"SELECT seal FROM {table}")  # noqa: S608
        return sorted(seal for (seal,) in found)
