"""The crash matrix with a handful of letters: `make crash-matrix` plays it in full.

A start of a hub costs more than a few letters do: here several rows are one play, with
their deaths one after another, and each is played on one engine. The steps of a pulled
letter's way are passed on the embedded engine in `tests/crashes`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.steps import STEPS
from tests.matrix import engines
from tests.matrix.faults import fault_rows
from tests.matrix.peers import pushed, refuses
from tests.matrix.play import Fault, Outcome, Row, play
from tests.matrix.steps import ELSEWHERE, step_rows, verb_of

FEW = 24
"""Letters of a play."""

ON_EMBEDDED = pytest.param(engines.EMBEDDED)
ON_SERVERS = pytest.param(
    engines.SERVERS, marks=[pytest.mark.rabbitmq, pytest.mark.postgresql]
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def making(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, engines.Make]]:
    """An engine with servers of its own, which may be killed."""
    engine: str = request.param
    if reason := engines.missing(engine):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with engines.MAKERS[engine](tmp_path_factory.mktemp("matrix")) as make:
        yield engine, make


on_embedded = pytest.mark.parametrize(
    "making", [ON_EMBEDDED], indirect=True, scope="module"
)
on_servers = pytest.mark.parametrize(
    "making", [ON_SERVERS], indirect=True, scope="module"
)


def steps_of(*verbs: str) -> list[str]:
    """Return the steps of verbs, each to die at once as it is first passed."""
    return [f"{step}#1" for step in STEPS if verb_of(step) in verbs]


def a_row(name: str, fault: Fault) -> Row:
    return Row(verb="several", name=name, how="", fault=fault)


async def outcome_of(
    making: tuple[str, engines.Make], row: Row, place: Path
) -> Outcome:
    engine, make = making
    outcome = await play(row, make, engine, place, FEW)
    if outcome.left_out:
        pytest.skip(outcome.left_out)
    return outcome


def named(rows: Sequence[Row], name: str) -> Row:
    return next(row for row in rows if name in row.name)


def test_every_step_has_a_row_or_is_killed_elsewhere() -> None:
    """Whoever adds a step says where it is killed."""
    assert {step for step in STEPS if not verb_of(step)} == set(ELSEWHERE)
    assert all(Path(place).is_file() for place in ELSEWHERE.values())


@on_embedded
async def test_a_hub_dies_at_each_step_of_delivery_and_replay(
    making: tuple[str, engines.Make], tmp_path: Path
) -> None:
    """What an endpoint refuses is given up, replayed, and taken once."""
    # Giving up comes first, while there are letters to refuse.
    stops = tuple(steps_of("replay") + steps_of("deliver"))
    row = a_row("pushed", replace(pushed(refuses, every=2), stops=stops))

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []
    assert outcome.strikes > len(stops)


@pytest.mark.parametrize(
    "name", ["disk full at the vault", "disk full at the database"]
)
@on_embedded
async def test_a_full_disk_takes_nothing_that_was_answered(
    making: tuple[str, engines.Make], tmp_path: Path, name: str
) -> None:
    """Clients are told "later", and all goes on once there is room."""
    row = named(fault_rows(at=(0.2,)), name)

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []


@on_embedded
async def test_the_clock_goes_back_by_an_hour(
    making: tuple[str, engines.Make], tmp_path: Path
) -> None:
    """Nobody waits for an hour, and what was first stays first."""
    row = named(fault_rows(at=(0.3, 0.6)), "clock set back an hour while")

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []


@on_servers
async def test_a_hub_dies_at_each_step_of_a_letters_way(
    making: tuple[str, engines.Make], tmp_path: Path
) -> None:
    """Nothing is lost or doubled, the order is kept, and the books are in balance."""
    verbs = ("receive", "relay", "route", "collect", "notify")
    stops = [*steps_of(*verbs), "notice:before-commit#1", "notice:after-commit#1"]
    row = a_row("every step", Fault(stops=tuple(stops)))

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []
    assert outcome.strikes == len(stops)


@on_servers
async def test_a_clerk_dies_in_the_middle_of_a_registration(
    making: tuple[str, engines.Make], tmp_path: Path
) -> None:
    """The hub's own book has no gap and no twin."""
    row = named(step_rows(FEW), "register:")

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []
    assert outcome.strikes > 0


@pytest.mark.parametrize("name", ["broker killed", "network to the database cut off"])
@on_servers
async def test_a_server_goes_away_and_comes_back(
    making: tuple[str, engines.Make], tmp_path: Path, name: str
) -> None:
    """What was answered before, meanwhile and after is all there."""
    row = named(fault_rows(at=(0.4,)), name)

    outcome = await outcome_of(making, row, tmp_path)

    assert outcome.verdict.findings == []
    assert outcome.strikes == 1
