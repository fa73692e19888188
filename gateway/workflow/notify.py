"""A receipt → a notifier on its way to who is told.

The notifier lies in the inbox of who is told, behind all others. Where that endpoint
pushes, it is promised to it; where it pulls with a client that cannot read this one,
it lies beside the queue (Q-B9).
"""

from uuid import UUID

from envelopes.dialects import UNKNOWN, dialect_named
from gateway.domain.consignment import HUB
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.collect import hold
from gateway.workflow.copies import notifier_copy
from gateway.workflow.push import promise_delivery, pushing
from gateway.workflow.work import Work


async def notify(work: Work, promise: UUID) -> None:
    """Put a receipt's notifier into an inbox; a kept promise is a repeat."""
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None or found.receipt is None:
            return
        receipt = await unit.receipts.get(found.receipt)
        if receipt.tells is None:
            return
        consignment = await unit.consignments.get(receipt.consignment)
        now = work.clock.now()
        entry = InboxEntry(
            id=work.ids.new(),
            organization=receipt.tells,
            process_id=work.ids.process_id(now),
            carries=Carries.NOTIFIER,
            consignment=consignment.id,
            receipt=receipt.id,
            queued_at=now,
        )
        # What is held is brought back by a change of dialect, which must see it.
        told = await unit.directory.find(receipt.tells, steady=True)
        pushed = await pushing(unit, receipt.tells)
        dialect = dialect_named(told.dialect) if told else UNKNOWN
        consignment.record(
            Happening.NOTIFIER_QUEUED,
            now,
            actor=HUB,
            facts={
                "entry": entry.process_id,
                "receipt": str(receipt.id),
                "for": receipt.tells.text,
            }
            | await promise_delivery(unit, work, entry, pushed, now),
        )
        if not pushed and not dialect.takes(notifier_copy(consignment, receipt)):
            hold(entry, consignment, now)
        await unit.inboxes.add(entry)
        await unit.consignments.save(consignment)
        await unit.promises.keep(promise, now)
        passed("notify:before-commit")
        await unit.commit()
    work.arrivals.arrived(receipt.tells)
    passed("notify:after-commit")
    emit("notifier queued", consignment=consignment.id, organization=receipt.tells)
