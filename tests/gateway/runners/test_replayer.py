"""The replayer: what cannot be carried on is said, and holds up nothing else."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from structlog.testing import capture_logs

from gateway.domain.act import Order, Who
from gateway.domain.replay import Replay
from gateway.domain.replay_plan import Choice
from gateway.runners.replayer import BY_ITSELF, INTERVAL, Replayer
from gateway.store.errors import ConcurrentChange, StoreUnavailable
from gateway.store.store import open_store
from gateway.workflow.replay import plan, start
from gateway.workflow.work import Work
from tests.doubles.clock import HandClock
from tests.doubles.keyring import a_keyring
from tests.eventually import eventually
from tests.gateway.runners.running import Pauses, running
from tests.gateway.workflow import hub as by_hand
from tests.gateway.workflow.failing import fail, numbered
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Stage, to
from tests.tables import lay_tables

BY = Who("operator")
NO_REPLAY = SimpleNamespace(id=UUID(int=1), rate=1.0)


class Views:
    """Says that a replay goes on, and fails when it is asked more."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def running(self) -> list[Replay]:
        return [cast("Replay", NO_REPLAY)] * 2

    async def traces(self, replay: UUID) -> list[Any]:
        assert replay == NO_REPLAY.id
        self.asked += 1
        if self.errors and (error := self.errors.pop(0)):
            raise error
        raise ConcurrentChange


async def no_endpoints() -> list[Any]:
    return []


def a_work(views: Views) -> Work:
    store = SimpleNamespace(replays=views, endpoints=no_endpoints)
    return cast("Work", SimpleNamespace(clock=HandClock(), store=store))


async def test_a_replay_that_cannot_be_carried_on_is_said_and_passed_over() -> None:
    """A mistake of ours in one of them is no reason to leave the other alone."""
    views = Views(LookupError("ours"), ConcurrentChange())
    replayer = Replayer(a_work(views), stop=asyncio.Event())

    with capture_logs() as logs:
        await replayer.look()

    assert views.asked == 2
    [stuck] = [line for line in logs if line["event"] == "replay stuck"]
    assert stuck["code"] == "internal-error"


async def test_it_waits_where_the_store_is_busy_and_then_looks_every_second() -> None:
    """Longer each time, as every runner."""
    views = Views(StoreUnavailable(), StoreUnavailable())
    pauses, stop = Pauses(), asyncio.Event()
    replayer = Replayer(a_work(views), stop=stop, pause=pauses)

    async with running(replayer, stop):
        await eventually(lambda: len(pauses.seconds) >= 4)

    assert pauses.seconds[:4] == [0.05, 0.1, INTERVAL, INTERVAL]


async def test_it_looks_for_what_goes_by_itself_now_and_then() -> None:
    """Not each second: that takes a look at every endpoint."""
    asked: list[int] = []
    views = Views()
    work = a_work(views)

    async def endpoints() -> list[Any]:
        asked.append(1)
        return []

    work.store.endpoints = endpoints  # type: ignore[method-assign]
    clock = cast("HandClock", work.clock)
    replayer = Replayer(work, stop=asyncio.Event())
    for _ in range(3):
        await replayer.look()
        clock.advance(seconds=1)
    assert len(asked) == 1

    clock.advance(seconds=(BY_ITSELF - timedelta(seconds=1)).total_seconds())
    await replayer.look()
    assert len(asked) == 2


async def test_a_letter_that_cannot_be_sent_fails_alone(tmp_path: Path) -> None:
    """Without its key a secret letter stays a dead letter; the others go."""
    lay_tables(tmp_path)
    secret, plain = numbered(2)
    async with open_store(tmp_path, keyring=a_keyring(), elapsed=lambda: 0.0) as store:
        hub = await by_hand.a_hub(store)
        await hub.send(to(CHIANG_MAI, secret, secrecy="002"))
        await hub.send(to(LOEI, plain))
        await fail(hub, Stage.ROUTE, LookupError("x"))
        made = await plan(hub.work, Choice(everything=True), Order("plan", BY))
        assert made is not None
        await start(hub.work, made.id, Order("start", BY))
        hub.clock.advance(seconds=1)

    async with open_store(tmp_path, elapsed=lambda: 0.0) as store:
        work = replace(hub.work, store=store)
        await Replayer(work, stop=asyncio.Event()).look()
        letters = await store.replays.letters(made.id)

    found = {x.letter_id: (x.item.outcome.value, x.item.cause) for x in letters}
    assert found[secret] == ("failed-again", "secrets-closed")
    assert found[plain] == ("sent", "")
