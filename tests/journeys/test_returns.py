"""The scripted flows of the C# client: refused, wrong, and wrongly numbered (E4)."""

from dataclasses import replace

import pytest

from gateway.simulation.errors import Refused
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    Letter,
    Notifier,
    Pulled,
)
from tests.journeys.brokers import ON_BROKERS
from tests.journeys.callers import Net, Office
from tests.journeys.conftest import on_every_database

pytestmark = [on_every_database, ON_BROKERS]


async def delivered(net: Net) -> tuple[Office, Office, Letter]:
    """Return a sender, a receiver, and the letter the receiver has taken."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)
    await receiver.take()
    return sender, receiver, letter


def told(pulled: Pulled) -> Notifier:
    assert isinstance(pulled.content, Notifier)
    return pulled.content


@pytest.mark.parametrize("kind", [REJECT, INVALID_LETTER])
async def test_a_letter_goes_back(net: Net, kind: str) -> None:
    sender, receiver, letter = await delivered(net)

    answered = await receiver.notify(kind, letter, to=sender.url)
    notifier = told(await sender.take())

    assert notifier == answered.notifier
    assert (notifier.kind, notifier.department) == (kind, receiver.code)
    assert (notifier.number, notifier.subject) == (letter.number, letter.subject)
    assert await sender.poll() is None


@pytest.mark.parametrize("kind", [REJECT, INVALID_LETTER])
async def test_a_confirmed_letter_goes_back_too(net: Net, kind: str) -> None:
    sender, receiver, letter = await delivered(net)
    await receiver.notify(RECEIVE, letter)

    await receiver.notify(kind, letter)

    assert told(await sender.take()).kind == RECEIVE
    assert told(await sender.take()).kind == kind


@pytest.mark.parametrize("kind", [REJECT, INVALID_LETTER])
async def test_what_went_back_gets_no_number(net: Net, kind: str) -> None:
    _, receiver, letter = await delivered(net)
    await receiver.notify(kind, letter)

    with pytest.raises(Refused) as refused:
        await receiver.notify(ACCEPT, letter, "1/2569")

    assert refused.value.code == "already-returned"


@pytest.mark.parametrize("kind", [REJECT, INVALID_LETTER])
async def test_what_has_a_number_does_not_go_back(net: Net, kind: str) -> None:
    sender, receiver, letter = await delivered(net)
    await receiver.notify(ACCEPT, letter, "1/2569")

    with pytest.raises(Refused) as refused:
        await receiver.notify(kind, letter)

    assert refused.value.code == "already-registered"
    await sender.take()
    assert await sender.poll() is None


async def test_a_doubted_number_is_corrected(net: Net) -> None:
    """The sender doubts, the receiver pulls it as a letter page does, and answers."""
    sender, receiver, letter = await delivered(net)
    await receiver.notify(ACCEPT, letter, "1/2569", to=sender.url)
    first = told(await sender.take())

    await sender.notify(INVALID_ACCEPT_ID, letter, "1/2569", to=receiver.url)
    doubt = told(await receiver.take())
    await receiver.notify(ACCEPT, letter, "12/2569", to=sender.url)
    second = told(await sender.take())

    assert doubt == replace(first, kind=INVALID_ACCEPT_ID)
    assert (first.accept_id, second.accept_id) == ("1/2569", "12/2569")
    assert await sender.poll() is None
    assert await receiver.poll() is None


async def test_a_number_nobody_gave_cannot_be_doubted(net: Net) -> None:
    sender, receiver, letter = await delivered(net)
    await receiver.notify(ACCEPT, letter, "1/2569")

    with pytest.raises(Refused) as refused:
        await sender.notify(INVALID_ACCEPT_ID, letter, "2/2569")

    assert refused.value.code == "number-unknown"


async def test_a_second_number_is_told_beside_the_first(net: Net) -> None:
    """An office may correct itself undoubted; nothing is overwritten."""
    sender, receiver, letter = await delivered(net)
    await receiver.notify(ACCEPT, letter, "1/2569")

    await receiver.notify(ACCEPT, letter, "2/2569")

    assert told(await sender.take()).accept_id == "1/2569"
    assert told(await sender.take()).accept_id == "2/2569"


@pytest.mark.parametrize("kind", [RECEIVE, ACCEPT, REJECT, INVALID_LETTER])
async def test_only_who_has_a_letter_speaks_of_it(net: Net, kind: str) -> None:
    sender, receiver, letter = await delivered(net)
    stranger = net.office()

    for someone in (sender, stranger):
        with pytest.raises(Refused) as refused:
            await someone.notify(kind, letter, "1/2569")
        assert refused.value.code == "letter-unknown"

    assert await sender.poll() is None
    assert await receiver.poll() is None


async def test_only_the_sender_doubts_a_number(net: Net) -> None:
    _, receiver, letter = await delivered(net)
    await receiver.notify(ACCEPT, letter, "1/2569")

    with pytest.raises(Refused) as refused:
        await receiver.notify(INVALID_ACCEPT_ID, letter, "1/2569")

    assert refused.value.code == "letter-unknown"


async def test_a_notifier_before_the_delete_is_taken(net: Net) -> None:
    """The letter still waits in the queue, and may be deleted later (E1)."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)
    head = await receiver.pulled()

    await receiver.notify(RECEIVE, letter)
    await receiver.notify(ACCEPT, letter, "1/2569")
    await receiver.delete(head.process_id)

    assert told(await sender.take()).kind == RECEIVE
    assert told(await sender.take()).accept_id == "1/2569"
    assert await receiver.poll() is None


async def test_of_two_letters_with_one_number_wsa_to_names_the_sender(
    net: Net,
) -> None:
    """Two offices may use one number on one day (E2)."""
    first, receiver = net.pair()
    second = net.office()
    one = net.letter(first, receiver)
    other = replace(one, sender=replace(one.sender, organization=second.code))
    for sender, letter in ((first, one), (second, other)):
        await sender.send(letter)
        await receiver.take()

    await receiver.notify(ACCEPT, one, "1/2569", to=first.url)
    await receiver.notify(ACCEPT, other, "2/2569", to=second.url)

    assert told(await first.take()).accept_id == "1/2569"
    assert told(await second.take()).accept_id == "2/2569"
