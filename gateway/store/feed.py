"""The feed: what was committed since the last look, each once, none left out.

A journal has no order over all consignments, and on PostgreSQL, or in a group of
commits, an earlier line may be seen after a later one; neither time nor id says what
is new. The batches do (`batches.py`): a line is in no batch at first and later in
exactly one, and batches become visible in the order of their numbers. So one
statement, which sees one moment, asks for the keys of all that lies in no batch yet
or in one behind the last that was seen; what is left of it without those that were
there at the look before is new. Nothing is locked, and nothing is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Table, bindparam, func, or_, select, tuple_

from envelopes.letter import OrganizationCode
from gateway.domain.occurrence import About, Occurrence, Wanted
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import BATCH, CONSIGNMENT, INCIDENT, JOURNAL, LETTER, Reader
from gateway.store.rows import Columns
from gateway.store.tables import Row

FAR_ENOUGH: Final = 200
"""Batches that are looked through for past occurrences where no time is given."""

REMEMBERED: Final = timedelta(hours=1)
"""For how long a closed incident is asked for: it was open at an earlier look."""

_ACT: Final = Row.metadata.tables["act"]
_SEALED: Final = Row.metadata.tables["batch"]
_LAST: Final = select(func.max(_SEALED.c.number).label("number"))
_SEALED_AT: Final = select(_SEALED.c.sealed_at).where(
    _SEALED.c.number == bindparam("number")
)
_ABOUT: Final = (
    select(
        CONSIGNMENT.c.id,
        CONSIGNMENT.c.sender,
        CONSIGNMENT.c.receiver,
        LETTER.c.number,
        LETTER.c.number_key,
        LETTER.c.secrecy,
    )
    .join_from(CONSIGNMENT, LETTER, CONSIGNMENT.c.letter_id == LETTER.c.id)
    .where(CONSIGNMENT.c.id.in_(bindparam("keys", expanding=True)))
)
_INCIDENTS: Final = select(INCIDENT).where(
    or_(
        INCIDENT.c.closed_at.is_(None),
        INCIDENT.c.closed_at >= bindparam("since"),
        INCIDENT.c.last_at >= bindparam("since"),
    )
)

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table whose rows are sealed in batches."""

    table: Table
    key: tuple[Column[Any], ...]

    async def keys(self, reader: Reader, after: int) -> list[tuple[Key, int | None]]:
        """Return the keys and batches of all behind a batch, at one moment."""
        batch = self.table.c.batch
        statement = select(*self.key, batch).where(
            or_(batch.is_(None), batch > bindparam("after"))
        )
        found = await reader.fetch(statement, after=after)
        return [(self.of(row), row["batch"]) for row in found]

    async def rows(self, reader: Reader, keys: Iterable[Key]) -> list[Columns]:
        """Return rows by their keys."""
        wanted = tuple_(*self.key).in_(bindparam("keys", expanding=True))
        found: list[Columns] = []
        rest = iter(keys)
        while some := list(islice(rest, BATCH)):
            found += await reader.fetch(select(self.table).where(wanted), keys=some)
        return found

    async def in_batch(self, reader: Reader, number: int) -> list[Columns]:
        """Return the rows of one batch."""
        statement = select(self.table).where(self.table.c.batch == bindparam("batch"))
        return list(await reader.fetch(statement, batch=number))

    def of(self, row: Columns) -> Key:
        """Return the key of a row."""
        return tuple(row[column.name] for column in self.key)


_LINES: Final = _Kind(JOURNAL, (JOURNAL.c.consignment_id, JOURNAL.c.number))
_ACTS: Final = _Kind(_ACT, (_ACT.c.id,))


@dataclass(slots=True)
class Feed:
    """What one watcher has seen so far."""

    connection: Connection
    _begun: int | None = None
    """The newest batch when watching began."""
    _after: dict[str, int] = field(default_factory=dict)
    """The newest batch that was seen of each table."""
    _seen: dict[str, set[Key]] = field(default_factory=dict)
    """What was seen of each table, and was in no batch then."""
    _incidents: dict[UUID, bool] = field(default_factory=dict)
    """Which incidents were told, and whether as open."""

    async def look(self, now: datetime) -> list[Occurrence]:
        """Return what was committed since the last look, by time.

        The first look returns what no batch has taken yet, and the incidents that are
        open or were so within the hour.
        """
        reader = Reader(self.connection)
        if self._begun is None:
            found = await reader.fetch(_LAST)
            self._begun = found[0]["number"] or 0
        lines = await _LINES.rows(reader, await self._fresh(reader, _LINES))
        acts = await _ACTS.rows(reader, await self._fresh(reader, _ACTS))
        told = await _told(reader, lines, acts)
        return sorted([*told, *await self._of_incidents(reader, now)], key=_order)

    async def past(self, wanted: Wanted, limit: int | None) -> list[Occurrence]:
        """Return what is wanted of all before the first look, newest batches first.

        As many as `limit`, or those since `wanted.since`; a batch is the least that is
        read. Without a time no more than the newest batches are looked through.
        """
        reader = Reader(self.connection)
        found: list[Occurrence] = []
        number = self._begun or 0
        last = 0 if wanted.since else max(0, number - FAR_ENOUGH)
        while number > last and (limit is None or len(found) < limit):
            if wanted.since and await _sealed_before(reader, number, wanted.since):
                break
            lines = await _LINES.in_batch(reader, number)
            acts = await _ACTS.in_batch(reader, number)
            found += filter(wanted.takes, await _told(reader, lines, acts))
            number -= 1
        return sorted(found, key=_order)

    async def _fresh(self, reader: Reader, kind: _Kind) -> list[Key]:
        name = kind.table.name
        after = self._after.get(name, self._begun or 0)
        found = await kind.keys(reader, after)
        seen = self._seen.get(name, set())
        self._after[name] = max([after, *(batch for _, batch in found if batch)])
        self._seen[name] = {key for key, batch in found if batch is None}
        return [key for key, _ in found if key not in seen]

    async def _of_incidents(self, reader: Reader, now: datetime) -> list[Occurrence]:
        told = []
        for row in await reader.fetch(_INCIDENTS, since=now - REMEMBERED):
            one = rows.incident(row)
            if one.id not in self._incidents:
                opened = replace(one, closed_at=None, closed_why="")
                key = f"incident {one.id} opened"
                told.append(Occurrence(key=key, at=one.first_at, what=opened))
            if one.closed_at is not None and self._incidents.get(one.id, True):
                key = f"incident {one.id} closed"
                told.append(Occurrence(key=key, at=one.closed_at, what=one))
            self._incidents[one.id] = one.is_open
        return told


async def _told(
    reader: Reader, lines: Sequence[Columns], acts: Sequence[Columns]
) -> list[Occurrence]:
    ids = {row["consignment_id"] for row in (*lines, *acts)} - {None}
    known = await _about(reader, ids)
    told = [
        Occurrence(
            key=f"journal {row['consignment_id']} {row['number']}",
            at=row["at"],
            what=rows.journal_entry(row),
            about=known.get(row["consignment_id"]),
        )
        for row in lines
    ]
    return told + [
        Occurrence(
            key=f"act {row['id']}",
            at=row["at"],
            what=rows.act(row),
            about=known.get(row["consignment_id"]),
        )
        for row in acts
    ]


async def _about(reader: Reader, consignments: set[UUID]) -> dict[UUID, About]:
    found: dict[UUID, About] = {}
    rest = iter(sorted(consignments))
    while some := list(islice(rest, BATCH)):
        for row in await reader.fetch(_ABOUT, keys=some):
            found[row["id"]] = About(
                consignment=row["id"],
                number=row["number"],
                number_key=row["number_key"],
                secrecy=row["secrecy"],
                sender=OrganizationCode(row["sender"]),
                receiver=OrganizationCode(row["receiver"]),
            )
    return found


async def _sealed_before(reader: Reader, number: int, since: datetime) -> bool:
    found = await reader.fetch(_SEALED_AT, number=number)
    return bool(found) and bool(found[0]["sealed_at"] < since)


def _order(one: Occurrence) -> tuple[datetime, str, int]:
    kind, _, rest = one.key.partition(" ")
    which, _, number = rest.partition(" ")
    return one.at, f"{kind} {which}", int(number) if number.isdigit() else 0
