"""What the store keeps of push endpoints, and which of their promises are due."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import InboxEntry
from gateway.domain.promise import Promise, Stage
from gateway.store.errors import ConcurrentChange
from gateway.store.outbox import WINDOW
from gateway.store.store import SqlStore
from tests.doubles.clock import START
from tests.doubles.ids import CountedIds
from tests.gateway.store.values import (
    CHIANG_MAI,
    MINISTRY,
    a_promise,
    an_entry,
    kept,
)

LATER = START + timedelta(minutes=1)


@pytest.fixture
def ids() -> CountedIds:
    return CountedIds()


def an_endpoint(
    code: OrganizationCode = CHIANG_MAI, way: Way = Way.WEBHOOK, **facts: object
) -> Endpoint:
    return Endpoint(
        organization=code,
        way=way,
        url="https://example.org/",
        changed_at=START,
        **facts,  # type: ignore[arg-type]
    )


async def set_to(store: SqlStore, *endpoints: Endpoint) -> None:
    async with store.unit() as unit:
        for endpoint in endpoints:
            await unit.endpoints.set(endpoint)
        await unit.commit()


async def queued(
    store: SqlStore,
    ids: CountedIds,
    *,
    to: OrganizationCode = CHIANG_MAI,
    not_before: datetime = START,
    times: int = 1,
) -> list[Promise]:
    """Put letters into an inbox, each with a promise to hand it over."""
    promises = []
    for number in range(times):
        number_ = LetterId(f"มท 1/{to}{number}{ids.new().hex}", "2026-06-05")
        consignment = await kept(store, ids, number_)
        entry = replace(an_entry(ids, consignment.id), organization=to)
        promises.append(to_deliver(ids, entry, not_before))
        async with store.unit() as unit:
            await unit.inboxes.add(entry)
            await unit.promises.add(promises[-1])
            await unit.commit()
    return promises


def to_deliver(ids: CountedIds, entry: InboxEntry, not_before: datetime) -> Promise:
    return Promise(
        id=ids.new(),
        stage=Stage.DELIVER,
        consignment=entry.consignment,
        receipt=entry.receipt,
        made_at=START,
        not_before=not_before,
        entry=entry.id,
        endpoint=entry.organization,
        attempt=1,
    )


async def due(
    store: SqlStore, now: datetime = LATER, limit: int = 1000
) -> Sequence[Promise]:
    return await store.outbox.due(now, limit=limit)


async def test_what_goes_to_an_endpoint_has_a_queue_of_its_own(
    store: SqlStore, ids: CountedIds
) -> None:
    """A promise to hand over comes back as it was made, and names its own queue."""
    await set_to(store, an_endpoint())
    [promise] = await queued(store, ids)

    [found] = await due(store)

    assert found == promise
    assert found.queue == f"deliver.{CHIANG_MAI}"


@pytest.mark.parametrize(
    "rests",
    [
        {"paused_at": START},
        {"closed_until": LATER + timedelta(seconds=1), "failures": 3},
        {"closed_until": LATER + timedelta(seconds=1), "paused_at": START},
    ],
)
async def test_nothing_is_due_for_an_endpoint_that_rests(
    store: SqlStore, ids: CountedIds, rests: dict[str, object]
) -> None:
    """Neither what was never published nor what was long ago; others are not held."""
    await set_to(store, an_endpoint(**rests), an_endpoint(MINISTRY))
    old, _ = await queued(store, ids, times=2)
    other = await queued(store, ids, to=MINISTRY)
    await store.outbox.published([old.id], START - timedelta(hours=1))

    assert await due(store) == other


async def test_a_clock_set_back_keeps_no_promise_waiting(
    store: SqlStore, ids: CountedIds
) -> None:
    """Made in the future is due, to an endpoint or not; clocks may differ a little."""
    await set_to(store, an_endpoint())
    [pushed] = await queued(store, ids)
    moved = a_promise(ids, pushed.consignment)
    async with store.unit() as unit:
        await unit.promises.add(moved)
        await unit.commit()

    assert await due(store, START - timedelta(seconds=59)) == []
    assert await due(store, START - timedelta(hours=1)) == [pushed, moved]


async def test_what_waited_comes_in_order_when_its_endpoint_is_back(
    store: SqlStore, ids: CountedIds
) -> None:
    """An open circuit ends by time, and then the oldest is first."""
    await set_to(store, an_endpoint(closed_until=LATER, failures=3))
    promises = await queued(store, ids, times=3)

    assert await due(store, LATER - timedelta(seconds=1)) == []
    assert await due(store, LATER) == promises


async def test_what_was_made_for_an_endpoint_that_pulls_now_is_due_all_the_same(
    store: SqlStore, ids: CountedIds
) -> None:
    """Its deliverer finds it void; a pause of what is not pushed means nothing."""
    await set_to(store, an_endpoint())
    promises = await queued(store, ids)
    await set_to(store, an_endpoint(way=Way.PULL, paused_at=START))

    assert await due(store) == promises


async def test_a_long_backlog_is_published_by_and_by(
    store: SqlStore, ids: CountedIds
) -> None:
    """Only so many are with the broker at once; each that is kept makes room."""
    await set_to(store, an_endpoint(), an_endpoint(MINISTRY))
    backlog = await queued(store, ids, times=WINDOW + 2)
    [other] = await queued(store, ids, to=MINISTRY)

    first = await due(store)
    assert first == [*backlog[:WINDOW], other]
    await store.outbox.published([p.id for p in first], LATER)
    assert await due(store) == []
    async with store.unit() as unit:
        await unit.promises.keep(backlog[0].id, LATER)
        await unit.commit()

    assert await due(store) == [backlog[WINDOW]]


async def test_what_was_published_and_not_kept_is_published_again(
    store: SqlStore, ids: CountedIds
) -> None:
    """A broker may have lost it; of push endpoints as of all others."""
    await set_to(store, an_endpoint())
    promises = await queued(store, ids)
    await store.outbox.published([promises[0].id], START)

    assert await due(store, START + timedelta(seconds=30)) == []
    assert await due(store, START + timedelta(seconds=61)) == promises


async def test_another_endpoints_backlog_is_in_nobodys_way(
    store: SqlStore, ids: CountedIds
) -> None:
    """What is to be routed is due however much waits for an endpoint that rests."""
    await set_to(store, an_endpoint(paused_at=START))
    await queued(store, ids, times=5)
    consignment = await kept(store, ids)
    promise = a_promise(ids, consignment.id)
    async with store.unit() as unit:
        await unit.promises.add(promise)
        await unit.commit()

    assert await due(store, limit=1) == [promise]


async def test_an_entry_is_unpromised_until_it_is_promised(
    store: SqlStore, ids: CountedIds
) -> None:
    """Those of one inbox, in order, that no open promise is to hand over."""
    await set_to(store, an_endpoint())
    [done, open_] = await queued(store, ids, times=2)
    consignment = await kept(store, ids)
    new = an_entry(ids, consignment.id)
    async with store.unit() as unit:
        await unit.inboxes.add(new)
        await unit.promises.keep(done.id, LATER)
        await unit.commit()

    async def unpromised(after: UUID | None = None, limit: int = 9) -> list[UUID]:
        async with store.unit() as unit:
            found = await unit.inboxes.unpromised(CHIANG_MAI, after=after, limit=limit)
        return [entry.id for entry in found]

    assert await unpromised() == [done.entry, new.id]
    assert await unpromised(limit=1) == [done.entry]
    assert await unpromised(after=done.entry) == [new.id]
    async with store.unit() as unit:
        assert await unit.promises.to_deliver(new) is None
        entry = await unit.inboxes.carrying(open_.consignment)
        assert entry is not None
        assert await unit.promises.to_deliver(entry) == open_


async def test_who_sets_an_endpoint_waits_for_who_relies_on_it(
    store: SqlStore, ids: CountedIds
) -> None:
    """A letter routed at that moment is either promised or found waiting."""
    consignment = await kept(store, ids)
    entry = an_entry(ids, consignment.id)
    async with store.unit() as unit:
        assert await unit.endpoints.find(CHIANG_MAI, steady=True) is None
        setting = asyncio.create_task(set_to(store, an_endpoint()))
        await asyncio.sleep(0.05)
        assert not setting.done()
        await unit.inboxes.add(entry)
        await unit.commit()
    await setting

    async with store.unit() as unit:
        [found] = await unit.inboxes.unpromised(CHIANG_MAI, after=None, limit=9)
    assert found.id == entry.id


async def test_how_an_endpoint_fares_is_kept_unless_it_changed_meanwhile(
    store: SqlStore,
) -> None:
    """Two failures at once are two, and an operator's word is never overwritten."""
    await set_to(store, an_endpoint())

    async with store.unit() as unit:
        endpoint = await unit.endpoints.find(CHIANG_MAI)
        assert endpoint is not None
        await unit.endpoints.note(replace(endpoint, failures=1, last_failure="x"))
        await unit.commit()
    async with store.unit() as unit:
        [found] = await unit.endpoints.all()
        assert (found.failures, found.last_failure) == (1, "x")
        await unit.endpoints.set(replace(found, changed_at=LATER))
        with pytest.raises(ConcurrentChange):
            await unit.endpoints.note(replace(found, failures=2))
