"""The sender frees a number, to send the letter anew (operation 9).

1. While it waits, the letter leaves the inbox: it is taken back.
2. Once the receiver's system has it, it is taken back in the hub's record; a number
   that still comes is kept and told.
3. After a return the number is free, and the letter stays returned.
4. After registration it is refused: the letter has its number.
"""

from datetime import datetime
from typing import Final

from envelopes.letter import LetterId, OrganizationCode
from envelopes.requests import DeleteLetter
from gateway.domain import errors
from gateway.domain.consignment import Consignment
from gateway.domain.lifecycle import Happening, State, allows
from gateway.domain.matching import day_text, with_number
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.park import got_past
from gateway.workflow.work import Work

_REGISTERED: Final = (State.REGISTERED, State.DISPUTED)


async def free(work: Work, door: OrganizationCode, request: DeleteLetter) -> datetime:
    """Free a letter's number for this receiver; again, it changes nothing.

    Raises `SenderNotOfThisDoor`, `LetterUnknown`, or `AlreadyRegistered`.
    """
    if request.sender != door:
        raise errors.SenderNotOfThisDoor(request.sender.text)
    now = work.clock.now()
    async with work.store.unit() as unit:
        consignment = await _find(unit, door, request.receiver, request.letter_id)
        if consignment.freed_at is not None:
            await unit.commit()
            return consignment.freed_at
        if consignment.state in _REGISTERED:
            raise errors.AlreadyRegistered(request.letter_id.number)
        await _take_back(unit, consignment, door, now)
        consignment.freed_at = now
        await unit.consignments.save(consignment)
        passed("free:before-commit")
        await unit.commit()
    passed("free:after-commit")
    emit("number freed", consignment=consignment.id, organization=door)
    return now


async def _find(
    unit: UnitOfWork,
    sender: OrganizationCode,
    receiver: OrganizationCode,
    letter_id: LetterId,
) -> Consignment:
    """Return the latest send of this number, one that is not freed before others."""
    sent = await unit.consignments.sent_by(sender, day_text(letter_id.date))
    found = with_number(letter_id, [c for c in sent if c.receiver == receiver])
    if not found:
        raise errors.LetterUnknown(letter_id.number)
    taken = [c for c in found if c.freed_at is None]
    return (taken or found)[-1]


async def _take_back(
    unit: UnitOfWork, consignment: Consignment, door: OrganizationCode, now: datetime
) -> None:
    if allows(consignment.state, Happening.NUMBER_FREED):
        consignment.record(Happening.NUMBER_FREED, now, actor=door.text)
        return
    entry = await unit.inboxes.carrying(consignment.id)
    left = entry is not None and entry.withdraw(now)
    if left and entry is not None:
        await unit.inboxes.save(entry)
        await got_past(unit, entry, now)
    consignment.record(
        Happening.SENDER_RECALLED,
        now,
        actor=door.text,
        facts={"entry": entry.process_id} if left and entry is not None else {},
    )
