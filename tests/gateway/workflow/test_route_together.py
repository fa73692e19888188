"""Letters that are routed together: each once, in order, all or none of a unit."""

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.books import Place
from gateway.domain.consignment import Consignment
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Stage
from gateway.domain.routing import Route, choose_route
from gateway.ports import Unrouted
from gateway.runners.router import router
from gateway.store import outbox
from gateway.store.connection import Connection
from gateway.store.errors import StoreError, VaultDamaged
from gateway.store.unrouted import up_to
from gateway.workflow import route as routing
from gateway.workflow.route import route, route_together
from queues.broker import Message
from queues.embedded import EmbeddedBroker
from tests.eventually import eventually
from tests.gateway.runners.moving import moving
from tests.gateway.runners.running import running
from tests.gateway.workflow.hub import CHIANG_MAI, LANDS, LOEI, Hub, key_of, to
from tests.stopping import stopped_at

ON_POSTGRESQL = pytest.mark.parametrize(
    "hub",
    [pytest.param("postgresql", marks=pytest.mark.postgresql)],
    indirect=True,
)


def numbered(number: int) -> LetterId:
    return LetterId(f"มท 0210.3/{number}", "2026-06-05")


async def signed(
    hub: Hub, number: int, receiver: OrganizationCode = CHIANG_MAI, **changes: object
) -> UUID:
    """Send a letter that goes on as it came; return its promise."""
    letter = to(receiver, numbered(number), sender=LANDS, **changes)
    return await promised(hub, letter_of=hub.send(letter, signed_by=key_of(LANDS)))


async def unsigned(hub: Hub, number: int) -> UUID:
    """Send a letter between the same two of which a copy must be made."""
    hub_signs = to(CHIANG_MAI, numbered(number))
    return await promised(hub, letter_of=hub.send(hub_signs))


async def promised(hub: Hub, *, letter_of: Awaitable[object]) -> UUID:
    """Return the promise that a send made."""
    before = {one.id for one in await hub.store.outbox.due(hub.clock.now(), limit=1000)}
    await letter_of
    due = await hub.store.outbox.due(hub.clock.now(), limit=1000)
    [made] = [one.id for one in due if one.id not in before]
    return made


async def numbers(hub: Hub, receiver: OrganizationCode = CHIANG_MAI) -> list[str]:
    lines = await hub.store.views.inbox(receiver)
    return [line.letter.letter_id.number for line in lines]


def in_order(count: int) -> list[str]:
    return [numbered(number).number for number in range(count)]


async def open_promises(hub: Hub) -> int:
    return len(await hub.store.outbox.due(hub.clock.now(), limit=1000))


async def test_a_batch_lies_in_its_inboxes_as_it_came(hub: Hub) -> None:
    promises = [await signed(hub, number) for number in range(5)]
    promises.append(await signed(hub, 0, LOEI))

    kept = await route_together(hub.work, list(reversed(promises)))

    assert set(kept) == set(promises)
    assert await numbers(hub) == in_order(5)
    assert await numbers(hub, LOEI) == in_order(1)
    assert await open_promises(hub) == 0
    assert not await hub.announced(CHIANG_MAI)


async def test_a_batch_writes_what_each_by_itself_would(hub: Hub) -> None:
    alone, together = [await signed(hub, number) for number in range(2)]

    await route(hub.work, alone)
    await route_together(hub.work, [together])

    one, other = [await hub.path(CHIANG_MAI, numbered(number)) for number in range(2)]
    assert [entry.happening for entry in one.journal] == [
        entry.happening for entry in other.journal
    ]
    assert one.journal[-1].facts.keys() == other.journal[-1].facts.keys()
    assert one.consignment.state == other.consignment.state
    assert one.consignment.delivery is not None
    assert other.consignment.delivery is not None


async def test_a_repeat_is_kept_and_changes_nothing(hub: Hub) -> None:
    promises = [await signed(hub, number) for number in range(3)]
    await route(hub.work, promises[1])
    await route(hub.work, promises[0])

    kept = await route_together(hub.work, [*promises, promises[2], uuid4()])
    before = await hub.rows(), await hub.writes()
    again = await route_together(hub.work, promises)

    assert set(promises) <= set(kept)
    assert set(again) == set(promises)
    assert (await hub.rows(), await hub.writes()) == before
    assert sorted(await numbers(hub)) == in_order(3)


async def test_who_comes_first_brings_those_before_it(hub: Hub) -> None:
    """Their own messages, which come later, are repeats."""
    promises = [await signed(hub, number) for number in range(4)]

    assert set(await route_together(hub.work, [promises[2]])) == {promises[2]}
    assert await numbers(hub) == in_order(3)

    assert set(await route_together(hub.work, promises)) == set(promises)
    assert await numbers(hub) == in_order(4)


async def test_behind_one_that_needs_a_copy_nothing_is_routed(hub: Hub) -> None:
    """Of the same two; others are."""
    hub_signs = LetterId("มท 0210.3/0", "2026-06-05")
    letter = to(CHIANG_MAI, hub_signs, sender=LANDS)
    first = await promised(hub, letter_of=hub.send(letter, signed_by=key_of(LANDS)))
    copied = await unsigned(hub, 7)
    other = await signed(hub, 1)

    kept = await route_together(hub.work, [first, copied, other])

    assert set(kept) == {first, other}
    assert await numbers(hub) == in_order(2)


async def test_a_letter_taken_back_is_left_alone(hub: Hub) -> None:
    promises = [await signed(hub, number) for number in range(3)]
    await hub.free(CHIANG_MAI, numbered(1), door=LANDS)

    kept = await route_together(hub.work, promises)

    assert set(kept) == {promises[0], promises[2]}
    await route(hub.work, promises[1])
    assert await numbers(hub) == [numbered(0).number, numbered(2).number]


async def test_secret_letters_go_with_the_others(hub: Hub) -> None:
    promises = [
        await signed(hub, 0),
        await signed(hub, 1, secrecy="003"),
        await signed(hub, 2, secrecy="002"),
    ]

    assert set(await route_together(hub.work, promises)) == set(promises)

    shown = [await hub.take(CHIANG_MAI) for _ in promises]
    assert len({one.process_id for one in shown}) == 3


async def test_what_is_pushed_is_promised_to_its_endpoint(hub: Hub) -> None:
    await hub.push_to(CHIANG_MAI)
    promises = [await signed(hub, 0), await signed(hub, 1), await signed(hub, 0, LOEI)]

    await route_together(hub.work, promises)

    due = await hub.store.outbox.due(hub.clock.now(), limit=10)
    assert [(one.stage, one.endpoint) for one in due] == [
        (Stage.DELIVER, CHIANG_MAI),
        (Stage.DELIVER, CHIANG_MAI),
    ]
    path = await hub.path(CHIANG_MAI, numbered(1))
    assert Stage.DELIVER.value in path.journal[-1].facts


async def test_those_at_once_route_each_letter_once_and_in_order(hub: Hub) -> None:
    """Batches of several workers, and letters by themselves."""
    promises = [await signed(hub, number) for number in range(12)]

    async def do(batch: Sequence[UUID]) -> None:
        kept: set[UUID] = set()
        while not kept.issuperset(batch):
            kept |= set(await route_together(hub.work, batch))

    async with asyncio.TaskGroup() as group:
        for start in range(3):
            group.create_task(do(promises[start::3]))
            group.create_task(do(promises[4 * start : 4 * start + 4]))

    assert await numbers(hub) == in_order(12)
    assert await open_promises(hub) == 0


@ON_POSTGRESQL
async def test_a_batch_that_is_overtaken_routes_the_rest(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker routes the first between its being found and its being held."""
    promises = [await signed(hub, number) for number in range(3)]

    async def overtaken(
        connection: Connection, these: Sequence[Unrouted], *, limit: int
    ) -> Sequence[Unrouted]:
        found = await up_to(connection, these, limit=limit)
        monkeypatch.undo()
        await route(hub.work, promises[0])
        return found

    monkeypatch.setattr(outbox, "up_to", overtaken)
    kept = await route_together(hub.work, promises)

    assert set(kept) == set(promises)
    assert await numbers(hub) == in_order(3)


@ON_POSTGRESQL
async def test_one_by_itself_waits_for_the_batch_that_holds_it(hub: Hub) -> None:
    promises = [await signed(hub, number) for number in range(2)]
    async with hub.store.unit() as unit:
        found = await unit.promises.to_route(promises)
        await unit.consignments.hold([one.consignment for one in found])
        alone = asyncio.ensure_future(route(hub.work, promises[0]))
        await asyncio.sleep(0.1)
        assert not alone.done()
    await alone

    assert await numbers(hub) == in_order(1)


async def test_one_that_was_not_held_is_not_saved(hub: Hub) -> None:
    await signed(hub, 0)
    path = await hub.path(CHIANG_MAI, numbered(0))
    async with hub.store.unit() as unit:
        consignment = await unit.consignments.get(path.consignment.id)
        consignment.record(Happening.ROUTE_CHOSEN, hub.clock.now(), actor="hub")
        with pytest.raises(StoreError):
            await unit.consignments.save_all([consignment])


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    ("step", "routed"), [("route:before-commit", 0), ("route:after-commit", 3)]
)
async def test_a_batch_stopped_at_any_letter_happens_whole_or_not_at_all(
    hub: Hub, step: str, number: int, routed: int
) -> None:
    promises = [await signed(hub, number) for number in range(3)]
    with stopped_at(f"{step}#{number}"):
        await route_together(hub.work, promises)

    assert await numbers(hub) == in_order(routed)
    assert set(await route_together(hub.work, promises)) == set(promises)
    assert await numbers(hub) == in_order(3)


async def test_a_bad_letter_among_good_ones_delays_nobody(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up by itself; what its sender sent behind it comes all the same."""
    for number in range(6):
        await signed(hub, number)
    await signed(hub, 7, LOEI)

    def damaged(consignment: Consignment) -> Route:
        if consignment.letter.letter_id == numbered(2):
            raise VaultDamaged(detail="file 17: is not there")
        return choose_route(consignment)

    monkeypatch.setattr(routing, "choose_route", damaged)

    async def are_settled() -> bool:
        return len(await numbers(hub)) == 5 and len(await numbers(hub, LOEI)) == 1

    async with EmbeddedBroker.open(tmp_path / "queues.db") as broker:
        for stage in Stage:
            await broker.declare(stage)
        async with moving(hub.work, broker):
            await eventually(are_settled)
            await eventually(lambda: _nothing_open(hub))
        assert await broker.dead(Stage.ROUTE) == 0

    there = [number for number in in_order(6) if number != numbered(2).number]
    assert await numbers(hub) == there
    assert (await hub.books()).places[Place.DEAD] == 1


async def _nothing_open(hub: Hub) -> bool:
    return await open_promises(hub) == 0


@pytest.mark.parametrize("step", ["runner:claimed#2", "runner:handled#2"])
async def test_a_runner_stopped_amid_a_batch_finds_repeats(
    hub: Hub, tmp_path: Path, step: str
) -> None:
    promises = [await signed(hub, number) for number in range(4)]
    async with EmbeddedBroker.open(tmp_path / "queues.db") as broker:
        await broker.declare(Stage.ROUTE)
        messages = [Message(promise, promise.bytes) for promise in promises]
        await broker.publish(Stage.ROUTE, messages)
        with stopped_at(step):
            await router(hub.work, broker, stop=asyncio.Event()).run()
        assert await broker.waiting(Stage.ROUTE) > 0
        stop = asyncio.Event()
        async with running(router(hub.work, broker, stop=stop), stop):
            await eventually(lambda: _nothing_waits(broker))

    assert await numbers(hub) == in_order(4)


async def _nothing_waits(broker: EmbeddedBroker) -> bool:
    return await broker.waiting(Stage.ROUTE) == 0
