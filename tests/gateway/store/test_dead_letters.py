"""Dead letters are settled once, incidents count every failure; on every database."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.promise import Stage
from gateway.domain.replay_plan import Choice
from gateway.ports import Ids, Store
from gateway.store.errors import ConcurrentChange, StoreError
from tests.doubles.clock import START
from tests.gateway.store.values import CHIANG_MAI, MINISTRY, a_promise, keep

LATER = START + timedelta(minutes=5)
EVERYTHING = Choice(everything=True)


async def fail(
    store: Store,
    cause: str = "endpoint-silent",
    stage: Stage = Stage.DELIVER,
    endpoint: OrganizationCode | None = CHIANG_MAI,
    *,
    at: datetime = START,
) -> UUID:
    async with store.unit() as unit:
        incident = await unit.incidents.fail(cause, stage, endpoint, at)
        await unit.commit()
    return incident


async def give_up(
    store: Store,
    ids: Ids,
    number: str = "มท 1/1",
    *,
    cause: str = "vault-damaged",
    stage: Stage = Stage.ROUTE,
    at: datetime = START,
) -> DeadLetter:
    """Keep a letter, and a dead letter of it."""
    async with store.unit() as unit:
        consignment = await keep(unit, ids, LetterId(number, "2552-06-05"))
        promise = a_promise(ids, consignment.id)
        await unit.promises.add(promise)
        endpoint = CHIANG_MAI if stage is Stage.DELIVER else None
        dead = DeadLetter(
            id=ids.new(),
            stage=stage,
            promise=promise.id,
            consignment=consignment.id,
            receipt=None,
            entry=None,
            endpoint=CHIANG_MAI,
            cause=cause,
            detail="file 17",
            attempts=1,
            incident=await unit.incidents.fail(cause, stage, endpoint, at),
            at=at,
        )
        await unit.dead_letters.add(dead)
        await unit.commit()
    return dead


async def incidents(store: Store, *, closed: bool = False) -> list[tuple[str, int]]:
    lines = await store.views.dead.incidents(closed=closed)
    return sorted((line.incident.cause, line.incident.count) for line in lines)


async def test_failures_of_one_cause_are_counted(store: Store) -> None:
    """Same code, stage and endpoint: one incident, with the first and the latest."""
    first = await fail(store)
    second = await fail(store, at=LATER)

    [line] = await store.views.dead.incidents(closed=False)
    assert first == second == line.incident.id
    assert line.incident.count == 2
    assert (line.incident.first_at, line.incident.last_at) == (START, LATER)
    assert (line.incident.stage, line.incident.endpoint) == (Stage.DELIVER, CHIANG_MAI)


async def test_another_code_stage_or_endpoint_is_another_incident(store: Store) -> None:
    """Each is mended by itself."""
    found = {
        await fail(store),
        await fail(store, cause="endpoint-busy"),
        await fail(store, stage=Stage.NOTIFY),
        await fail(store, endpoint=MINISTRY),
        await fail(store, endpoint=None),
    }

    assert len(found) == 5


async def test_none_is_lost_where_many_fail_at_once(store: Store) -> None:
    """Two processes may open the same incident in one moment."""
    found = await asyncio.gather(*(fail(store) for _ in range(20)))

    assert len(set(found)) == 1
    assert await incidents(store) == [("endpoint-silent", 20)]


async def test_a_success_closes_what_lies_with_this_endpoint_at_this_stage(
    store: Store,
) -> None:
    """All causes of it, and nothing else; the next failure opens a new one."""
    silent, busy = await fail(store), await fail(store, cause="endpoint-busy")
    await fail(store, stage=Stage.NOTIFY)
    await fail(store, endpoint=MINISTRY)

    async with store.unit() as unit:
        closed = await unit.incidents.close(
            Stage.DELIVER, CHIANG_MAI, LATER, why="taken"
        )
        await unit.commit()
    again = await fail(store)

    assert {one.id for one in closed} == {silent, busy}
    assert {(one.closed_at, one.closed_why) for one in closed} == {(LATER, "taken")}
    assert again not in {silent, busy}
    assert len(await incidents(store)) == 3
    assert len(await incidents(store, closed=True)) == 5


async def test_an_incident_is_closed_once(store: Store) -> None:
    """Who comes second is told that it changed."""
    incident = await fail(store)
    async with store.unit() as unit:
        closed = await unit.incidents.close_one(incident, LATER, why="by hand")
        await unit.commit()

    assert (closed.closed_at, closed.closed_why) == (LATER, "by hand")
    with pytest.raises(ConcurrentChange):
        async with store.unit() as unit:
            await unit.incidents.close_one(incident, LATER, why="again")
    async with store.unit() as unit:
        assert await unit.incidents.get(UUID(int=1)) is None


async def test_a_dead_letter_is_kept_as_it_is(store: Store, ids: Ids) -> None:
    """All of it comes back, and it is found by its letter."""
    dead = await give_up(store, ids)

    async with store.unit() as unit:
        assert await unit.dead_letters.get(dead.id) == dead
        assert await unit.dead_letters.of(dead.consignment) == [dead]
        assert await unit.dead_letters.open_in(dead.incident) == 1
        assert await unit.dead_letters.get(UUID(int=1)) is None


async def test_a_promise_is_given_up_once(store: Store, ids: Ids) -> None:
    """A second dead letter of it is a mistake, and undone."""
    dead = await give_up(store, ids)

    async def twice() -> None:
        async with store.unit() as unit:
            await unit.dead_letters.add(replace(dead, id=ids.new()))
            await unit.commit()

    with pytest.raises(StoreError):
        await twice()

    assert len(await store.views.dead.lines(EVERYTHING, settled=True, limit=9)) == 1


async def test_a_dead_letter_is_settled_once(store: Store, ids: Ids) -> None:
    """Who settles what he has not read as it is now is told that it changed."""
    dead = await give_up(store, ids)
    async with store.unit() as unit:
        found = await unit.dead_letters.get(dead.id)
        assert found is not None
        await unit.dead_letters.save(_settled(found, Settled.DISCARDED))
        await unit.commit()

    with pytest.raises(ConcurrentChange):
        async with store.unit() as unit:
            await unit.dead_letters.save(_settled(dead, Settled.REPLAYED))
    async with store.unit() as unit:
        kept = await unit.dead_letters.get(dead.id)
        assert kept is not None
        assert kept.settled is Settled.DISCARDED
        assert await unit.dead_letters.open_in(dead.incident) == 0


async def test_lists_are_limited_by_what_was_chosen(store: Store, ids: Ids) -> None:
    """Every filter takes away, and settled ones come where they are asked for."""
    damaged = await give_up(store, ids, "มท 1/1")
    refused = await give_up(
        store,
        ids,
        "มท 1/2",
        cause="endpoint-refused",
        stage=Stage.DELIVER,
        at=LATER,
    )

    async def found(choice: Choice, *, settled: bool = False) -> Sequence[UUID]:
        lines = await store.views.dead.lines(choice, settled=settled, limit=9)
        groups = await store.views.dead.groups(choice, settled=settled)
        assert sum(group.number for group in groups) == len(lines)
        return [line.dead_letter.id for line in lines]

    assert await found(EVERYTHING) == [refused.id, damaged.id]
    assert await found(Choice(cause="vault-damaged")) == [damaged.id]
    assert await found(Choice(incident=refused.incident)) == [refused.id]
    assert await found(Choice(stage=Stage.ROUTE)) == [damaged.id]
    assert await found(Choice(endpoint=MINISTRY)) == []
    assert await found(Choice(since=LATER)) == [refused.id]
    assert await found(Choice(until=LATER)) == [damaged.id]
    async with store.unit() as unit:
        await unit.dead_letters.get(damaged.id)
        await unit.dead_letters.save(_settled(damaged, Settled.DISCARDED))
        await unit.commit()
    assert await found(EVERYTHING) == [refused.id]
    assert await found(EVERYTHING, settled=True) == [refused.id, damaged.id]


def _settled(dead: DeadLetter, how: Settled) -> DeadLetter:
    return replace(dead, settled=how, settled_at=LATER)
