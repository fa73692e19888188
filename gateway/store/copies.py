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

_ADD: Final = insert(FITTED_COPY)
_OF: Final = select(FITTED_COPY).where(
    FITTED_COPY.c.consignment_id == bindparam("consignment"),
    FITTED_COPY.c.dialect == bindparam("dialect"),
)


@dataclass(frozen=True, slots=True)
class StoredCopies:
    """Fitted copies, in one unit."""

    connection: Connection

    async def find(self, consignment: UUID, dialect: str) -> FittedCopy | None:
        """Return what was made for this dialect, if it was."""
        found = await Reader(self.connection).fetch(
            _OF, consignment=consignment, dialect=dialect
        )
        return rows.fitted_copy(found[0]) if found else None

    async def add(self, copy: FittedCopy) -> None:
        """Keep a copy, or that none is needed; the vault has its bytes already."""
        await self.connection.execute(_ADD, _row(copy))


def _row(copy: FittedCopy) -> dict[str, Any]:
    place = copy.delivery
    return with_seal(
        "fitted_copy",
        {
            "consignment_id": copy.consignment,
            "dialect": copy.dialect,
            "digest": place.digest if place else None,
            "start": place.start if place else None,
            "stop": place.stop if place else None,
            "made_at": copy.made_at,
        },
    )
