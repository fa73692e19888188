"""What Java does and needs (F3), over HTTP, and what it meets without its row."""

import pytest

from envelopes.dialects import JAVA, JAVA_KEEPING
from envelopes.letter import OrganizationCode
from gateway.simulation import csharp, csharp_lookups, java_lists
from gateway.simulation.csharp_system import CSharpSystem
from gateway.simulation.errors import ClientBroken
from gateway.simulation.java_system import EMPTY_TXT, JavaSystem
from gateway.simulation.letter import ACCEPT, RECEIVE, File, Letter, Reference
from gateway.simulation.systems import Outcome, Told
from gateway.workflow.endpoint import set_dialect
from tests.journeys.exchange import Exchange
from tests.quirks.conftest import SwitchOff

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMPTY, SAVED = Outcome.EMPTY, Outcome.SAVED


async def sent(net: Exchange, **letter: object) -> tuple[CSharpSystem, JavaSystem]:
    """Have C# send a letter to an office that has shown that it speaks Java."""
    sender, receiver = await net.csharp(), await net.java()
    await receiver.press()
    await sender.send(net.letter(sender.code, receiver.code, **letter))
    return sender, receiver


async def the_letter(net: Exchange, **letter: object) -> Letter:
    _, receiver = await sent(net, **letter)
    assert await receiver.press() is SAVED
    [kept] = receiver.received.values()
    return kept.letter


async def test_q_j1_q_j2_and_q_j3_what_its_wrapper_writes_is_served(
    net: Exchange,
) -> None:
    """The wrapper's bytes are inferred; the hub serves e-CMS, in any dialect (G11)."""
    sender, receiver = await net.java(), await net.csharp()
    letter = net.letter(sender.code, receiver.code)

    await sender.send(letter)

    assert await receiver.receive_letters() is SAVED
    [(process_id, kept)] = receiver.received.items()
    assert kept.letter.sender.given_name == ""
    await receiver.answer(process_id, ACCEPT, "1/2569")
    assert await sender.press() is SAVED
    newest = sender.newest_of(sender.sent[0])
    assert newest is not None
    assert (newest.kind, newest.accept_id) == (ACCEPT, "1/2569")
    known = await net.hub.store.organization(OrganizationCode.parse(sender.code))
    assert known is not None
    assert known.dialect == JAVA.name


async def test_q_j7_references_can_be_joined_and_split(
    net: Exchange, switch_off: SwitchOff
) -> None:
    references = (
        Reference("มท 1,2", "2026-01-02", "ก|ข"),
        Reference("มท 3", "2026-01-02", ""),
        Reference("", "", ""),
    )
    found = (await the_letter(net, references=references)).references
    assert [reference.number for reference in found] == ["มท 3", "มท 1;2"]

    switch_off(JAVA, number_characters={}, reference_characters={})
    with pytest.raises(ClientBroken, match="joined"):
        await the_letter(net, references=references[:1])
    switch_off(JAVA, needs_in_references=frozenset())
    with pytest.raises(ClientBroken, match="joined"):
        await the_letter(net, references=references[1:2])


async def test_q_j8_no_time_has_a_zone(net: Exchange, switch_off: SwitchOff) -> None:
    written = "2026-01-05T09:10:11+07:00"
    found = (await the_letter(net, send_date=written)).send_date
    assert found == "2026-01-05T09:10:11"

    switch_off(JAVA, plain_dates=False)
    with pytest.raises(ClientBroken, match="time"):
        await the_letter(net, send_date=written)


async def test_q_j16_no_white_space_stands_in_files(net: Exchange) -> None:
    """What nobody signed is written anew for every client, without line breaks.

    What was signed goes on unless the row says otherwise (tests/envelopes).
    """
    broken = File("application/pdf", "JVBE\tRi0x LjQK")

    assert (await the_letter(net, main=broken)).main.base64 == "JVBERi0xLjQK"


async def test_q_j4_a_file_that_says_nothing_is_carried(net: Exchange) -> None:
    sender, receiver = await net.java(), await net.csharp()

    await sender.send(net.letter(sender.code, receiver.code, main=File("", "")))

    assert await receiver.receive_letters() is SAVED
    [kept] = receiver.received.values()
    assert kept.letter.main == EMPTY_TXT


async def test_q_j10_what_a_client_answers_and_never_deletes_is_delivered(
    net: Exchange,
) -> None:
    """Known by its habit: after three reads of an answered letter it is taken."""
    sender, receiver = await net.csharp(), await net.java(deletes=False)
    await receiver.press()
    for _ in range(2):
        await sender.send(net.letter(sender.code, receiver.code))
        net.clock.advance(seconds=1)

    pressed = [await receiver.press() for _ in range(8)]

    assert pressed[-1] is EMPTY
    assert len(receiver.received) == 2
    assert await sender.receive_notifiers() is SAVED
    assert await sender.receive_notifiers() is SAVED
    assert await sender.receive_notifiers() is EMPTY
    assert {kept.told for kept in sender.sent} == {Told.RECEIVED}


async def test_q_j10_a_notifier_it_has_read_does_not_stay(net: Exchange) -> None:
    """Parked ones would come back every day, before each new letter."""
    sender, receiver = await net.java(deletes=False), await net.csharp()
    # Before the office is heard of: what another process sets is seen a second later.
    code = OrganizationCode.parse(sender.code)
    await set_dialect(net.hub.work, code, JAVA_KEEPING)
    await sender.send(net.letter(sender.code, receiver.code))
    await receiver.receive_letters()
    [process_id] = receiver.received
    await receiver.confirm(process_id)
    await receiver.answer(process_id, ACCEPT, "1/2569")

    pressed = [await sender.press() for _ in range(4)]

    assert pressed[:2] == [SAVED, SAVED]
    assert pressed[-1] is EMPTY
    assert [each.kind for each in sender.notifiers.values()] == [RECEIVE, ACCEPT]


async def test_q_j10_a_row_that_never_deletes_can_be_set_by_hand(
    net: Exchange, switch_off: SwitchOff
) -> None:
    for switched in (False, True):
        sender, receiver = await net.csharp(), await net.java(deletes=False)
        code = OrganizationCode.parse(receiver.code)
        await set_dialect(net.hub.work, code, JAVA_KEEPING)
        await sender.send(net.letter(sender.code, receiver.code))

        pressed = [await receiver.press() for _ in range(2)]

        assert pressed == [SAVED, SAVED if switched else EMPTY]
        switch_off(JAVA_KEEPING, deletes=True)


async def test_q_j11_a_sender_unknown_to_it_gets_no_receipt_but_a_number(
    net: Exchange,
) -> None:
    sender, receiver = await sent(net)
    receiver.address = lambda _code: ""

    assert await receiver.press() is SAVED
    assert await sender.receive_notifiers() is EMPTY
    [process_id] = receiver.received
    await receiver.register(process_id, "1/2569")

    assert await sender.receive_notifiers() is SAVED
    assert sender.sent[0].accept_id == "1/2569"


async def test_q_j13_and_q_j14_every_organization_has_its_ministry(
    net: Exchange,
) -> None:
    """Common to all: no orphan, and no ministry that nobody has."""
    office = await net.java()

    async def ask(name: str) -> str:
        return await office.line.post(
            csharp_lookups.question(
                name, message_id=office.code, own_url=office.line.url
            )
        )

    rows = java_lists.read_ministries(await ask(csharp_lookups.MINISTRIES), {"15"})
    known = {row.code for row in rows}
    organizations = java_lists.read_organizations(
        await ask(csharp_lookups.ORGANIZATIONS), known
    )

    assert {row.code[:2] for row in organizations} == known


async def test_q_j15_no_letter_sent_is_an_empty_answer(net: Exchange) -> None:
    office = await net.java()
    asked = csharp_lookups.question(
        csharp_lookups.STATUS, message_id=office.code, own_url=office.line.url
    )

    assert java_lists.read_statuses(await office.line.post(asked)) == ()


async def test_q_j17_its_list_shows_the_newest_in_the_order_they_came(
    net: Exchange,
) -> None:
    sender, receiver = await net.java(), await net.csharp()
    await sender.send(net.letter(sender.code, receiver.code))
    await receiver.receive_letters()
    [process_id] = receiver.received
    await receiver.confirm(process_id)
    net.clock.advance(seconds=1)
    await receiver.answer(process_id, ACCEPT, "1/2569")

    while await sender.press() is SAVED:
        pass

    newest = sender.newest_of(sender.sent[0])
    assert newest is not None
    assert newest.kind == ACCEPT


async def test_q_j18_texts_may_be_missing(net: Exchange) -> None:
    sender, receiver = await net.csharp(), await net.java()
    await receiver.press()
    letter = net.letter(sender.code, receiver.code)
    written = csharp.send_request(letter, message_id="1", to="")
    for text in (
        "ram:Description>เพื่อโปรดทราบ</ram:Description",
        "ram:Attachment>-</ram:Attachment",
    ):
        assert f"<{text}>" in written
        written = written.replace(f"<{text}>", "")

    assert "ErrorDetail" not in await sender.line.post(written)

    assert await receiver.press() is SAVED


async def test_q_j20_a_time_behind_a_date_does_not_count(net: Exchange) -> None:
    """Common to all: the first ten characters are compared."""
    sender, receiver = await sent(net, date="2026-01-05T10:00:00")
    assert await receiver.press() is SAVED
    [process_id] = receiver.received

    await receiver.register(process_id, "1/2569")

    assert await sender.receive_notifiers() is SAVED
