"""Domain values to be kept, whole enough for the store, and nothing more."""

from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.letter import LetterId, OrganizationCode
from envelopes.parts import Parts, take_apart
from gateway.domain.consignment import (
    Consignment,
    Excerpt,
    FittedCopy,
    LetterFacts,
    LetterFile,
    Signed,
)
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.organization import Organization
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.register import (
    Book,
    NumberedBy,
    Registration,
    RegistrationNumber,
    buddhist_year,
)
from gateway.ports import Ids, Store, UnitOfWork
from tests.doubles.clock import START

MINISTRY: Final = OrganizationCode("1500200000")
CHIANG_MAI: Final = OrganizationCode("1500200050")
NUMBER: Final = LetterId("มท 0210.3/ว 1795", "2552-06-05")

FILE: Final = b"%PDF-1.4 a main letter"
PARTS: Final[Parts] = take_apart(b"<envelope/>", {})


def an_organization(code: OrganizationCode) -> Organization:
    return Organization(code, "หน่วยงาน", "Office", Signed.HOSTED)


async def with_directory(store: Store) -> None:
    """Enter both organizations."""
    async with store.unit() as unit:
        for code in (MINISTRY, CHIANG_MAI):
            await unit.directory.add(an_organization(code), (), START)
        await unit.commit()


def a_letter_of(
    ids: Ids,
    number: LetterId = NUMBER,
    *,
    files: tuple[LetterFile, ...] = (),
) -> LetterFacts:
    new = ids.new()
    return LetterFacts(
        id=new,
        sender=MINISTRY,
        letter_id=number,
        subject="แต่งตั้งผู้รับผิดชอบ",
        secrecy="001",
        speed="001",
        content_digest=new.hex,
        main=files[0] if files else None,
        attachments=files[1:],
    )


def a_consignment(ids: Ids, letter: LetterFacts, at: datetime = START) -> Consignment:
    made = Consignment(
        id=ids.new(),
        letter=letter,
        process_id=ids.process_id(at),
        receiver=CHIANG_MAI,
        receiver_name="ผู้ว่าราชการจังหวัดเชียงใหม่",
        copy_digest=letter.content_digest,
        envelope_digest=PARTS.digest,
        signed=Signed.OWN,
        accepted_at=at,
    )
    made.accept()
    return made


async def keep(
    unit: UnitOfWork, ids: Ids, number: LetterId = NUMBER, at: datetime = START
) -> Consignment:
    """Keep a letter and its consignment, as `receive` does; do not commit."""
    letter = a_letter_of(ids, number)
    await unit.vault.keep(PARTS, secret_of=letter.secret_of)
    await unit.letters.add(letter, at)
    consignment = a_consignment(ids, letter, at)
    await unit.consignments.add(consignment)
    return consignment


async def kept(
    store: Store, ids: Ids, number: LetterId = NUMBER, at: datetime = START
) -> Consignment:
    """Keep a letter and its consignment, and commit."""
    async with store.unit() as unit:
        consignment = await keep(unit, ids, number, at)
        await unit.commit()
    return consignment


def a_promise(ids: Ids, consignment: UUID, at: datetime = START) -> Promise:
    return Promise(
        id=ids.new(),
        stage=Stage.ROUTE,
        consignment=consignment,
        receipt=None,
        made_at=START,
        not_before=at,
    )


def an_entry(ids: Ids, consignment: UUID) -> InboxEntry:
    return InboxEntry(
        id=ids.new(),
        organization=CHIANG_MAI,
        process_id=ids.process_id(START),
        carries=Carries.LETTER,
        consignment=consignment,
        receipt=None,
        queued_at=START,
    )


def a_copy(consignment: UUID, dialect: str = "boi") -> FittedCopy:
    return FittedCopy(consignment, dialect, Excerpt(PARTS.digest, 0, 11), START)


def a_registration(
    ids: Ids,
    consignment: UUID,
    serial: int,
    organization: OrganizationCode = CHIANG_MAI,
    year: int = buddhist_year(START),
) -> Registration:
    return Registration(
        id=ids.new(),
        consignment=consignment,
        organization=organization,
        book=Book.RECEIVED,
        year=year,
        number=RegistrationNumber.of_book(serial, year),
        numbered_by=NumberedBy.HUB,
        by="สมศรี",
        at=START,
    )


def a_receipt(ids: Ids, consignment: UUID, registration: UUID | None = None) -> Receipt:
    return Receipt(
        id=ids.new(),
        consignment=consignment,
        kind=ReceiptKind.REGISTERED,
        process_id=ids.process_id(START),
        told_by=CHIANG_MAI,
        tells=MINISTRY,
        at=START,
        accept_at=START,
        number="120/2569",
        registration=registration,
    )
