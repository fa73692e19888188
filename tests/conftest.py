"""Marks, and the fixtures that any test may ask for: clock and ids."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from tests import postgresql
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.rabbit import MISSING, is_here

PROGRAMS = {
    "xmlsec1": "xmlsec1",
    "softhsm": "softhsm2-util",
    "nginx": "nginx",
    "haproxy": "haproxy",
}
"""Mark → the program it needs."""

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""What a fixture is parametrized by whose tests hold on every database."""

LONG = (
    *("crashes", "matrix", "deploy", "gateway/store/test_books.py", "tools"),
    *("journeys", "hostile", "queues", "gateway/store", "gateway/workflow"),
)
"""Where tests run longest, longest first: among workers these begin, so that in the
end none is alone with what others could have taken from it."""


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    """Let no test write a log because another one configured it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[str]:
    """Name of a PostgreSQL database with all tables and nothing in them."""
    with postgresql.template() as name:
        yield name


@pytest.fixture(scope="session")
def postgresql_spare(postgresql_template: str) -> Iterator[postgresql.Spare]:
    """What lends a PostgreSQL database to one test after the other."""
    with closing(postgresql.Spare(postgresql_template)) as spare:
        yield spare


@pytest.fixture
def postgresql_url(postgresql_spare: postgresql.Spare) -> Iterator[str]:
    """URL of a PostgreSQL database of the test's own, with empty tables."""
    with postgresql_spare.lent() as url:
        yield url


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still until a test advances it."""
    return HandClock()


@pytest.fixture
def ids() -> CountedIds:
    """Identities that are the same in every run."""
    return CountedIds()


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what needs a program that is not there; under CI it fails instead."""
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)
    if os.environ.get("CI") == "true":
        return
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        if "rabbitmq" in marks and not is_here():
            item.add_marker(pytest.mark.skip(reason=MISSING))
        for program in (PROGRAMS[mark] for mark in marks & PROGRAMS.keys()):
            if shutil.which(program) is None:
                item.add_marker(pytest.mark.skip(reason=f"needs {program}"))
        if "postgresql" in marks and not os.environ.get(postgresql.VARIABLE):
            reason = f"needs a PostgreSQL server: {postgresql.VARIABLE}, or make test"
            item.add_marker(pytest.mark.skip(reason=reason))


def _turn(item: pytest.Item) -> int:
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((i for i, long in enumerate(LONG) if path.startswith(long)), len(LONG))
