"""The brokers on which journeys are told."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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
        queues = fresh.queues()
        assert set(queues) == {"route", "notify", "route.dead", "notify.dead"}


ON_BROKERS = pytest.mark.parametrize(
    "hub",
    [embedded, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)],
    indirect=True,
    scope="module",
)
"""A mark for what uses `hub` or `net`, or for a whole module: on every broker."""
