"""Dead letters: written once, settled once, never removed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, insert, select, update

from gateway.domain.deadletter import DeadLetter
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange
from gateway.store.reading import DEAD_LETTER, Reader
from gateway.store.seals import with_seal

_ADD: Final = insert(DEAD_LETTER)
_BY_ID: Final = select(DEAD_LETTER).where(DEAD_LETTER.c.id == bindparam("dead_letter"))
_OF: Final = (
    select(DEAD_LETTER)
    .where(DEAD_LETTER.c.consignment_id == bindparam("consignment"))
    .order_by(DEAD_LETTER.c.at, DEAD_LETTER.c.id)
)
_OPEN_IN: Final = (
    select(func.count())
    .select_from(DEAD_LETTER)
    .where(
        DEAD_LETTER.c.incident_id == bindparam("incident"),
        DEAD_LETTER.c.settled_at.is_(None),
    )
)
_SAVE: Final = (
    update(DEAD_LETTER)
    .where(
        DEAD_LETTER.c.id == bindparam("the_id"),
        DEAD_LETTER.c.seal == bindparam("old_seal"),
    )
    .values(
        settled_at=bindparam("new_settled_at"),
        settled=bindparam("new_settled"),
        replay_id=bindparam("new_replay_id"),
        seal=bindparam("new_seal"),
    )
)


@dataclass(frozen=True, slots=True)
class StoredDeadLetters:
    """Dead letters, in one unit or on a connection that only reads."""

    connection: Connection
    _seals: dict[UUID, str] = field(default_factory=dict)
    """Of what was read in this unit."""

    async def add(self, dead_letter: DeadLetter) -> None:
        """Keep a dead letter."""
        await self.connection.execute(_ADD, with_seal("dead_letter", _row(dead_letter)))

    async def get(self, dead_letter: UUID) -> DeadLetter | None:
        """Return a dead letter."""
        found = await self._read(_BY_ID, dead_letter=dead_letter)
        return found[0] if found else None

    async def of(self, consignment: UUID) -> Sequence[DeadLetter]:
        """Return a consignment's dead letters, oldest first."""
        return await self._read(_OF, consignment=consignment)

    async def open_in(self, incident: UUID) -> int:
        """Count the open dead letters of an incident."""
        result = await self.connection.execute(_OPEN_IN, {"incident": incident})
        number: int = result.scalar_one()
        return number

    async def save(self, dead_letter: DeadLetter) -> None:
        """Keep how it was settled; raises `ConcurrentChange`."""
        seal = self._seals.get(dead_letter.id)
        if seal is None:
            raise ConcurrentChange(detail=f"dead letter {dead_letter.id} was not read")
        row = with_seal("dead_letter", _row(dead_letter))
        result = await self.connection.execute(
            _SAVE,
            {
                "the_id": dead_letter.id,
                "old_seal": seal,
                "new_settled_at": row["settled_at"],
                "new_settled": row["settled"],
                "new_replay_id": row["replay_id"],
                "new_seal": row["seal"],
            },
        )
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"dead letter {dead_letter.id}")
        self._seals[dead_letter.id] = row["seal"]

    async def _read(
        self, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> list[DeadLetter]:
        found = await Reader(self.connection).fetch(statement, **parameters)
        self._seals.update({row["id"]: row["seal"] for row in found})
        return [rows.dead_letter(row) for row in found]


def _row(dead_letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": dead_letter.id,
        "stage": dead_letter.stage.value,
        "promise_id": dead_letter.promise,
        "consignment_id": dead_letter.consignment,
        "receipt_id": dead_letter.receipt,
        "entry_id": dead_letter.entry,
        "endpoint": dead_letter.endpoint.text,
        "cause": dead_letter.cause,
        "detail": dead_letter.detail,
        "attempts": dead_letter.attempts,
        "incident_id": dead_letter.incident,
        "at": dead_letter.at,
        "settled_at": dead_letter.settled_at,
        "settled": dead_letter.settled.value if dead_letter.settled else None,
        "replay_id": dead_letter.replay,
    }
