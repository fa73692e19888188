"""What no repeat will help: a dead letter, an incident, and books in balance."""

from uuid import UUID

import pytest
from structlog.testing import capture_logs

from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import EndpointRefused
from gateway.domain.endpoint import Way
from gateway.domain.inbox import InboxEntry, Standing
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Stage
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from gateway.workflow.park import bring_back_after_a_day, unpark
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, Hub, patiently, to

DAMAGED = VaultDamaged(detail="file 17: is not there")
SECRET = "003"
SECOND = LetterId("มท 0210.3/2", "2026-06-05")


async def open_promise(hub: Hub, stage: Stage) -> UUID:
    """Return the one promise of a stage that is due."""
    due = await hub.store.outbox.due(hub.clock.now(), limit=10)
    [promise] = [promise.id for promise in due if promise.stage is stage]
    return promise


async def give_up_one(hub: Hub, stage: Stage, error: Exception = DAMAGED) -> UUID:
    """Give up the one promise of a stage, a second later."""
    promise = await open_promise(hub, stage)
    hub.clock.advance(seconds=1)
    await patiently(lambda: give_up(hub.work, promise, error))
    return promise


async def dead_letters(hub: Hub, consignment: UUID) -> list[DeadLetter]:
    async with hub.store.unit() as unit:
        return list(await unit.dead_letters.of(consignment))


async def test_a_letter_that_cannot_be_routed_fails_with_its_reason(hub: Hub) -> None:
    """State, journal, dead letter, promise and books say the same."""
    await hub.send(to(CHIANG_MAI))

    promise = await give_up_one(hub, Stage.ROUTE)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    [dead] = await dead_letters(hub, path.consignment.id)
    assert (dead.stage, dead.promise, dead.endpoint) == (
        Stage.ROUTE,
        promise,
        CHIANG_MAI,
    )
    assert (dead.cause, dead.detail, dead.attempts) == (
        "vault-damaged",
        "file 17: is not there",
        1,
    )
    assert dead.is_open
    assert dead.at == hub.clock.now()
    [entry] = await hub.journal(Happening.WORK_GIVEN_UP, CHIANG_MAI)
    assert entry.facts["dead_letter"] == str(dead.id)
    assert await hub.keep() == 0
    assert (await hub.books()).places[Place.DEAD] == 1


async def test_giving_up_twice_is_giving_up_once(hub: Hub) -> None:
    """A message that comes again finds its promise kept."""
    await hub.send(to(CHIANG_MAI))
    promise = await give_up_one(hub, Stage.ROUTE)
    before = await hub.rows()

    await give_up(hub.work, promise, DAMAGED)

    assert await hub.rows() == before


async def test_a_promise_that_nobody_made_is_left_alone(hub: Hub) -> None:
    """A queue may be newer than a database that was restored."""
    before = await hub.rows()

    await give_up(hub.work, UUID(int=4711), DAMAGED)

    assert await hub.rows() == before


async def test_failures_of_one_cause_are_one_incident(hub: Hub) -> None:
    """The second failure is counted; another cause is an incident of its own."""
    for receiver, error in (
        (CHIANG_MAI, DAMAGED),
        (LOEI, DAMAGED),
        (MINISTRY, KeyError("ชื่อเรื่อง")),
    ):
        await hub.send(to(receiver, sender=CHIANG_MAI))
        await give_up_one(hub, Stage.ROUTE, error)

    dead = {
        code: (await dead_letters(hub, (await hub.path(code)).consignment.id))[0]
        for code in (CHIANG_MAI, LOEI, MINISTRY)
    }
    assert dead[CHIANG_MAI].incident == dead[LOEI].incident
    assert dead[MINISTRY].incident != dead[LOEI].incident
    # What an error without a code says may quote anything.
    assert (dead[MINISTRY].cause, dead[MINISTRY].detail) == (
        "internal-error",
        "KeyError",
    )


async def test_a_notifier_that_is_given_up_leaves_its_letter_as_it_is(
    hub: Hub,
) -> None:
    """The number stands; only nobody told the sender of it."""
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "17")

    await give_up_one(hub, Stage.NOTIFY)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    [dead] = await dead_letters(hub, path.consignment.id)
    assert (dead.stage, dead.endpoint) == (Stage.NOTIFY, MINISTRY)
    assert dead.receipt in {receipt.id for receipt in path.receipts}
    assert len(await hub.journal(Happening.NOTIFIER_GIVEN_UP, CHIANG_MAI)) == 1
    assert (await hub.books()).receipts[ReceiptPlace.DEAD] == 1


async def test_of_a_letter_that_was_taken_back_nothing_is_given_up(hub: Hub) -> None:
    """Nobody waits for it: the promise is kept as void, and nobody is troubled."""
    await hub.send(to(CHIANG_MAI))
    promise = await open_promise(hub, Stage.ROUTE)
    await hub.free(CHIANG_MAI)

    await give_up(hub.work, promise, DAMAGED)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.RECALLED
    assert await dead_letters(hub, path.consignment.id) == []
    assert await hub.keep() == 0


async def test_a_failed_letter_can_be_taken_back(hub: Hub) -> None:
    """Its sender sends it anew; the books know that it lies nowhere any more."""
    await hub.send(to(CHIANG_MAI))
    await give_up_one(hub, Stage.ROUTE)

    await hub.free(CHIANG_MAI)

    assert (await hub.path(CHIANG_MAI)).consignment.state is State.RECALLED
    assert (await hub.books()).places[Place.RECALLED] == 1


async def test_of_a_secret_letter_only_the_code_is_kept(hub: Hub) -> None:
    """What an error knows beside its code might quote the letter."""
    await hub.send(to(CHIANG_MAI, secrecy=SECRET))

    with capture_logs() as logs:
        await give_up_one(hub, Stage.ROUTE)

    path = await hub.path(CHIANG_MAI)
    [dead] = await dead_letters(hub, path.consignment.id)
    assert (dead.cause, dead.detail) == ("vault-damaged", "")
    [line] = [line for line in logs if line["event"] == "work given up"]
    assert line["dead_letter"] == dead.id
    assert line["code"] == "vault-damaged"


async def refused(hub: Hub) -> InboxEntry:
    """Have a push endpoint refuse a letter; return the entry that stays there."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(EndpointRefused("no such office"))
    await hub.deliver(to(CHIANG_MAI))
    await hub.keep()
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    assert path.entry is not None
    return path.entry


async def test_what_could_not_be_handed_over_stays_in_its_inbox(hub: Hub) -> None:
    """Parked, with a dead letter that names the entry and the endpoint's incident."""
    entry = await refused(hub)

    path = await hub.path(CHIANG_MAI)
    [dead] = await dead_letters(hub, path.consignment.id)
    assert entry.standing is Standing.PARKED
    assert (dead.stage, dead.entry, dead.endpoint) == (
        Stage.DELIVER,
        entry.id,
        CHIANG_MAI,
    )
    assert (dead.cause, dead.detail) == ("endpoint-refused", "no such office")
    [line] = await hub.store.views.dead.incidents(closed=False)
    assert (line.incident.id, line.incident.endpoint) == (dead.incident, CHIANG_MAI)
    assert (await hub.books()).places[Place.DEAD] == 1


async def test_what_was_given_up_does_not_come_back_by_itself(hub: Hub) -> None:
    """Neither after a day, nor when something else is taken, nor for an operator."""
    entry = await refused(hub)
    hub.clock.advance(days=2)

    assert await bring_back_after_a_day(hub.work) == 0
    await hub.push_to(CHIANG_MAI, way=Way.PULL)
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.take(CHIANG_MAI)
    with pytest.raises(errors.NotPossibleNow):
        await unpark(hub.work, CHIANG_MAI, entry.process_id, by="สมศรี")

    assert await hub.look(CHIANG_MAI) is None
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    # It is a dead letter, not something that its client left there.
    assert await hub.store.views.aside(None) == []
