"""The inboxes of pull endpoints: entries are marked as taken, never removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.inbox import Carries, InboxEntry
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.reading import INBOX_ENTRY, PROMISE, Reader
from gateway.store.seals import with_seal

PLACE: Final[ColumnElement[UUID]] = func.coalesce(INBOX_ENTRY.c.place, INBOX_ENTRY.c.id)
"""What entries are ordered by; the index of heads has it in these words."""

IN_QUEUE: Final = (
    INBOX_ENTRY.c.taken_at.is_(None)
    & INBOX_ENTRY.c.parked_at.is_(None)
    & INBOX_ENTRY.c.held_at.is_(None)
)
"""What waits; that index holds these entries and no others."""

WAITING: Final = (
    select(INBOX_ENTRY)
    .where(INBOX_ENTRY.c.organization == bindparam("organization"), IN_QUEUE)
    .order_by(PLACE)
)
HEAD: Final = WAITING.limit(1)

Seals = dict[UUID, str]
"""The seals of entries as a unit read them."""

_OWN: Final = select(INBOX_ENTRY).where(
    INBOX_ENTRY.c.process_id == bindparam("process_id"),
    INBOX_ENTRY.c.organization == bindparam("organization"),
)
_CARRYING_LETTER: Final = (
    select(INBOX_ENTRY)
    .where(
        INBOX_ENTRY.c.consignment_id == bindparam("consignment"),
        INBOX_ENTRY.c.carries == Carries.LETTER.value,
    )
    .order_by(INBOX_ENTRY.c.id)
    .limit(1)
)
_CARRYING_NOTIFIER: Final = select(INBOX_ENTRY).where(
    INBOX_ENTRY.c.receipt_id == bindparam("receipt"),
    INBOX_ENTRY.c.consignment_id == bindparam("consignment"),
)
_PROMISED: Final = (
    select(PROMISE.c.id)
    .where(
        PROMISE.c.consignment_id == INBOX_ENTRY.c.consignment_id,
        PROMISE.c.entry_id == INBOX_ENTRY.c.id,
        PROMISE.c.kept_at.is_(None),
    )
    .exists()
)
_UNPROMISED: Final = (
    select(INBOX_ENTRY)
    .where(
        INBOX_ENTRY.c.organization == bindparam("organization"),
        INBOX_ENTRY.c.taken_at.is_(None),
        INBOX_ENTRY.c.parked_at.is_(None),
        bindparam("after", type_=INBOX_ENTRY.c.id.type) < PLACE,
        ~_PROMISED,
    )
    .order_by(PLACE)
    .limit(bindparam("limit"))
)
_NO_PLACE: Final = UUID(int=0)
_ADD: Final = insert(INBOX_ENTRY)
_CHANGEABLE: Final = (
    "shown_at",
    "taken_at",
    "place",
    "set_behind_at",
    "parked_at",
    "held_at",
    "seal",
)
# What is changed is what was read: another process may have changed it since.
_SAVE: Final = (
    update(INBOX_ENTRY)
    .where(
        INBOX_ENTRY.c.id == bindparam("the_id"),
        INBOX_ENTRY.c.seal == bindparam("seal_read"),
    )
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)


@dataclass(frozen=True, slots=True)
class StoredInboxes:
    """Inboxes, in one unit."""

    connection: Connection
    seals: Seals = field(default_factory=dict)

    async def add(self, entry: InboxEntry) -> None:
        """Put an entry behind all others of its organization."""
        row = _row(entry)
        await self.connection.add(_ADD, row)
        self.seals[entry.id] = row["seal"]

    async def add_all(self, entries: Sequence[InboxEntry]) -> None:
        """Put entries behind all others of their organizations, in this order."""
        if made := [_row(entry) for entry in entries]:
            await self.connection.execute(_ADD, made)
            self.seals.update({row["id"]: row["seal"] for row in made})

    async def save(self, entry: InboxEntry) -> None:
        """Keep where it stands and what was done with it; it was read in this unit.

        Raises `ConcurrentChange` where it changed since.
        """
        if entry.id not in self.seals:
            raise StoreError(detail=f"inbox entry {entry.id} was not read here")
        row = _row(entry)
        result = await self.connection.execute(
            _SAVE,
            {
                "the_id": entry.id,
                "seal_read": self.seals[entry.id],
                **{f"new_{name}": row[name] for name in _CHANGEABLE},
            },
        )
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"inbox entry {entry.id}")
        self.seals[entry.id] = row["seal"]

    async def changed(self) -> bool:
        """Say whether another process changed an entry since it was read here."""
        now = await Reader(self.connection).of(
            INBOX_ENTRY, INBOX_ENTRY.c.id, self.seals
        )
        return any(row["seal"] != self.seals[row["id"]] for row in now)

    async def head(self, organization: OrganizationCode) -> InboxEntry | None:
        """Return the first entry in order that waits."""
        return await self._one(HEAD, organization=organization.text)

    async def find(
        self, organization: OrganizationCode, process_id: str
    ) -> InboxEntry | None:
        """Return an entry of this organization's own inbox."""
        return await self._one(
            _OWN, organization=organization.text, process_id=process_id
        )

    async def carrying(
        self, consignment: UUID, receipt: UUID | None = None
    ) -> InboxEntry | None:
        """Return the entry that brings a consignment's letter, or a receipt's notifier.

        Without a receipt, the letter's.
        """
        if receipt is None:
            return await self._one(_CARRYING_LETTER, consignment=consignment)
        return await self._one(
            _CARRYING_NOTIFIER, consignment=consignment, receipt=receipt
        )

    async def unpromised(
        self, organization: OrganizationCode, *, after: UUID | None, limit: int
    ) -> Sequence[InboxEntry]:
        """Return entries that no open promise is to hand over, in their order."""
        return await read_entries(
            self.connection,
            _UNPROMISED,
            seals=self.seals,
            organization=organization.text,
            after=after or _NO_PLACE,
            limit=limit,
        )

    async def _one(
        self, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> InboxEntry | None:
        found = await read_entries(
            self.connection, statement, seals=self.seals, **parameters
        )
        return found[0] if found else None


async def read_entries(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    *,
    seals: Seals | None = None,
    **parameters: object,
) -> Sequence[InboxEntry]:
    """Return the entries that a statement finds, in its order; note their seals."""
    found = await Reader(connection).fetch(statement, **parameters)
    if seals is not None:
        for row in found:
            # As it was first: a later reading may know more than what came before.
            seals.setdefault(row["id"], row["seal"])
    return [rows.inbox_entry(row) for row in found]


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
            # As the version before writes it: its rows and ours stay sealed alike.
            "place": None if entry.place == entry.id else entry.place,
            "set_behind_at": entry.set_behind_at,
            "parked_at": entry.parked_at,
            "held_at": entry.held_at,
        },
    )
