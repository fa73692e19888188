"""What BOI does and needs (F1, I3), over HTTP, and what it meets without its row."""

from dataclasses import replace

import pytest

from envelopes.dialects import BOI, Lengths, ListShape
from envelopes.notifier import NotifierKind
from gateway.domain.lifecycle import Happening
from gateway.simulation import boi, boi_lists, boi_lookups, csharp
from gateway.simulation.boi_system import BoiSystem
from gateway.simulation.errors import ClientBroken
from gateway.simulation.http import PATH
from gateway.simulation.letter import ACCEPT, RECEIVE, File, Letter, Reference
from gateway.simulation.systems import Outcome
from tests.journeys.exchange import DOCX, Exchange
from tests.quirks.conftest import SwitchOff

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMPTY, SAVED, STUCK = Outcome.EMPTY, Outcome.SAVED, Outcome.STUCK


async def received(
    net: Exchange, letter: dict[str, object], change: tuple[str, str] = ("", "")
) -> tuple[BoiSystem, list[Outcome]]:
    """Have C# send a letter, its text changed, and BOI open its page."""
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    written = csharp.send_request(
        net.letter(sender.code, receiver.code, **letter), message_id="1", to=""
    )
    answer = await sender.line.post(written.replace(*change) if change[0] else written)
    assert "ErrorDetail" not in answer, answer
    return receiver, await receiver.open_page()


async def the_letter(
    net: Exchange, letter: dict[str, object], change: tuple[str, str] = ("", "")
) -> Letter:
    receiver, outcomes = await received(net, letter, change)
    assert outcomes == [SAVED] + [EMPTY] * 19, receiver.stuck
    [kept] = receiver.received.values()
    return kept.letter


async def test_q_b6_what_is_not_escaped_is_taken_as_it_was_meant(
    net: Exchange, switch_off: SwitchOff
) -> None:
    """An endpoint is known by what it sent before; the journal says it was repaired."""
    sender, receiver = await net.boi(), await net.csharp()
    subject = "ขอเชิญ & แจ้ง งบ < 1 ล้าน"
    letter = net.letter(sender.code, receiver.code, subject=subject)
    await sender.press()

    await sender.send(letter)
    assert await receiver.receive_letters() is SAVED
    [kept] = receiver.received.values()

    assert kept.letter.subject == subject
    [path] = await net.hub.store.views.paths(letter.number)
    assert "repaired" in str([entry.facts for entry in path.journal])
    switch_off(BOI, repairs=False)
    with pytest.raises(ClientBroken, match="CorrespondenceLetterOutboundResponse"):
        await sender.send(net.letter(sender.code, receiver.code, subject=subject))


async def test_i3_2_and_q_b9_no_notifier_stands_before_the_letters(
    net: Exchange, switch_off: SwitchOff
) -> None:
    """It lies beside the queue of a sender that cannot read it."""
    sender, receiver = await net.boi(), await net.csharp()
    await sender.press()
    for switched in (False, True):
        await sender.send(net.letter(sender.code, receiver.code))
        assert await receiver.receive_letters() is SAVED
        if switched:
            switch_off(BOI, reads=frozenset(NotifierKind))
        await receiver.answer([*receiver.received][-1], ACCEPT, "1/2569")

        outcomes = await sender.open_page()

        assert set(outcomes) == ({STUCK} if switched else {EMPTY})
        if not switched:
            [held] = await net.aside(sender.code)
            assert held.receipt is not None
            assert held.receipt.number == "1/2569"


async def test_q_b9_what_was_held_comes_back_in_order_for_another_client(
    net: Exchange,
) -> None:
    """An office that changes overnight finds its notifiers, oldest first (F4.6)."""
    sender, receiver = await net.boi(), await net.csharp()
    await sender.press()
    letter = net.letter(sender.code, receiver.code)
    await sender.send(letter)
    await receiver.receive_letters()
    [process_id] = receiver.received
    await receiver.confirm(process_id)
    await receiver.answer(process_id, ACCEPT, "1/2569")
    assert await sender.press() is EMPTY

    changed = await net.csharp(sender.code)
    changed.sent = sender.sent
    pressed = [await changed.receive_notifiers() for _ in range(3)]

    assert pressed == [SAVED, SAVED, EMPTY]
    [kept] = changed.sent
    assert [heard.kind for heard in kept.heard] == [RECEIVE, ACCEPT]


async def test_i3_3_and_q_b13_every_column_holds_what_comes(
    net: Exchange, switch_off: SwitchOff
) -> None:
    long = {"subject": "ก" * 300}
    assert len((await the_letter(net, long)).subject) <= 255

    switch_off(BOI, lengths=Lengths())
    receiver, outcomes = await received(net, long)

    assert set(outcomes) == {STUCK}
    assert "subject" in receiver.stuck


async def test_q_b13_office_files_have_the_names_it_knows(
    net: Exchange, switch_off: SwitchOff
) -> None:
    assert (await the_letter(net, {"main": DOCX})).main.mime_code == "application/docx"

    switch_off(BOI, mime_codes={}, mime_length=None)
    receiver, _ = await received(net, {"main": DOCX})

    assert "mime code" in receiver.stuck


async def test_q_b12_blank_parts_are_dropped(
    net: Exchange, switch_off: SwitchOff
) -> None:
    """C# puts one of each where there are none (Q-C3)."""
    letter = await the_letter(net, {})
    assert (letter.references, letter.attachments) == ((), ())

    nothing: dict[str, object] = {
        "drops_blank_parts": False,
        "needs_in_references": frozenset(),
        "needs_mime_codes": False,
        "expects_signature": False,
    }
    switch_off(BOI, **nothing)
    receiver, outcomes = await received(
        net, {"references": (Reference("มท 1", "", "เรื่องเดิม"),)}
    )

    assert set(outcomes) == {STUCK}
    assert "date is NULL" in receiver.stuck


async def test_q_b14_and_q_c7_dates_are_three_gregorian_numbers(
    net: Exchange, switch_off: SwitchOff
) -> None:
    written = {"date": "2569-01-05T10:00:00"}
    assert (await the_letter(net, written)).date == "2026-01-05"

    switch_off(BOI, plain_dates=False)
    _, outcomes = await received(net, written)

    assert set(outcomes) == {STUCK}


async def test_q_b10_and_q_b11_a_letter_has_every_element(net: Exchange) -> None:
    """A sender may leave out what it has not; BOI would stop reading there.

    What no client signed is written anew for every client; what was signed goes on
    byte for byte unless the row says otherwise (tests/envelopes/test_fitting.py).
    """
    without = ("<ram:Description>เพื่อโปรดทราบ</ram:Description>", "")

    assert (await the_letter(net, {}, without)).description == ""


async def test_q_c5_boi_is_given_a_signature_where_none_came(net: Exchange) -> None:
    """For an organization that is hosted, the hub signs whatever the client is."""
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    await sender.send(net.letter(sender.code, receiver.code))

    answer = await receiver.line.post(boi.poll_request())

    assert "<ds:Signature" in answer
    assert "<ram:TypeCode>" in answer


async def test_q_b8_an_accepted_number_is_not_taken_for_a_failure(
    net: Exchange,
) -> None:
    """Common to all: both spellings stand in every answer."""
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    await sender.send(net.letter(sender.code, receiver.code))
    await receiver.open_page()
    [process_id] = receiver.received

    await receiver.register(process_id, "4417/2569")
    await receiver.register(process_id, "4417/2569")

    assert await sender.receive_notifiers() is SAVED
    assert await sender.receive_notifiers() is EMPTY


async def test_q_b15_each_deletion_is_answered_with_number_and_time(
    net: Exchange,
) -> None:
    """Common to all; BOI's page would be rolled back without."""
    _, outcomes = await received(net, {})

    assert outcomes[0] is SAVED


async def test_q_b16_the_undeclared_prefix_of_a_status_request(
    net: Exchange, switch_off: SwitchOff
) -> None:
    sender, receiver = await net.boi(), await net.csharp()
    await sender.press()
    letter = net.letter(sender.code, receiver.code)
    process_id = await sender.send(letter)
    asked = boi_lookups.status_request(own_url=sender.line.url)

    [row] = boi_lists.read_statuses(await sender.line.post(asked))

    assert (row.process_id, row.number) == (process_id, letter.number)
    assert row.status
    switch_off(BOI, undeclared_prefix=False)
    with pytest.raises(ClientBroken):
        boi_lists.read_statuses(await sender.line.post(asked))


async def test_q_b19_twenty_polls_of_nothing_are_cheap(net: Exchange) -> None:
    """Common to all: an empty inbox is answered without a transaction."""
    office = await net.boi()
    await office.press()
    before = await net.hub.store.facts()

    assert await office.open_page() == [EMPTY] * 20

    assert await net.hub.store.facts() == before


async def test_i2_9_and_q_b20_lists_are_tables(
    net: Exchange, switch_off: SwitchOff
) -> None:
    office = await net.boi()
    await office.press()

    async def ask(name: str) -> str:
        return await office.line.post(boi_lookups.list_request(name))

    ministries = boi_lists.read_ministries(await ask(boi_lookups.MINISTRIES))
    organizations = boi_lists.read_organizations(await ask(boi_lookups.ORGANIZATIONS))

    assert [row.code for row in ministries] == ["15"]
    own = next(row for row in organizations if row.code == office.code)
    assert own.url == office.line.url
    assert own.name.startswith("สำนักงานจังหวัด")
    switch_off(BOI, list_shape=ListShape.NESTED)
    with pytest.raises(ClientBroken):
        boi_lists.read_organizations(await ask(boi_lookups.ORGANIZATIONS))


async def test_q_b21_a_number_at_a_wrong_door_is_refused_and_harms_nobody(
    net: Exchange,
) -> None:
    """Common to all; a later save at the right door is taken."""
    sender, receiver, other = await net.csharp(), await net.boi(), await net.boi()
    await receiver.press()
    await sender.send(net.letter(sender.code, receiver.code))
    await receiver.open_page()
    [process_id] = receiver.received
    right, receiver.line = receiver.line, other.line

    with pytest.raises(ClientBroken):
        await receiver.register(process_id, "1/2569")
    receiver.line = right
    await receiver.register(process_id, "1/2569")

    assert await sender.receive_notifiers() is SAVED
    assert await sender.receive_notifiers() is EMPTY
    assert sender.sent[0].accept_id == "1/2569"


async def test_q_b23_an_error_is_http_200(net: Exchange) -> None:
    """Common to all: any other status loses the text."""
    office = await net.csharp()

    async with office.line.session.post(office.line.url, data=b"<no") as answer:
        assert answer.status == 200
        assert "ErrorDetail" in await answer.text()


@pytest.mark.parametrize("way", ["/thegif_2", "", "/", "/ecms-ws01/service2/"])
async def test_q_b24_alias_paths_lead_to_the_same_door(net: Exchange, way: str) -> None:
    """Common to all, and only below an organization's own path."""
    office = await net.boi()
    own = net.base + PATH.format(organization=office.code)
    office.line = replace(
        office.line, url=own.removesuffix("/ecms-ws01/service2") + way
    )

    assert await office.press() is EMPTY


async def test_q_b24_an_alias_path_of_nobody_is_no_door(net: Exchange) -> None:
    office = await net.boi()
    office.line = replace(office.line, url=f"{net.base}/thegif_2")

    assert await office.press() is STUCK


async def test_q_b7_and_q_b5_a_letter_without_any_file_comes_whole(
    net: Exchange,
) -> None:
    """Common to all: no file, no names, and the code for a ministry."""
    sender, receiver = await net.boi(), await net.csharp()
    await sender.press()
    letter = net.letter(
        sender.code,
        receiver.code,
        main=File("", ""),
        description="",
        attachment_text="",
    )
    party = replace(letter.receiver, ministry=receiver.code, job_title="")

    await sender.send(replace(letter, receiver=party))

    assert await receiver.receive_letters() is SAVED


async def test_journal_says_that_a_copy_was_fitted(net: Exchange) -> None:
    sender, receiver = await net.csharp(), await net.boi()
    await receiver.press()
    letter = net.letter(sender.code, receiver.code, main=DOCX)
    await sender.send(letter)
    await receiver.open_page()

    [path] = await net.hub.store.views.paths(letter.number)

    assert Happening.COPY_FITTED in {entry.happening for entry in path.journal}
