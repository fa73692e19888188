"""What an endpoint would not take goes back to it when the cause is mended."""

import asyncio
from collections import Counter

import pytest

from envelopes.letter import Attachment, LetterId
from gateway.domain.act import Order, Who
from gateway.domain.deadletter import Settled
from gateway.domain.delivery import (
    DeliveryError,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
)
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Stage
from gateway.domain.replay import Outcome, Progress, Replay
from gateway.domain.replay_plan import Choice
from gateway.runners.replayer import BY_ITSELF, Replayer
from gateway.workflow.replay import plan, start
from tests.gateway.workflow.failing import dead_letters, numbered
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Hub, to

BY = Who("operator", "สมศรี ใจดี")
ALL = Choice(everything=True)
NEW = LetterId("มท 0210.3/99", "2026-06-05")
MANY = 6


async def refused(hub: Hub, count: int, error: DeliveryError | None = None) -> None:
    """Send letters to an endpoint that refuses each of them for good."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.always_fail(error or EndpointRefused("it is full"))
    for number in numbered(count):
        await hub.deliver(to(CHIANG_MAI, number))
        await hub.keep()
        hub.clock.advance(minutes=1)
    hub.endpoints.always_fail(None)


async def started(hub: Hub, rate: float = 10) -> Replay:
    made = await plan(hub.work, ALL, Order("dead replay", BY), rate=rate)
    assert made is not None
    return await start(hub.work, made.id, Order("dead replay start", BY, "mended"))


async def go_on(hub: Hub, seconds: int, replayer: Replayer | None = None) -> None:
    """Let the replayer look each second, and what it sent be handed over."""
    replayer = replayer or Replayer(hub.work, stop=asyncio.Event())
    for _ in range(seconds):
        hub.clock.advance(seconds=1)
        await replayer.look()
        await hub.keep()


def handed_over(hub: Hub) -> list[str]:
    return [p.letter.letter_id.number for p in hub.endpoints.held.values()]


async def outcomes(hub: Hub, replay: Replay) -> Counter[Outcome]:
    letters = await hub.store.replays.letters(replay.id)
    return Counter(letter.item.outcome for letter in letters)


async def test_all_arrive_in_the_order_in_which_they_came(hub: Hub) -> None:
    """Each once; their dead letters are settled, and the incident is over."""
    await refused(hub, MANY)
    [dead] = await dead_letters(hub, numbered(1)[0])

    replay = await started(hub)
    await go_on(hub, 4)

    assert handed_over(hub) == [number.number for number in numbered(MANY)]
    assert await outcomes(hub, replay) == {Outcome.DONE: MANY}
    [found] = await hub.store.replays.find(str(replay.id))
    assert found.progress is Progress.DONE
    async with hub.store.unit() as unit:
        incident = await unit.incidents.get(dead.incident)
    assert incident is not None
    assert not incident.is_open
    for number in numbered(MANY):
        [path] = await hub.store.views.paths(number.number)
        assert path.consignment.state is State.DELIVERED


async def test_nothing_more_is_sent_where_the_cause_was_not_mended(hub: Hub) -> None:
    """One letter of an endpoint finds that out for all of them."""
    await refused(hub, MANY)
    hub.endpoints.always_fail(EndpointRefused("it is still full"))
    heard = len(hub.endpoints.heard)

    replay = await started(hub)
    await go_on(hub, 4)

    assert len(hub.endpoints.heard) == heard + 1
    expected = {Outcome.FAILED_AGAIN: 1, Outcome.NOT_ATTEMPTED: MANY - 1}
    assert await outcomes(hub, replay) == expected
    [found] = await hub.store.replays.find(str(replay.id))
    assert (found.progress, found.ended_why) == (Progress.STOPPED, "endpoint-refused")
    assert len(await hub.store.replays.chosen(ALL)) == MANY


async def test_it_stops_when_the_endpoint_refuses_again_half_way(hub: Hub) -> None:
    """Four in a row for one cause are enough; the others stay dead letters."""
    await refused(hub, 20)
    replay = await started(hub, rate=2)
    await go_on(hub, 2)
    hub.endpoints.always_fail(EndpointRefused("full again"))
    await go_on(hub, 8)

    found = await outcomes(hub, replay)
    assert found[Outcome.FAILED_AGAIN] == 4
    assert found[Outcome.NOT_ATTEMPTED] == 20 - found[Outcome.DONE] - 4
    assert [r.id for r in await hub.store.replays.running()] == []


async def test_a_letter_whose_answer_was_lost_is_held_once(hub: Hub) -> None:
    """Its parcel has the same id each time: the endpoint knows it again."""
    await refused(hub, 1, EndpointRefused("broken after it was kept"))
    hub.endpoints.lose_answers()
    replay = await started(hub)

    await go_on(hub, 2)
    assert len(hub.endpoints.held) == 1
    assert await outcomes(hub, replay) == {Outcome.SENT: 1}
    hub.clock.advance(days=1)
    await go_on(hub, 2)

    assert len(hub.endpoints.held) == 1
    assert await outcomes(hub, replay) == {Outcome.DONE: 1}


async def test_a_new_letter_is_not_delayed_by_those_that_come_back(hub: Hub) -> None:
    """It goes before them, though they were sent back earlier."""
    await refused(hub, 3)
    await started(hub)
    replayer = Replayer(hub.work, stop=asyncio.Event())
    await go_on(hub, 1, replayer)
    hub.clock.advance(seconds=1)
    await replayer.look()
    await hub.send(to(CHIANG_MAI, NEW))
    await hub.keep((Stage.ROUTE,))
    await hub.keep()
    await go_on(hub, 2, replayer)

    first, *rest = numbered(3)
    assert handed_over(hub) == [first.number, NEW.number, *[n.number for n in rest]]


async def test_a_province_that_is_away_does_not_hold_up_another(hub: Hub) -> None:
    """Each endpoint has a lane of its own, with its own letter sent ahead."""
    await refused(hub, 2)
    await hub.push_to(LOEI)
    hub.endpoints.fail(EndpointRefused("no"))
    await hub.deliver(to(LOEI, NEW))
    await hub.keep()
    replay = await started(hub)
    # Codes are in order: Loei comes first, and is away.
    hub.endpoints.fail(EndpointUnreachable("gone"))

    await go_on(hub, 4)

    found = await outcomes(hub, replay)
    assert found == {Outcome.DONE: 2, Outcome.SENT: 1}


@pytest.mark.parametrize("error", [EndpointRefused("no"), EndpointSilent("late")])
async def test_by_itself_it_replays_what_time_mends_and_nothing_else(
    hub: Hub, error: DeliveryError
) -> None:
    """After the endpoint took something again; a refusal waits for a person."""
    first, second = numbered(2)
    await hub.push_to(CHIANG_MAI, replays=True)
    hub.endpoints.always_fail(error)
    await hub.deliver(to(CHIANG_MAI, first))
    for _ in range(60):
        await hub.keep()
        hub.clock.advance(hours=6)
    [dead] = await dead_letters(hub, first)
    assert dead.cause == error.code
    hub.endpoints.always_fail(None)
    await hub.deliver(to(CHIANG_MAI, second))
    await hub.keep()
    assert handed_over(hub) == [second.number]

    replayer = Replayer(hub.work, stop=asyncio.Event())
    hub.clock.advance(seconds=BY_ITSELF.total_seconds())
    await go_on(hub, 4, replayer)

    [dead] = await dead_letters(hub, first)
    mends = error.temporary
    assert dead.settled is (Settled.REPLAYED if mends else None)
    assert handed_over(hub) == [second.number, *[first.number] * mends]


async def test_a_secret_letter_is_replayed_and_says_no_more_than_its_number(
    hub: Hub,
) -> None:
    """Plan and report know it by its number; who ordered it is kept encrypted."""
    [number] = numbered(1)
    paper = Attachment("application/pdf", b"%PDF-1.4 nobody is shown this")
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.always_fail(EndpointRefused("เรื่องที่ปกปิด is quoted"))
    secret = {"subject": "เรื่องที่ปกปิด", "secrecy": "002", "main": paper}
    await hub.deliver(to(CHIANG_MAI, number, **secret))
    await hub.keep()
    hub.endpoints.always_fail(None)

    replay = await started(hub)
    await go_on(hub, 3)

    assert await outcomes(hub, replay) == {Outcome.DONE: 1}
    rows = await hub.rows()
    kept = [line for table in ("replay", "replay_item") for line in rows[table]]
    assert not any("ปกปิด" in line for line in kept)
    [resumed] = [line for line in rows["journal"] if "delivery-resumed" in line]
    assert BY.name not in resumed
    path = await hub.path(CHIANG_MAI, number)
    happened = [e for e in path.journal if e.happening is Happening.DELIVERY_RESUMED]
    assert len(happened) == 1
