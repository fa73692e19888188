"""That an endpoint holds the bytes of a letter is proven once."""

from datetime import datetime

from gateway.domain.inbox import InboxEntry
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.ports import UnitOfWork
from gateway.workflow.work import Work


async def prove_custody(
    unit: UnitOfWork, work: Work, entry: InboxEntry, now: datetime
) -> None:
    """Prove once that the endpoint holds the bytes; nobody is told of it (G18)."""
    if await is_proven(unit, entry):
        return
    await unit.receipts.add(
        Receipt(
            id=work.ids.new(),
            consignment=entry.consignment,
            kind=ReceiptKind.CUSTODY,
            process_id=work.ids.process_id(now),
            told_by=entry.organization,
            tells=None,
            at=now,
            accept_at=now,
        )
    )


async def is_proven(unit: UnitOfWork, entry: InboxEntry) -> bool:
    """Say whether it is known that the endpoint holds the bytes."""
    receipts = await unit.receipts.of(entry.consignment)
    return any(receipt.kind is ReceiptKind.CUSTODY for receipt in receipts)
