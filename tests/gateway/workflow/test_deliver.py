"""What lies in the inbox of a push endpoint is handed over, and what comes of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from envelopes.dialects import BOI
from envelopes.letter import Attachment, LetterId
from envelopes.notifier import NotifierKind
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.deadletter import Settled
from gateway.domain.delivery import (
    AddressForbidden,
    Attempt,
    EndpointBusy,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
)
from gateway.domain.endpoint import Way
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import ReceiptKind
from gateway.domain.schedule import OPENS_AFTER, PACES
from gateway.workflow import reach
from gateway.workflow.delivered import failed, taken
from gateway.workflow.park import bring_back_after_a_day
from schemas.codes import mime_codes
from tests.eventually import eventually
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    NUMBER,
    Hub,
    patiently,
    to,
)

SECOND = LetterId("มท 0210.3/2", "2026-06-05")
THIRD = LetterId("มท 0210.3/3", "2026-06-05")
AWAY = EndpointUnreachable("no route")


async def settle(hub: Hub, rounds: int = 5) -> None:
    """Keep what is promised until nothing is due."""
    for _ in range(rounds):
        if not await hub.keep():
            return


async def attempts(hub: Hub) -> list[Attempt]:
    async with hub.store.unit() as unit:
        path = await hub.path(CHIANG_MAI)
        return list(await unit.attempts.of(path.consignment.id))


async def open_promise(hub: Hub) -> Promise:
    """Return the one promise to hand over that is open."""
    [entry] = await hub.inbox(CHIANG_MAI)
    async with hub.store.unit() as unit:
        promise = await unit.promises.to_deliver(entry)
    assert promise is not None
    return promise


async def retry(hub: Hub) -> None:
    """Let the time of the next attempt come, and make it."""
    hub.clock.advance(days=1)
    await settle(hub)


async def test_a_letter_is_handed_over_as_it_was_routed(hub: Hub) -> None:
    """The endpoint gets the bytes a pull client would get, under the entry's number."""
    await hub.deliver(to(LOEI))
    expected = await hub.head(LOEI)
    await hub.push_to(CHIANG_MAI)

    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    [(endpoint, parcel)] = hub.endpoints.heard
    path = await hub.path(CHIANG_MAI)
    assert path.entry is not None
    assert endpoint.organization == parcel.receiver == CHIANG_MAI
    assert (parcel.id, parcel.process_id) == (path.entry.id, path.entry.process_id)
    assert (parcel.sender, parcel.notifier) == (MINISTRY, None)
    assert parcel.letter.letter_id == NUMBER
    assert expected.document is not None
    assert len(parcel.document) == len(expected.document)


async def test_that_it_was_taken_is_custody_and_no_receipt_told(hub: Hub) -> None:
    """As when a pull client deletes: delivered, proven, told to nobody."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.DELIVERED
    assert path.entry is not None
    assert path.entry.shown_at == path.entry.taken_at == hub.clock.now()
    [receipt] = path.receipts
    assert (receipt.kind, receipt.tells) == (ReceiptKind.CUSTODY, None)
    [took] = await hub.journal(Happening.ENDPOINT_TOOK_IT, CHIANG_MAI)
    assert took.facts["taken_as"] == "N1"
    [attempt] = await attempts(hub)
    assert (attempt.outcome, attempt.number, attempt.answer.status) == (
        "taken",
        1,
        200,
    )
    assert await hub.look(CHIANG_MAI) is None


async def test_a_notifier_is_handed_over_too(hub: Hub) -> None:
    """Who sends by push is told by push, whatever its dialect reads."""
    await hub.speaks(MINISTRY, BOI)
    await hub.push_to(MINISTRY)
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.WRONG_LETTER)
    await settle(hub)

    [(_, parcel)] = hub.endpoints.heard
    assert parcel.notifier is not None
    assert parcel.notifier.kind is NotifierKind.WRONG_LETTER
    assert (parcel.told_by, parcel.document) == (CHIANG_MAI, b"")
    [entry] = (await hub.path(CHIANG_MAI)).notifier_entries
    assert entry.standing is Standing.TAKEN


async def test_a_failed_attempt_is_made_again_after_a_while(hub: Hub) -> None:
    """Nothing is handed over before its time; then it is, and the rest is as ever."""
    await hub.push_to(CHIANG_MAI, in_order=False)
    hub.endpoints.fail(AWAY)
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    again = await open_promise(hub)
    assert again.attempt == 2
    assert again.not_before == hub.clock.now() + PACES["001"].first
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING
    [said] = await hub.journal(Happening.DELIVERY_FAILED, CHIANG_MAI)
    assert (said.facts["cause"], said.facts["attempt"]) == (AWAY.code, "1")
    assert await hub.keep() == 0
    await retry(hub)

    assert (await hub.path(CHIANG_MAI)).consignment.state is State.DELIVERED
    assert [a.outcome for a in await attempts(hub)] == [AWAY.code, "taken"]


async def test_an_answer_that_was_lost_costs_a_repeat_and_no_second_letter(
    hub: Hub,
) -> None:
    """The endpoint knows the parcel by its id."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.lose_answers()
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)
    await retry(hub)

    assert len(hub.endpoints.heard) == 2
    assert len(hub.endpoints.held) == 1
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.DELIVERED


async def test_a_letter_that_was_answered_is_not_sent_again(hub: Hub) -> None:
    """An answer at the door proves that it arrived, though its custody was lost."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.lose_answers()
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "120/2569")

    await retry(hub)

    assert len(hub.endpoints.heard) == 1
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    assert path.entry is not None
    assert path.entry.standing is Standing.TAKEN
    kinds = [receipt.kind for receipt in path.receipts]
    assert kinds == [ReceiptKind.REGISTERED, ReceiptKind.CUSTODY]


async def test_what_is_refused_is_given_up_at_once(hub: Hub) -> None:
    """No repeat would help: it fails, and lies among the dead letters."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(EndpointRefused())
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    assert path.entry is not None
    assert path.entry.standing is Standing.PARKED
    async with hub.store.unit() as unit:
        [dead] = await unit.dead_letters.of(path.consignment.id)
    assert (dead.stage, dead.cause, dead.attempts) == (
        Stage.DELIVER,
        "endpoint-refused",
        1,
    )
    assert (await hub.books()).places[Place.DEAD] == 1
    assert not (await hub.endpoint(CHIANG_MAI)).rests(hub.clock.now())
    hub.clock.advance(days=2)
    assert await bring_back_after_a_day(hub.work) == 0


async def test_an_address_that_is_not_allowed_is_no_letters_fault(hub: Hub) -> None:
    """An operator mends the record, and all that waited goes out."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(AddressForbidden())
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING

    await hub.push_to(CHIANG_MAI, networks=("10.0.0.0/8",))
    hub.clock.advance(minutes=1)
    await settle(hub)

    assert (await hub.path(CHIANG_MAI)).consignment.state is State.DELIVERED


async def test_after_its_deadline_a_letter_is_given_up(hub: Hub) -> None:
    """It was tried all the time, and its dead letter says how often and why."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.always_fail(AWAY)
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)
    hub.clock.advance(days=4)
    await settle(hub)
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING
    hub.clock.advance(days=1)
    await settle(hub)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.FAILED
    assert path.journal[-1].happening is Happening.WORK_GIVEN_UP
    assert path.journal[-2].facts["attempt"] == "3"
    assert await hub.keep() == 0


async def test_a_pause_gives_no_letter_up(hub: Hub) -> None:
    """The deadline counts from when an operator resumed the endpoint."""
    await hub.push_to(CHIANG_MAI)
    await reach.pause(hub.work, CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    hub.clock.advance(days=30)
    assert await hub.keep() == 0
    assert not hub.endpoints.heard

    hub.endpoints.fail(AWAY)
    await reach.resume(hub.work, CHIANG_MAI)
    await settle(hub)

    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING
    assert (await open_promise(hub)).attempt == 2


async def test_a_notifier_that_is_given_up_leaves_its_letter_as_it_is(hub: Hub) -> None:
    """The letter was delivered and answered; that nobody hears of it is an error."""
    await hub.push_to(MINISTRY)
    hub.endpoints.fail(EndpointRefused())
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    await settle(hub)

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.RECEIVED
    assert path.journal[-1].happening is Happening.NOTIFIER_GIVEN_UP
    assert (await hub.books()).receipts[ReceiptPlace.DEAD] == 1


async def test_nothing_overtakes_where_order_matters(hub: Hub) -> None:
    """Also where the broker has the later ones first, and the first is tried again."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(AWAY)
    for number in (NUMBER, SECOND, THIRD):
        await hub.send(to(CHIANG_MAI, number))
    await settle(hub)
    assert len(hub.endpoints.heard) == 1
    due = await hub.store.outbox.due(hub.clock.now(), limit=9)
    assert due == []
    hub.clock.advance(minutes=1)

    due = await hub.store.outbox.due(hub.clock.now(), limit=9)
    for promise in reversed(due):
        await hub.hand_over(promise)

    numbers = [p.letter.letter_id for p in hub.endpoints.held.values()]
    assert numbers == [NUMBER, SECOND, THIRD]


async def test_where_order_does_not_matter_others_go_on(hub: Hub) -> None:
    """One that fails holds nobody up."""
    await hub.push_to(CHIANG_MAI, in_order=False)
    hub.endpoints.fail(AWAY)
    for number in (NUMBER, SECOND, THIRD):
        await hub.send(to(CHIANG_MAI, number))
    await settle(hub)

    numbers = [p.letter.letter_id for p in hub.endpoints.held.values()]
    assert numbers == [SECOND, THIRD]


async def test_an_endpoint_that_fails_again_and_again_is_left_alone(hub: Hub) -> None:
    """The circuit opens; a success after its rest closes it, and the incident."""
    await hub.push_to(CHIANG_MAI, in_order=False)
    hub.endpoints.fail(*[AWAY] * OPENS_AFTER)
    numbers = [LetterId(f"มท 9/{n}", "2026-06-05") for n in range(OPENS_AFTER + 2)]
    for number in numbers:
        await hub.send(to(CHIANG_MAI, number))
    await settle(hub)

    endpoint = await hub.endpoint(CHIANG_MAI)
    assert endpoint.rests(hub.clock.now())
    assert (endpoint.failures, endpoint.last_failure) == (OPENS_AFTER, AWAY.code)
    assert len(hub.endpoints.heard) == OPENS_AFTER
    hub.clock.advance(hours=1)
    await settle(hub)

    endpoint = await hub.endpoint(CHIANG_MAI)
    assert (endpoint.failures, endpoint.last_failure) == (0, "")
    assert endpoint.last_success_at == hub.clock.now()
    assert len(hub.endpoints.held) == len(numbers)


async def test_it_waits_as_long_as_the_endpoint_asks(hub: Hub) -> None:
    """Retry-After is longer than the schedule would be."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(EndpointBusy(wait=7200))
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    at = hub.clock.now() + timedelta(hours=2)
    assert (await open_promise(hub)).not_before == at
    assert (await hub.endpoint(CHIANG_MAI)).closed_until == at


async def test_what_its_sender_took_back_is_not_sent(hub: Hub) -> None:
    """The promise is void, and nothing is said of it."""
    await hub.push_to(CHIANG_MAI)
    await reach.pause(hub.work, CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await hub.free(CHIANG_MAI)
    await reach.resume(hub.work, CHIANG_MAI)
    await settle(hub)

    assert not hub.endpoints.heard
    assert await hub.keep() == 0


async def test_what_was_taken_back_while_it_was_on_its_way_was_taken(hub: Hub) -> None:
    """The journal says that the endpoint has it after all."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    promise = await open_promise(hub)
    hub.endpoints.shut()
    handing = asyncio.create_task(hub.hand_over(promise))
    await eventually(lambda: bool(hub.endpoints.heard))
    await hub.free(CHIANG_MAI)
    hub.endpoints.open()
    await handing

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.RECALLED
    assert path.journal[-1].happening is Happening.ENDPOINT_TOOK_IT
    assert [r.kind for r in path.receipts] == [ReceiptKind.CUSTODY]


@pytest.mark.parametrize("takes", [True, False])
async def test_what_a_clerk_registered_meanwhile_is_said_once(
    hub: Hub, *, takes: bool
) -> None:
    """Whatever the endpoint answers then, the promise is kept and none is made."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    promise = await open_promise(hub)
    hub.endpoints.fail(None if takes else AWAY)
    hub.endpoints.shut()
    handing = asyncio.create_task(hub.hand_over(promise))
    await eventually(lambda: bool(hub.endpoints.heard))
    await hub.register(CHIANG_MAI)
    hub.endpoints.open()
    await handing

    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    hub.clock.advance(days=2)
    assert await hub.keep() == 1
    assert await hub.keep() == 0


async def test_an_outcome_is_written_down_once(hub: Hub) -> None:
    """Also where it comes late, twice, and otherwise the second time."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    promise = await open_promise(hub)
    await hub.hand_over(promise)
    before = await hub.rows()

    [attempt] = await attempts(hub)
    await taken(hub.work, promise, attempt.answer)
    await failed(hub.work, promise, EndpointSilent(), 0.0)
    await hub.hand_over(promise)

    assert await hub.rows() == before
    assert len(hub.endpoints.heard) == 1


async def test_a_promise_that_nobody_made_is_nothing(hub: Hub) -> None:
    """A queue may be newer than a database that was restored."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    promise = await open_promise(hub)
    unknown = replace(promise, id=uuid4())

    await hub.hand_over(unknown)
    await taken(hub.work, unknown, AWAY.answer)

    assert not hub.endpoints.heard
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.WAITING


async def test_what_waits_when_an_endpoint_is_set_to_push_is_promised_in_order(
    hub: Hub,
) -> None:
    """Each is told by the journal, and setting it again promises nothing twice."""
    for number in (NUMBER, SECOND, THIRD):
        await hub.deliver(to(CHIANG_MAI, number))
    await hub.push_to(CHIANG_MAI)
    counts = await hub.counts()
    await hub.push_to(CHIANG_MAI)
    assert (await hub.counts())["promise"] == counts["promise"]

    [begun] = await hub.journal(Happening.DELIVERY_BEGUN, CHIANG_MAI)
    assert begun.facts["deliver"]
    await settle(hub)
    numbers = [p.letter.letter_id for p in hub.endpoints.held.values()]
    assert numbers == [NUMBER, SECOND, THIRD]


async def test_what_was_held_is_pushed(hub: Hub) -> None:
    """Its client could not read it; the endpoint is another reader."""
    await hub.speaks(MINISTRY, BOI)
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.WRONG_LETTER)
    await hub.keep()
    [entry] = (await hub.path(CHIANG_MAI)).notifier_entries
    assert entry.standing is Standing.HELD

    await hub.push_to(MINISTRY)
    await settle(hub)

    [entry] = (await hub.path(CHIANG_MAI)).notifier_entries
    assert entry.standing is Standing.TAKEN


async def test_what_is_set_to_pull_waits_for_its_client(hub: Hub) -> None:
    """Its promises are found void, and the inbox is as it was."""
    await hub.push_to(CHIANG_MAI)
    await reach.pause(hub.work, CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await reach.let_pull(hub.work, CHIANG_MAI)

    await settle(hub)

    assert not hub.endpoints.heard
    assert await hub.keep() == 0
    await hub.take(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.push_to(CHIANG_MAI)
    await settle(hub)
    assert [p.letter.letter_id for p in hub.endpoints.held.values()] == [SECOND]


async def test_an_ecms_endpoint_gets_a_copy_fitted_to_its_dialect(hub: Hub) -> None:
    """As its client would when it polled; what was made is kept before it is sent."""
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.push_to(CHIANG_MAI, Way.ECMS)
    letter = to(CHIANG_MAI, main=Attachment(mime_codes()["docx"], b"PK"))
    await hub.deliver(letter)
    await settle(hub)

    [fitted] = await hub.journal(Happening.COPY_FITTED, CHIANG_MAI)
    assert fitted.facts["dialect"] == BOI.name
    assert len(hub.endpoints.held) == 1
    assert (await hub.path(CHIANG_MAI)).consignment.state is State.DELIVERED


async def test_what_is_asked_for_again_is_shown_and_not_pushed_again(hub: Hub) -> None:
    """The answer at the door is all: the hub empties that inbox itself."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)

    shown = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert shown.document is not None
    assert await hub.keep() == 0
    assert len(hub.endpoints.heard) == 1


async def test_an_incident_counts_the_failures_of_one_cause(hub: Hub) -> None:
    """One line for an operator, however many letters wait; a success closes it."""
    await hub.push_to(CHIANG_MAI, in_order=False)
    hub.endpoints.fail(AWAY, AWAY)
    await hub.send(to(CHIANG_MAI))
    await hub.send(to(CHIANG_MAI, SECOND))
    await settle(hub)

    async def incident() -> list[str]:
        return list((await hub.rows())["incident"])

    [line] = await incident()
    assert AWAY.code in line
    assert ", 2, None" in line
    await retry(hub)
    [line] = await incident()
    assert "'taken'" in line


async def test_a_secret_answer_stays_secret(hub: Hub) -> None:
    """What an endpoint says of a secret letter is encrypted, and opens again."""
    await hub.push_to(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, secrecy="002"))
    await settle(hub)

    rows = (await hub.rows())["attempt"]
    assert not any("b'taken'" in row or "Subject" in row for row in rows)
    [attempt] = await attempts(hub)
    assert attempt.answer.body == b"taken"


async def test_a_dead_letter_of_an_answered_letter_stays_open_for_nobody(
    hub: Hub,
) -> None:
    """Given up, and then registered at the door: it has its number and its place."""
    await hub.push_to(CHIANG_MAI)
    hub.endpoints.fail(EndpointRefused())
    await hub.deliver(to(CHIANG_MAI))
    await settle(hub)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "120/2569")

    books = await hub.books()
    assert books.places[Place.IN_REGISTER] == 1
    async with hub.store.unit() as unit:
        path = await hub.path(CHIANG_MAI)
        [dead] = await unit.dead_letters.of(path.consignment.id)
    assert dead.settled is not Settled.REPLAYED


async def test_a_poll_of_the_door_empties_the_inbox_too(hub: Hub) -> None:
    """Who still polls gets what waits, and it is not handed over a second time."""
    await hub.push_to(CHIANG_MAI)
    await reach.pause(hub.work, CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await patiently(lambda: reach.resume(hub.work, CHIANG_MAI))
    await settle(hub)

    assert not hub.endpoints.heard
