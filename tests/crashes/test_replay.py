"""A replayer killed before or after it sends a letter: each letter is sent once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.bootstrap import Hub, open_hub
from gateway.config import load
from gateway.domain.act import Order, Who
from gateway.domain.books import Books
from gateway.domain.lifecycle import Happening, State
from gateway.domain.replay import FASTEST, Progress
from gateway.domain.replay_plan import Choice
from gateway.identity import SystemClock
from gateway.steps import VARIABLE
from gateway.workflow.replay import plan, start
from tests.crashes.unsteady import Unsteady
from tests.gateway.workflow import hub as by_hand
from tests.gateway.workflow.failing import not_routed, numbered
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI

Make = Callable[[Sequence[str]], Unsteady]
REPLAYER = Path(__file__).with_name("replayer.py")
RECEIVERS = (*[CHIANG_MAI] * 4, *[LOEI] * 2)
BY = Who("operator", "สมศรี")


class Now(SystemClock):
    """Goes by itself, as that of the process which is killed."""

    def advance(self, **by: float) -> None:
        """Let no time pass."""


def carry_on(data: Path, stop: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({VARIABLE: stop} if stop else {})}
    return subprocess.run(
        [sys.executable, REPLAYER, data],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


async def replaying(opened: Hub) -> None:
    """Give up routing six letters, and start a replay of all of them."""
    hub = by_hand.Hub(opened.work, opened.store, Now())  # type: ignore[arg-type]
    await not_routed(hub, *RECEIVERS)
    choice = Choice(everything=True)
    made = await plan(opened.work, choice, Order("plan", BY), rate=FASTEST)
    assert made is not None
    await start(opened.work, made.id, Order("start", BY))


async def books_of(data: Path) -> Books:
    async with open_hub(load(data)) as opened:
        return await opened.store.check_books(lambda _done, _total: None)


@pytest.mark.parametrize(
    "stops",
    [
        ("replay:before-commit#1", "replay:after-commit#1"),
        ("replay:after-commit#3", "replay:before-commit#2"),
    ],
    ids=["ahead", "on-its-way"],
)
async def test_a_restart_sends_nothing_twice_and_nothing_not_at_all(
    unsteady: Make, stops: tuple[str, ...]
) -> None:
    """Killed at both steps, it goes on where it was; the books are in balance."""
    data = unsteady([]).data
    async with open_hub(load(data)) as opened:
        await replaying(opened)

    for stop in stops:
        assert carry_on(data, stop).returncode == -signal.SIGKILL
        assert (await books_of(data)).in_balance
    for _ in range(2):
        done = carry_on(data)
        assert done.returncode == 0, done.stderr

    async with open_hub(load(data)) as opened:
        [line] = await opened.store.replays.newest(limit=5)
        assert line.replay.progress is Progress.DONE
        for number in numbered(len(RECEIVERS)):
            [path] = await opened.store.views.paths(number.number)
            happened = Counter(entry.happening for entry in path.journal)
            assert happened[Happening.OPERATOR_REPLAYED] == 1
            assert happened[Happening.ROUTE_CHOSEN] == 1
            assert path.consignment.state is State.WAITING
    books = await books_of(data)
    assert books.in_balance, books.findings
