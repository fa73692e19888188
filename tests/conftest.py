"""Marks, and the fixtures that any test may ask for: clock and ids."""

import os
import shutil
from collections.abc import Iterable

import pytest

from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds

PROGRAMS = {"xmlsec1"}
"""Marks that are named for the program they need."""


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still until a test advances it."""
    return HandClock()


@pytest.fixture
def ids() -> CountedIds:
    """Identities that are the same in every run."""
    return CountedIds()


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Leave out what needs a program that is not there; under CI it fails instead."""
    if os.environ.get("CI") == "true":
        return
    for item in items:
        for program in PROGRAMS.intersection(mark.name for mark in item.iter_markers()):
            if shutil.which(program) is None:
                item.add_marker(pytest.mark.skip(reason=f"needs {program}"))
