"""A repaired envelope: kept as it came, never read as signed (Q-B6, F4.3)."""

import asyncio

import pytest
from lxml import etree

from envelopes.dialects import BOI, CSHARP, JAVA, UNKNOWN, Dialect
from envelopes.errors import MalformedEnvelope, SignatureMissing
from envelopes.letter import OrganizationCode
from gateway.domain.consignment import Signed
from gateway.domain.lifecycle import Happening, State
from schemas import names
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HEALTH,
    LANDS,
    MINISTRY,
    NUMBER,
    Hub,
    key_of,
    to,
)
from tests.letters import as_wire

SUBJECT = "บันทึกข้อตกลงระหว่าง ก & ข ว่าด้วยมูลค่า < 5 ล้านบาท"
ACCEPTED = Happening.LETTER_ACCEPTED


def unescaped(sender: OrganizationCode = MINISTRY, *, signed: bool = False) -> bytes:
    """Return a letter whose subject BOI did not escape."""
    letter = to(CHIANG_MAI, sender=sender, subject=SUBJECT)
    wire = as_wire(letter, BOI, signed_by=key_of(sender) if signed else None)
    spoiled = wire.replace(b"&amp;", b"&").replace(b"&lt;", b"<")
    assert spoiled != wire
    return spoiled


def subject_of(document: bytes | None) -> str | None:
    """Read a subject with a parser that repairs nothing."""
    assert document is not None
    return etree.fromstring(document).findtext(f".//{{{names.RAM}}}Subject")


async def test_it_is_kept_as_it_came_and_the_journal_says_so(hub: Hub) -> None:
    wire = unescaped()

    await hub.send_bytes(wire, MINISTRY, known=BOI)

    consignment = (await hub.path(CHIANG_MAI)).consignment
    assert await hub.store.vault.read(consignment.envelope_digest) == wire
    assert consignment.letter.subject == SUBJECT
    [accepted] = await hub.journal(ACCEPTED, CHIANG_MAI)
    assert accepted.facts["repaired"] == "yes"


async def test_of_one_that_needed_no_repair_the_journal_says_nothing(hub: Hub) -> None:
    wire = as_wire(to(CHIANG_MAI, subject=SUBJECT), BOI)

    await hub.send_bytes(wire, MINISTRY, known=BOI)

    [accepted] = await hub.journal(ACCEPTED, CHIANG_MAI)
    assert "repaired" not in accepted.facts


@pytest.mark.parametrize("reader", [CSHARP, BOI, JAVA, UNKNOWN], ids=lambda d: d.name)
@pytest.mark.parametrize("sender", [MINISTRY, HEALTH], ids=["hosted", "unsigned"])
async def test_the_copy_that_is_delivered_is_well_formed(
    hub: Hub, reader: Dialect, sender: OrganizationCode
) -> None:
    await hub.send_bytes(unescaped(sender), sender, known=BOI)
    await hub.keep()
    await hub.speaks(CHIANG_MAI, reader)

    assert subject_of((await hub.head(CHIANG_MAI)).document) == SUBJECT


@pytest.mark.parametrize(
    ("sender", "signed"), [(MINISTRY, Signed.HOSTED), (HEALTH, Signed.NONE)]
)
async def test_it_is_never_read_as_signed(
    hub: Hub, sender: OrganizationCode, signed: Signed
) -> None:
    await hub.send_bytes(unescaped(sender), sender, known=BOI)

    assert (await hub.path(CHIANG_MAI)).consignment.signed is signed


async def test_of_an_office_that_must_sign_it_is_refused_without_trace(
    hub: Hub,
) -> None:
    before = await hub.rows()

    with pytest.raises(SignatureMissing):
        await hub.send_bytes(unescaped(LANDS), LANDS, known=BOI)

    assert await hub.rows() == before


async def test_with_a_signature_in_it_nothing_is_repaired(hub: Hub) -> None:
    with pytest.raises(MalformedEnvelope):
        await hub.send_bytes(unescaped(LANDS, signed=True), LANDS, known=BOI)


@pytest.mark.parametrize("known", [CSHARP, UNKNOWN], ids=lambda d: d.name)
async def test_it_is_refused_where_the_dialect_does_not_need_it(
    hub: Hub, known: Dialect
) -> None:
    with pytest.raises(MalformedEnvelope):
        await hub.send_bytes(unescaped(), MINISTRY, known=known)


async def test_a_repeat_of_it_is_the_same_letter_repaired_or_not(hub: Hub) -> None:
    first = await hub.send_bytes(unescaped(), MINISTRY, known=BOI)
    well_formed = as_wire(to(CHIANG_MAI, subject=SUBJECT), BOI)

    again = await hub.send_bytes(unescaped(), MINISTRY, known=BOI)
    escaped = await hub.send_bytes(well_formed, MINISTRY, known=BOI)

    assert again.repeated
    assert escaped.repeated
    assert {again.process_id, escaped.process_id} == {first.process_id}
    assert (await hub.counts())["consignment"] == 1


async def test_sends_of_it_at_once_are_one_letter(hub: Hub) -> None:
    taken = await asyncio.gather(
        *(hub.send_bytes(unescaped(), MINISTRY, known=BOI) for _ in range(4))
    )

    assert [custody.repeated for custody in taken].count(False) == 1
    assert (await hub.counts())["consignment"] == 1


async def test_it_is_taken_back_and_sent_anew_as_any_other(hub: Hub) -> None:
    await hub.send_bytes(unescaped(), MINISTRY, known=BOI)
    await hub.keep()
    await hub.free(CHIANG_MAI, NUMBER)

    assert (await hub.path(CHIANG_MAI)).consignment.state is State.RECALLED
    assert not (await hub.send_bytes(unescaped(), MINISTRY, known=BOI)).repeated
