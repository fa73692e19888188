"""Dead letters that end without being sent again, and incidents closed by hand."""

from uuid import UUID

import pytest

from gateway.domain import errors
from gateway.domain.act import Order, Who
from gateway.domain.books import Place
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Stage
from gateway.workflow.settle import (
    close_incident,
    discard,
    overtake,
    overtaken,
)
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Hub, patiently, to
from tests.gateway.workflow.test_give_up import dead_letters, give_up_one

WHY = Order("dead discard", Who("root", "สมศรี"), "ส่งทางไปรษณีย์แล้ว")


async def a_dead_letter(hub: Hub) -> DeadLetter:
    """Give up routing a letter to Chiang Mai."""
    await hub.send(to(CHIANG_MAI))
    await give_up_one(hub, Stage.ROUTE)
    path = await hub.path(CHIANG_MAI)
    return (await dead_letters(hub, path.consignment.id))[0]


async def settled(hub: Hub, dead: DeadLetter) -> DeadLetter:
    [found] = await dead_letters(hub, dead.consignment)
    return found


async def open_incidents(hub: Hub) -> list[UUID]:
    return [x.incident.id for x in await hub.store.views.dead.incidents(closed=False)]


async def test_what_is_discarded_stays_failed(hub: Hub) -> None:
    """Who decided it, and why, stands in the journal and among the acts."""
    dead = await a_dead_letter(hub)
    hub.clock.advance(seconds=60)

    await patiently(lambda: discard(hub.work, dead.id, by="สมศรี", order=WHY))

    found = await settled(hub, dead)
    assert (found.settled, found.settled_at) == (Settled.DISCARDED, hub.clock.now())
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    assert path.journal[-1].happening is Happening.DEAD_LETTER_DISCARDED
    assert path.journal[-1].actor == "สมศรี"
    [act] = await hub.store.views.acts(None, limit=10)
    assert (act.what, act.why) == ("dead discard", WHY.why)
    assert act.consignment == dead.consignment
    assert (await hub.books()).places[Place.DEAD] == 1
    assert await open_incidents(hub) == []


async def test_what_is_settled_is_not_discarded_again(hub: Hub) -> None:
    """Who comes second had not seen what came of it."""
    dead = await a_dead_letter(hub)
    await discard(hub.work, dead.id, by="สมศรี", order=WHY)
    before = await hub.rows()

    with pytest.raises(errors.DeadLetterSettled):
        await discard(hub.work, dead.id, by="สมชาย", order=WHY)

    assert await hub.rows() == before


async def test_what_is_not_there_cannot_be_discarded(hub: Hub) -> None:
    """A mistyped id is no other dead letter."""
    with pytest.raises(errors.DeadLetterUnknown):
        await discard(hub.work, UUID(int=1), by="สมศรี", order=WHY)


async def test_an_incident_of_the_hub_ends_with_its_last_dead_letter(hub: Hub) -> None:
    """Two letters failed for one cause; it is there until both are settled."""
    first = await a_dead_letter(hub)
    await hub.send(to(LOEI))
    await give_up_one(hub, Stage.ROUTE)
    path = await hub.path(LOEI)
    [second] = await dead_letters(hub, path.consignment.id)

    await discard(hub.work, first.id, by="สมศรี", order=WHY)
    assert await open_incidents(hub) == [first.incident]
    await discard(hub.work, second.id, by="สมศรี", order=WHY)

    [line] = await hub.store.views.dead.incidents(closed=True)
    assert (line.incident.count, line.incident.closed_why) == (2, "discarded")
    assert line.dead_letters == 0


async def test_what_its_sender_took_back_is_overtaken(hub: Hub) -> None:
    """Nobody has to decide anything; doing it again finds nothing."""
    dead = await a_dead_letter(hub)
    assert await overtaken(hub.work) == []
    await hub.free(CHIANG_MAI)
    assert await overtaken(hub.work) == [dead.id]

    await patiently(lambda: overtake(hub.work, dead.id))
    assert await overtaken(hub.work) == []
    await overtake(hub.work, dead.id)

    assert (await settled(hub, dead)).settled is Settled.OVERTAKEN
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.RECALLED
    assert path.journal[-1].happening is Happening.DEAD_LETTER_OVERTAKEN


async def test_an_incident_is_closed_by_hand_once(hub: Hub) -> None:
    """Its dead letters stay open: closing says only that the cause is mended."""
    dead = await a_dead_letter(hub)
    why = Order("incidents close", Who("root", "สมศรี"), "กู้จากสำรองแล้ว")

    closed = await close_incident(hub.work, dead.incident, order=why)
    hub.clock.advance(seconds=60)
    again = await close_incident(hub.work, dead.incident, order=why)

    assert (closed.closed_why, closed.is_open) == (why.why, False)
    assert again.closed_at == closed.closed_at
    assert (await settled(hub, dead)).is_open
    acts = await hub.store.views.acts(None, limit=10)
    assert [act.what for act in acts] == ["incidents close"]
    with pytest.raises(errors.IncidentUnknown):
        await close_incident(hub.work, UUID(int=1), order=why)


async def test_the_next_failure_after_that_is_a_new_incident(hub: Hub) -> None:
    """The cause was not mended after all."""
    dead = await a_dead_letter(hub)
    why = Order("incidents close", Who("root", "สมศรี"), "แก้แล้ว")
    await close_incident(hub.work, dead.incident, order=why)

    await hub.send(to(LOEI))
    await give_up_one(hub, Stage.ROUTE)

    assert dead.incident not in await open_incidents(hub)
    assert len(await open_incidents(hub)) == 1
