"""An entry of an inbox comes once more, because its organization asks (operation 10).

The answer is what a poll would give, and the entry lies in the inbox again, at its
old place and under its old ProcessID, until it is deleted: our reading of G5. Where
the hub empties that inbox itself, the answer is all: what was taken stays taken.
"""

from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierKind
from envelopes.requests import AskAgain
from gateway.domain import errors
from gateway.domain.consignment import Consignment
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening, State
from gateway.domain.matching import day_text, with_number
from gateway.domain.receipts import KINDS, Receipt
from gateway.ports import Head, UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.collect import Shown, show_entry
from gateway.workflow.push import pushing
from gateway.workflow.work import Work


async def ask_again(work: Work, door: OrganizationCode, request: AskAgain) -> Shown:
    """Bring an entry back and show it; raises `LetterUnknown` where there is none."""
    now = work.clock.now()
    async with work.store.unit() as unit:
        consignment = await _find(unit, door, request)
        receipt = await _receipt(unit, door, consignment, request)
        entry = await _entry(unit, consignment, receipt, request)
        pushed = await pushing(unit, door)
        if came := pushed is None and entry.ask_again():
            consignment.record(
                Happening.ENTRY_ASKED_AGAIN,
                now,
                actor=door.text,
                facts={"entry": entry.process_id},
            )
            await unit.inboxes.save(entry)
            await unit.consignments.save(consignment)
        await unit.commit()
    if came:
        work.reads.forget(entry.id)
    emit("entry asked again", consignment=consignment.id, organization=door)
    return await show_entry(work, Head(entry, consignment, receipt))


def _is_told(kind: NotifierKind | None, door: OrganizationCode, r: AskAgain) -> bool:
    """Say whether this kind comes to the asker: letters and doubts to the receiver."""
    to_receiver = kind is None or kind.told_by_sender
    return door == (r.receiver if to_receiver else r.sender)


async def _find(
    unit: UnitOfWork, door: OrganizationCode, request: AskAgain
) -> Consignment:
    day = day_text(request.letter_id.date)
    if not _is_told(request.kind, door, request):
        raise errors.LetterUnknown(request.letter_id.number)
    sent = await unit.consignments.sent_by(request.sender, day)
    found = with_number(
        request.letter_id, [c for c in sent if c.receiver == request.receiver]
    )
    if not found:
        raise errors.LetterUnknown(request.letter_id.number)
    return found[-1]


async def _receipt(
    unit: UnitOfWork,
    door: OrganizationCode,
    consignment: Consignment,
    request: AskAgain,
) -> Receipt | None:
    """Return the receipt whose notifier is asked for; None where it is the letter."""
    if request.kind is None:
        return None
    kind = KINDS[request.kind]
    receipts = await unit.receipts.of(consignment.id)
    told = [r for r in receipts if r.kind is kind and r.tells == door]
    if not told:
        raise errors.LetterUnknown(request.letter_id.number)
    return told[-1]


async def _entry(
    unit: UnitOfWork,
    consignment: Consignment,
    receipt: Receipt | None,
    request: AskAgain,
) -> InboxEntry:
    entry = await unit.inboxes.carrying(consignment.id, receipt.id if receipt else None)
    taken_back = receipt is None and consignment.state is State.RECALLED
    # Its bytes may be gone after many years: an entry without them would be a head
    # that nobody gets past.
    gone = receipt is None and await unit.archives.is_purged(consignment.id)
    if entry is None or taken_back or gone:
        raise errors.LetterUnknown(request.letter_id.number)
    return entry
