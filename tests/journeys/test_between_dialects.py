"""A letter goes from one make of client to the other, and its number comes back."""

from dataclasses import replace

import pytest

from gateway.simulation.letter import ACCEPT, RECEIVE, File, Letter, Notifier
from tests.journeys.brokers import ON_BROKERS
from tests.journeys.callers import Net, eventually
from tests.journeys.conftest import on_every_database

pytestmark = [on_every_database, ON_BROKERS]


def as_pulled(letter: Letter) -> Letter:
    """Return a letter as C# shows it: what it wrote last first stays so (Q-C4)."""
    return replace(letter, attachments=letter.attachments[::-1])


async def test_from_csharp_to_boi_which_never_confirms(net: Net) -> None:
    """Delivered, then registered: BOI sends no ReceiveLetterNotifier."""
    ministry, province = net.pair()
    letter = net.letter(ministry, province)

    await ministry.send(letter)
    pulled = await eventually(province.poll_as_boi)
    await province.delete(pulled.process_id)
    taken = await province.accept_as_boi(letter, "4417/2569")

    assert pulled.content == as_pulled(letter)
    assert taken.notifier is not None
    told = await ministry.take()
    assert told.content == Notifier(
        kind=ACCEPT,
        number=letter.number,
        accept_id="4417/2569",
        date=letter.date,
        subject=letter.subject,
        accept_date=taken.notifier.accept_date,
        department=province.code,
    )
    assert await ministry.poll() is None
    assert await province.poll_as_boi() is None


async def test_from_boi_to_csharp_which_confirms_first(net: Net) -> None:
    ministry, province = net.pair()
    letter = net.letter(ministry, province)

    await ministry.send_as_boi(letter)
    pulled = await province.take()
    await province.notify(RECEIVE, letter, to=ministry.url)
    await province.notify(ACCEPT, letter, "ชม 12/2569", to=ministry.url)

    assert pulled.content == letter
    first, second = await ministry.take(), await ministry.take()
    assert isinstance(first.content, Notifier)
    assert isinstance(second.content, Notifier)
    assert (first.content.kind, second.content.kind) == (RECEIVE, ACCEPT)
    assert second.content.accept_id == "ชม 12/2569"


async def test_a_boi_letter_without_files_goes_through(net: Net) -> None:
    """BOI's own form: no file, no names, a date without time (Q-B7)."""
    sender, receiver = net.pair()
    letter = net.letter(
        sender,
        receiver,
        references=(),
        attachment_text="",
        send_date="2026-11-21",
        description="",
        main=File("", ""),
        attachments=(),
    )

    await sender.send_as_boi(letter)
    pulled = await eventually(receiver.poll_as_boi)
    await receiver.delete(pulled.process_id)

    assert pulled.content == letter


async def test_what_is_written_stays_as_it_is(net: Net) -> None:
    """Number, date and subject come back to their sender letter for letter (I2)."""
    sender, receiver = net.pair()
    letter = net.letter(
        sender, receiver, number="ที่  มท ๐๒๑๐.๓/ว  ๑๗๙๕", subject="น้ำ  กตัญญู (ด่วน)"
    )

    await sender.send(letter)
    pulled = await receiver.take()
    other = replace(letter, number="ที่ มท 0210.3/ว 1795", subject="คำอื่น")
    await receiver.notify(ACCEPT, other, "1/2569")
    told = await sender.take()

    assert isinstance(pulled.content, Letter)
    assert pulled.content.number == letter.number
    assert isinstance(told.content, Notifier)
    assert (told.content.number, told.content.subject) == (
        letter.number,
        letter.subject,
    )


async def test_a_number_in_any_digits_is_the_same_number(net: Net) -> None:
    """Thai and Arabic digits name one letter (saraban §2)."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)
    await sender.send(letter)
    await receiver.take()

    arabic = letter.number.replace("๑๒๓", "123")
    taken = await receiver.notify(ACCEPT, replace(letter, number=arabic), "7/2569")

    assert taken.process_id
    assert taken.notifier is not None
    assert taken.notifier.number == letter.number


@pytest.mark.parametrize("confirms", [True, False])
async def test_the_head_stays_until_it_is_deleted(net: Net, *, confirms: bool) -> None:
    """The same ProcessID at every repeat (Q-A4); a notifier may come before (E2)."""
    sender, receiver = net.pair()
    first, second = (net.letter(sender, receiver) for _ in range(2))
    await sender.send(first)
    head = await receiver.pulled()
    await sender.send(second)

    again = await receiver.pulled()
    if confirms:
        await receiver.notify(ACCEPT, first, "1/2569")

    assert again == head
    assert await receiver.pulled() == head
    await receiver.delete(head.process_id)
    behind = await receiver.pulled()
    assert isinstance(behind.content, Letter)
    assert behind.content.number == second.number
