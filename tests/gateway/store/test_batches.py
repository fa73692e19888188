"""The journal in batches: whatever is cut out, altered or put in is found."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from gateway.domain.act import Act, Who
from gateway.domain.continuity import Batch, Break, Continuity, Mark
from gateway.store import batches
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.store import SqlStore
from tests.gateway.store.conftest import Opener
from tests.gateway.workflow.hub import CHIANG_MAI, NUMBER, Hub, a_hub
from tests.letters import a_letter

NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)


def an_act(number: int, what: str = "directory add") -> Act:
    return Act(
        id=UUID(int=number),
        at=NOON,
        what=what,
        who=Who("root", "สมชาย"),
        why="เพราะ",
        after={"signing": "own"},
    )


async def acting(store: SqlStore, *acts: Act) -> None:
    async with store.unit() as unit:
        for act in acts:
            await unit.acts.add(act)
        await unit.commit()


async def altered(store: SqlStore, *statements: str) -> None:
    """Do what somebody with SQL could do."""
    async with store.unit() as unit:
        for statement in statements:
            await unit.connection.execute(text(statement))
        await unit.commit()


async def is_a_time(hub: Hub) -> bool:
    """Say whether the database itself keeps a time column to times."""
    try:
        await hub.store.reading.execute(text("SELECT sealed_at = 'never' FROM batch"))
    except StoreError:
        return True
    return False


async def sealed(store: SqlStore) -> list[Batch]:
    made = []
    while batch := await store.seal_journal(NOON):
        made.append(batch)
    return made


@pytest.fixture
async def hub(opener: Opener) -> AsyncIterator[Hub]:
    """A hub with one letter delivered, one act, both sealed, and another act sealed."""
    async with opener() as store:
        hub = await a_hub(store)
        await hub.deliver(a_letter(id=NUMBER))
        await hub.take(CHIANG_MAI)
        await acting(store, an_act(1))
        assert len(await sealed(store)) == 1
        await acting(store, an_act(2, "journal restart"))
        assert len(await sealed(store)) == 1
        yield hub


async def found(hub: Hub, outside: Sequence[Mark] = ()) -> Continuity:
    return await hub.store.check_journal(outside)


async def marks(hub: Hub) -> list[Mark]:
    batches = [await hub.store.batch(number) for number in (1, 2)]
    return [Mark.of(batch) for batch in batches if batch]


async def test_what_is_sealed_is_whole_and_the_tail_is_counted(hub: Hub) -> None:
    await acting(hub.store, an_act(3))

    continuity = await found(hub, await marks(hub))

    assert continuity.is_whole
    assert continuity.batches == 2
    # Accepted, routed, shown, taken; and two acts.
    assert (continuity.sealed, continuity.unsealed) == (6, 1)
    assert continuity.newest == continuity.outside == (await marks(hub))[-1]


async def test_nothing_new_makes_no_batch(hub: Hub) -> None:
    assert await hub.store.seal_journal(NOON) is None


async def test_more_than_a_batch_holds_goes_into_further_ones(
    store: SqlStore,
) -> None:
    acts = [an_act(n) for n in range(1, batches.AT_ONCE + 2)]
    await acting(store, *acts)

    made = await sealed(store)

    assert [batch.entries for batch in made] == [batches.AT_ONCE, 1]
    assert (await store.check_journal(())).is_whole


@pytest.mark.parametrize(
    ("statement", "breaks"),
    [
        (
            "UPDATE act SET why = 'no' WHERE what = 'directory add'",
            {(1, "it was altered")},
        ),
        (
            "UPDATE act SET name = 'somebody' WHERE what = 'journal restart'",
            {(2, "it was altered")},
        ),
        (
            "UPDATE journal SET actor = 'nobody' WHERE number = 2",
            {(1, "it was altered")},
        ),
        (
            "UPDATE act SET at = 'never' WHERE what = 'journal restart'",
            {(2, "it was altered")},
        ),
        (
            "DELETE FROM act WHERE what = 'journal restart'",
            {
                (2, "1 acts were sealed, 0 are there"),
                (2, "its entries are not those sealed"),
            },
        ),
        (
            "UPDATE act SET batch = NULL WHERE what = 'directory add'",
            {
                (1, "1 acts were sealed, 0 are there"),
                (1, "its entries are not those sealed"),
            },
        ),
        (
            "UPDATE act SET batch = 1 WHERE what = 'journal restart'",
            {
                (1, "1 acts were sealed, 2 are there"),
                (1, "its entries are not those sealed"),
                (2, "1 acts were sealed, 0 are there"),
                (2, "its entries are not those sealed"),
            },
        ),
        (
            "DELETE FROM batch WHERE number = 1",
            {
                (0, "1 rows of act name a batch that is gone"),
                (0, "4 rows of journal name a batch that is gone"),
                (1, "the batch is missing"),
                (2, "its head is another"),
            },
        ),
        (
            "UPDATE batch SET sealed_at = '2026-06-05 13:00:00.000000' WHERE number=1",
            {(1, "its head is another")},
        ),
        (
            "UPDATE batch SET sealed_at = 'never' WHERE number = 2",
            {(2, "the batch cannot be read")},
        ),
    ],
)
async def test_what_somebody_did_with_sql_is_found(
    hub: Hub, statement: str, breaks: set[tuple[int, str]]
) -> None:
    if "'never'" in statement and await is_a_time(hub):
        with pytest.raises(StoreError):
            await altered(hub.store, statement)
        return
    await altered(hub.store, statement)

    continuity = await found(hub)

    assert {(one.batch, one.what) for one in continuity.breaks} == breaks


async def test_the_line_after_a_line_that_is_gone_is_named(hub: Hub) -> None:
    """The seal of a line covers the one before it."""
    await altered(hub.store, "DELETE FROM journal WHERE number = 2")

    continuity = await found(hub)

    named = [one.entry for one in continuity.breaks if one.entry]
    assert len(named) == 1
    assert named[0].startswith("line 3 of ")


async def test_the_end_cut_off_is_found_by_the_head_outside(hub: Hub) -> None:
    outside = await marks(hub)
    await altered(
        hub.store,
        "DELETE FROM act WHERE what = 'journal restart'",
        "DELETE FROM batch WHERE number = 2",
    )

    assert (await found(hub)).is_whole
    assert (await found(hub, outside)).breaks == (
        Break(2, "the end is cut off: 2 batches stood here"),
    )


async def test_batches_made_anew_are_found_by_the_head_outside(hub: Hub) -> None:
    outside = await marks(hub)
    await altered(
        hub.store,
        "DELETE FROM act WHERE what = 'directory add'",
        "UPDATE act SET batch = NULL",
        "UPDATE journal SET batch = NULL",
        "DELETE FROM batch",
    )
    assert len(await sealed(hub.store)) == 1

    assert (await found(hub)).is_whole
    assert {one.what for one in (await found(hub, outside)).breaks} == {
        "another head stands outside the database",
        "the end is cut off: 2 batches stood here",
    }


async def test_of_two_processes_that_seal_at_once_one_does_it_again(
    opener: Opener, store: SqlStore
) -> None:
    await acting(store, *[an_act(n) for n in range(1, 1200)])

    async def seals(one: SqlStore) -> int:
        count = 0
        while True:
            try:
                if await one.seal_journal(NOON) is None:
                    return count
            except ConcurrentChange:
                continue
            count += 1

    async with opener() as other:
        counts = await asyncio.gather(seals(store), seals(other))

    assert sum(counts) == 3
    continuity = await store.check_journal(())
    assert continuity.is_whole
    assert (continuity.batches, continuity.sealed) == (3, 1199)


async def test_progress_ends_where_it_said(hub: Hub) -> None:
    told: list[tuple[int, int]] = []

    await hub.store.check_journal((), lambda done, total: told.append((done, total)))

    assert told == [(1, 2), (2, 2)]
