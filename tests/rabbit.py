"""A RabbitMQ for tests: a virtual host of its own for each, or a whole server."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from queues.access import Access
from tools import services_rabbitmq as services

MISSING = f"needs RabbitMQ: make test, or set {services.AMQP} and {services.API}"


# Read once: tests of settings empty the environment.
_AMQP = os.environ.get(services.AMQP, "")
_API = os.environ.get(services.API, "")


def is_here() -> bool:
    """Say whether a server was named for tests."""
    return bool(_AMQP and _API)


@contextmanager
def fresh() -> Iterator["Rabbit"]:
    """Give a virtual host that nothing lies in, on the server named for tests."""
    assert is_here(), MISSING
    services.wait_for(_API)
    rabbit = Rabbit(_AMQP, _API, f"test-{uuid.uuid4().hex}")
    rabbit.make()
    try:
        yield rabbit
    finally:
        rabbit.remove()


@contextmanager
def own_server(folder: Path) -> Iterator[services.Server]:
    """Start a server that a test may kill; without waiting until it answers."""
    if not services.can_run() and os.environ.get("CI") != "true":
        pytest.skip(f"needs {services.PROGRAM} on this machine")
    server = services.Server(folder)
    server.begin()
    try:
        yield server
    finally:
        server.close()


class Rabbit:
    """A virtual host, and what its server tells of it."""

    def __init__(self, amqp: str, api: str, vhost: str) -> None:
        self.vhost = vhost
        self.url = f"{amqp}/{vhost}"
        self.access = Access.parse(self.url)
        self._api = api

    def make(self) -> None:
        """Make the virtual host."""
        self.ask("PUT", f"/api/vhosts/{self.vhost}")

    def remove(self) -> None:
        """Remove it, with all that lies in it."""
        self.ask("DELETE", f"/api/vhosts/{self.vhost}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the management interface."""
        return services.ask(self._api, method, path, body)

    def queues(self) -> dict[str, dict[str, Any]]:
        """Return the queues that are declared, by name."""
        found = self.ask("GET", f"/api/queues/{self.vhost}?disable_stats=true")
        return {one["name"]: one for one in found}

    def delete(self, queue: str) -> None:
        """Delete a queue, whatever lies in it."""
        self.ask("DELETE", f"/api/queues/{self.vhost}/{queue}")
