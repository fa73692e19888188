import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from gateway.domain.act import Act, Who
from gateway.headfile import HeadFile
from gateway.runners.sealer import INTERVAL, Sealer
from gateway.store.store import SqlStore, open_store
from tests.doubles.clock import START, HandClock
from tests.eventually import eventually
from tests.gateway.runners.running import Pauses, running
from tests.tables import lay_tables


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    lay_tables(tmp_path)
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def head(tmp_path: Path) -> HeadFile:
    return HeadFile(tmp_path / "journal.head")


async def acting(store: SqlStore, number: int) -> None:
    async with store.unit() as unit:
        act = Act(id=UUID(int=number), at=START, what="init", who=Who("root"))
        await unit.acts.add(act)
        await unit.commit()


def a_sealer(store: SqlStore, head: HeadFile, clock: HandClock) -> Sealer:
    return Sealer(store, head, clock, stop=asyncio.Event())


async def test_what_is_there_is_sealed_and_its_head_written(
    store: SqlStore, head: HeadFile
) -> None:
    clock = HandClock()
    sealer = a_sealer(store, head, clock)
    await acting(store, 1)
    await sealer.seal()
    clock.advance(days=1)
    await acting(store, 2)
    await sealer.seal()

    marks = head.read()

    assert [mark.number for mark in marks] == [1, 2]
    continuity = await store.check_journal(marks)
    assert continuity.is_whole
    assert continuity.unsealed == 0


async def test_nothing_to_seal_writes_nothing(store: SqlStore, head: HeadFile) -> None:
    await a_sealer(store, head, HandClock()).seal()

    assert head.read() == []


async def test_a_head_that_was_not_written_is_written_later(
    store: SqlStore, head: HeadFile
) -> None:
    """A process died between the commit of a batch and its head."""
    await acting(store, 1)
    batch = await store.seal_journal(START)
    assert batch is not None

    await a_sealer(store, head, HandClock()).seal()

    assert [mark.head for mark in head.read()] == [batch.head]


async def test_a_head_of_another_database_is_left_and_told(
    store: SqlStore, head: HeadFile
) -> None:
    await acting(store, 1)
    sealer = a_sealer(store, head, HandClock())
    await sealer.seal()
    other = head.path.read_text().replace("1 ", "7 ", 1)
    head.path.write_text(other)
    await acting(store, 2)

    with capture_logs() as logs:
        await sealer.seal()

    assert head.path.read_text() == other
    assert [log["batch"] for log in logs if log["event"] == "journal cut"] == [7]


async def test_where_the_head_cannot_be_written_sealing_goes_on(
    store: SqlStore, tmp_path: Path
) -> None:
    nowhere = HeadFile(tmp_path / "away" / "journal.head")
    await acting(store, 1)

    with capture_logs() as logs:
        await a_sealer(store, nowhere, HandClock()).seal()

    assert "journal head not written" in [log["event"] for log in logs]
    assert await store.last_batch() is not None


async def test_it_seals_at_each_interval_and_when_it_is_told_to_stop(
    store: SqlStore, head: HeadFile
) -> None:
    stop = asyncio.Event()
    passing = Pauses()

    async def interval(stopping: asyncio.Event, seconds: float) -> None:
        if await store.last_batch() is None:
            await passing(stopping, seconds)
            return
        await stopping.wait()

    sealer = Sealer(store, head, HandClock(), stop=stop, pause=interval)
    async with running(sealer, stop):
        await acting(store, 1)

        await eventually(lambda: len(head.read()) == 1)
        await acting(store, 2)

    assert set(passing.seconds) <= {INTERVAL}
    assert (await store.check_journal(head.read())).sealed == 2
