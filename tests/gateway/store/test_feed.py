"""The feed tells all that is committed, each once, whenever it comes to light."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from envelopes.letter import LetterId, normalised_number
from gateway.domain.act import Act, Who
from gateway.domain.incident import Incident
from gateway.domain.occurrence import Occurrence, Wanted
from gateway.domain.promise import Stage
from gateway.store.feed import Feed
from gateway.store.store import SqlStore, open_store
from tests.doubles.clock import START
from tests.doubles.ids import CountedIds
from tests.gateway.store.conftest import Opener
from tests.gateway.store.values import (
    CHIANG_MAI,
    MINISTRY,
    NUMBER,
    kept,
    with_directory,
)

EARLIER = START - timedelta(hours=2)


def an_act(number: int, at: datetime = START) -> Act:
    return Act(id=UUID(int=number), at=at, what="directory add", who=Who("root"))


async def acting(store: SqlStore, *acts: Act) -> None:
    async with store.unit() as unit:
        for act in acts:
            await unit.acts.add(act)
        await unit.commit()


def keys(found: list[Occurrence]) -> list[str]:
    return [one.key for one in found]


async def test_a_new_line_is_told_once_with_number_and_offices(
    store: SqlStore, ids: CountedIds
) -> None:
    """What happened to a letter names it and both its offices, and comes once."""
    feed = Feed(store.reading)
    assert await feed.look(START) == []

    consignment = await kept(store, ids)
    [told] = await feed.look(START)

    assert told.key == f"journal {consignment.id} 1"
    assert told.about is not None
    assert (told.about.number, told.about.sender) == (NUMBER.number, MINISTRY)
    assert told.about.receiver == CHIANG_MAI
    assert await feed.look(START) == []


async def test_sealing_tells_nothing_again(store: SqlStore, ids: CountedIds) -> None:
    """A line that is sealed after it was told is not told a second time."""
    feed = Feed(store.reading)
    await feed.look(START)
    await kept(store, ids)
    assert len(await feed.look(START)) == 1

    assert await store.seal_journal(START)

    assert await feed.look(START) == []


async def test_what_is_written_and_sealed_between_two_looks_is_told(
    store: SqlStore, ids: CountedIds
) -> None:
    """A line that was never seen without a batch is found in its batch."""
    feed = Feed(store.reading)
    await feed.look(START)
    await kept(store, ids)
    await store.seal_journal(START)
    await acting(store, an_act(1))
    await store.seal_journal(START)

    assert len(await feed.look(START)) == 2


async def test_a_line_with_an_early_time_that_comes_to_light_late_is_told(
    store: SqlStore,
) -> None:
    """Neither its time nor its id decides whether a line is new."""
    feed = Feed(store.reading)
    await acting(store, an_act(9))
    await feed.look(START)
    await store.seal_journal(START)
    await feed.look(START)

    await acting(store, an_act(2, EARLIER))

    assert keys(await feed.look(START)) == [f"act {UUID(int=2)}"]


@pytest.mark.postgresql
async def test_a_unit_that_began_first_and_ends_last_is_told(
    postgresql_url: str, tmp_path: Path
) -> None:
    """What another unit overtook is told when it is committed, also past a sealing."""
    async with open_store(tmp_path, database=postgresql_url) as store:
        feed = Feed(store.reading)
        async with store.unit() as slow:
            await slow.acts.add(an_act(1))
            await acting(store, an_act(2))
            assert keys(await feed.look(START)) == [f"act {UUID(int=2)}"]
            await store.seal_journal(START)
            assert await feed.look(START) == []
            await slow.commit()

        assert keys(await feed.look(START)) == [f"act {UUID(int=1)}"]


@pytest.mark.parametrize("seed", range(4))
async def test_however_writing_sealing_and_looking_mix_each_is_told_once(
    store: SqlStore, seed: int
) -> None:
    """Nothing is missing and nothing doubled, in whatever order things go on."""
    chance = random.Random(seed)
    feed, written = Feed(store.reading), 0
    told = keys(await feed.look(START))
    for _ in range(60):
        match chance.randrange(3):
            case 0:
                number = chance.randint(1, 4)
                new = [an_act(written + n + 1) for n in range(number)]
                await acting(store, *new)
                written += number
            case 1:
                await store.seal_journal(START)
            case _:
                told += keys(await feed.look(START))
    told += keys(await feed.look(START))

    assert len(told) == len(set(told)) == written


async def test_the_past_is_told_from_the_newest_batch_back(opener: Opener) -> None:
    """Who begins to watch is shown what went before, oldest first."""
    async with opener() as store:
        for number in range(1, 6):
            at = START + timedelta(minutes=number)
            await acting(store, an_act(number, at))
            await store.seal_journal(at)
        feed = Feed(store.reading)
        assert await feed.look(START) == []

        last_two = await feed.past(Wanted(), 2)
        since = START + timedelta(minutes=4)
        later = await feed.past(Wanted(since=since), None)

    assert keys(last_two) == keys(later) == [f"act {UUID(int=n)}" for n in (4, 5)]


async def test_the_past_has_what_is_wanted_only(
    store: SqlStore, ids: CountedIds
) -> None:
    """Filters hold for the past too."""
    await kept(store, ids)
    other = LetterId("มท ๐๒๑๐/๗", "2552-06-05")
    await kept(store, ids, other)
    await acting(store, an_act(1))
    await store.seal_journal(START)
    feed = Feed(store.reading)
    await feed.look(START)

    found = await feed.past(Wanted(number_key=normalised_number("มท0210/7")), 10)

    assert [one.about.number for one in found if one.about] == [other.number]
    assert len(await feed.past(Wanted(organization=CHIANG_MAI), 10)) == 2


async def test_an_incident_is_told_when_it_opens_and_when_it_closes(
    store: SqlStore,
) -> None:
    """Two lines for each incident, however often its cause is met."""
    feed = Feed(store.reading)
    await feed.look(START)

    async def fail(at: datetime) -> None:
        async with store.unit() as unit:
            await unit.incidents.fail("endpoint-silent", Stage.DELIVER, CHIANG_MAI, at)
            await unit.commit()

    await fail(START)
    await fail(START)
    [opened] = await feed.look(START)
    await fail(START)
    assert await feed.look(START) == []
    async with store.unit() as unit:
        at = START + timedelta(minutes=1)
        await unit.incidents.close(
            Stage.DELIVER, CHIANG_MAI, at, why="it took a letter"
        )
        await unit.commit()
    [closed] = await feed.look(START)

    assert isinstance(opened.what, Incident)
    assert isinstance(closed.what, Incident)
    assert opened.is_wrong
    assert not closed.is_wrong
    assert (opened.parties, closed.parties) == ((CHIANG_MAI,), (CHIANG_MAI,))
    assert await feed.look(START) == []


async def test_two_watchers_are_told_the_same(opener: Opener, ids: CountedIds) -> None:
    """What one has seen takes nothing from another."""
    async with opener() as store, opener() as other:
        await with_directory(store)
        feeds = [Feed(store.reading), Feed(other.reading)]
        for feed in feeds:
            await feed.look(START)
        await kept(store, ids)

        first, second = [await feed.look(START) for feed in feeds]

    assert keys(first) == keys(second) != []
