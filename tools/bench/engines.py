"""The two engines of a hub: its own files, or PostgreSQL with RabbitMQ.

Servers that are named by `GATEWAY_TEST_…` are used as they are, others are started;
each hub gets a database and a virtual host of its own, which go with it.
"""

import asyncio
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from tools import services_postgresql, services_rabbitmq

EMBEDDED = "SQLite + embedded broker"
SERVERS = "PostgreSQL + RabbitMQ"


@dataclass(frozen=True, slots=True)
class Engine:
    """Where a hub keeps its rows and its queues."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the hub, as variables of its environment."""
    api: str = ""
    """Of RabbitMQ's management, with the virtual host."""

    def asked(self, data: Path, question: str) -> Any:  # noqa: ANN401 - a column's
        """Return the one value that a statement finds in the hub's database."""
        if url := self.settings.get("GATEWAY_DATABASE_URL"):
            return asyncio.run(_value(url, question))
        with sqlite3.connect(data / "hub.db", timeout=10) as database:
            return database.execute(question).fetchone()[0]

    def rows(self, data: Path, question: str) -> list[tuple[Any, ...]]:
        """Return the rows that a statement finds in the hub's database."""
        if url := self.settings.get("GATEWAY_DATABASE_URL"):
            return asyncio.run(_rows(url, question))
        with sqlite3.connect(data / "hub.db", timeout=10) as database:
            return list(database.execute(question))


@contextmanager
def embedded() -> Iterator[Engine]:
    """Give the engine that needs nothing."""
    yield Engine(EMBEDDED)


@contextmanager
def servers(environment: Mapping[str, str] | None = None) -> Iterator[Engine]:
    """Give a database and a virtual host that nothing lies in.

    With an `environment`, servers are started for it that have it.
    """
    with ExitStack() as stack:
        if environment is not None:
            stack.enter_context(_environment(environment))
        found = dict(os.environ)
        found |= stack.enter_context(services_postgresql.postgresql())
        found |= stack.enter_context(services_rabbitmq.running())
        services_rabbitmq.wait_for(found[services_rabbitmq.API])
        api = found[services_rabbitmq.API]
        server = found[services_postgresql.VARIABLE]
        name = f"bench_{uuid.uuid4().hex[:12]}"
        asyncio.run(_value(server, f'CREATE DATABASE "{name}"'))
        services_rabbitmq.ask(api, "PUT", f"/api/vhosts/{name}")
        try:
            yield Engine(
                SERVERS,
                {
                    "GATEWAY_DATABASE_URL": urlsplit(server)
                    ._replace(path=f"/{name}")
                    .geturl(),
                    "GATEWAY_BROKER_URL": f"{found[services_rabbitmq.AMQP]}/{name}",
                },
                api,
            )
        finally:
            services_rabbitmq.ask(api, "DELETE", f"/api/vhosts/{name}")
            asyncio.run(_value(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


def are_here() -> bool:
    """Say whether both servers run, or can be started."""
    named = {services_postgresql.VARIABLE, services_rabbitmq.AMQP} <= os.environ.keys()
    return named or (
        services_postgresql.programs() is not None and services_rabbitmq.can_run()
    )


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Change this process's environment, and forget the servers that are named."""
    before = dict(os.environ)
    for name in (services_postgresql.VARIABLE, services_rabbitmq.AMQP):
        os.environ.pop(name, None)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _value(url: str, statement: str) -> Any:  # noqa: ANN401 - a column's
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()
