"""The hub's own answers, read by all three clients, and changed under their eyes."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from gateway.simulation import boi, boi_reader, csharp, csharp_reader, java
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    KINDS,
    RECEIVE,
    REJECT,
    Letter,
    Pulled,
)
from tests.journeys.callers import Net, Office, eventually, notifier
from tests.simulation.changes import CHANGES, Case, expect_noticed

DOCUMENT = "rsm:GovernmentDocument"
LETTER = f"{DOCUMENT}/ram:CorrespondenceLetter"
SIGNATURE = f"{DOCUMENT}/ram:GovernmentSignature"
TRANSFORMS = "ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms/"

UNREAD = {
    "boi": {
        SIGNATURE,
        f"{SIGNATURE}/ds:Signature",
        f"{SIGNATURE}/{TRANSFORMS}",
    },
    "csharp": {
        "processID",
        f"{LETTER}/ram:SenderParty/ram:MinistryOrganization/",
        f"{LETTER}/ram:ReceiverParty/ram:MinistryOrganization/",
        f"{SIGNATURE}/",
    },
    "java": {"processID", f"{SIGNATURE}/"},
}
"""What a reader does not look at, with the reasons given beside the samples."""

POLL = csharp.poll_request(message_id="1", own_url="")
"""Asked as C# does: what is asked as BOI does is never answered with a notifier."""

Read = Callable[[str], object]


def expect_exact(answer: str, spelling: str = "ProcessID", **readers: Read) -> None:
    """See that each client understands an answer, and notices every change of it.

    Both spellings of the process number are there (I2); BOI reads the one given.
    """
    other = {"ProcessID", "processID"} - {spelling}
    for name, read in readers.items():
        unread = UNREAD[name] | (other if name == "boi" else set())
        case = Case(answer, read, frozenset(unread))
        assert sum(expect_noticed(case, change) for change in CHANGES)


async def raw_head(office: Office) -> str:
    """Return the answer to a poll, once something is there."""

    async def ask() -> str | None:
        answer = await office.post(POLL)
        return answer if java.read_poll(answer) else None

    return await eventually(ask)


async def sent(net: Net) -> tuple[Office, Office, Letter, str]:
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    message = csharp.send_request(letter, message_id="1", to=receiver.url)
    return sender, receiver, letter, await sender.post(message)


async def test_the_answer_to_a_letter(net: Net) -> None:
    *_, answer = await sent(net)

    expect_exact(
        answer,
        boi=boi_reader.read_taken,
        csharp=csharp_reader.read_taken,
        java=java.read_taken,
    )


async def test_a_letter_at_the_head(net: Net) -> None:
    _, receiver, letter, _ = await sent(net)

    answer = await raw_head(receiver)

    pulled = boi_reader.read_poll(answer)
    assert pulled is not None
    assert isinstance(pulled.content, Letter)
    assert pulled.content.number == letter.number
    assert csharp_reader.read_poll(answer) == java.read_poll(answer) == pulled
    expect_exact(
        answer,
        boi=boi_reader.read_poll,
        csharp=csharp_reader.read_poll,
        java=java.read_poll,
    )


async def test_an_empty_queue(net: Net) -> None:
    answer = await net.office().post(boi.poll_request())

    assert boi_reader.read_poll(answer) is None
    assert csharp_reader.read_poll(answer) is None
    assert java.read_poll(answer) is None


async def test_a_deletion(net: Net) -> None:
    _, receiver, _, _ = await sent(net)
    head = await receiver.pulled()

    answer = await receiver.post(boi.delete_request(head.process_id))

    assert boi_reader.read_deleted(answer)[0] == head.process_id
    expect_exact(
        answer,
        boi=boi_reader.read_deleted,
        csharp=csharp_reader.read_deleted,
    )


async def _accepted(sender: Office, receiver: Office, letter: Letter) -> None:
    await receiver.notify(ACCEPT, letter, "1/2569")
    await sender.take()


async def _nothing(_sender: Office, _receiver: Office, _letter: Letter) -> None:
    """Need nothing before."""


BEFORE: dict[str, Callable[[Office, Office, Letter], Awaitable[None]]] = {
    RECEIVE: _nothing,
    ACCEPT: _nothing,
    REJECT: _nothing,
    INVALID_LETTER: _nothing,
    INVALID_ACCEPT_ID: _accepted,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_notifier_and_its_answer(net: Net, kind: str) -> None:
    sender, receiver, letter, _ = await sent(net)
    await receiver.take()
    await BEFORE[kind](sender, receiver, letter)
    teller, told = (receiver, sender)
    if kind == INVALID_ACCEPT_ID:
        teller, told = (sender, receiver)

    said = notifier(kind, letter, "1/2569")
    answer = await teller.post(csharp.notifier_request(said, message_id="1", to=""))
    head = await raw_head(told)

    expect_exact(
        answer,
        boi_reader.SPELLING_SENT.get(kind, "processID"),
        boi=partial(boi_reader.read_notified, kind=kind),
        csharp=csharp_reader.read_taken,
        java=java.read_taken,
    )
    expect_exact(
        head,
        boi_reader.SPELLING_PULLED.get(kind, "ProcessID"),
        boi=partial(boi_reader.read_pulled_notifier, kind=kind),
        csharp=csharp_reader.read_poll,
        java=java.read_poll,
    )
    pulled = csharp_reader.read_poll(head)
    assert isinstance(pulled, Pulled)
    assert pulled.content == csharp_reader.read_taken(answer).notifier
