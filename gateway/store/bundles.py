"""What a bundle needs of one consignment beside its path; only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, or_, select

from gateway.domain.consignment import FittedCopy
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Attempt
from gateway.store import rows
from gateway.store.attempts import StoredAttempts
from gateway.store.connection import Connection
from gateway.store.reading import CONSIGNMENT, DEAD_LETTER, FITTED_COPY, Reader
from gateway.store.strongbox import Strongbox

_NAMED: Final = select(CONSIGNMENT.c.id).where(
    or_(
        CONSIGNMENT.c.process_id == bindparam("process_id"),
        CONSIGNMENT.c.id == bindparam("consignment"),
    )
)
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StoredBundles:
    """Reads, on a connection that only reads."""

    connection: Connection
    box: Strongbox

    async def named(self, text: str) -> UUID | None:
        """Return the consignment of this id, or of the ProcessID its sender got."""
        try:
            consignment = UUID(text)
        except ValueError:
            consignment = _NOBODY
        found = await Reader(self.connection).fetch(
            _NAMED, process_id=text, consignment=consignment
        )
        return found[0]["id"] if found else None

    async def copies(self, consignment: UUID) -> Sequence[FittedCopy]:
        """Return what was fitted for whom, by dialect."""
        column = FITTED_COPY.c.consignment_id
        found = await Reader(self.connection).of(
            FITTED_COPY, column, [consignment], FITTED_COPY.c.dialect
        )
        return [rows.fitted_copy(row) for row in found]

    async def attempts(self, consignment: UUID) -> Sequence[Attempt]:
        """Return the attempts to hand it over, oldest first."""
        return await StoredAttempts(self.connection, self.box).of(consignment)

    async def dead_letters(self, consignment: UUID) -> Sequence[DeadLetter]:
        """Return what was given up of it, oldest first."""
        column = DEAD_LETTER.c.consignment_id
        found = await Reader(self.connection).of(
            DEAD_LETTER, column, [consignment], DEAD_LETTER.c.id
        )
        return [rows.dead_letter(row) for row in found]
