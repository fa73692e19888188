"""Copies fitted to receivers: one for each consignment and dialect, never changed."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from gateway.domain.consignment import FittedCopy
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import FITTED_COPY, Reader
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox

_ADD: Final = insert(FITTED_COPY)
_OF: Final = select(FITTED_COPY).where(
    FITTED_COPY.c.consignment_id == bindparam("consignment"),
    FITTED_COPY.c.dialect == bindparam("dialect"),
)


@dataclass(frozen=True, slots=True)
class StoredCopies:
    """Fitted copies, in one unit."""

    connection: Connection
    box: Strongbox

    async def find(self, consignment: UUID, dialect: str) -> FittedCopy | None:
        """Return what was made for this dialect, if it was."""
        found = await Reader(self.connection).fetch(
            _OF, consignment=consignment, dialect=dialect
        )
        return rows.fitted_copy(found[0]) if found else None

    async def add(self, copy: FittedCopy, *, secret: bool) -> None:
        """Keep a copy, or that none is needed; the vault has its bytes already."""
        row = _row(copy)
        if secret and row["digest"] is not None:
            row["digest"] = self.box.ring.hidden(row["digest"])
        await self.connection.execute(_ADD, with_seal("fitted_copy", row))


def _row(copy: FittedCopy) -> dict[str, Any]:
    place = copy.delivery
    return {
        "consignment_id": copy.consignment,
        "dialect": copy.dialect,
        "digest": place.digest if place else None,
        "start": place.start if place else None,
        "stop": place.stop if place else None,
        "made_at": copy.made_at,
    }
