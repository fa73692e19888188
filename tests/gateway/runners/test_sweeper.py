import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Self, cast

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain.inbox import PARKED_FOR, InboxEntry
from gateway.runners.denials import Denials
from gateway.runners.runner import until
from gateway.runners.sweeper import INTERVAL, LastSeen, Sweeper
from gateway.workflow.work import Work
from tests.doubles.clock import START, HandClock
from tests.eventually import eventually
from tests.gateway.runners.running import running

CHIANG_MAI = OrganizationCode("1500200050")
PHUKET = OrganizationCode("1500200083")


class BusyError(Exception):
    temporary = True


class NothingParked:
    """A unit in whose inboxes nothing is parked."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    @property
    def asides(self) -> Self:
        return self

    async def parked(self, _code: None, *, before: datetime) -> list[InboxEntry]:
        assert before == START - PARKED_FOR
        return []


class SeenMarks:
    """A store that keeps only when endpoints were seen."""

    def __init__(self) -> None:
        self.writes: list[Mapping[OrganizationCode, datetime]] = []
        self.fails = 0

    def unit(self) -> NothingParked:
        return NothingParked()

    async def seen(self, marks: Mapping[OrganizationCode, datetime]) -> None:
        if self.fails:
            self.fails -= 1
            raise BusyError
        self.writes.append(marks)


class Interval:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._passed = asyncio.Event()

    async def __call__(self, stop: asyncio.Event, seconds: float) -> None:
        self.seconds.append(seconds)
        self._passed.clear()
        await until(stop, self._passed.wait())

    async def passes(self) -> None:
        """Let one pass, once it has begun, and wait until the next one begins."""
        await eventually(lambda: bool(self.seconds))
        begun = len(self.seconds)
        self._passed.set()
        await eventually(lambda: len(self.seconds) > begun)


@pytest.fixture
def last_seen() -> LastSeen:
    return LastSeen()


@pytest.fixture
def store() -> SeenMarks:
    return SeenMarks()


@pytest.fixture
def interval() -> Interval:
    return Interval()


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def sweeper(
    last_seen: LastSeen,
    store: SeenMarks,
    interval: Interval,
    clock: HandClock,
    stop: asyncio.Event,
) -> Sweeper:
    work = cast("Work", SimpleNamespace(store=store, clock=clock))
    return Sweeper(last_seen, work, denials=Denials(), stop=stop, pause=interval)


def test_the_latest_time_counts(last_seen: LastSeen, clock: HandClock) -> None:
    last_seen.note(PHUKET, START + timedelta(seconds=9))
    last_seen.note(PHUKET, clock.now())

    assert last_seen.take() == {PHUKET: START + timedelta(seconds=9)}
    assert last_seen.take() == {}


async def test_thousands_of_polls_are_one_write(
    sweeper: Sweeper,
    last_seen: LastSeen,
    store: SeenMarks,
    interval: Interval,
    clock: HandClock,
    stop: asyncio.Event,
) -> None:
    async with running(sweeper, stop):
        for _ in range(10_000):
            last_seen.note(PHUKET, clock.now())
            last_seen.note(CHIANG_MAI, clock.now())
        await interval.passes()

        assert store.writes == [{PHUKET: START, CHIANG_MAI: START}]
        assert set(interval.seconds) == {INTERVAL}


async def test_where_nobody_was_seen_nothing_is_written(
    sweeper: Sweeper, store: SeenMarks, interval: Interval, stop: asyncio.Event
) -> None:
    async with running(sweeper, stop):
        await interval.passes()
        await interval.passes()

    assert store.writes == []


async def test_what_is_gathered_when_the_hub_stops_is_written(
    sweeper: Sweeper, last_seen: LastSeen, store: SeenMarks, stop: asyncio.Event
) -> None:
    async with running(sweeper, stop):
        await asyncio.sleep(0)
        last_seen.note(PHUKET, START)

    assert store.writes == [{PHUKET: START}]


async def test_what_could_not_be_written_is_written_later(
    sweeper: Sweeper,
    last_seen: LastSeen,
    store: SeenMarks,
    interval: Interval,
    stop: asyncio.Event,
) -> None:
    store.fails = 1
    async with running(sweeper, stop):
        last_seen.note(PHUKET, START)
        await interval.passes()
        assert store.writes == []
        last_seen.note(CHIANG_MAI, START)
        await interval.passes()

    assert store.writes == [{PHUKET: START, CHIANG_MAI: START}]
