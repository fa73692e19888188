"""The engines on which the matrix runs, each with servers of its own that may die.

A `Site` is one fresh demo hub on an engine. Databases are copied from one with all
tables, data directories from the one made with it; RabbitMQ has a virtual host each.
"""

import itertools
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from gateway.config import FILE
from tests import postgresql
from tests.journeys.conftest import gateway
from tests.rabbit import Rabbit
from tools import services_postgresql, services_rabbitmq

EMBEDDED: Final = "embedded"
SERVERS: Final = "servers"

ENGINES: Final = {
    EMBEDDED: "SQLite, embedded broker",
    SERVERS: "PostgreSQL, RabbitMQ",
}

Through: TypeAlias = Callable[[int], int]
"""Takes a server's port, and returns the one its hub is told instead."""

_NUMBERS: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """One hub, and what it stands on."""

    engine: str
    data: Path
    broker: services_rabbitmq.Server | None = None
    database: services_postgresql.Server | None = None
    settings: dict[str, str] = field(default_factory=dict)
    """What its settings file says, by name."""

    def set(self, **settings: str) -> None:
        """Write settings into its file, in place of earlier ones."""
        self.settings.update(settings)
        lines = [f'{name} = "{value}"\n' for name, value in self.settings.items()]
        (self.data / FILE).write_text("".join(lines), "utf-8")

    def lead(self, setting: str, port: int) -> None:
        """Have the hub reach a server by another port of this machine."""
        parts = urlsplit(self.settings[setting])
        user = f"{parts.username}@" if parts.username else ""
        netloc = f"{user}127.0.0.1:{port}"
        self.set(**{setting: parts._replace(netloc=netloc).geturl()})


Make: TypeAlias = Callable[[Path], AbstractContextManager[Site]]
"""Makes a site in an empty folder; leaving the context drops what lies on servers."""


@contextmanager
def embedded(folder: Path) -> Iterator[Make]:
    """Get ready for hubs on SQLite and the embedded broker."""
    template = folder / "template"
    _made(gateway("init", "--demo", "--data", str(template)))

    @contextmanager
    def make(place: Path) -> Iterator[Site]:
        shutil.copytree(template, place / "data")
        yield Site(EMBEDDED, place / "data")

    yield make


@contextmanager
def servers(folder: Path) -> Iterator[Make]:
    """Get ready for hubs on a PostgreSQL and a RabbitMQ that may be killed."""
    with ExitStack() as stack:
        broker = services_rabbitmq.Server(folder / "rabbitmq")
        stack.callback(broker.close)
        broker.begin()
        own = stack.enter_context(services_postgresql.own_folder())
        database = stack.enter_context(
            services_postgresql.started(own, port=free_port())
        )
        template = folder / "template-of-servers"
        name = f"template_{next(_NUMBERS)}"
        postgresql.run(database.tcp, f'CREATE DATABASE "{name}"')
        url = _url(database, name)
        _made(
            gateway("init", "--demo", "--data", str(template), GATEWAY_DATABASE_URL=url)
        )
        broker.wait()

        @contextmanager
        def make(place: Path) -> Iterator[Site]:
            copy = f"hub_{next(_NUMBERS)}"
            statement = f'CREATE DATABASE "{copy}" TEMPLATE "{name}"'
            postgresql.run(database.tcp, statement)
            rabbit = Rabbit(broker.amqp, broker.api, copy)
            rabbit.make()
            shutil.copytree(template, place / "data")
            site = Site(SERVERS, place / "data", broker, database)
            site.set(database_url=_url(database, copy), broker_url=rabbit.url)
            try:
                yield site
            finally:
                rabbit.remove()
                postgresql.run(database.tcp, f'DROP DATABASE "{copy}" WITH (FORCE)')

        yield make


@contextmanager
def vault_in_directory(site: Site) -> Iterator[None]:
    """Make the hub of a site anew, with its files in a directory and not in rows."""
    database = site.database
    assert database
    name = f"directory_{next(_NUMBERS)}"
    postgresql.run(database.tcp, f'CREATE DATABASE "{name}"')
    url = _url(database, name)
    shutil.rmtree(site.data)
    settings = {"GATEWAY_DATABASE_URL": url, "GATEWAY_VAULT": "directory"}
    _made(gateway("init", "--demo", "--data", str(site.data), **settings))
    site.set(database_url=url)
    try:
        yield
    finally:
        postgresql.run(database.tcp, f'DROP DATABASE "{name}" WITH (FORCE)')


MAKERS: Final = {EMBEDDED: embedded, SERVERS: servers}


def missing(engine: str) -> str:
    """Say why an engine cannot run here; empty where it can."""
    if engine == EMBEDDED:
        return ""
    lacking = [
        name
        for name, here in (
            ("rabbitmq-server", services_rabbitmq.can_run()),
            ("postgresql", services_postgresql.programs() is not None),
        )
        if not here
    ]
    return f"not on this machine: {', '.join(lacking)}" if lacking else ""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _url(server: services_postgresql.Server, name: str) -> str:
    return urlsplit(server.tcp)._replace(path=f"/{name}").geturl()


def _made(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise RuntimeError(done.stderr)
