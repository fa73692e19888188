import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import steps
from gateway.steps import HOUR, SET_BACK, STEPS, VARIABLE, arm, behind, passed

SOURCES = Path(steps.__file__).parent
PASSED = re.compile(r"\bpassed\(\s*\"([^\"]*)\"")


@pytest.fixture(autouse=True)
def _disarmed_afterwards() -> Iterator[None]:
    yield
    arm(demo=False)


@pytest.fixture
def ends() -> list[str]:
    return []


def armed(wanted: str, ends: list[str], *, demo: bool = True) -> None:
    arm(demo=demo, environment={VARIABLE: wanted}, end=lambda: ends.append("end"))


def test_the_process_ends_at_the_passing_it_was_told(ends: list[str]) -> None:
    armed("receive:before-commit#3", ends)

    passed("receive:before-commit")
    passed("receive:after-commit")
    passed("receive:before-commit")
    assert ends == []

    passed("receive:before-commit")
    assert ends == ["end"]


def test_without_a_count_it_is_the_first_passing(ends: list[str]) -> None:
    armed("relay:after-publish", ends)

    passed("relay:after-publish")

    assert ends == ["end"]


def test_a_hub_that_is_no_demo_ignores_it(ends: list[str]) -> None:
    armed("receive:before-commit#1", ends, demo=False)

    passed("receive:before-commit")

    assert ends == []


def test_nothing_happens_where_nothing_is_asked(ends: list[str]) -> None:
    armed("", ends)

    for step in STEPS:
        passed(step)

    assert ends == []


def test_the_process_is_killed_and_says_no_farewell() -> None:
    program = """
import atexit
from gateway.steps import arm, passed
arm(demo=True)
atexit.register(print, "farewell", flush=True)
passed("look:before-answer")
print("once", flush=True)
passed("look:before-answer")
print("twice", flush=True)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, VARIABLE: "look:before-answer#2"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == "once\n"


def test_the_clock_goes_back_by_an_hour_at_the_step_it_was_told() -> None:
    arm(demo=True, environment={SET_BACK: "route:after-commit#2"})

    passed("route:after-commit")
    assert behind() == timedelta()

    passed("route:after-commit")
    assert behind() == HOUR


@pytest.mark.parametrize(("demo", "expected"), [(True, HOUR), (False, timedelta())])
def test_only_a_demo_hubs_clock_is_behind_from_its_start(
    *, demo: bool, expected: timedelta
) -> None:
    arm(demo=demo, environment={SET_BACK: "start"})

    assert behind() == expected


@pytest.mark.parametrize(
    "wanted", ["nowhere#1", "#1", "receive:before-commit#0", "receive:before-commit#x"]
)
def test_a_step_that_does_not_exist_is_refused_when_arming(
    wanted: str, ends: list[str]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        armed(wanted, ends)


def test_the_sources_pass_exactly_the_steps_of_the_table() -> None:
    placed = {
        step
        for source in SOURCES.rglob("*.py")
        for step in PASSED.findall(source.read_text(encoding="utf-8"))
    }

    assert placed == set(STEPS)
