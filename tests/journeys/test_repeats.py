"""A client that sends again is told the same; other content is refused."""

from dataclasses import replace

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.cli.demo_hub import HubProcess
from gateway.config import load
from gateway.simulation import boi
from gateway.simulation.errors import Refused
from gateway.simulation.letter import ACCEPT, RECEIVE, REJECT, File
from tests.journeys.brokers import ON_BROKERS
from tests.journeys.callers import Net, Office, eventually
from tests.journeys.conftest import on_every_database

pytestmark = [on_every_database, ON_BROKERS]

LATER = {"a second": "2026-11-21T10:11:13", "a day": "2026-11-22T10:11:12"}
"""SendDate at a further press of the button."""


@pytest.mark.parametrize("later", LATER)
async def test_csharp_sending_again_gets_the_same_process_id(
    net: Net, later: str
) -> None:
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)

    first = await sender.send(letter)
    again = await sender.send(replace(letter, send_date=LATER[later]))

    assert again == first
    await receiver.take()
    assert await receiver.poll() is None


@pytest.mark.parametrize("later", LATER)
async def test_boi_sending_again_gets_the_same_process_id(net: Net, later: str) -> None:
    """BOI writes the day alone, so a second later nothing differs at all."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver, send_date="2026-11-21")

    first = await sender.send_as_boi(letter)
    again = await sender.send_as_boi(replace(letter, send_date=LATER[later][:10]))

    assert again == first
    await receiver.take()
    assert await receiver.poll() is None


async def test_sending_again_after_the_number_came_changes_nothing(net: Net) -> None:
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    first = await sender.send(letter)
    await receiver.take()
    await receiver.notify(ACCEPT, letter, "1/2569")

    again = await sender.send(replace(letter, send_date=LATER["a day"]))

    assert again == first
    assert await receiver.poll() is None


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "เรื่องอื่น"},
        {"speed": "003"},
        {"main": File("application/pdf", "JVBERi0xLjUKJSVFT0YK")},
        {"attachments": ()},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_the_same_number_with_other_content_is_refused(
    net: Net, change: dict[str, object]
) -> None:
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)

    with pytest.raises(Refused) as refused:
        await sender.send(replace(letter, **change))

    assert refused.value.code == "number-taken"
    await receiver.take()
    assert await receiver.poll() is None


async def test_a_circular_has_one_number_for_many_receivers(net: Net) -> None:
    sender, one = net.pair()
    other = net.office()
    letter = net.letter(sender, one)
    copy = replace(letter, receiver=replace(letter.receiver, organization=other.code))

    first, second = await sender.send(letter), await sender.send(copy)

    assert first.process_id != second.process_id
    assert (await one.take()).process_id != (await other.take()).process_id


async def test_the_receivers_number_is_not_the_senders(net: Net) -> None:
    sender, receiver = net.pair()

    sent = await sender.send(net.letter(sender, receiver))

    assert (await receiver.take()).process_id != sent.process_id


@pytest.mark.parametrize(("kind", "number"), [(RECEIVE, ""), (ACCEPT, "1/2569")])
async def test_a_notifier_said_twice_is_one(net: Net, kind: str, number: str) -> None:
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)
    await receiver.take()

    first = await receiver.notify(kind, letter, number)
    again = await receiver.notify(kind, letter, number)

    assert again == first
    await sender.take()
    assert await sender.poll() is None


async def test_a_rejection_said_twice_is_queued_once(net: Net) -> None:
    """A second one would stay at the head of a C# sender's queue for ever (Q-C12)."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)
    await receiver.take()

    for _ in range(2):
        await receiver.notify(REJECT, letter)

    await sender.take()
    assert await sender.poll() is None


async def test_deleting_twice_succeeds_twice(net: Net) -> None:
    sender, receiver = net.pair()
    await sender.send(net.letter(sender, receiver))
    head = await receiver.pulled()

    await receiver.delete(head.process_id)
    number, time = await receiver.delete(head.process_id)

    assert number == head.process_id
    assert time
    assert await receiver.poll() is None


@pytest.mark.parametrize("process_id", ["", "XmlValue-01", "0", "ไม่มี", "9" * 60])
async def test_deleting_what_is_not_there_succeeds(net: Net, process_id: str) -> None:
    sender, receiver = net.pair()
    await sender.send(net.letter(sender, receiver))
    head = await receiver.pulled()

    await _delete_whatever(receiver, process_id)

    assert await receiver.pulled() == head


async def test_deleting_anothers_entry_touches_nothing(net: Net) -> None:
    sender, receiver = net.pair()
    await sender.send(net.letter(sender, receiver))
    head = await receiver.pulled()

    await sender.delete(head.process_id)

    assert await receiver.pulled() == head


async def test_deleting_what_was_sent_touches_nothing(net: Net) -> None:
    """The C# page does so after each ReceiveLetterNotifier (Q-C14)."""
    sender, receiver = net.pair()
    sent = await sender.send(net.letter(sender, receiver))
    head = await receiver.pulled()

    await receiver.delete(sent.process_id)
    await sender.delete(sent.process_id)

    assert await receiver.pulled() == head


async def test_deleting_what_was_never_read_touches_nothing(
    net: Net, hub: HubProcess
) -> None:
    """Only what the caller has been shown goes out of its queue."""
    sender, receiver = net.pair()
    for _ in range(2):
        await sender.send(net.letter(sender, receiver))
    head = await receiver.pulled()
    entries = await waiting(hub, receiver, 2)
    unread = next(entry for entry in entries if entry != head.process_id)

    await receiver.delete(unread)

    assert await waiting(hub, receiver, 2) == [head.process_id, unread]
    await receiver.delete(head.process_id)
    assert (await receiver.pulled()).process_id == unread


async def waiting(hub: HubProcess, office: Office, count: int) -> list[str]:
    """Return so many entries of an office's inbox, as an operator sees them."""

    async def look() -> list[str] | None:
        async with open_hub(load(hub.data)) as opened:
            code = OrganizationCode.parse(office.code)
            found = await opened.store.views.inbox(code)
        entries = [line.entry.process_id for line in found]
        return entries if len(entries) == count else None

    return await eventually(look)


async def _delete_whatever(office: Office, process_id: str) -> None:
    message = boi.delete_request(process_id)
    answer = await office.post(message)
    assert "<CorrespondenceLetterDeleteResponse>" in answer
    assert "ErrorDetail" not in answer
