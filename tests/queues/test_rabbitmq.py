"""What only the broker on RabbitMQ promises: its connections, its errors, its limit."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import aio_pika
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.broker_access import access_of
from gateway.config import load
from queues.access import Access
from queues.broker import NOBODYS, Claim, Message
from queues.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ClaimLost,
    QueueDiffers,
    UnknownQueue,
)
from queues.rabbitmq import WINDOW, RabbitBroker
from tests import rabbit
from tests.doubles.proxy import Wire
from tests.eventually import SOON, eventually
from tests.rabbit import Rabbit

pytestmark = pytest.mark.rabbitmq


def messages(*numbers: int) -> list[Message]:
    return [Message(UUID(int=number), f"{number}".encode()) for number in numbers]


@pytest.fixture
def fresh() -> Iterator[Rabbit]:
    with rabbit.fresh() as made:
        yield made


@pytest.fixture
async def broker(fresh: Rabbit) -> AsyncIterator[RabbitBroker]:
    async with RabbitBroker.open(fresh.access) as opened:
        await opened.declare("route")
        yield opened


@pytest.fixture
async def wire(fresh: Rabbit) -> AsyncIterator[Wire]:
    async with Wire.to(fresh.access.host, fresh.access.port) as laid:
        yield laid


@pytest.fixture
async def far(fresh: Rabbit, wire: Wire) -> AsyncIterator[RabbitBroker]:
    """The broker at the other end of a wire that can be cut."""
    access = replace(fresh.access, port=wire.port)
    async with RabbitBroker.open(access) as opened:
        await opened.declare("route")
        yield opened


async def claim_of(claims: AsyncIterator[Claim]) -> Claim:
    async with asyncio.timeout(SOON):
        return await anext(claims)


async def taken(broker: RabbitBroker, count: int) -> list[Message]:
    async with broker.consume("route", prefetch=25) as claims:
        found = []
        for _ in range(count):
            claim = await claim_of(claims)
            found.append(claim.message)
            await claim.ack()
        return found


async def test_opening_asks_nothing_of_a_broker_that_is_away() -> None:
    away = Access.parse("amqp://127.0.0.1:1/")
    async with RabbitBroker.open(away) as broker:
        with pytest.raises(BrokerUnavailable):
            await broker.declare("route")
        with pytest.raises(BrokerUnavailable):
            await broker.publish("route", messages(1))
        with pytest.raises(BrokerUnavailable):
            async with broker.consume("route"):
                pass
        with pytest.raises(BrokerUnavailable):
            await broker.waiting("route")


async def test_a_cut_connection_ends_the_waiting_for_messages(
    far: RabbitBroker, wire: Wire
) -> None:
    async with far.consume("route") as claims:
        waiting = asyncio.ensure_future(anext(claims))
        await far.waiting("route")
        wire.cut()

        with pytest.raises(BrokerUnavailable):
            async with asyncio.timeout(SOON):
                await waiting


async def test_a_claim_is_lost_with_its_connection_and_comes_again(
    far: RabbitBroker, wire: Wire
) -> None:
    await far.publish("route", messages(1, 2, 3))
    async with far.consume("route", prefetch=3) as claims:
        claim = await claim_of(claims)
        wire.cut()
        await eventually(lambda: not far._consuming.is_up, every=0.01)

        with pytest.raises(ClaimLost):
            await claim.ack()
        with pytest.raises(ClaimLost):
            await claim.reject()
        with pytest.raises(BrokerUnavailable):
            await anext(claims)

    wire.mend()
    assert await taken(far, 3) == messages(1, 2, 3)


async def test_what_was_published_before_the_cut_is_published_again_in_order(
    far: RabbitBroker, wire: Wire
) -> None:
    """Whether a window was stored is not known: it may come twice, and never less."""
    many = messages(*range(20 * WINDOW))
    publishing = asyncio.ensure_future(far.publish("route", many))
    await eventually(lambda: wire.connections > 1, every=0.001)
    await asyncio.sleep(0.03)
    wire.cut()

    with pytest.raises(BrokerUnavailable):
        async with asyncio.timeout(SOON):
            await publishing

    wire.mend()
    await far.publish("route", many)
    stored = await far.waiting("route") - len(many)
    found = await taken(far, stored + len(many))
    assert found == many[:stored] + many


async def test_after_a_cut_everything_works_again_by_itself(
    far: RabbitBroker, wire: Wire
) -> None:
    await far.publish("route", messages(1))
    wire.cut()
    with pytest.raises(BrokerUnavailable):
        await far.waiting("route")
    with pytest.raises(BrokerUnavailable):
        await far.publish("route", messages(2))
    wire.mend()

    await far.declare("route")
    await far.publish("route", messages(3))

    assert await taken(far, 2) == messages(1, 3)


async def test_a_closed_broker_is_unavailable(fresh: Rabbit) -> None:
    async with RabbitBroker.open(fresh.access) as broker:
        await broker.declare("route")

    with pytest.raises(BrokerUnavailable):
        await broker.publish("route", messages(1))


async def test_a_queue_that_was_deleted_is_unknown_until_it_is_declared(
    broker: RabbitBroker, fresh: Rabbit
) -> None:
    fresh.delete("route")

    with pytest.raises(UnknownQueue):
        await broker.publish("route", messages(1, 2))
    await broker.declare("route")
    await broker.publish("route", messages(1, 2))

    assert await taken(broker, 2) == messages(1, 2)


async def test_who_waits_at_a_queue_that_is_deleted_is_told(
    broker: RabbitBroker, fresh: Rabbit
) -> None:
    async with broker.consume("route") as claims:
        waiting = asyncio.ensure_future(anext(claims))
        await broker.waiting("route")
        await asyncio.to_thread(fresh.delete, "route")

        with pytest.raises(BrokerUnavailable, match="deleted"):
            async with asyncio.timeout(SOON):
                await waiting

    await broker.declare("route")
    assert await broker.waiting("route") == 0


async def test_a_message_is_set_aside_where_its_dead_queue_was_deleted(
    broker: RabbitBroker, fresh: Rabbit
) -> None:
    await broker.publish("route", messages(1))
    await asyncio.to_thread(fresh.delete, "route.dead")

    async with broker.consume("route") as claims:
        await (await claim_of(claims)).reject()

    assert await broker.dead("route") == 1
    assert await broker.waiting("route") == 0


async def test_what_is_returned_too_often_is_set_aside(fresh: Rabbit) -> None:
    """A message that kills its consumer each time ends in the dead queue."""
    async with RabbitBroker.open(fresh.access, delivery_limit=2) as broker:
        await broker.declare("route")
        await broker.publish("route", messages(1, 2))
        for _ in range(3):
            async with broker.consume("route") as claims:
                assert (await claim_of(claims)).message == messages(1)[0]

        assert await taken(broker, 1) == messages(2)

        async def is_dead() -> bool:
            return await broker.dead("route") == 1

        await eventually(is_dead, every=0.02)
        assert await broker.waiting("route") == 0


async def test_what_was_never_ours_is_set_aside(
    broker: RabbitBroker, fresh: Rabbit
) -> None:
    connection = await aio_pika.connect(fresh.url)
    async with connection, connection.channel() as channel:
        await channel.default_exchange.publish(
            aio_pika.Message(b"by hand", message_id="no id of ours"), "route"
        )
    await broker.publish("route", messages(1))

    assert await taken(broker, 1) == messages(1)

    async def is_dead() -> bool:
        return await broker.dead("route") == 1

    await eventually(is_dead, every=0.02)
    async with broker.claim_dead("route", limit=1) as claims:
        assert claims[0].message == Message(NOBODYS, b"by hand")


async def test_a_queue_that_was_made_otherwise_is_told(fresh: Rabbit) -> None:
    connection = await aio_pika.connect(fresh.url)
    async with connection, connection.channel() as channel:
        await channel.declare_queue("route", durable=True)

    async with RabbitBroker.open(fresh.access) as broker:
        with pytest.raises(QueueDiffers, match="inequivalent arg"):
            await broker.declare("route")


async def test_a_wrong_password_is_told_and_not_shown(fresh: Rabbit) -> None:
    access = fresh.access.with_secrets("not guest's", None)
    async with RabbitBroker.open(access) as broker:
        with pytest.raises(BrokerRefused) as refused:
            await broker.declare("route")

    assert urlsplit(fresh.url).netloc in str(refused.value)
    assert "not guest" not in str(refused.value)
    assert "not guest" not in repr(access)


async def test_a_virtual_host_that_is_not_there_is_told(fresh: Rabbit) -> None:
    access = replace(fresh.access, vhost="nowhere")
    async with RabbitBroker.open(access) as broker:
        with pytest.raises(BrokerUnavailable):
            await broker.declare("route")


async def test_two_processes_share_a_queue(fresh: Rabbit) -> None:
    async with (
        RabbitBroker.open(fresh.access) as one,
        RabbitBroker.open(fresh.access) as other,
    ):
        await one.declare("route")
        await other.declare("route")
        await one.publish("route", messages(*range(10)))
        async with (
            one.consume("route", prefetch=5) as ones,
            other.consume("route", prefetch=5) as others,
        ):
            found = [(await claim_of(c)).message for c in [*[ones] * 5, *[others] * 5]]

    assert sorted(found, key=lambda m: m.id) == messages(*range(10))


def broker_certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """Write a certificate that vouches for itself, and return its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]),
            critical=False,
        )
        .sign(key, SHA256())
    )
    (folder / "broker.key").write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "broker.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder / "broker.crt"


@pytest.mark.parametrize(
    ("name", "known", "reached"),
    [
        ("127.0.0.1", True, True),
        ("127.0.0.2", True, False),
        ("127.0.0.1", False, False),
    ],
    ids=["its own", "another's", "nobody vouches"],
)
async def test_over_tls_the_broker_has_to_prove_who_it_is(
    fresh: Rabbit, tmp_path: Path, name: str, *, known: bool, reached: bool
) -> None:
    certificate = broker_certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, tmp_path / "broker.key")
    there = fresh.access.host, fresh.access.port
    async with Wire.to(*there, tls=server) as wire:
        settings = load(
            tmp_path,
            broker_url=f"amqps://127.0.0.1:{wire.port}/{fresh.vhost}",
            broker_authorities=certificate.name if known else None,
        )
        async with RabbitBroker.open(access_of(settings)) as broker:
            if reached:
                await broker.declare("route")
                await broker.publish("route", messages(1))
                assert await taken(broker, 1) == messages(1)
            else:
                with pytest.raises(BrokerUnavailable, match="CERTIFICATE_VERIFY"):
                    await broker.declare("route")
