"""Receipts: what was said of a consignment, by whom, and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from gateway.domain.receipts import Receipt
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.reading import RECEIPT, Reader
from gateway.store.seals import with_seal

_ADD: Final = insert(RECEIPT)
_BY_ID: Final = select(RECEIPT).where(RECEIPT.c.id == bindparam("receipt"))
_OF: Final = (
    select(RECEIPT)
    .where(RECEIPT.c.consignment_id == bindparam("consignment"))
    .order_by(RECEIPT.c.id)
)


@dataclass(frozen=True, slots=True)
class StoredReceipts:
    """Receipts, in one unit."""

    connection: Connection

    async def add(self, receipt: Receipt) -> None:
        """Keep a receipt."""
        await self.connection.execute(_ADD, _row(receipt))

    async def get(self, receipt: UUID) -> Receipt:
        """Return a receipt that must be there."""
        found = await Reader(self.connection).fetch(_BY_ID, receipt=receipt)
        if not found:
            raise StoreError(detail=f"no receipt {receipt}")
        return rows.receipt(found[0])

    async def of(self, consignment: UUID) -> Sequence[Receipt]:
        """Return a consignment's receipts, oldest first."""
        found = await Reader(self.connection).fetch(_OF, consignment=consignment)
        return [rows.receipt(row) for row in found]


def _row(receipt: Receipt) -> dict[str, Any]:
    return with_seal(
        "receipt",
        {
            "id": receipt.id,
            "consignment_id": receipt.consignment,
            "kind": receipt.kind.value,
            "process_id": receipt.process_id,
            "told_by": receipt.told_by.text,
            "tells": receipt.tells.text if receipt.tells else None,
            "at": receipt.at,
            "accept_at": receipt.accept_at,
            "number": receipt.number,
            "registration_id": receipt.registration,
        },
    )
