"""Whenever the hub is killed, every province ends with one number.

The hub is killed as by `kill -9`, at each step where what is durable and what is
promised differ for a moment (`gateway/steps.py`), and at random ones; it is started
again on the same port and data. Its clients know nothing of it but that they got no
answer, and send again. `GATEWAY_SOAK=1` plays all 75 provinces, and more often.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.books import Place, ReceiptPlace
from gateway.simulation import circular
from gateway.simulation.net import RegisterAtHub
from gateway.simulation.provinces import PROVINCES, Province, some
from gateway.steps import STEPS, VARIABLE
from gateway.store.store import DATABASE
from tests.crashes.conftest import no_word
from tests.crashes.unsteady import Unsteady

Make = Callable[[Sequence[str]], Unsteady]

CLERK = Path(__file__).with_name("clerk.py")
SOAK = os.environ.get("GATEWAY_SOAK") == "1"
FEW = PROVINCES if SOAK else some(9)
SEEDS = range(24 if SOAK else 3)

BESIDE = ("register:before-commit", "register:after-commit")
"""Passed where a clerk registers beside the hub, in a process of its own."""

BY_TIME = ("attest:signed", "attest:after-commit", "seal:after-commit")
"""Passed each second or ten where there is something to sign or to seal: how often
in one play, nobody knows (`test_attest.py`)."""

FREED = ("free:before-commit", "free:after-commit")
"""Passed where a sender frees a number, as nobody does in the demo."""

FAILING = ("deliver:", "give-up:", "replay:")
"""What these begin with is passed where endpoints push, and where work is given up;
in the demo nothing fails."""

ROUNDS = ("#1", "#3")
"""At the first passing, and at one when more is on its way."""


def in_groups(steps: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(steps[at : at + size]) for at in range(0, len(steps), size)]


STOPS = [
    group
    for count in ROUNDS
    for group in in_groups(
        [
            step + count
            for step in STEPS
            if step not in BESIDE + FREED + BY_TIME and not step.startswith(FAILING)
        ],
        4,
    )
]
"""Some deaths in one play, one after the other: a start costs more than the play."""

# Not first: at its start a fresh hub seals before it listens.
STOPS.append(("receive:after-commit#3", "seal:after-commit#1"))


async def expect_every_number(
    hub: Unsteady,
    provinces: Sequence[Province],
    tell: Callable[[str], None] = no_word,
    register_at_hub: RegisterAtHub | None = None,
) -> None:
    returned = await hub.play(provinces, tell, register_at_hub)
    books = await hub.books()

    assert [one.province.name for one in returned if not one.complete] == []
    assert books.findings == ()
    assert books.in_balance, books
    assert books.taken == len(provinces)
    assert books.places[Place.IN_REGISTER] == len(provinces)
    assert books.receipts[ReceiptPlace.ON_ITS_WAY] == 0
    assert books.receipts[ReceiptPlace.WAITING] == 0


@pytest.mark.parametrize("stops", STOPS, ids=lambda stops: stops[0])
async def test_it_dies_at_steps_one_after_the_other(
    unsteady: Make, stops: tuple[str, ...]
) -> None:
    hub = unsteady(stops)

    await expect_every_number(hub, FEW)

    assert hub.deaths == list(stops)


@pytest.mark.parametrize(
    "stops",
    [
        ("receive:before-commit#1", "receive:after-commit#2", "route:before-commit#2"),
        ("look:before-commit#2", "notice:after-commit#2", "notify:before-commit#3"),
    ],
    ids=["custody", "answers"],
)
async def test_a_secret_circular_ends_with_every_number_too(
    unsteady: Make, stops: tuple[str, ...]
) -> None:
    hub = unsteady(stops)
    hub.secrecy = "002"

    await expect_every_number(hub, FEW)

    assert hub.deaths == list(stops)
    async with open_hub(load(hub.data)) as opened:
        [line] = await opened.store.views.letters(limit=2)
        assert line.letter.is_secret
        assert line.letter.subject == circular.SUBJECT
    database = (hub.data / DATABASE).read_bytes()
    assert circular.SUBJECT.encode() not in database


@pytest.mark.parametrize("seed", SEEDS)
async def test_it_is_killed_at_random_moments(unsteady: Make, seed: int) -> None:
    hub = unsteady([])
    chance = random.Random(seed)
    left = [3]

    def tell(_step: str) -> None:
        # A step of some client is done; others are in the middle of theirs.
        if left[0] and chance.random() < 0.12 and not hub.process.ended:
            left[0] -= 1
            delay = chance.random() * 0.01
            asyncio.get_running_loop().call_later(delay, hub.strike)

    await expect_every_number(hub, FEW, tell)

    assert hub.deaths
    assert set(hub.deaths) == {"kill"}


@pytest.mark.parametrize(
    "stops",
    [
        ("receive:after-commit#40", "route:after-commit#30", "notify:after-commit#20"),
        ("relay:after-publish#3", "confirm:after-commit#30", "notice:after-commit#10"),
    ],
    ids=["custody", "answers"],
)
async def test_all_75_provinces_end_with_a_number(
    unsteady: Make, stops: tuple[str, ...]
) -> None:
    hub = unsteady(stops)

    await expect_every_number(hub, PROVINCES)

    assert hub.deaths == list(stops)


@pytest.mark.parametrize("stop", [BESIDE[0] + "#1", BESIDE[1] + "#2"])
async def test_the_clerk_beside_the_hub_is_killed(unsteady: Make, stop: str) -> None:
    """Who begins again at the first office gives no second number."""
    hub = unsteady([])
    ends: list[int] = []

    async def work(provinces: Sequence[Province]) -> None:
        environment = {**os.environ, VARIABLE: stop}
        codes = [province.code for province in provinces]
        for stops in (environment, os.environ):
            clerk = await asyncio.create_subprocess_exec(
                *(sys.executable, CLERK, hub.data, *codes), env=stops
            )
            ends.append(await clerk.wait())

    await expect_every_number(hub, FEW, register_at_hub=work)

    assert ends == [-signal.SIGKILL, 0]
