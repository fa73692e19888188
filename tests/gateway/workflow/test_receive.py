"""Custody is taken once, of what is admitted, and a refusal leaves no trace."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from envelopes.errors import (
    CertificateUntrusted,
    EnvelopeError,
    SchemaViolated,
    SignatureInvalid,
    SignatureMissing,
)
from envelopes.letter import Attachment, Letter, LetterId, OrganizationCode
from gateway.domain import errors
from gateway.domain.errors import NumberTaken, Refusal
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    CLOSED,
    HEALTH,
    LANDS,
    LOEI,
    MINISTRY,
    NAN,
    NOBODY,
    NUMBER,
    Hub,
    key_of,
    to,
)
from tests.letters import PDF, as_wire

TYPED = [
    "มท 0210.3/ว 1795",
    "มท ๐๒๑๐.๓/ว ๑๗๙๕",
    "มท0210.3/ว1795",
    "  มท 0210.3/ว\u200b 1795 ",
]


@pytest.mark.parametrize("later", [{"seconds": 1}, {"days": 1}, {"days": 400}])
@pytest.mark.parametrize("typed", TYPED)
async def test_the_same_send_again_is_answered_as_the_first_time(
    hub: Hub, later: dict[str, float], typed: str
) -> None:
    first = await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()
    hub.clock.advance(**later)

    again = await hub.send(
        replace(
            to(CHIANG_MAI),
            id=LetterId(typed, NUMBER.date),
            send_date=f"{hub.clock.now():%Y-%m-%dT%H:%M:%S}",
        )
    )

    assert not first.repeated
    assert again == replace(first, repeated=True)
    assert await hub.rows() == before


@pytest.mark.parametrize("first_signed", [True, False])
@pytest.mark.parametrize("again_signed", [True, False])
async def test_another_signature_is_no_other_letter(
    hub: Hub, *, first_signed: bool, again_signed: bool
) -> None:
    """An ECDSA signature differs each time; some clients lose their card."""
    wires = [
        as_wire(
            to(CHIANG_MAI, subject="เรื่องเดียวกัน"),
            signed_by=key_of(MINISTRY) if signed else None,
            message_id=message_id,
        )
        for signed, message_id in ((first_signed, "1"), (again_signed, "2"))
    ]
    first = await hub.send_bytes(wires[0], MINISTRY)
    before = await hub.rows()

    again = await hub.send_bytes(wires[1], MINISTRY)

    assert wires[0] != wires[1]
    assert again.process_id == first.process_id
    assert await hub.rows() == before


async def test_a_repeat_is_known_whatever_became_of_the_letter(hub: Hub) -> None:
    first = await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)

    again = await hub.deliver(to(CHIANG_MAI))

    assert again.process_id == first.process_id
    assert again.accepted_at == first.accepted_at
    assert await hub.look(CHIANG_MAI) is None


async def test_identical_sends_at_the_same_moment_are_one_consignment(
    hub: Hub,
) -> None:
    answers = await asyncio.gather(*(hub.send(to(CHIANG_MAI)) for _ in range(5)))

    assert len({answer.process_id for answer in answers}) == 1
    assert [answer.repeated for answer in answers].count(False) == 1
    assert (await hub.counts())["consignment"] == 1
    assert await hub.keep() == 1


CHANGES: list[dict[str, Any]] = [
    {"subject": "เรื่องอื่น"},
    {"secrecy": "002"},
    {"speed": "003"},
    {"attachment_text": "อื่น"},
    {"description": "อื่น"},
    {"main": Attachment("application/pdf", PDF + b"\n")},
    {"main": None},
    {"attachments": ()},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
async def test_the_same_number_with_other_content_is_refused(
    hub: Hub, change: dict[str, Any]
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()

    with pytest.raises(NumberTaken):
        await hub.send(to(CHIANG_MAI, **change))

    assert await hub.rows() == before
    assert await hub.keep() == 0


async def test_another_addressee_in_the_same_office_is_other_content(hub: Hub) -> None:
    first = to(CHIANG_MAI)
    await hub.deliver(first)

    with pytest.raises(NumberTaken):
        await hub.send(
            replace(first, receiver=replace(first.receiver, job_title="ปลัดจังหวัด"))
        )


async def test_the_same_number_of_another_day_or_sender_is_another_letter(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, LetterId(NUMBER.number, "2026-06-04")))
    await hub.deliver(to(CHIANG_MAI, sender=HEALTH))

    assert len(await hub.inbox(CHIANG_MAI)) == 3


REFUSED: list[tuple[Letter, OrganizationCode, type[Exception]]] = [
    (to(CHIANG_MAI), NOBODY, errors.SenderUnknown),
    (to(CHIANG_MAI, sender=NOBODY), MINISTRY, errors.SenderUnknown),
    (to(CHIANG_MAI, sender=LOEI), MINISTRY, errors.SenderNotOfThisDoor),
    (to(CHIANG_MAI, sender=CLOSED), CLOSED, errors.SenderSuspended),
    (to(NOBODY), MINISTRY, errors.ReceiverUnknown),
    (to(CLOSED), MINISTRY, errors.ReceiverUnknown),
    (
        to(CHIANG_MAI, LetterId(NUMBER.number, "2026-07-03")),
        MINISTRY,
        errors.DateInFuture,
    ),
    (
        to(CHIANG_MAI, LetterId(NUMBER.number, "2569-07-03")),
        MINISTRY,
        errors.DateInFuture,
    ),
    (to(CHIANG_MAI, sender=LANDS), LANDS, SignatureMissing),
]


@pytest.mark.parametrize(("letter", "door", "refusal"), REFUSED)
async def test_a_refusal_leaves_no_trace(
    hub: Hub, letter: Letter, door: OrganizationCode, refusal: type[Exception]
) -> None:
    before = await hub.rows(), await hub.writes()

    with pytest.raises(refusal) as raised:
        await hub.send(letter, door=door)

    assert isinstance(raised.value, Refusal | EnvelopeError)
    assert (await hub.rows(), await hub.writes()) == before
    assert not await hub.announced(CHIANG_MAI), "nothing was announced"


async def test_a_number_of_nothing_visible_is_refused_without_trace(hub: Hub) -> None:
    before = await hub.rows()

    with pytest.raises((Refusal, EnvelopeError)):
        await hub.send(to(CHIANG_MAI, LetterId("\u200b\u200b", NUMBER.date)))

    assert await hub.rows() == before


@pytest.mark.parametrize(
    ("altered", "error"),
    [
        ((b"</ram:Subject>", b"!</ram:Subject>"), SignatureInvalid),
        ((b"CorrespondenceDate>2026", b"CorrespondenceDate>2025"), SignatureInvalid),
        ((b">JVBERi0", b">JVBERi1"), SignatureInvalid),
        ((b"<ram:SpeedCode>001", b"<ram:SpeedCode>009"), SchemaViolated),
    ],
)
async def test_a_letter_altered_after_signing_leaves_no_trace(
    hub: Hub, altered: tuple[bytes, bytes], error: type[EnvelopeError]
) -> None:
    wire = as_wire(to(CHIANG_MAI), signed_by=key_of(MINISTRY))
    assert altered[0] in wire
    before = await hub.rows()

    with pytest.raises(error):
        await hub.send_bytes(wire.replace(*altered), MINISTRY)

    assert await hub.rows() == before


@pytest.mark.parametrize("door", [MINISTRY, LANDS, HEALTH])
async def test_a_signature_of_somebody_else_is_refused_at_every_door(
    hub: Hub, door: OrganizationCode
) -> None:
    before = await hub.rows()

    with pytest.raises(CertificateUntrusted):
        await hub.send(to(CHIANG_MAI, sender=door), signed_by=key_of(NAN))

    assert await hub.rows() == before


async def test_a_letter_dated_by_the_buddhist_era_or_tomorrow_is_taken(
    hub: Hub,
) -> None:
    """Clocks differ by up to a day, and some clients write the year as people do."""
    await hub.deliver(to(CHIANG_MAI, LetterId("1/1", "2569-06-05")))
    await hub.deliver(to(CHIANG_MAI, LetterId("1/2", "2026-07-02")))
    await hub.deliver(to(CHIANG_MAI, LetterId("1/3", "1933-01-01")))

    assert len(await hub.inbox(CHIANG_MAI)) == 3
