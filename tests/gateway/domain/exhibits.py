"""One letter and all that can be attested of it, for tests of signed receipts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.consignment import (
    Consignment,
    Judgement,
    LetterFacts,
    LetterFile,
    Signed,
)
from gateway.domain.evidence import Exhibit, Measure, Witness
from gateway.domain.organization import Organization
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.register import (
    Book,
    NumberedBy,
    Registration,
    RegistrationNumber,
    buddhist_year,
)

SENDER: Final = OrganizationCode("1500200000")
RECEIVER: Final = OrganizationCode("1500200050")
AT: Final = datetime(2026, 11, 21, 3, 0, 7, tzinfo=UTC)
MADE_AT: Final = AT + timedelta(minutes=9)
HUB: Final = Witness("Document exchange gateway", "ab" * 32)

_MAIN = LetterFile("application/pdf", "1f" * 32, 1_048_576)
_ATTACHED = LetterFile("text/plain", "2f" * 32, 12)


def an_id(number: int) -> UUID:
    """Return the id of this number; later ones sort behind earlier ones."""
    return UUID(int=number << 80 | 0x7000_8000_0000_0000_0000)


CONSIGNMENT: Final = an_id(2)


def a_consignment(**changes: object) -> Consignment:
    """Return one letter for Chiang Mai, signed by its sender."""
    letter = LetterFacts(
        id=an_id(1),
        sender=SENDER,
        letter_id=LetterId("มท 0210.3/ว 1795", "2569-06-05"),
        subject="แต่งตั้งคณะกรรมการ",
        secrecy="001",
        speed="002",
        content_digest="00" * 32,
        main=_MAIN,
        attachments=(_ATTACHED,),
    )
    consignment = Consignment(
        id=CONSIGNMENT,
        letter=replace(letter, **changes),  # type: ignore[arg-type]
        process_id="20261121100007000000000001",
        receiver=RECEIVER,
        receiver_name="สมชาย ใจดี ผู้ว่าราชการจังหวัด",
        copy_digest="01" * 32,
        envelope_digest="3f" * 32,
        signed=Signed.OWN,
        accepted_at=AT,
    )
    consignment.judgement = Judgement(
        intact=True,
        valid=True,
        trusted=True,
        reasons=("own-certificate",),
        certificate="4f" * 32,
        algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    )
    return consignment


def a_receipt(minute: int, kind: ReceiptKind, **facts: object) -> Receipt:
    """Return what was said so many minutes after the letter came."""
    at = AT + timedelta(minutes=minute)
    told_by = SENDER if kind is ReceiptKind.DISPUTED else RECEIVER
    receipt = Receipt(
        id=an_id(10 + minute),
        consignment=CONSIGNMENT,
        kind=kind,
        process_id=f"2026112110000700000000010{minute}",
        told_by=told_by,
        tells=None,
        at=at,
        accept_at=at,
    )
    return replace(receipt, **facts)  # type: ignore[arg-type]


def a_registration(
    minute: int, text: str, by: NumberedBy, replaces: UUID | None = None
) -> Registration:
    """Return the entry that the receipt of this minute is about."""
    at = AT + timedelta(minutes=minute)
    serial = int(text.split("/", maxsplit=1)[0]) if by is NumberedBy.HUB else None
    return Registration(
        id=an_id(20 + minute),
        consignment=CONSIGNMENT,
        organization=RECEIVER,
        book=Book.RECEIVED,
        year=buddhist_year(at),
        number=RegistrationNumber(text, serial),
        numbered_by=by,
        by="สมศรี ทะเบียนดี" if by is NumberedBy.HUB else "",
        at=at,
        replaces=replaces,
    )


def an_exhibit(
    receipts: Sequence[Receipt] = (),
    registrations: Sequence[Registration] = (),
    **letter: object,
) -> Exhibit:
    """Return a consignment with what was said of it."""
    return Exhibit(
        consignment=a_consignment(**letter),
        sender=Organization(
            SENDER, "สำนักงานปลัดกระทรวงมหาดไทย", "Permanent Secretary", Signed.OWN
        ),
        receiver=Organization(
            RECEIVER, "สำนักงานจังหวัดเชียงใหม่", "Chiang Mai", Signed.HOSTED
        ),
        entry="20261121100008000000000002",
        receipts=receipts,
        registrations=registrations,
        envelope=Measure("3f" * 32, 1_402_113),
        delivered=Measure("5f" * 32, 1_400_911),
        files=[_MAIN, _ATTACHED],
    )


def all_kinds() -> Exhibit:
    """Return a letter of which everything was said that can be."""
    given = a_registration(3, "120/2569", NumberedBy.HUB)
    again = a_registration(5, "๑๒๑", NumberedBy.OFFICE, replaces=given.id)
    return an_exhibit(
        [
            a_receipt(1, ReceiptKind.CUSTODY),
            a_receipt(2, ReceiptKind.RECEIVED),
            a_receipt(
                3, ReceiptKind.REGISTERED, number="120/2569", registration=given.id
            ),
            a_receipt(4, ReceiptKind.DISPUTED, number="120/2569"),
            a_receipt(5, ReceiptKind.REGISTERED, number="๑๒๑", registration=again.id),
            a_receipt(6, ReceiptKind.RETURNED),
            a_receipt(7, ReceiptKind.RETURNED_AS_WRONG),
        ],
        [given, again],
    )
