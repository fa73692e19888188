"""Retention, archives, what lies in them, and what may be put into one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.archive import Archive, Archived
from gateway.domain.retention import Kind, Retention
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.purging import drop_bytes
from gateway.store.reading import CONSIGNMENT, DEAD_LETTER, PROMISE, Reader
from gateway.store.rows import Columns
from gateway.store.seals import with_seal
from gateway.store.tables import Row

_RETENTION: Final = Row.metadata.tables["retention"]
_ARCHIVE: Final = Row.metadata.tables["archive"]
ARCHIVED: Final = Row.metadata.tables["archived"]

_FORGET: Final = delete(_RETENTION).where(
    _RETENTION.c.organization == bindparam("whose"),
    _RETENTION.c.kind == bindparam("which"),
)
_SET: Final = insert(_RETENTION)
_RULES: Final = select(_RETENTION).order_by(
    _RETENTION.c.organization, _RETENTION.c.kind
)
_ADD: Final = insert(_ARCHIVE)
_ADD_ARCHIVED: Final = insert(ARCHIVED)
_ARCHIVES: Final = select(_ARCHIVE).order_by(_ARCHIVE.c.id)
_OF_DIGEST: Final = select(_ARCHIVE).where(_ARCHIVE.c.digest == bindparam("digest"))
_PURGED: Final = (
    select(ARCHIVED.c.archive_id, func.count().label("number"))
    .where(ARCHIVED.c.purged_at.is_not(None))
    .group_by(ARCHIVED.c.archive_id)
)
_IN_ARCHIVE: Final = (
    select(ARCHIVED)
    .where(
        ARCHIVED.c.archive_id == bindparam("archive"),
        ARCHIVED.c.consignment_id > bindparam("after"),
    )
    .order_by(ARCHIVED.c.consignment_id)
    .limit(bindparam("limit"))
)
_WENT: Final = select(ARCHIVED.c.archive_id).where(
    ARCHIVED.c.consignment_id == bindparam("consignment"),
    ARCHIVED.c.purged_at.is_not(None),
)
_NOTE_PURGED: Final = (
    update(ARCHIVED)
    .where(
        ARCHIVED.c.archive_id == bindparam("the_archive"),
        ARCHIVED.c.consignment_id == bindparam("the_consignment"),
    )
    .values(purged_at=bindparam("at"), seal=bindparam("new_seal"))
)
_IS_ARCHIVED: Final = (
    select(ARCHIVED.c.consignment_id)
    .where(ARCHIVED.c.consignment_id == CONSIGNMENT.c.id)
    .exists()
)
_CANDIDATES: Final = select(CONSIGNMENT.c.id).where(
    CONSIGNMENT.c.accepted_at < bindparam("before"), ~_IS_ARCHIVED
)
_PAGE: Final = (
    _CANDIDATES.where(CONSIGNMENT.c.id > bindparam("after"))
    .order_by(CONSIGNMENT.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class StoredArchives:
    """Retention and archives, in one unit or on a connection that only reads."""

    connection: Connection

    async def rules(self) -> Sequence[Retention]:
        """Return what is set, the hub's own first."""
        found = await Reader(self.connection).fetch(_RULES)
        return [
            Retention(
                organization=OrganizationCode(row["organization"])
                if row["organization"]
                else None,
                kind=Kind(row["kind"]),
                years=row["years"],
            )
            for row in found
        ]

    async def set(self, rule: Retention, at: datetime) -> None:
        """Keep what an operator decided, in place of what was there."""
        whose = rule.organization.text if rule.organization else ""
        named = {"whose": whose, "which": rule.kind.value}
        await self.connection.execute(_FORGET, named)
        row = {"organization": whose, "kind": rule.kind.value, "years": rule.years}
        await self.connection.execute(_SET, {**row, "changed_at": at})

    async def add(self, archive: Archive) -> None:
        """Keep an archive that was made."""
        row = {
            "id": archive.id,
            "made_at": archive.made_at,
            "until": archive.until,
            "letters": archive.letters,
            "size": archive.size,
            "digest": archive.digest,
        }
        await self.connection.execute(_ADD, with_seal("archive", row))

    async def add_letters(self, letters: Sequence[Archived]) -> None:
        """Keep which letters are in an archive."""
        if letters:
            sealed = [_sealed(one) for one in letters]
            await self.connection.execute(_ADD_ARCHIVED, sealed)

    async def all(self) -> Sequence[tuple[Archive, int]]:
        """Return all archives, and how many of their letters were purged."""
        reader = Reader(self.connection)
        counted = await reader.fetch(_PURGED)
        purged = {row["archive_id"]: row["number"] for row in counted}
        found = await reader.fetch(_ARCHIVES)
        return [(_archive(row), purged.get(row["id"], 0)) for row in found]

    async def with_digest(self, digest: str) -> Archive | None:
        """Return the archive whose list of files has this digest."""
        found = await Reader(self.connection).fetch(_OF_DIGEST, digest=digest)
        return _archive(found[0]) if found else None

    async def letters(
        self, archive: UUID, after: UUID, *, limit: int
    ) -> Sequence[Archived]:
        """Return what lies in an archive behind a place, by the consignments' ids."""
        found = await Reader(self.connection).fetch(
            _IN_ARCHIVE, archive=archive, after=after, limit=limit
        )
        return [rows.archived(row) for row in found]

    async def note_purged(self, letter: Archived) -> None:
        """Keep when the bytes of a letter went."""
        row = _sealed(letter)
        await self.connection.execute(
            _NOTE_PURGED,
            {
                "the_archive": letter.archive,
                "the_consignment": letter.consignment,
                "at": letter.purged_at,
                "new_seal": row["seal"],
            },
        )

    async def is_purged(self, consignment: UUID) -> bool:
        """Say whether the bytes of a letter went."""
        found = await Reader(self.connection).fetch(_WENT, consignment=consignment)
        return bool(found)

    async def drop_bytes(self, consignment: UUID) -> None:
        """Take out what only purged consignments need; this one is noted as purged."""
        await drop_bytes(self.connection, consignment)

    async def count(self, before: datetime) -> int:
        """Return how many consignments came before a time and are in no archive."""
        counted = select(func.count().label("number")).select_from(
            _CANDIDATES.subquery()
        )
        found = await Reader(self.connection).fetch(counted, before=before)
        return int(found[0]["number"])

    async def candidates(
        self, before: datetime, after: UUID, *, limit: int
    ) -> Sequence[UUID]:
        """Return those consignments behind a place, in the order of their ids."""
        found = await Reader(self.connection).fetch(
            _PAGE, before=before, after=after, limit=limit
        )
        return [row["id"] for row in found]

    async def open_work(self, consignments: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return how many promises and dead letters of each are not settled."""
        reader, counted = Reader(self.connection), Counter[UUID]()
        for column, is_open in (
            (PROMISE.c.consignment_id, PROMISE.c.kept_at.is_(None)),
            (DEAD_LETTER.c.consignment_id, DEAD_LETTER.c.settled_at.is_(None)),
        ):
            statement = (
                select(column.label("id"), func.count().label("number"))
                .where(column.in_(bindparam("keys", expanding=True)), is_open)
                .group_by(column)
            )
            for row in await reader.fetch(statement, keys=list(consignments)):
                counted[row["id"]] += row["number"]
        return counted


def _sealed(one: Archived) -> dict[str, Any]:
    return with_seal(
        "archived",
        {
            "archive_id": one.archive,
            "consignment_id": one.consignment,
            "entries": one.entries,
            "purged_at": one.purged_at,
        },
    )


def _archive(row: Columns) -> Archive:
    return Archive(
        id=row["id"],
        made_at=row["made_at"],
        until=row["until"],
        letters=row["letters"],
        size=row["size"],
        digest=row["digest"],
    )
