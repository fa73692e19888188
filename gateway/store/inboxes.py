"""The inboxes of pull endpoints: entries are marked as taken, never removed."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.inbox import Carries, InboxEntry
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.reading import INBOX_ENTRY, Reader
from gateway.store.seals import with_seal

_HEAD: Final = (
    select(INBOX_ENTRY)
    .where(
        INBOX_ENTRY.c.organization == bindparam("organization"),
        INBOX_ENTRY.c.taken_at.is_(None),
    )
    .order_by(INBOX_ENTRY.c.id)
    .limit(1)
)
_OWN: Final = select(INBOX_ENTRY).where(
    INBOX_ENTRY.c.process_id == bindparam("process_id"),
    INBOX_ENTRY.c.organization == bindparam("organization"),
)
_CARRYING: Final = (
    select(INBOX_ENTRY)
    .where(
        INBOX_ENTRY.c.consignment_id == bindparam("consignment"),
        INBOX_ENTRY.c.carries == Carries.LETTER.value,
    )
    .order_by(INBOX_ENTRY.c.id)
    .limit(1)
)
_ADD: Final = insert(INBOX_ENTRY)
_SAVE: Final = (
    update(INBOX_ENTRY)
    .where(INBOX_ENTRY.c.id == bindparam("the_id"))
    .values(
        shown_at=bindparam("new_shown_at"),
        taken_at=bindparam("new_taken_at"),
        seal=bindparam("new_seal"),
    )
)


@dataclass(frozen=True, slots=True)
class StoredInboxes:
    """Inboxes, in one unit."""

    connection: Connection

    async def add(self, entry: InboxEntry) -> None:
        """Put an entry behind all others of its organization."""
        await self.connection.execute(_ADD, _row(entry))

    async def save(self, entry: InboxEntry) -> None:
        """Keep when it was shown and taken."""
        result = await self.connection.execute(
            _SAVE,
            {
                "the_id": entry.id,
                "new_shown_at": entry.shown_at,
                "new_taken_at": entry.taken_at,
                "new_seal": _row(entry)["seal"],
            },
        )
        if result.rowcount != 1:
            raise StoreError(detail=f"no inbox entry {entry.id}")

    async def head(self, organization: OrganizationCode) -> InboxEntry | None:
        """Return the oldest entry that was not taken."""
        return await self._one(_HEAD, organization=organization.text)

    async def find(
        self, organization: OrganizationCode, process_id: str
    ) -> InboxEntry | None:
        """Return an entry of this organization's own inbox."""
        return await self._one(
            _OWN, organization=organization.text, process_id=process_id
        )

    async def carrying(self, consignment: UUID) -> InboxEntry | None:
        """Return the entry that brings this consignment's letter to its receiver."""
        return await self._one(_CARRYING, consignment=consignment)

    async def _one(
        self, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> InboxEntry | None:
        found = await Reader(self.connection).fetch(statement, **parameters)
        return rows.inbox_entry(found[0]) if found else None


def _row(entry: InboxEntry) -> dict[str, Any]:
    return with_seal(
        "inbox_entry",
        {
            "id": entry.id,
            "organization": entry.organization.text,
            "process_id": entry.process_id,
            "carries": entry.carries.value,
            "consignment_id": entry.consignment,
            "receipt_id": entry.receipt,
            "queued_at": entry.queued_at,
            "shown_at": entry.shown_at,
            "taken_at": entry.taken_at,
        },
    )
