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
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.errors import ReceiverUnknown
from gateway.domain.fetching import SKIPPED_TRIES, Tries
from gateway.domain.lifecycle import State
from gateway.transport.node_queue import HttpNodeQueues
from gateway.workflow.fetch import SKIPPED, Outcome, fetch
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
class Fetching:
    """A hub that fetches from one node."""

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

    async def fetch(self, code: OrganizationCode = MINISTRY) -> Outcome:
        return await fetch(self.hub.work, self.queues, self.tries, code)

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
async def _fetching(hub: Hub) -> AsyncIterator[Fetching]:
    async with an_endpoint() as node, a_handover(clock=hub.clock) as handover:
        fetching = Fetching(hub, node, HttpNodeQueues(handover, 64 * 1024 * 1024))
        await fetching.set()
        yield fetching


@pytest.fixture
async def fetching(hub: Hub) -> AsyncIterator[Fetching]:
    """A hub that fetches from the ministry's node, which keeps nothing yet."""
    async with _fetching(hub) as fetching:
        yield fetching


async def test_a_letter_is_taken_in_then_deleted_there(fetching: Fetching) -> None:
    """It goes the way of any letter of that organization; the queue is empty then."""
    fetching.keeps(CHIANG_MAI)

    assert await fetching.fetch() is Outcome.TAKEN
    assert await fetching.fetch() is Outcome.EMPTY
    await fetching.hub.keep()

    assert fetching.asked() == [Poll, DeleteEntry, Poll]
    assert not fetching.node.queue
    assert (await fetching.hub.take(CHIANG_MAI)).document is not None
    path = await fetching.hub.path(CHIANG_MAI)
    assert path.consignment.sender == MINISTRY
    assert path.consignment.state is State.DELIVERED


async def test_its_own_signature_holds_here(fetching: Fetching) -> None:
    """What its sender signed arrives as it was signed, in another envelope."""
    await fetching.set(organization=LANDS)
    letter = _letter(CHIANG_MAI, sender=LANDS, signed_by=key_of(LANDS))
    fetching.node.queue.append(("q1", letter))

    assert await fetching.fetch(LANDS) is Outcome.TAKEN

    judgement = (await fetching.hub.path(CHIANG_MAI)).consignment.judgement
    assert judgement is not None
    assert (judgement.intact, judgement.valid, judgement.trusted) == (True, True, True)


async def test_what_was_not_deleted_is_one_letter_still(fetching: Fetching) -> None:
    """The answer to the deletion is lost, or the hub dies before it: it comes again."""
    fetching.keeps(CHIANG_MAI)
    inner = a_node(fetching.node)
    fetching.node.behave = _failing(inner, DeleteEntry)

    assert await fetching.fetch() is Outcome.FAILED
    fetching.node.behave = inner
    fetching.hub.clock.advance(minutes=20)
    assert await fetching.fetch() is Outcome.TAKEN
    await fetching.hub.keep()

    assert len(await fetching.hub.inbox(CHIANG_MAI)) == 1


def _failing(inner: Behaviour, kind: type) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        if isinstance(decode(await request.read()).request, kind):
            return web.Response(status=503)
        return await inner(request)

    return behave


async def test_a_notifier_about_a_letter_sent_there_is_taken(
    fetching: Fetching,
) -> None:
    """The office behind the node registers: the sender's letter has its number."""
    await fetching.set(organization=CHIANG_MAI)
    await fetching.hub.deliver(to(CHIANG_MAI))
    fetching.node.queue.append(("q1", _notifier(NotifierKind.REGISTERED, "1024")))

    assert await fetching.fetch(CHIANG_MAI) is Outcome.TAKEN

    path = await fetching.hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    assert not fetching.node.queue


async def test_what_is_refused_stays_there(fetching: Fetching) -> None:
    """An operator may mend the cause: nothing is taken, nothing deleted."""
    fetching.keeps(NOBODY)

    with capture_logs():
        assert await fetching.fetch() is Outcome.REFUSED
        assert await fetching.fetch() is Outcome.REFUSED

    assert len(fetching.node.queue) == 1
    assert DeleteEntry not in fetching.asked()
    assert (await fetching.record()).failures == 0


async def test_what_is_refused_for_a_day_is_given_back(fetching: Fetching) -> None:
    """Its sender is told by a notifier its system knows; what is behind it moves on."""
    fetching.keeps(NOBODY)
    fetching.keeps(CHIANG_MAI, "q2")
    for _ in range(SKIPPED_TRIES):
        assert await fetching.fetch() is Outcome.REFUSED
    fetching.hub.clock.advance(hours=24)

    assert await fetching.fetch() is Outcome.TAKEN
    assert await fetching.fetch() is Outcome.TAKEN

    (back,) = [
        asked.request.notifier
        for asked in (decode(came.body) for came in fetching.node.arrived)
        if isinstance(asked.request, SendNotifier)
    ]
    assert (back.kind, back.letter_id) == (NotifierKind.WRONG_LETTER, NUMBER)
    assert not fetching.node.queue
    acts = [row for row in (await fetching.hub.rows())["act"] if SKIPPED in row]
    assert len(acts) == 1
    assert ReceiverUnknown.code in acts[0]


async def test_a_day_without_tries_skips_nothing(fetching: Fetching) -> None:
    """A hub that was stopped over night has not tried."""
    fetching.keeps(NOBODY)
    await fetching.fetch()
    fetching.hub.clock.advance(days=3)

    assert await fetching.fetch() is Outcome.REFUSED


async def test_a_node_that_hears_of_it_only_after_the_deletion(
    fetching: Fetching,
) -> None:
    """It refuses the notifier while its letter is queued: that is deleted first."""
    inner = a_node(fetching.node)

    async def behave(request: web.Request) -> web.StreamResponse:
        asked = decode(await request.read()).request
        if isinstance(asked, SendNotifier) and fetching.node.queue:
            operation = Operation.SEND_INVALID_LETTER_NOTIFIER
            refusal = answers.refused(operation, [("E-1", "still queued")])
            return web.Response(body=refusal)
        return await inner(request)

    fetching.node.behave = behave
    fetching.keeps(NOBODY)
    for _ in range(SKIPPED_TRIES):
        await fetching.fetch()
    fetching.hub.clock.advance(hours=24)
    await fetching.fetch()

    assert fetching.asked()[-3:] == [SendNotifier, DeleteEntry, SendNotifier]
    assert not fetching.node.queue


async def test_a_notifier_nobody_understands_is_only_deleted(
    fetching: Fetching,
) -> None:
    """There is nobody to tell: after a day it does not stand in the way any more."""
    fetching.node.queue.append(("q1", _notifier(NotifierKind.RECEIVED)))
    for _ in range(SKIPPED_TRIES):
        assert await fetching.fetch() is Outcome.REFUSED
    fetching.hub.clock.advance(hours=24)
    await fetching.fetch()

    assert SendNotifier not in fetching.asked()
    assert not fetching.node.queue


async def test_an_entry_of_neither_kind_is_refused(fetching: Fetching) -> None:
    """What is no letter and no notifier blocks for a day, and is never taken."""
    odd = answers.inbox_letter("q1", START, b"<Something/>")
    fetching.node.queue.append(("q1", odd))

    assert await fetching.fetch() is Outcome.REFUSED


async def test_a_letter_of_another_organization_is_refused(fetching: Fetching) -> None:
    """The node speaks for its own organization alone, as a door does."""
    fetching.node.queue.append(("q1", _letter(CHIANG_MAI, sender=LANDS)))

    assert await fetching.fetch() is Outcome.REFUSED
    assert not await fetching.hub.inbox(CHIANG_MAI)


async def test_a_node_that_fails_opens_the_circuit(fetching: Fetching) -> None:
    """After three failures it rests, and is not asked; a success closes it again."""
    fetching.node.behave = answers_with(503)
    for _ in range(3):
        assert await fetching.fetch() is Outcome.FAILED
    came = len(fetching.node.arrived)

    assert await fetching.fetch() is Outcome.RESTS
    assert len(fetching.node.arrived) == came
    record = await fetching.record()
    assert (record.failures, record.last_failure) == (3, "endpoint-busy")

    fetching.node.behave = a_node(fetching.node)
    fetching.hub.clock.advance(minutes=20)
    assert await fetching.fetch() is Outcome.EMPTY
    assert (await fetching.record()).failures == 0


@pytest.mark.parametrize(
    "changes",
    [{"polled": False}, {"way": Way.WEBHOOK}, {"paused_at": START}],
    ids=["not polled", "a webhook", "paused"],
)
async def test_nothing_is_fetched_where_nothing_is_to_be(
    fetching: Fetching, changes: dict[str, object]
) -> None:
    """Nothing is asked of it."""
    await fetching.set(**changes)
    fetching.keeps(CHIANG_MAI)

    assert await fetching.fetch() is Outcome.RESTS
    assert not fetching.node.arrived


async def test_nothing_is_fetched_for_an_organization_without_endpoint(
    fetching: Fetching,
) -> None:
    """It simply pulls."""
    assert await fetching.fetch(LANDS) is Outcome.RESTS


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (answers.refused(Operation.POLL, [("E-1", "no queue")]), "endpoint-refused"),
        (b"<html>sign in</html>", "endpoint-misbehaved"),
    ],
)
async def test_a_node_that_answers_at_all_opens_no_circuit(
    fetching: Fetching, body: bytes, code: str
) -> None:
    """Whatever lies in its queue: letters are handed over to it all the same."""
    fetching.node.behave = answers_with(body=body)
    for _ in range(4):
        assert await fetching.fetch() is Outcome.FAILED

    record = await fetching.record()
    assert (record.failures, record.last_failure) == (0, code)
    assert not record.rests(fetching.hub.clock.now())
