"""A clerk has the hub enter a letter → a number of the hub's own book.

For an office without a system: the entry leaves its inbox, the number is the next
of its book, and the sender is told the number and nothing before it.
"""

from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.consignment import Consignment
from gateway.domain.inbox import Carries
from gateway.domain.lifecycle import Happening, allows
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.register import (
    Book,
    NumberedBy,
    Registration,
    RegistrationNumber,
    buddhist_year,
)
from gateway.domain.secrecy import may_see
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.notice import commit_telling, enter, keep_and_tell
from gateway.workflow.park import got_past
from gateway.workflow.work import Work


async def register(
    work: Work,
    organization: OrganizationCode,
    process_id: str,
    *,
    by: str,
    order: Order | None = None,
) -> Registration:
    """Enter the letter of an inbox entry in the book of received letters.

    `process_id` is the inbox entry's. Where it is registered already, returns what
    it is registered under now: a number is given once. Raises `EntryUnknown` where
    the inbox has no such letter, `NotASecretRegistrar` where only others may see it,
    `NotPossibleNow` where it went back meanwhile.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        entry = await unit.inboxes.find(organization, process_id)
        if entry is None or entry.carries is not Carries.LETTER:
            raise errors.EntryUnknown(process_id)
        consignment = await unit.consignments.get(entry.consignment)
        await _demand_registrar(unit, consignment, organization, by)
        if earlier := await unit.registers.of(consignment.id):
            # It may have been entered in this very group, and not be durable yet.
            await unit.commit()
            return earlier[-1]
        if not allows(consignment.state, Happening.NUMBER_GIVEN):
            raise errors.NotPossibleNow(consignment.state)
        year = buddhist_year(now)
        serial = await unit.registers.next_number(organization, Book.RECEIVED, year)
        registration = Registration(
            id=work.ids.new(),
            consignment=consignment.id,
            organization=organization,
            book=Book.RECEIVED,
            year=year,
            number=RegistrationNumber.of_book(serial, year),
            numbered_by=NumberedBy.HUB,
            by=by,
            at=now,
        )
        receipt = _receipt(work, registration, consignment.sender)
        taken = entry.taken_at is None
        if taken:
            entry.show(now)
            entry.take(now)
            await unit.inboxes.save(entry)
            await got_past(unit, entry, now)
        await enter(
            unit,
            consignment,
            registration,
            receipt,
            entry=entry.process_id if taken else "",
        )
        await keep_and_tell(unit, work, consignment, receipt)
        await note(
            unit,
            work,
            order,
            organization=organization,
            about=consignment,
            after={"number": registration.number.text},
        )
        passed("register:before-commit")
        await commit_telling(unit, work, receipt)
    passed("register:after-commit")
    emit("letter registered", consignment=consignment.id, organization=organization)
    return registration


async def _demand_registrar(
    unit: UnitOfWork, consignment: Consignment, organization: OrganizationCode, by: str
) -> None:
    """Check that this person of the organization may see what the letter says.

    Raises `NotASecretRegistrar`; a letter that is not secret everybody may see.
    """
    letter = consignment.letter
    reader = await unit.persons.find(organization, by)
    if not may_see(letter.secrecy, (letter.sender, consignment.receiver), reader):
        raise errors.NotASecretRegistrar(organization.text)


def _receipt(
    work: Work, registration: Registration, sender: OrganizationCode
) -> Receipt:
    return Receipt(
        id=work.ids.new(),
        consignment=registration.consignment,
        kind=ReceiptKind.REGISTERED,
        process_id=work.ids.process_id(registration.at),
        told_by=registration.organization,
        tells=sender,
        at=registration.at,
        accept_at=registration.at,
        number=registration.number.text,
        registration=registration.id,
    )
