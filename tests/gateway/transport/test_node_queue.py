"""The queue of a node, as its client sees it; and what a node must not answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from envelopes import answers
from envelopes.decoder import decode
from envelopes.dialects import CSHARP
from envelopes.letter import Attachment
from envelopes.notifier import NotifierKind
from envelopes.requests import DeleteEntry, Poll, SendNotifier
from gateway.domain.delivery import DeliveryError, EndpointMisbehaved, EndpointRefused
from gateway.domain.endpoint import Endpoint
from gateway.domain.fetching import Fetched
from gateway.transport.node_queue import HttpNodeQueues
from schemas.catalog import Operation
from tests.doubles.clock import START
from tests.doubles.endpoint import AnEndpoint, Behaviour, an_endpoint, answers_with
from tests.gateway.transport.parcels import a_handover, an_endpoint_record
from tests.letters import a_document, a_letter

LETTER = a_document(a_letter())
MOST = 1024 * 1024


@asynccontextmanager
async def _queue(
    behave: Behaviour | None = None,
) -> AsyncIterator[tuple[AnEndpoint, HttpNodeQueues, Endpoint]]:
    async with an_endpoint(behave) as node, a_handover() as handover:
        yield node, HttpNodeQueues(handover, MOST), an_endpoint_record(node.url)


async def test_the_head_comes_again_until_it_is_deleted() -> None:
    """As a client polls and deletes, in the C# dialect."""
    async with _queue() as (node, queues, record):
        node.queue.append(("q1", answers.inbox_letter("q1", START, LETTER)))
        first, again = await queues.head(record), await queues.head(record)
        await queues.delete(record, "q1")
        await queues.delete(record, "q1")
        empty = await queues.head(record)

    assert first is not None
    assert first == again
    assert (first.process_id, first.letter_id) == ("q1", a_letter().id)
    assert LETTER in first.envelope
    assert empty is None
    asked = [decode(came.body) for came in node.arrived]
    assert [type(one.request) for one in asked] == [
        Poll,
        Poll,
        *[DeleteEntry] * 2,
        Poll,
    ]
    assert {one.dialect for one in asked} == {CSHARP}


async def test_a_letter_is_given_back_in_its_own_words() -> None:
    """Operation 5, with number, date and subject as they came."""
    async with _queue() as (node, queues, record):
        node.queue.append(("q1", answers.inbox_letter("q1", START, LETTER)))
        head = await queues.head(record)
        assert head is not None
        await queues.give_back(record, head)

    request = decode(node.arrived[-1].body).request
    assert isinstance(request, SendNotifier)
    assert request.notifier.kind is NotifierKind.WRONG_LETTER
    assert request.notifier.letter_id == a_letter().id
    assert request.notifier.subject == a_letter().subject


async def test_only_a_letter_is_given_back() -> None:
    """A notifier has no sender who waits for an answer."""
    told = Fetched(process_id="q1", envelope=b"", letter_id=None)
    async with _queue() as (_, queues, record):
        with pytest.raises(ValueError, match="letter"):
            await queues.give_back(record, told)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (answers.inbox_letter("", START, LETTER), EndpointMisbehaved),
        (answers.inbox_letter("9" * 251, START, LETTER), EndpointMisbehaved),
        (b"<html>sign in</html>", EndpointMisbehaved),
        (answers.refused(Operation.POLL, [("E-1", "no")]), EndpointRefused),
        (answers.letter_taken("1", START), EndpointMisbehaved),
        (b"x" * (MOST + 1), EndpointMisbehaved),
    ],
    ids=["no number", "a long number", "a page", "an error", "another answer", "huge"],
)
async def test_what_is_no_queue_is_an_error(
    body: bytes, kind: type[DeliveryError]
) -> None:
    """And never an empty one: letters would be thought to be fetched."""
    async with _queue(answers_with(body=body)) as (_, queues, record):
        with pytest.raises(kind) as caught:
            await queues.head(record)

    assert type(caught.value) is kind


async def test_a_letter_larger_than_other_answers_is_fetched() -> None:
    """Up to what the hub takes at its own door."""
    file = Attachment("application/pdf", b"%PDF-" + bytes(2 * MOST))
    large = answers.inbox_letter("q1", START, a_document(a_letter(main=file)))
    async with an_endpoint(answers_with(body=large)) as node, a_handover() as handover:
        queues = HttpNodeQueues(handover, MOST * 4)
        head = await queues.head(an_endpoint_record(node.url))

    assert head is not None
    assert head.process_id == "q1"
