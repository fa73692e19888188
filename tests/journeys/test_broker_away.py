"""The broker is away: letters are taken, answered and kept; they arrive later.

Over real HTTP, with a hub in a process of its own and a RabbitMQ that is stopped and
started again. Nothing reaches an inbox around the broker.
"""

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_hub
from gateway.cli.demo_hub import HubProcess
from gateway.config import load
from gateway.domain.books import Place
from gateway.domain.promise import Stage
from gateway.simulation.letter import ACCEPT, Letter, Notifier
from queues.topology import dead_queue
from tests import rabbit
from tests.eventually import eventually
from tests.journeys.callers import Net
from tools.services_rabbitmq import Server

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

PATIENCE = 60
"""Seconds: a hub asks again for its broker every 15, and may wait 10 for an answer."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with rabbit.own_server(tmp_path / "rabbitmq") as made:
        yield made


@pytest.fixture
def hub(server: Server, new_hub: Callable[[], Path]) -> Iterator[HubProcess]:
    process = HubProcess(new_hub())
    (process.data / "gateway.toml").write_text(f'broker_url = "{server.amqp}"\n')
    yield process
    process.stop()


async def books(hub: HubProcess) -> dict[Place, int]:
    async with open_hub(load(hub.data)) as opened:
        found = await opened.store.check_books()
    assert found.in_balance, found
    return {place: count for place, count in found.places.items() if count}


def ready(hub: HubProcess) -> Any:
    with urllib.request.urlopen(f"{hub.base}/health/ready") as answer:  # noqa: S310
        assert answer.status == 200
        return json.load(answer)


def events(hub: HubProcess) -> list[dict[str, Any]]:
    lines = hub.log_tail(10_000).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_letters_wait_as_promises_while_the_broker_is_away(
    hub: HubProcess, server: Server, end: str
) -> None:
    await asyncio.to_thread(server.wait)
    hub.start()
    net = Net(hub.base)
    sender, receiver = net.pair()
    first = net.letter(sender, receiver)
    await sender.send(first)
    assert (await receiver.take()).content == first
    assert ready(hub)["problems"] == {}
    queues = [name for stage in Stage for name in (stage, dead_queue(stage))]
    await eventually(
        lambda: all(server.knows(queue) for queue in queues),
        within=PATIENCE,
        every=0.05,
    )

    await asyncio.to_thread(getattr(server, end))
    letters = [net.letter(sender, receiver) for _ in range(5)]
    taken = [await sender.send(letter) for letter in letters]
    again = await sender.send(letters[0])
    answered = await receiver.notify(ACCEPT, first, "1/2569")

    assert len({one.process_id for one in taken}) == len(letters)
    assert again == taken[0]
    assert isinstance(answered.notifier, Notifier)
    # No way around the broker leads into an inbox: neither letters nor the number.
    assert await receiver.poll() is None
    assert await sender.poll() is None
    assert await books(hub) == {Place.IN_REGISTER: 1, Place.ON_ITS_WAY: 5}
    told = ready(hub)
    assert told["ready"] is True
    assert told["problems"] == {
        "queue route": "temporarily-unavailable",
        "queue notify": "temporarily-unavailable",
        "queue deliver": "temporarily-unavailable",
    }

    await asyncio.to_thread(server.start)

    async def arrived() -> bool:
        found = await books(hub)
        return found == {Place.IN_REGISTER: 1, Place.IN_INBOX: 5}

    await eventually(arrived, within=PATIENCE, every=0.1)
    pulled = [(await receiver.take()).content for _ in letters]
    numbers = [one.number for one in pulled if isinstance(one, Letter)]
    assert sorted(numbers) == sorted(letter.number for letter in letters)
    number = (await sender.take()).content
    assert isinstance(number, Notifier)
    assert (number.kind, number.accept_id) == (ACCEPT, "1/2569")
    assert await receiver.poll() is None


async def test_a_hub_starts_without_its_broker(hub: HubProcess, server: Server) -> None:
    await asyncio.to_thread(server.wait)
    await asyncio.to_thread(server.stop)
    hub.start()
    net = Net(hub.base)
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)

    await sender.send(letter)

    assert await receiver.poll() is None
    assert ready(hub)["ready"] is True
    hub.stop()
    waiting = {e["runner"] for e in events(hub) if e["event"] == "runner waiting"}
    assert waiting >= {"relay", "router", "notifier"}
    assert {e["event"] for e in events(hub)} >= {"hub started", "hub stopped"}

    hub.start()
    await asyncio.to_thread(server.start)

    async def arrived() -> bool:
        return await books(hub) == {Place.IN_INBOX: 1}

    await eventually(arrived, within=PATIENCE, every=0.1)
    assert (await receiver.take()).content == letter
