"""The brokers on which journeys are told."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.domain.promise import Stage
from queues.topology import dead_queue
from tests import rabbit


@contextmanager
def embedded() -> Iterator[str]:
    """Settings of a hub with the embedded broker."""
    yield ""


@contextmanager
def rabbitmq() -> Iterator[str]:
    """Settings of a hub with a virtual host of RabbitMQ of its own."""
    with rabbit.fresh() as fresh:
        yield f'broker_url = "{fresh.url}"\n'
        stages = {*Stage, *map(dead_queue, Stage)}
        names = set(fresh.queues())
        assert stages <= names
        # All others are those of push endpoints.
        assert all(name.startswith(f"{Stage.DELIVER}.") for name in names - stages)


ON_BROKERS = pytest.mark.parametrize(
    "hub",
    [embedded, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)],
    indirect=True,
    scope="module",
)
"""A mark for what uses `hub` or `net`, or for a whole module: on every broker."""
