"""Entries beside the queues: held and parked ones, each found by a small index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select

from envelopes.letter import OrganizationCode
from gateway.domain.deadletter import Settled
from gateway.domain.inbox import InboxEntry
from gateway.store.connection import Connection
from gateway.store.inboxes import PLACE, Seals, read_entries
from gateway.store.reading import DEAD_LETTER, INBOX_ENTRY

_OWN: Final = INBOX_ENTRY.c.organization == bindparam("organization")
_HELD: Final = (
    select(INBOX_ENTRY).where(INBOX_ENTRY.c.held_at.is_not(None), _OWN).order_by(PLACE)
)
GIVEN_UP: Final = (
    select(DEAD_LETTER.c.id)
    .where(
        DEAD_LETTER.c.consignment_id == INBOX_ENTRY.c.consignment_id,
        DEAD_LETTER.c.entry_id == INBOX_ENTRY.c.id,
        or_(
            DEAD_LETTER.c.settled.is_(None),
            DEAD_LETTER.c.settled != Settled.REPLAYED.value,
        ),
    )
    .exists()
)
"""What the hub could not hand over, and has not replayed: no client left it there."""

_PARKED: Final = (
    select(INBOX_ENTRY)
    .where(INBOX_ENTRY.c.parked_at.is_not(None), ~GIVEN_UP)
    .order_by(INBOX_ENTRY.c.parked_at, PLACE)
)


@dataclass(frozen=True, slots=True)
class StoredAsides:
    """Held and parked entries, in one unit."""

    connection: Connection
    seals: Seals = field(default_factory=dict)
    """Shared with the unit's inboxes, where they are saved."""

    async def held(self, organization: OrganizationCode) -> Sequence[InboxEntry]:
        """Return an organization's held entries, in the order of their places."""
        return await read_entries(
            self.connection, _HELD, seals=self.seals, organization=organization.text
        )

    async def parked(
        self, organization: OrganizationCode | None, *, before: datetime | None = None
    ) -> Sequence[InboxEntry]:
        """Return parked entries, of all organizations for None, longest parked first.

        Without those the hub gave up. `before` limits them to those parked before a
        time.
        """
        statement = _PARKED
        parameters: dict[str, object] = {}
        if organization is not None:
            statement = statement.where(_OWN)
            parameters["organization"] = organization.text
        if before is not None:
            statement = statement.where(INBOX_ENTRY.c.parked_at < bindparam("before"))
            parameters["before"] = before
        return await read_entries(
            self.connection, statement, seals=self.seals, **parameters
        )
