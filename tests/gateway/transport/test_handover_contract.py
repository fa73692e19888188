"""What any `Handover` keeps to: that of e-CMS, that of webhooks, and the fake one."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest

from envelopes import answers
from gateway.domain.delivery import (
    Answer,
    DeliveryError,
    EndpointBusy,
    EndpointRefused,
    EndpointSilent,
    Parcel,
)
from gateway.domain.endpoint import Endpoint, Way
from gateway.ports import Handover
from schemas.catalog import Operation
from tests.doubles.endpoint import (
    AnEndpoint,
    Behaviour,
    a_node,
    a_webhook,
    an_endpoint,
    answers_with,
    loses_its_answer,
)
from tests.doubles.handover import FakeHandover
from tests.gateway.transport.parcels import a_handover, a_parcel, an_endpoint_record

FIRST: Final = a_parcel()
SECOND: Final = a_parcel(id=UUID(int=10), process_id="20261121100000000000000002")
_REFUSAL: Final = answers.refused(Operation.SEND_LETTER, [("number-taken", "x")])


@dataclass
class Peer:
    """A handover, the endpoint it reaches, and how to make that fail."""

    handover: Handover
    record: Endpoint
    held: Callable[[], int]
    """How many parcels the endpoint has custody of."""
    well: Callable[[], None]
    busy: Callable[[], None]
    refuse: Callable[[], None]
    lose: Callable[[], None]

    async def take(self, parcel: Parcel = FIRST) -> Answer:
        return await self.handover.hand_over(self.record, parcel)


@pytest.fixture(params=["ecms", "webhook", "fake"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    """One of each, well-behaved as yet."""
    if request.param == "fake":
        yield _fake()
        return
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(an_endpoint())
        handover = await stack.enter_async_context(a_handover())
        yield _real(handover, endpoint, Way(request.param))


def _fake() -> Peer:
    fake = FakeHandover()
    return Peer(
        fake,
        an_endpoint_record("https://node.example.go.th/"),
        held=lambda: len(fake.held),
        well=lambda: fake.always_fail(None),
        busy=lambda: fake.always_fail(EndpointBusy("HTTP 503")),
        refuse=lambda: fake.always_fail(EndpointRefused("HTTP 400")),
        lose=fake.lose_answers,
    )


def _real(handover: Handover, endpoint: AnEndpoint, way: Way) -> Peer:
    node = way is Way.ECMS
    well = (a_node if node else a_webhook)(endpoint)
    refuses = answers_with(body=_REFUSAL) if node else answers_with(400)

    def behave(behaviour: Behaviour) -> Callable[[], None]:
        return lambda: setattr(endpoint, "behave", behaviour)

    behave(well)()
    return Peer(
        handover,
        an_endpoint_record(endpoint.url, way),
        held=lambda: len(endpoint.taken),
        well=behave(well),
        busy=behave(answers_with(503)),
        refuse=behave(refuses),
        lose=behave(loses_its_answer(well)),
    )


async def test_what_returns_is_in_custody(peer: Peer) -> None:
    """With the status that said so, and the seconds it took."""
    answer = await peer.take()

    assert answer.status is not None
    assert 200 <= answer.status < 300
    assert answer.seconds >= 0
    assert peer.held() == 1


async def test_a_repeat_is_taken_once_and_answered_alike(peer: Peer) -> None:
    """The endpoint knows a parcel by its id."""
    first, again, other = [await peer.take(p) for p in (FIRST, FIRST, SECOND)]

    assert first.process_id == again.process_id
    assert first.status == again.status == other.status
    assert peer.held() == 2


async def test_a_lost_answer_is_found_at_the_next_attempt(peer: Peer) -> None:
    """Nobody knows whether it was taken: temporary, and taken once in the end."""
    peer.lose()
    with pytest.raises(EndpointSilent) as caught:
        await peer.take()
    peer.well()
    await peer.take()

    assert caught.value.temporary
    assert peer.held() == 1


@pytest.mark.parametrize(
    ("how", "kind"), [("busy", EndpointBusy), ("refuse", EndpointRefused)]
)
async def test_what_is_not_taken_raises(
    peer: Peer, how: str, kind: type[DeliveryError]
) -> None:
    """Time's move or not; nothing is held, and the next one may be taken."""
    getattr(peer, how)()
    with pytest.raises(kind):
        await peer.take()
    assert peer.held() == 0

    peer.well()
    await peer.take()
    assert peer.held() == 1
