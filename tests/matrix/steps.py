"""Rows for every step of `gateway/steps.py`: kill -9 before and after what it says.

A step that is in no verb below fails the tests: whoever adds one says where it belongs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.steps import STEPS
from tests.matrix import peers
from tests.matrix.clerks import Clerks
from tests.matrix.play import Fault, Row

_GIVEN_UP: Final = "deliver:given-up"

VERBS: Final[Mapping[str, tuple[str, ...]]] = {
    "receive": ("receive:",),
    "relay": ("relay:",),
    "route": ("route:", "runner:"),
    "collect": ("look:", "confirm:"),
    "register": ("notice:", "register:"),
    "notify": ("notify:",),
    "deliver": ("deliver:",),
    "replay": (_GIVEN_UP, "replay:"),
}
"""Verb → the beginnings of its steps."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "give-up:before-commit": "tests/crashes/test_give_up.py",
    "give-up:after-commit": "tests/crashes/test_give_up.py",
    "free:before-commit": "tests/crashes/test_free.py",
    "free:after-commit": "tests/crashes/test_free.py",
    "seal:after-commit": "tests/crashes/test_kill_the_hub.py",
    "attest:signed": "tests/crashes/test_attest.py",
    "attest:after-commit": "tests/crashes/test_attest.py",
}
"""Steps that no letter passes on its way, and what kills a hub there."""

SEVERAL: Final = (1, 3, 9, 40, 25, 70)
"""At which passing of a step a hub dies, start after start; one step after another."""

SELDOM: Final = (1, 2, 4)
"""The same for what is passed only where letters are given up."""

MANY: Final = 1000
"""Letters from which so much is given up."""

_CLERKS: Final = "register"
_PUSHED: Final = ("deliver",)
_REPLAYED: Final = ("replay",)


def verb_of(step: str) -> str:
    """Return the verb that a step belongs to; empty for one that has no row."""
    if step == _GIVEN_UP:
        return "replay"
    return next((v for v, begins in VERBS.items() if step.startswith(begins)), "")


def step_rows(letters: int) -> list[Row]:
    """Return a row for the steps around each commit or call, by verb.

    So few letters pass a step only so often: there are fewer deaths then.
    """
    counts = _within(letters // 3)
    seldom = SELDOM if letters >= MANY else SELDOM[:1]
    groups: dict[str, list[str]] = {}
    for step in STEPS:
        if verb_of(step):
            groups.setdefault(_group_of(step), []).append(step)
    rows = [
        _row(group, steps, seldom if group in _REPLAYED else counts)
        for group, steps in groups.items()
    ]
    return sorted(rows, key=lambda row: list(VERBS).index(row.verb))


def _within(passings: int) -> list[int]:
    """Return those of the counts that come together in so many passings."""
    found: list[int] = []
    for count in SEVERAL:
        if sum(found) + count <= passings:
            found.append(count)
    return found


def _group_of(step: str) -> str:
    return "replay" if step == _GIVEN_UP else step.partition(":")[0]


def _row(group: str, steps: Sequence[str], counts: Sequence[int]) -> Row:
    stops = tuple(
        f"{step}#{count}"
        for at, count in enumerate(counts)
        for step in (steps if at == 0 else [steps[at % len(steps)]])
    )
    who = "hub"
    fault = Fault(stops=stops)
    if group == _CLERKS:
        who = "clerk's process beside the hub"
        fault = Fault(stops=stops, clerk=Clerks)
    elif group in _PUSHED:
        fault = replace(peers.pushed(), stops=stops)
    elif group in _REPLAYED:
        who = "hub, whose peers refuse some letters until an operator replays them,"
        fault = replace(peers.pushed(peers.refuses), stops=stops)
    return Row(
        verb=verb_of(steps[-1]),
        name=f"kill -9 at {' and '.join(steps)}",
        how=f"the {who} kills itself there and is started again",
        fault=fault,
    )
