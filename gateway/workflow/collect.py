"""A pull endpoint looks at the head of its inbox, and later confirms it.

Looking changes nothing but that the entry was shown, and only the first time; the
same head comes again, under the same ProcessID, until it is deleted (A7, Q-A4).
"""

from dataclasses import dataclass
from datetime import datetime

from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.ports import Head, UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import notifier_copy
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class Shown:
    """What a poll is answered with: a document or a notifier."""

    process_id: str
    at: datetime
    """When the entry was queued: the same at every repeat."""
    document: bytes | None
    copy: NotifierCopy | None


async def look(work: Work, organization: OrganizationCode) -> Shown | None:
    """Show the head of an inbox; None where it is empty.

    An empty inbox costs one indexed read. Where something for this organization
    was taken into custody a moment ago, waits until it lies in the inbox (A6).
    """
    head = await work.store.views.head(organization)
    if head is None and await work.arrivals.wait(organization):
        head = await work.store.views.head(organization)
    if head is None:
        return None
    if head.entry.shown_at is None:
        await _note_shown(work, head.entry)
    passed("look:before-answer")
    return await _shown(work, head)


async def _note_shown(work: Work, entry: InboxEntry) -> None:
    """Note the first time: only what was shown can be deleted."""
    now = work.clock.now()
    async with work.store.unit() as unit:
        found = await unit.inboxes.find(entry.organization, entry.process_id)
        if found is None or not found.show(now):
            # Another poll notes it in this very group: it may not be durable yet.
            await unit.commit()
            return
        await unit.inboxes.save(found)
        await _record(unit, found, now, _SHOWN[found.carries])
        passed("look:before-commit")
        await unit.commit()
    emit("entry shown", consignment=entry.consignment, organization=entry.organization)


async def confirm(
    work: Work, organization: OrganizationCode, process_id: str
) -> datetime:
    """Take an entry out of its inbox; always succeeds, and says when (I2.8).

    What is unknown, another's, never shown or already taken is left alone: one
    client deletes the ProcessID of its own last notifier (Q-C14).
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        entry = await unit.inboxes.find(organization, process_id)
        if entry is None or not entry.take(now):
            # It may have been taken in this very group, and not be durable yet.
            await unit.commit()
            return entry.taken_at if entry and entry.taken_at else now
        await unit.inboxes.save(entry)
        await _record(unit, entry, now, _TAKEN[entry.carries])
        if entry.carries is Carries.LETTER:
            await unit.receipts.add(_custody_receipt(work, entry, now))
        passed("confirm:before-commit")
        await unit.commit()
    passed("confirm:after-commit")
    emit("entry taken", consignment=entry.consignment, organization=organization)
    return now


_SHOWN = {
    Carries.LETTER: Happening.ENTRY_SHOWN,
    Carries.NOTIFIER: Happening.NOTIFIER_SHOWN,
}
_TAKEN = {
    Carries.LETTER: Happening.ENDPOINT_TOOK_IT,
    Carries.NOTIFIER: Happening.NOTIFIER_TAKEN,
}


async def _record(
    unit: UnitOfWork, entry: InboxEntry, now: datetime, happening: Happening
) -> None:
    consignment = await unit.consignments.get(entry.consignment)
    consignment.record(
        happening,
        now,
        actor=entry.organization.text,
        facts={"entry": entry.process_id},
    )
    await unit.consignments.save(consignment)


def _custody_receipt(work: Work, entry: InboxEntry, now: datetime) -> Receipt:
    """Prove that the endpoint holds the bytes; e-CMS tells nobody of it (G18)."""
    return Receipt(
        id=work.ids.new(),
        consignment=entry.consignment,
        kind=ReceiptKind.CUSTODY,
        process_id=work.ids.process_id(now),
        told_by=entry.organization,
        tells=None,
        at=now,
        accept_at=now,
    )


async def _shown(work: Work, head: Head) -> Shown:
    entry = head.entry
    if head.receipt is not None:
        copy = notifier_copy(head.consignment, head.receipt)
        return Shown(entry.process_id, entry.queued_at, None, copy)
    if head.consignment.delivery is None:
        raise ValueError("an inbox entry without a delivery")
    document = await work.store.views.bytes_of(head.consignment.delivery)
    return Shown(entry.process_id, entry.queued_at, document, None)
