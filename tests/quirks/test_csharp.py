"""What C# does and needs (F2, I3), over HTTP, and what it meets without its row."""

from dataclasses import replace

import pytest

from envelopes.dialects import CSHARP, ListShape
from gateway.simulation import csharp, csharp_lists, csharp_lookups
from gateway.simulation.csharp_system import CSharpSystem
from gateway.simulation.errors import Refused
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    File,
    Reference,
)
from gateway.simulation.systems import Outcome, Told, about
from gateway.workflow.park import bring_back_after_a_day
from tests.journeys.callers import eventually
from tests.journeys.exchange import Exchange
from tests.quirks.conftest import SwitchOff

READERS = 1
"""Letters, notifiers and polls of this file are read by another process."""
pytestmark = pytest.mark.asyncio(loop_scope="module")

EMPTY, SAVED, STUCK = Outcome.EMPTY, Outcome.SAVED, Outcome.STUCK
FOR_EVER = 10**6


async def delivered(
    net: Exchange, **letter: object
) -> tuple[CSharpSystem, CSharpSystem, str]:
    """Return a sender, a receiver, and the ProcessID of a letter that came."""
    sender, receiver = await net.csharp(), await net.csharp()
    await sender.send(net.letter(sender.code, receiver.code, **letter))
    assert await receiver.receive_letters() is SAVED
    [process_id] = receiver.received
    return sender, receiver, process_id


async def test_i3_1_and_q_c10_what_it_never_matches_is_not_at_the_head(
    net: Exchange, switch_off: SwitchOff
) -> None:
    sender, receiver, process_id = await delivered(net, subject="รับ & ส่ง")
    await receiver.answer(process_id, ACCEPT, "1/2569")
    assert await sender.receive_notifiers() is EMPTY
    [held] = await net.aside(sender.code)
    assert held.receipt is not None

    switch_off(CSHARP, unmatched_characters="")
    sender, receiver, process_id = await delivered(net, subject="รับ & ส่ง")
    await receiver.answer(process_id, ACCEPT, "1/2569")

    assert await sender.receive_notifiers() is STUCK


async def test_i2_6_and_q_c10_a_notifier_fits_the_senders_record(
    net: Exchange,
) -> None:
    """Common to all: number, date and subject are the sender's own."""
    sender, receiver, process_id = await delivered(net, number="ที่  มท ๐๒๑๐/ว  ๑")
    kept = receiver.received[process_id]
    kept.letter = replace(kept.letter, number="ที่ มท 0210/ว 1", subject="คำอื่นในหนังสือตอบ")

    await receiver.answer(process_id, ACCEPT, "1/2569")

    assert await sender.receive_notifiers() is SAVED
    assert sender.sent[0].accept_id == "1/2569"


async def test_q_c20_words_of_a_notifier_may_differ(net: Exchange) -> None:
    """Common to all: a letter is found by number and date."""
    sender, receiver, process_id = await delivered(net)
    kept = receiver.received[process_id]
    kept.letter = replace(kept.letter, subject="ทดสอบ ตอบรับ")

    await receiver.confirm(process_id)

    assert await sender.receive_notifiers() is SAVED


async def test_q_c11_what_stays_at_the_head_goes_behind_and_is_parked(
    net: Exchange, switch_off: SwitchOff
) -> None:
    """Another notifier comes first then; the note comes back after a day."""
    sender, receiver, process_id = await delivered(net)
    unknown, sender.sent = sender.sent, []
    await receiver.confirm(process_id)
    patience = CSHARP.patience

    reads = [await sender.receive_notifiers() for _ in range(2 * patience)]
    assert set(reads) == {STUCK}
    assert await sender.receive_notifiers() is EMPTY
    [parked] = await net.aside(sender.code)
    assert parked.entry.parked_at is not None

    net.clock.advance(days=1, seconds=1)
    await bring_back_after_a_day(net.hub.work)
    sender.sent = unknown
    assert await sender.receive_notifiers() is SAVED

    switch_off(CSHARP, patience=FOR_EVER)
    sender, receiver, process_id = await delivered(net)
    sender.sent = []
    await receiver.confirm(process_id)
    reads = [await sender.receive_notifiers() for _ in range(2 * patience + 1)]
    assert set(reads) == {STUCK}


async def test_q_c11_a_parked_entry_comes_back_when_another_is_deleted(
    net: Exchange,
) -> None:
    sender, receiver, process_id = await delivered(net)
    mine, sender.sent = sender.sent, []
    await receiver.confirm(process_id)
    for _ in range(2 * CSHARP.patience + 1):
        await sender.receive_notifiers()
    sender.sent = mine

    await receiver.send(net.letter(receiver.code, sender.code))
    assert await sender.receive_letters() is SAVED

    assert await sender.receive_notifiers() is SAVED


@pytest.mark.parametrize("kind", [REJECT, INVALID_LETTER])
async def test_q_c12_a_return_said_twice_is_queued_once(
    net: Exchange, kind: str
) -> None:
    """Common to all: a second one would never be deleted."""
    sender, receiver, process_id = await delivered(net)

    for _ in range(2):
        await receiver.answer(process_id, kind)

    assert await sender.receive_notifiers() is SAVED
    assert await sender.receive_notifiers() is EMPTY
    assert sender.freed == [sender.sent[0].letter.number]


async def test_q_c12_a_doubt_said_twice_is_queued_once(net: Exchange) -> None:
    sender, receiver, process_id = await delivered(net)
    await receiver.answer(process_id, ACCEPT, "1/2569")
    assert await sender.receive_notifiers() is SAVED

    for _ in range(2):
        await sender.doubt(sender.sent[0])

    assert await receiver.receive_letters() is SAVED
    assert await receiver.receive_letters() is EMPTY


async def test_q_c13_a_doubt_is_taken_by_the_page_for_letters(net: Exchange) -> None:
    """Common to all: the right spelling, which its other page does not find."""
    sender, receiver, process_id = await delivered(net)
    await receiver.answer(process_id, ACCEPT, "1/2569")
    await sender.receive_notifiers()
    await sender.doubt(sender.sent[0])

    assert await receiver.receive_notifiers() is STUCK
    assert await receiver.receive_letters() is SAVED
    assert receiver.received[process_id].told is Told.DOUBTED


async def test_q_c14_deleting_the_number_of_what_it_sent_deletes_nothing(
    net: Exchange,
) -> None:
    """Common to all: a letter that came meanwhile stays."""
    sender, receiver, process_id = await delivered(net)
    await sender.send(net.letter(sender.code, receiver.code))

    taken = await receiver.confirm(process_id)

    assert taken.process_id != process_id
    assert await receiver.receive_letters() is SAVED
    assert await sender.receive_notifiers() is SAVED


async def test_q_c15_a_letter_of_somebody_unknown_to_it_blocks_nothing_for_long(
    net: Exchange, switch_off: SwitchOff
) -> None:
    sender, receiver, other = [await net.csharp() for _ in range(3)]
    unknown = sender.code
    receiver.address = lambda code: "" if code == unknown else net.address(code)
    await sender.send(net.letter(sender.code, receiver.code))
    await other.send(net.letter(other.code, receiver.code))

    reads = [await receiver.receive_letters() for _ in range(CSHARP.patience + 1)]

    assert reads == [STUCK] * CSHARP.patience + [SAVED]
    switch_off(CSHARP, patience=FOR_EVER)
    await other.send(net.letter(other.code, receiver.code))
    reads = [await receiver.receive_letters() for _ in range(CSHARP.patience + 1)]
    assert set(reads) == {STUCK}


async def test_q_c15_only_who_is_in_the_directory_sends(net: Exchange) -> None:
    sender, receiver = await net.csharp(), await net.csharp()
    letter = net.letter(sender.code, receiver.code)
    nobody = replace(letter.sender, organization="9999900000")

    with pytest.raises(Refused):
        await sender.send(replace(letter, sender=nobody))


async def test_q_c16_no_process_id_is_used_twice(net: Exchange) -> None:
    """Common to all: one installation checks duplicates over all its offices."""
    numbers: list[str] = []
    for _ in range(3):
        sender, receiver, process_id = await delivered(net)
        taken = await receiver.confirm(process_id)
        numbers += [sender.sent[0].process_id, process_id, taken.process_id]

    assert len(set(numbers)) == len(numbers)


async def test_q_c17_a_number_escaped_twice_is_found(net: Exchange) -> None:
    """Common to all: decoded once more where it is not found."""
    _, receiver, process_id = await delivered(net, number="มท 1 & 2/2569")

    taken = await receiver.confirm(process_id)

    assert taken.notifier is not None


async def test_q_c8_a_content_type_that_is_none_is_taken(net: Exchange) -> None:
    """Common to all: the XML says what it is."""
    assert csharp.CONTENT_TYPE == "text/xml; encoding='utf-8'"
    assert await (await net.csharp()).receive_letters() is EMPTY


async def test_q_c3_q_c4_and_q_c9_parts_are_read_by_position(net: Exchange) -> None:
    """References and files stay in the order in which they were written."""
    references = (
        Reference("มท 1", "2026-01-01", "ก"),
        Reference("มท 2", "2026-01-02", "ข"),
    )
    files = (File("image/png", "iVBORw0KGgo="), File("application/pdf", "JVBERi0="))

    _, receiver, process_id = await delivered(
        net, references=references, attachments=files
    )

    letter = receiver.received[process_id].letter
    assert letter.references == references[::-1]
    assert letter.attachments == files[::-1]


async def test_i2_9_and_q_c22_lists_are_paired_by_index(
    net: Exchange, switch_off: SwitchOff
) -> None:
    """Both shapes serve C#: the row's one serves BOI beside it."""
    office = await net.csharp()
    await office.receive_letters()

    async def ask(name: str) -> str:
        return await office.line.post(
            csharp_lookups.question(name, message_id="1", own_url=office.line.url)
        )

    for _ in range(2):
        organizations = csharp_lists.read_organizations(
            await ask(csharp_lookups.ORGANIZATIONS)
        )
        own = next(row for row in organizations if row.code == office.code)
        assert own.url == office.line.url
        assert csharp_lists.read_ministries(await ask(csharp_lookups.MINISTRIES))
        switch_off(CSHARP, list_shape=ListShape.NESTED)
    for name in (csharp_lookups.SECRECY, csharp_lookups.SPEED):
        codes = csharp_lists.read_codes(await ask(name))
        assert codes[0].value == "001"
    assert csharp_lists.read_mime_codes(await ask(csharp_lookups.MIME))
    now = csharp_lists.read_time(await ask(csharp_lookups.TIME))
    assert now.startswith("2026-01-")


async def test_each_kind_can_be_asked_for_again(net: Exchange) -> None:
    """Operation 10: the same entry comes, under its old ProcessID (G5)."""
    sender, receiver, process_id = await delivered(net)
    letter = sender.sent[0].letter

    def again(what: str, who: CSharpSystem) -> str:
        return csharp_lookups.ask_again_request(
            what,
            letter.number,
            letter.date,
            sender=sender.code,
            receiver=receiver.code,
            message_id="1",
            own_url=who.line.url,
        )

    answer = await receiver.line.post(again(csharp_lookups.LETTER, receiver))
    assert process_id in answer
    assert await receiver.receive_letters() is SAVED
    assert list(receiver.received) == [process_id]

    await receiver.answer(process_id, ACCEPT, "1/2569")
    assert await sender.receive_notifiers() is SAVED
    await sender.line.post(again(ACCEPT, sender))
    assert await sender.receive_notifiers() is SAVED
    await sender.doubt(sender.sent[0])
    assert await receiver.receive_letters() is SAVED
    await receiver.line.post(again(INVALID_ACCEPT_ID, receiver))
    receiver.received[process_id].told = Told.NOTHING
    assert await receiver.receive_letters() is SAVED
    answer = await sender.line.post(again(REJECT, sender))
    with pytest.raises(Refused):
        csharp_lists.read_statuses(answer)


async def test_q_a2_only_the_receiver_speaks_of_a_letter(net: Exchange) -> None:
    """Common to all: the consignment's receiver, whatever the letter says (E2)."""
    sender, receiver, process_id = await delivered(net)
    stranger = await net.csharp()
    stranger.received = receiver.received

    with pytest.raises(Refused) as refused:
        await stranger.answer(process_id, ACCEPT, "1/2569")

    assert refused.value.code == "letter-unknown"
    assert await sender.receive_notifiers() is EMPTY


async def test_q_a3_who_calls_is_told_by_the_door(net: Exchange) -> None:
    """Common to all: the same poll at another door shows another queue."""
    sender, receiver = await net.csharp(), await net.csharp()
    await sender.send(net.letter(sender.code, receiver.code))

    assert await sender.receive_letters() is EMPTY
    assert await receiver.receive_letters() is SAVED


async def test_q_a4_and_i2_3_a_head_comes_again_under_its_number(
    net: Exchange,
) -> None:
    """Common to all: a crash between saving and deleting repeats the message."""
    sender, receiver = await net.csharp(), await net.csharp()
    await sender.send(net.letter(sender.code, receiver.code))
    poll = csharp.poll_request(message_id="1", own_url=receiver.line.url)

    answers = {await receiver.line.post(poll) for _ in range(4)}

    assert len(answers) == 1


async def test_q_a5_letters_come_in_the_order_they_were_sent(net: Exchange) -> None:
    """Common to all: one head, nothing is asked for by number."""
    sender, receiver = await net.csharp(), await net.csharp()
    letters = [net.letter(sender.code, receiver.code) for _ in range(4)]
    for letter in letters:
        await sender.send(letter)
        net.clock.advance(seconds=1)

    for _ in letters:
        assert await receiver.receive_letters() is SAVED

    found = [kept.letter.number for kept in receiver.received.values()]
    assert found == [letter.number for letter in letters]


async def test_q_a6_a_large_letter_travels_in_one_message(net: Exchange) -> None:
    """Common to all: three megabytes of base64."""
    large = File("application/pdf", "JVBE" * 786_432)

    _, receiver, process_id = await delivered(net, main=large)

    assert receiver.received[process_id].letter.main == large


async def test_q_c19_message_ids_repeat_and_numbers_are_free_text(
    net: Exchange,
) -> None:
    sender, receiver, process_id = await delivered(net)

    await receiver.answer(process_id, ACCEPT, "รับ ที่ ๙๐๓/๒๕๖๙ (ด่วน)")

    assert await sender.receive_notifiers() is SAVED
    assert sender.sent[0].accept_id == "รับ ที่ ๙๐๓/๒๕๖๙ (ด่วน)"


async def test_i2_1_and_q_c21_an_error_is_read_by_position(net: Exchange) -> None:
    sender, receiver, process_id = await delivered(net)
    kept = receiver.received[process_id]
    unknown = replace(kept.letter, number="ไม่มี <&>")
    message = csharp.notifier_request(about(RECEIVE, unknown), message_id="1", to="")

    with pytest.raises(Refused) as refused:
        csharp_lists.read_statuses(await receiver.line.post(message))

    assert refused.value.code == "letter-unknown"
    assert not set(refused.value.text) & set("&<>|=")
    assert await sender.receive_notifiers() is EMPTY


async def test_q_c11_what_was_parked_never_stands_before_a_new_letter(
    net: Exchange,
) -> None:
    """Else each that nobody ever deletes delays all that come later."""
    sender, receiver, process_id = await delivered(net)
    sender.sent = []
    await receiver.confirm(process_id)
    for _ in range(2 * CSHARP.patience + 1):
        await sender.receive_notifiers()
    net.clock.advance(days=1, seconds=1)
    await bring_back_after_a_day(net.hub.work)
    assert await sender.receive_notifiers() is STUCK

    await receiver.send(net.letter(receiver.code, sender.code))

    async def arrived() -> bool | None:
        return len(await net.waiting(sender.code)) == 2 or None

    assert await eventually(arrived)
    assert await sender.receive_letters() is SAVED
