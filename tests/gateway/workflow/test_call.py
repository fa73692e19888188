"""What another node keeps for the hub is taken in as at the door, and deleted there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from envelopes import answers
from envelopes.decoder import decode
from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from envelopes.requests import DeleteEntry, Poll, SendNotifier
from gateway.domain.calling import SKIPPED_TRIES, Tries
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.errors import ReceiverUnknown
from gateway.domain.lifecycle import State
from gateway.transport.node_queue import HttpNodeQueues
from gateway.workflow.call import SKIPPED, Called, call
from schemas.catalog import Operation
from tests.doubles.clock import START
from tests.doubles.endpoint import (
    AnEndpoint,
    Behaviour,
    a_node,
    an_endpoint,
    answers_with,
)
from tests.doubles.pki import Identity
from tests.gateway.transport.parcels import a_handover
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LANDS,
    MINISTRY,
    NOBODY,
    NUMBER,
    Hub,
    key_of,
    to,
)
from tests.letters import a_document

RECORD: Final = Endpoint(
    organization=MINISTRY,
    way=Way.ECMS,
    networks=("127.0.0.0/8",),
    polled=True,
    changed_at=datetime(2026, 7, 1, tzinfo=UTC),
)


@dataclass
class Calling:
    """A hub that calls one node."""

    hub: Hub
    node: AnEndpoint
    queues: HttpNodeQueues
    tries: Tries = field(default_factory=Tries)

    async def set(self, **changes: object) -> None:
        """Set the endpoint's record."""
        async with self.hub.store.unit() as unit:
            record = replace(RECORD, url=self.node.url)
            await unit.endpoints.set(replace(record, **changes))  # type: ignore[arg-type]
            await unit.commit()

    async def record(self, code: OrganizationCode = MINISTRY) -> Endpoint:
        async with self.hub.store.unit() as unit:
            found = await unit.endpoints.find(code)
        assert found is not None
        return found

    async def call(self, code: OrganizationCode = MINISTRY) -> Called:
        return await call(self.hub.work, self.queues, self.tries, code)

    def keeps(self, receiver: OrganizationCode, process_id: str = "q1") -> None:
        """Have the node keep a letter of its organization."""
        self.node.queue.append((process_id, _letter(receiver, process_id)))

    def asked(self) -> list[type]:
        """Return what the node was asked, in order."""
        return [type(decode(came.body).request) for came in self.node.arrived]


def _letter(
    receiver: OrganizationCode,
    process_id: str = "q1",
    *,
    sender: OrganizationCode = MINISTRY,
    signed_by: Identity | None = None,
) -> bytes:
    document = a_document(to(receiver, sender=sender), signed_by)
    return answers.inbox_letter(process_id, START, document)


def _notifier(kind: NotifierKind, number: str | None = None) -> bytes:
    told = NotifierCopy(kind, NUMBER, "เรื่อง", number, "2026-07-01T09:00:00", CHIANG_MAI)
    return answers.inbox_notifier("q1", START, told)


@asynccontextmanager
async def _calling(hub: Hub) -> AsyncIterator[Calling]:
    async with an_endpoint() as node, a_handover(clock=hub.clock) as handover:
        calling = Calling(hub, node, HttpNodeQueues(handover, 64 * 1024 * 1024))
        await calling.set()
        yield calling


@pytest.fixture
async def calling(hub: Hub) -> AsyncIterator[Calling]:
    """A hub that calls the ministry's node, which keeps nothing yet."""
    async with _calling(hub) as calling:
        yield calling


async def test_a_letter_is_taken_in_then_deleted_there(calling: Calling) -> None:
    """It goes the way of any letter of that organization; the queue is empty then."""
    calling.keeps(CHIANG_MAI)

    assert await calling.call() is Called.TAKEN
    assert await calling.call() is Called.EMPTY
    await calling.hub.keep()

    assert calling.asked() == [Poll, DeleteEntry, Poll]
    assert not calling.node.queue
    assert (await calling.hub.take(CHIANG_MAI)).document is not None
    path = await calling.hub.path(CHIANG_MAI)
    assert path.consignment.sender == MINISTRY
    assert path.consignment.state is State.DELIVERED


async def test_its_own_signature_holds_here(calling: Calling) -> None:
    """What its sender signed arrives as it was signed, in another envelope."""
    await calling.set(organization=LANDS)
    letter = _letter(CHIANG_MAI, sender=LANDS, signed_by=key_of(LANDS))
    calling.node.queue.append(("q1", letter))

    assert await calling.call(LANDS) is Called.TAKEN

    judgement = (await calling.hub.path(CHIANG_MAI)).consignment.judgement
    assert judgement is not None
    assert (judgement.intact, judgement.valid, judgement.trusted) == (True, True, True)


async def test_what_was_not_deleted_is_one_letter_still(calling: Calling) -> None:
    """The answer to the deletion is lost, or the hub dies before it: it comes again."""
    calling.keeps(CHIANG_MAI)
    inner = a_node(calling.node)
    calling.node.behave = _failing(inner, DeleteEntry)

    assert await calling.call() is Called.FAILED
    calling.node.behave = inner
    calling.hub.clock.advance(minutes=20)
    assert await calling.call() is Called.TAKEN
    await calling.hub.keep()

    assert len(await calling.hub.inbox(CHIANG_MAI)) == 1


def _failing(inner: Behaviour, kind: type) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        if isinstance(decode(await request.read()).request, kind):
            return web.Response(status=503)
        return await inner(request)

    return behave


async def test_a_notifier_about_a_letter_sent_there_is_taken(calling: Calling) -> None:
    """The office behind the node registers: the sender's letter has its number."""
    await calling.set(organization=CHIANG_MAI)
    await calling.hub.deliver(to(CHIANG_MAI))
    calling.node.queue.append(("q1", _notifier(NotifierKind.REGISTERED, "1024")))

    assert await calling.call(CHIANG_MAI) is Called.TAKEN

    path = await calling.hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    assert not calling.node.queue


async def test_what_is_refused_stays_there(calling: Calling) -> None:
    """An operator may mend the cause: nothing is taken, nothing deleted."""
    calling.keeps(NOBODY)

    with capture_logs():
        assert await calling.call() is Called.REFUSED
        assert await calling.call() is Called.REFUSED

    assert len(calling.node.queue) == 1
    assert DeleteEntry not in calling.asked()
    assert (await calling.record()).failures == 0


async def test_what_is_refused_for_a_day_is_given_back(calling: Calling) -> None:
    """Its sender is told by a notifier its system knows; what is behind it moves on."""
    calling.keeps(NOBODY)
    calling.keeps(CHIANG_MAI, "q2")
    for _ in range(SKIPPED_TRIES):
        assert await calling.call() is Called.REFUSED
    calling.hub.clock.advance(hours=24)

    assert await calling.call() is Called.TAKEN
    assert await calling.call() is Called.TAKEN

    (back,) = [
        asked.request.notifier
        for asked in (decode(came.body) for came in calling.node.arrived)
        if isinstance(asked.request, SendNotifier)
    ]
    assert (back.kind, back.letter_id) == (NotifierKind.WRONG_LETTER, NUMBER)
    assert not calling.node.queue
    acts = [row for row in (await calling.hub.rows())["act"] if SKIPPED in row]
    assert len(acts) == 1
    assert ReceiverUnknown.code in acts[0]


async def test_a_day_without_tries_skips_nothing(calling: Calling) -> None:
    """A hub that was stopped over night has not tried."""
    calling.keeps(NOBODY)
    await calling.call()
    calling.hub.clock.advance(days=3)

    assert await calling.call() is Called.REFUSED


async def test_a_node_that_hears_of_it_only_after_the_deletion(
    calling: Calling,
) -> None:
    """It refuses the notifier while its letter is queued: that is deleted first."""
    inner = a_node(calling.node)

    async def behave(request: web.Request) -> web.StreamResponse:
        asked = decode(await request.read()).request
        if isinstance(asked, SendNotifier) and calling.node.queue:
            operation = Operation.SEND_INVALID_LETTER_NOTIFIER
            refusal = answers.refused(operation, [("E-1", "still queued")])
            return web.Response(body=refusal)
        return await inner(request)

    calling.node.behave = behave
    calling.keeps(NOBODY)
    for _ in range(SKIPPED_TRIES):
        await calling.call()
    calling.hub.clock.advance(hours=24)
    await calling.call()

    assert calling.asked()[-3:] == [SendNotifier, DeleteEntry, SendNotifier]
    assert not calling.node.queue


async def test_a_notifier_nobody_understands_is_only_deleted(
    calling: Calling,
) -> None:
    """There is nobody to tell: after a day it does not stand in the way any more."""
    calling.node.queue.append(("q1", _notifier(NotifierKind.RECEIVED)))
    for _ in range(SKIPPED_TRIES):
        assert await calling.call() is Called.REFUSED
    calling.hub.clock.advance(hours=24)
    await calling.call()

    assert SendNotifier not in calling.asked()
    assert not calling.node.queue


async def test_an_entry_of_neither_kind_is_refused(calling: Calling) -> None:
    """What is no letter and no notifier blocks for a day, and is never taken."""
    odd = answers.inbox_letter("q1", START, b"<Something/>")
    calling.node.queue.append(("q1", odd))

    assert await calling.call() is Called.REFUSED


async def test_a_letter_of_another_organization_is_refused(calling: Calling) -> None:
    """The node speaks for its own organization alone, as a door does."""
    calling.node.queue.append(("q1", _letter(CHIANG_MAI, sender=LANDS)))

    assert await calling.call() is Called.REFUSED
    assert not await calling.hub.inbox(CHIANG_MAI)


async def test_a_node_that_fails_opens_the_circuit(calling: Calling) -> None:
    """After three failures it rests, and is not asked; a success closes it again."""
    calling.node.behave = answers_with(503)
    for _ in range(3):
        assert await calling.call() is Called.FAILED
    came = len(calling.node.arrived)

    assert await calling.call() is Called.RESTS
    assert len(calling.node.arrived) == came
    record = await calling.record()
    assert (record.failures, record.last_failure) == (3, "endpoint-busy")

    calling.node.behave = a_node(calling.node)
    calling.hub.clock.advance(minutes=20)
    assert await calling.call() is Called.EMPTY
    assert (await calling.record()).failures == 0


@pytest.mark.parametrize(
    "changes",
    [{"polled": False}, {"way": Way.WEBHOOK}, {"paused_at": START}],
    ids=["not polled", "a webhook", "paused"],
)
async def test_who_is_not_to_be_called_is_not(
    calling: Calling, changes: dict[str, object]
) -> None:
    """Nothing is asked of it."""
    await calling.set(**changes)
    calling.keeps(CHIANG_MAI)

    assert await calling.call() is Called.RESTS
    assert not calling.node.arrived


async def test_an_organization_without_endpoint_is_not_called(
    calling: Calling,
) -> None:
    """It simply pulls."""
    assert await calling.call(LANDS) is Called.RESTS
