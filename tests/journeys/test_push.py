"""A letter is pushed over real HTTP: taken, registered, told; and the way may be down.

On each engine combination, with a hub whose clock is moved by hand.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from envelopes.decoder import decode
from envelopes.letter import OrganizationCode
from envelopes.requests import SendLetter
from gateway.config import FILE
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import State
from gateway.ports import Path as LetterPath
from gateway.simulation.letter import ACCEPT, Letter, Notifier
from gateway.workflow import reach
from tests.doubles.endpoint import AnEndpoint, a_node, a_webhook, an_endpoint
from tests.eventually import eventually
from tests.journeys.brokers import embedded, rabbitmq
from tests.journeys.callers import Office
from tests.journeys.conftest import Fresh, on_every_database
from tests.journeys.exchange import Exchange, exchange

pytestmark = [
    on_every_database,
    pytest.mark.parametrize(
        "ex",
        [embedded, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)],
        indirect=True,
    ),
]

WITHIN = 20.0
EVERY = 0.02


@pytest.fixture
async def ex(request: pytest.FixtureRequest, fresh: Fresh) -> AsyncIterator[Exchange]:
    """A hub that serves in this process, on the broker that is asked for."""
    with fresh() as data, request.param() as settings:
        with (data / FILE).open("a", encoding="utf-8") as file:
            file.write(settings)
        async with exchange(data) as made:
            yield made


def office(ex: Exchange) -> Office:
    return Office(ex.base, ex.free.pop())


async def push(ex: Exchange, to: Office, way: Way, url: str) -> None:
    """Have an operator set how an office is reached."""
    endpoint = Endpoint(
        organization=OrganizationCode(to.code),
        way=way,
        url=url,
        changed_at=ex.clock.now(),
    )
    await reach.set_endpoint(ex.hub.work, endpoint)


async def path(ex: Exchange, letter: Letter) -> LetterPath:
    [found] = await ex.hub.store.views.paths(letter.number)
    return found


async def comes_to(ex: Exchange, letter: Letter, state: State) -> LetterPath:
    """Wait until a letter is in this state."""

    async def is_there() -> bool:
        return (await path(ex, letter)).consignment.state is state

    await eventually(is_there, within=WITHIN, every=EVERY)
    return await path(ex, letter)


def posted(endpoint: AnEndpoint) -> list[Any]:
    """Return what a webhook got, as JSON."""
    return [json.loads(one.body) for one in endpoint.arrived]


def numbers(node: AnEndpoint) -> list[str]:
    """Return the letters that a node got, each time it got them."""
    asked = [decode(one.body).request for one in node.arrived]
    sent = [one.document for one in asked if isinstance(one, SendLetter)]
    return [document.tree.findtext(".//{*}ID") or "" for document in sent]


async def test_a_letter_is_pushed_registered_and_told(ex: Exchange) -> None:
    """The receiver's system takes it, its clerk answers at the door as ever."""
    sender, receiver = office(ex), office(ex)
    async with an_endpoint() as endpoint:
        endpoint.behave = a_webhook(endpoint)
        await push(ex, receiver, Way.WEBHOOK, endpoint.url)
        letter = ex.letter(sender.code, receiver.code)

        await sender.send(letter)
        found = await comes_to(ex, letter, State.DELIVERED)
        await receiver.notify(ACCEPT, letter, "17/2569")
        number = (await sender.take()).content

    assert isinstance(number, Notifier)
    assert number.accept_id == "17/2569"
    [came] = posted(endpoint)
    assert letter.number in json.dumps(came, ensure_ascii=False)
    assert found.entry is not None
    assert endpoint.arrived[0].headers["Idempotency-Key"] == str(found.entry.id)
    assert (await path(ex, letter)).consignment.state is State.REGISTERED
    assert await receiver.poll() is None


async def test_a_sender_who_is_pushed_to_is_told_by_push(ex: Exchange) -> None:
    """Its notifier comes to its endpoint, and lies in no queue."""
    sender, receiver = office(ex), office(ex)
    async with an_endpoint() as endpoint:
        endpoint.behave = a_webhook(endpoint)
        await push(ex, sender, Way.WEBHOOK, endpoint.url)
        letter = ex.letter(sender.code, receiver.code)
        await sender.send(letter)
        await receiver.take()
        await receiver.notify(ACCEPT, letter, "18/2569")

        async def told() -> bool:
            entries = (await path(ex, letter)).notifier_entries
            return any(entry.standing is Standing.TAKEN for entry in entries)

        await eventually(told, within=WITHIN, every=EVERY)

    assert "18/2569" in json.dumps(posted(endpoint)[-1], ensure_ascii=False)
    assert await sender.poll() is None


async def test_a_node_that_is_down_gets_all_in_order_when_it_is_back(
    ex: Exchange,
) -> None:
    """Its letters wait, others' do not; then they come, each once, none overtaken."""
    sender, receiver, other = office(ex), office(ex), office(ex)
    async with an_endpoint(_unavailable) as node, an_endpoint() as well:
        await push(ex, receiver, Way.ECMS, node.url)
        await push(ex, other, Way.ECMS, well.url)
        letters = [ex.letter(sender.code, receiver.code) for _ in range(4)]
        for letter in letters:
            await sender.send(letter)
            await comes_to(ex, letter, State.WAITING)
        await eventually(lambda: len(node.arrived) == 1, within=WITHIN, every=EVERY)
        elsewhere = ex.letter(sender.code, other.code)
        await sender.send(elsewhere)
        await comes_to(ex, elsewhere, State.DELIVERED)
        [line] = [
            line
            for line in await ex.hub.store.views.endpoints()
            if line.organization.code.text == receiver.code
        ]
        assert line.endpoint is not None
        assert line.endpoint.rests(ex.clock.now())
        assert line.waiting == len(letters)

        node.behave = a_node(node)
        node.arrived.clear()
        ex.clock.advance(hours=8)
        for letter in letters:
            await comes_to(ex, letter, State.DELIVERED)

    assert numbers(node) == [letter.number for letter in letters]


async def _unavailable(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


async def test_a_letter_whose_answer_was_lost_is_not_taken_twice(ex: Exchange) -> None:
    """The node answers the repeat alike, and the hub counts one letter."""
    sender, receiver = office(ex), office(ex)
    async with an_endpoint() as node:
        takes = a_node(node)

        async def takes_and_hangs_up(request: web.Request) -> web.StreamResponse:
            await takes(request)
            node.behave = takes
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        node.behave = takes_and_hangs_up
        await push(ex, receiver, Way.ECMS, node.url)
        letter = ex.letter(sender.code, receiver.code)
        await sender.send(letter)
        await eventually(lambda: bool(node.taken), within=WITHIN, every=EVERY)

        async def failed_once() -> bool:
            endpoints = await ex.hub.store.endpoints()
            return any(endpoint.failures for endpoint in endpoints)

        await eventually(failed_once, within=WITHIN, every=EVERY)
        ex.clock.advance(hours=1)
        await comes_to(ex, letter, State.DELIVERED)

    assert len(node.taken) == 1
    assert len(numbers(node)) == 2
