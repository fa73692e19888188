"""Whether what a hub calls durable is synced: read from where it is set, and counted.

A benchmark of a hub that does not sync says nothing, so one setting that is off ends
it.
"""

import asyncio
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from gateway.store import postgresql, sqlite
from queues.writer import Writer
from tools import services_rabbitmq
from tools.bench.engines import SERVERS, Engine

_FULL = 2
_PATIENCE = 15.0


class NotDurableError(Exception):
    """A setting is off."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as it was found."""

    name: str
    found: str
    expected: str


def settings(engine: Engine) -> list[Setting]:
    """Return what the hub's own connections say; raises `NotDurableError`."""
    return all_on(_servers(engine) if engine.name == SERVERS else _files())


def all_on(found: list[Setting]) -> list[Setting]:
    """Return settings as they were found; raises `NotDurableError` where one is off."""
    off = [one for one in found if one.found != one.expected]
    if off:
        raise NotDurableError(off)
    return found


def confirms(engine: Engine) -> Setting:
    """Return whether the broker confirms what the hub publishes; while it is served.

    Raises `NotDurableError`.
    """
    vhost = engine.settings["GATEWAY_BROKER_URL"].rpartition("/")[2]
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = services_rabbitmq.ask(engine.api, "GET", "/api/channels")
        channels = found if isinstance(found, list) else []
        own = [one for one in channels if one.get("vhost") == vhost]
        if any(one.get("confirm") for one in own):
            return Setting("RabbitMQ publisher confirms", "on", "on")
        if time.monotonic() > deadline:
            raise NotDurableError("RabbitMQ: no channel of the hub has confirms")
        time.sleep(0.2)


def _files() -> list[Setting]:
    with tempfile.TemporaryDirectory() as folder:
        store = sqlite.connect(Path(folder, "hub.db"), make=True)
        levels = {"SQLite store": _of(store)}
        store.close()
        levels["SQLite broker"] = asyncio.run(_of_broker(Path(folder, "queues.db")))
    found = []
    for name, (level, journal) in levels.items():
        found += [
            Setting(f"{name}: synchronous (2 = FULL)", str(level), str(_FULL)),
            Setting(f"{name}: journal_mode", journal, "wal"),
        ]
    return found


def _of(connection: sqlite3.Connection) -> tuple[int, str]:
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    return int(level), str(journal)


async def _of_broker(file: Path) -> tuple[int, str]:
    writer = await Writer.open(file, ())
    try:
        return await writer.run(_of)
    finally:
        await writer.close()


def _servers(engine: Engine) -> list[Setting]:
    return asyncio.run(_of_server(engine.settings["GATEWAY_DATABASE_URL"]))


async def _of_server(url: str) -> list[Setting]:
    found = postgresql.engine_of(url)
    try:
        async with found.connect() as connection:
            return [
                Setting(
                    f"PostgreSQL: {name}",
                    str((await connection.execute(text(f"SHOW {name}"))).scalar_one()),
                    "on",
                )
                for name in ("fsync", "synchronous_commit", "full_page_writes")
            ]
    finally:
        await found.dispose()
