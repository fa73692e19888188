"""What the vault took in a time, by sender; only reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, select, text

from envelopes.letter import OrganizationCode
from gateway.domain.growth import Grown
from gateway.store.connection import Connection
from gateway.store.reading import CONSIGNMENT, LETTER, LETTER_FILE, Reader
from gateway.store.tables import Row

_ENVELOPE: Final = Row.metadata.tables["envelope"]

_IN_TIME: Final = (
    LETTER.c.accepted_at >= bindparam("begins"),
    LETTER.c.accepted_at < bindparam("ends"),
)
_LETTERS: Final = (
    select(LETTER.c.sender, func.count().label("letters"))
    .where(*_IN_TIME)
    .group_by(LETTER.c.sender)
)
_FILES: Final = (
    select(LETTER.c.sender, func.sum(LETTER_FILE.c.size).label("files"))
    .join_from(LETTER, LETTER_FILE, LETTER_FILE.c.letter_id == LETTER.c.id)
    .where(*_IN_TIME)
    .group_by(LETTER.c.sender)
)
_ENVELOPES: Final = (
    select(
        LETTER.c.sender,
        func.count().label("consignments"),
        # Both databases know it without reading the bytes.
        func.sum(func.length(_ENVELOPE.c.skeleton)).label("envelopes"),
    )
    .join_from(LETTER, CONSIGNMENT, CONSIGNMENT.c.letter_id == LETTER.c.id)
    .join(_ENVELOPE, _ENVELOPE.c.digest == CONSIGNMENT.c.envelope_digest)
    .where(*_IN_TIME)
    .group_by(LETTER.c.sender)
)
_DATABASE: Final = text("SELECT pg_database_size(current_database())")
_FIRST: Final = select(func.min(LETTER.c.accepted_at).label("at"))


@dataclass(frozen=True, slots=True)
class StoredGrowth:
    """Reads, on a connection that only reads."""

    connection: Connection

    async def first(self) -> datetime | None:
        """Return when the first letter came."""
        found = await Reader(self.connection).fetch(_FIRST)
        at: datetime | None = found[0]["at"]
        return at

    async def database(self) -> int:
        """Return the bytes of a database on a PostgreSQL server."""
        result = await self.connection.execute(_DATABASE)
        return int(result.scalar_one())

    async def between(self, begins: datetime, ends: datetime) -> Sequence[Grown]:
        """Return what came from one moment to before another, by sender."""
        reader = Reader(self.connection)
        grown: dict[str, dict[str, Any]] = defaultdict(
            lambda: {"letters": 0, "consignments": 0, "envelopes": 0, "files": 0}
        )
        for statement in (_LETTERS, _FILES, _ENVELOPES):
            for row in await reader.fetch(statement, begins=begins, ends=ends):
                known = grown[row["sender"]]
                known |= {n: int(v or 0) for n, v in row.items() if n != "sender"}
        return [
            Grown(sender=OrganizationCode(code), **known)
            for code, known in sorted(grown.items())
        ]
