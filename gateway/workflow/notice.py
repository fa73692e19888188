"""What one side says of a letter → a new state, a receipt, and the promise to tell.

The five notifiers are one act with five meanings: find the letter (E2), ask the
table whether this can happen now, enter the number where there is one, keep the
receipt, promise to tell the other side. Saying it again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from envelopes.letter import OrganizationCode
from envelopes.notifier import Notifier, NotifierCopy, NotifierKind
from gateway.domain import errors
from gateway.domain.admission import day_of
from gateway.domain.consignment import Consignment
from gateway.domain.lifecycle import Happening, State, allows
from gateway.domain.matching import about, fitting
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import (
    HAPPENINGS,
    KINDS,
    Receipt,
    ReceiptKind,
    is_told,
    said_before,
)
from gateway.domain.register import (
    Book,
    NumberedBy,
    Registration,
    RegistrationNumber,
    buddhist_year,
)
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import notifier_copy
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class Taken:
    """What the teller is answered: its notifier, complete, in the sender's words."""

    process_id: str
    at: datetime
    copy: NotifierCopy


async def take_notice(
    work: Work, door: OrganizationCode, notifier: Notifier, *, to: str
) -> Taken:
    """Take what an endpoint says of a letter in its hands.

    Raises `LetterUnknown` where it has no such letter, `NumberUnknown` where it
    doubts a number nobody gave, and another `Refusal` where the letter's state does
    not allow it.
    """
    kind = KINDS[notifier.kind]
    async with work.store.unit() as unit:
        consignment = await _find(unit, door, notifier, to)
        receipts = await unit.receipts.of(consignment.id)
        if earlier := said_before(receipts, kind, notifier.accept_id):
            # It may have been said in this very group, and not be durable yet.
            await unit.commit()
            return _taken(consignment, earlier)
        receipt = await _happen(unit, work, consignment, door=door, notifier=notifier)
        passed("notice:before-commit")
        await commit_telling(unit, work, receipt)
    passed("notice:after-commit")
    emit("notice taken", consignment=consignment.id, organization=door, kind=kind)
    return _taken(consignment, receipt)


async def enter(
    unit: UnitOfWork,
    consignment: Consignment,
    registration: Registration,
    receipt: Receipt,
    *,
    entry: str = "",
) -> None:
    """Enter a number, and let the happening that says so happen.

    `entry` is the ProcessID of the inbox entry that was taken out with it.
    """
    corrected = registration.replaces is not None
    happening = Happening.NUMBER_CORRECTED if corrected else Happening.NUMBER_GIVEN
    await unit.registers.add(registration)
    consignment.record(
        happening,
        registration.at,
        actor=registration.by or registration.organization.text,
        facts={
            "registration": str(registration.id),
            "number": registration.number.text,
            "numbered_by": registration.numbered_by,
            "receipt": str(receipt.id),
        }
        | ({"entry": entry} if entry else {}),
    )


async def keep_and_tell(
    unit: UnitOfWork, work: Work, consignment: Consignment, receipt: Receipt
) -> None:
    """Keep the consignment and the receipt, and promise to tell the other side."""
    await unit.consignments.save(consignment)
    await unit.receipts.add(receipt)
    if receipt.tells is not None:
        await unit.promises.add(
            Promise(
                id=work.ids.new(),
                stage=Stage.NOTIFY,
                consignment=consignment.id,
                receipt=receipt.id,
                made_at=receipt.at,
                not_before=receipt.at,
            )
        )


async def commit_telling(unit: UnitOfWork, work: Work, receipt: Receipt) -> None:
    """Commit; a poll at the door of who is told now waits a moment for it."""
    if receipt.tells is None:
        await unit.commit()
        return
    work.arrivals.announce(receipt.tells)
    try:
        await unit.commit()
    except BaseException:
        work.arrivals.arrived(receipt.tells)
        raise


async def _find(
    unit: UnitOfWork, door: OrganizationCode, notifier: Notifier, to: str
) -> Consignment:
    try:
        day = day_of(notifier.letter_id.date).isoformat()
    except ValueError:
        raise errors.LetterUnknown(str(notifier.letter_id)) from None
    if notifier.kind.told_by_sender:
        sent = await unit.consignments.sent_by(door, day)
        candidates = await _with_number(unit, fitting(notifier, sent, to=to), notifier)
    else:
        candidates = await unit.consignments.received_by(door, day)
    if (found := about(notifier, candidates, to=to)) is None:
        raise errors.LetterUnknown(str(notifier.letter_id))
    return found


async def _with_number(
    unit: UnitOfWork, copies: Sequence[Consignment], notifier: Notifier
) -> Sequence[Consignment]:
    """Of a circular's copies, choose those that got the number complained of (E2).

    Raises `NumberUnknown` where there are copies, and none of them got it.
    """
    number = (notifier.accept_id or "").strip()
    having = [
        consignment
        for consignment in copies
        if any(r.number.text == number for r in await unit.registers.of(consignment.id))
    ]
    if copies and not having:
        raise errors.NumberUnknown(number)
    return having


async def _happen(
    unit: UnitOfWork,
    work: Work,
    consignment: Consignment,
    *,
    door: OrganizationCode,
    notifier: Notifier,
) -> Receipt:
    now = work.clock.now()
    kind = KINDS[notifier.kind]
    registrations = await unit.registers.of(consignment.id)
    _is_possible(consignment.state, kind, corrects=bool(registrations))
    other = consignment.receiver if door == consignment.sender else consignment.sender
    new = work.ids.new()
    registration = None
    accept_at = now
    if notifier.kind is NotifierKind.REGISTERED:
        registration = _reported(work, consignment, notifier, now, registrations[-1:])
    elif notifier.kind is NotifierKind.WRONG_NUMBER:
        accept_at = _doubted(registrations, notifier).at
    receipt = Receipt(
        id=new,
        consignment=consignment.id,
        kind=kind,
        process_id=work.ids.process_id(now),
        told_by=door,
        tells=other if is_told(kind, consignment.state) else None,
        at=now,
        accept_at=accept_at,
        number=notifier.accept_id,
        registration=registration.id if registration else None,
    )
    if registration:
        await enter(unit, consignment, registration, receipt)
    else:
        consignment.record(
            HAPPENINGS[kind],
            now,
            actor=door.text,
            facts={"receipt": str(receipt.id)}
            | ({"number": notifier.accept_id} if notifier.accept_id else {}),
        )
    await keep_and_tell(unit, work, consignment, receipt)
    return receipt


_RETURNED: Final = (State.RETURNED, State.RETURNED_AS_WRONG)


def _is_possible(state: State, kind: ReceiptKind, *, corrects: bool) -> None:
    """Ask the table; say in the peer's words why not."""
    happening = HAPPENINGS[kind]
    if kind is ReceiptKind.REGISTERED and corrects:
        happening = Happening.NUMBER_CORRECTED
    if allows(state, happening):
        return
    if state in (State.REGISTERED, State.DISPUTED):
        raise errors.AlreadyRegistered
    if state in _RETURNED:
        raise errors.AlreadyReturned
    raise errors.NotPossibleNow(state)


def _reported(
    work: Work,
    consignment: Consignment,
    notifier: Notifier,
    now: datetime,
    latest: Sequence[Registration],
) -> Registration:
    """Enter a number as the office wrote it, free text, never repaired (saraban §3)."""
    return Registration(
        id=work.ids.new(),
        consignment=consignment.id,
        organization=consignment.receiver,
        book=Book.RECEIVED,
        year=buddhist_year(now),
        number=RegistrationNumber.parse(notifier.accept_id or ""),
        numbered_by=NumberedBy.OFFICE,
        by="",
        at=now,
        replaces=latest[0].id if latest else None,
    )


def _doubted(registrations: Sequence[Registration], notifier: Notifier) -> Registration:
    number = (notifier.accept_id or "").strip()
    for registration in reversed(registrations):
        if registration.number.text == number:
            return registration
    raise errors.NumberUnknown(number)


def _taken(consignment: Consignment, receipt: Receipt) -> Taken:
    return Taken(receipt.process_id, receipt.at, notifier_copy(consignment, receipt))
