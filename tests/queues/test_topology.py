"""The rules that RabbitMQ 4 asks for, each on what is really declared."""

import asyncio
import json
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from gateway.domain.promise import Stage
from queues.broker import Message
from queues.rabbitmq import RabbitBroker
from queues.topology import DELIVERY_LIMIT, dead_queue, definitions, topology
from tests import rabbit
from tests.doubles.proxy import Wire
from tests.rabbit import Rabbit
from tools import make_definitions

QUEUES: Final = (*Stage, "deliver.1500200050")
"""The stages, and one of an endpoint."""

QOS: Final = bytes([0, 60, 0, 10])
"""basic.qos on the wire: class and method."""


async def declared_by_us(fresh: Rabbit) -> None:
    async with RabbitBroker.open(fresh.access) as broker:
        for queue in QUEUES:
            await broker.declare(queue)


@pytest.fixture
def fresh() -> Iterator[Rabbit]:
    with rabbit.fresh() as made:
        yield made


@pytest.fixture
async def queues(fresh: Rabbit) -> dict[str, dict[str, Any]]:
    await declared_by_us(fresh)
    return fresh.queues()


@pytest.mark.rabbitmq
async def test_a_queue_and_its_dead_queue_are_declared(
    queues: dict[str, dict[str, Any]],
) -> None:
    assert set(queues) == {*QUEUES, *(dead_queue(queue) for queue in QUEUES)}


@pytest.mark.rabbitmq
async def test_all_are_quorum_queues(queues: dict[str, dict[str, Any]]) -> None:
    assert {queue["type"] for queue in queues.values()} == {"quorum"}


@pytest.mark.rabbitmq
async def test_none_is_transient(queues: dict[str, dict[str, Any]]) -> None:
    assert all(queue["durable"] for queue in queues.values())
    assert not any(queue["auto_delete"] for queue in queues.values())
    assert not any(queue["exclusive"] for queue in queues.values())


@pytest.mark.rabbitmq
async def test_each_has_a_delivery_limit_of_ours_and_a_place_behind_it(
    queues: dict[str, dict[str, Any]],
) -> None:
    for name in QUEUES:
        arguments = queues[name]["arguments"]
        assert arguments["x-delivery-limit"] == DELIVERY_LIMIT > 20
        assert arguments["x-dead-letter-exchange"] == ""
        assert arguments["x-dead-letter-routing-key"] in queues
        assert arguments["x-dead-letter-strategy"] == "at-least-once"
        behind = queues[dead_queue(name)]["arguments"]
        assert behind["x-delivery-limit"] > DELIVERY_LIMIT
        assert "x-dead-letter-exchange" not in behind


@pytest.mark.rabbitmq
async def test_nothing_expires_or_overflows(queues: dict[str, dict[str, Any]]) -> None:
    losing = {"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes"}
    for queue in queues.values():
        assert not losing & set(queue["arguments"])


@pytest.mark.rabbitmq
async def test_no_policy_mirrors_anything(
    fresh: Rabbit, queues: dict[str, dict[str, Any]]
) -> None:
    assert fresh.ask("GET", f"/api/policies/{fresh.vhost}") == []
    assert not any(queue.get("policy") for queue in queues.values())


@pytest.mark.rabbitmq
async def test_prefetch_is_never_global(fresh: Rabbit) -> None:
    async with Wire.to(fresh.access.host, fresh.access.port) as wire:
        access = replace(fresh.access, port=wire.port)
        async with RabbitBroker.open(access) as broker:
            await broker.declare("route")
            async with broker.consume("route", prefetch=7):
                await broker.waiting("route")
        asked = bytes(wire.sent).split(QOS)[1:]

    found = [struct.unpack(">IHB", one[:7]) for one in asked]
    assert found
    assert {(count, is_global) for _, count, is_global in found} == {(7, 0)}


def test_the_file_for_operators_says_the_same() -> None:
    written = json.loads(make_definitions.FILE.read_text("utf-8"))

    assert written == definitions(Stage, make_definitions.VHOST)
    assert make_definitions.FILE.read_text("utf-8") == make_definitions.text()
    assert [queue["name"] for queue in written["queues"]] == [
        declared.name for declared in topology(Stage)
    ]


def test_the_file_for_operators_holds_no_user() -> None:
    text = Path(make_definitions.FILE).read_text("utf-8")

    assert "users" not in text
    assert "password" not in text


@pytest.mark.rabbitmq
async def test_what_the_file_declares_is_what_a_hub_declares(fresh: Rabbit) -> None:
    wanted = definitions(QUEUES, fresh.vhost)
    for queue in wanted["queues"]:
        del queue["vhost"]
    del wanted["vhosts"]

    fresh.ask("POST", f"/api/definitions/{fresh.vhost}", wanted)

    imported = fresh.queues()
    await declared_by_us(fresh)
    assert {n: q["arguments"] for n, q in imported.items()} == {
        declared.name: dict(declared.arguments) for declared in topology(QUEUES)
    }
    assert set(fresh.queues()) == set(imported)


@pytest.mark.rabbitmq
async def test_one_consumer_at_a_time_has_the_queue_of_an_endpoint(
    fresh: Rabbit,
) -> None:
    """Of two processes one empties it, in order; the other goes on where it ends."""
    queue = "deliver.1500200050"
    messages = [Message(uuid4(), b"") for _ in range(3)]
    async with (
        RabbitBroker.open(fresh.access) as one,
        RabbitBroker.open(fresh.access) as other,
    ):
        await one.declare(queue)
        async with other.consume(queue) as waiting:
            async with one.consume(queue) as claims:
                await one.publish(queue, messages)
                first = await anext(claims)
                second = asyncio.ensure_future(anext(waiting))
                assert first.message == messages[0]
                await first.ack()
                claim = await anext(claims)
                assert claim.message == messages[1]
                assert not second.done()
            # What was claimed and not settled comes back, before what lies behind it.
            async with asyncio.timeout(5):
                assert (await second).message == messages[1]


@pytest.mark.rabbitmq
async def test_only_queues_of_endpoints_have_one_consumer(
    queues: dict[str, dict[str, Any]],
) -> None:
    """Stages are worked on by all processes side by side."""
    said = {name: queue["arguments"] for name, queue in queues.items()}
    alone = {name for name in said if "x-single-active-consumer" in said[name]}

    assert alone == {"deliver.1500200050"}
