"""Incidents: one is open for each cause, and counts its failures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.types import Uuid

from envelopes.letter import OrganizationCode
from gateway.domain.incident import Incident
from gateway.domain.promise import Stage
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange
from gateway.store.reading import INCIDENT, Reader
from gateway.store.types import UtcDateTime

# Both databases know it, and two processes may open the same incident at once.
_FAIL: Final = text(
    "INSERT INTO incident"
    " (id, cause, stage, endpoint, first_at, last_at, count, closed_why)"
    " VALUES (:id, :cause, :stage, :endpoint, :at, :at, 1, '')"
    " ON CONFLICT (cause, stage, endpoint) WHERE closed_at IS NULL"
    " DO UPDATE SET count = incident.count + 1, last_at = excluded.last_at"
    " RETURNING id"
).bindparams(bindparam("id", type_=Uuid()), bindparam("at", type_=UtcDateTime()))
_FAILED: Final = _FAIL.columns(id=Uuid())
_OPEN: Final = select(INCIDENT).where(
    INCIDENT.c.stage == bindparam("stage"),
    INCIDENT.c.endpoint == bindparam("endpoint"),
    INCIDENT.c.closed_at.is_(None),
)
_BY_ID: Final = select(INCIDENT).where(INCIDENT.c.id == bindparam("incident"))
_CLOSE: Final = (
    update(INCIDENT)
    .where(INCIDENT.c.id == bindparam("the_id"), INCIDENT.c.closed_at.is_(None))
    .values(closed_at=bindparam("at"), closed_why=bindparam("why"))
)


@dataclass(frozen=True, slots=True)
class StoredIncidents:
    """Incidents, in one unit."""

    connection: Connection
    new_id: Callable[[], UUID] = uuid4

    async def fail(
        self, cause: str, stage: Stage, endpoint: OrganizationCode | None, at: datetime
    ) -> UUID:
        """Add a failure to its open incident, or open one; return the incident's id."""
        result = await self.connection.execute(
            _FAILED,
            {
                "id": self.new_id(),
                "cause": cause,
                "stage": stage.value,
                "endpoint": endpoint.text if endpoint else "",
                "at": at,
            },
        )
        found: Any = result.scalar_one()
        return UUID(str(found))

    async def close(
        self, stage: Stage, endpoint: OrganizationCode | None, at: datetime, *, why: str
    ) -> Sequence[Incident]:
        """Close the open incidents of a stage and endpoint; return those it closed."""
        found = await Reader(self.connection).fetch(
            _OPEN, stage=stage.value, endpoint=endpoint.text if endpoint else ""
        )
        for row in found:
            await self.connection.execute(
                _CLOSE, {"the_id": row["id"], "at": at, "why": why}
            )
        return [
            rows.incident({**row, "closed_at": at, "closed_why": why}) for row in found
        ]

    async def get(self, incident: UUID) -> Incident | None:
        """Return an incident."""
        found = await Reader(self.connection).fetch(_BY_ID, incident=incident)
        return rows.incident(found[0]) if found else None

    async def close_one(self, incident: UUID, at: datetime, *, why: str) -> Incident:
        """Close an open incident; raises `ConcurrentChange` where it is open no more.

        Failures that are counted meanwhile stay counted.
        """
        result = await self.connection.execute(
            _CLOSE, {"the_id": incident, "at": at, "why": why}
        )
        closed = await self.get(incident)
        if result.rowcount != 1 or closed is None:
            raise ConcurrentChange(detail=f"incident {incident}")
        return closed
