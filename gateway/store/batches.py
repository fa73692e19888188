"""Batches: what was written since the last one is sealed; what was sealed is checked.

The rows are read raw, since what altered one may have left no time and no id there.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    Select,
    Table,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from gateway.domain.continuity import (
    NO_HEAD,
    Batch,
    Break,
    Continuity,
    Mark,
    digest_of,
    head_of,
)
from gateway.store.books_inspection import Progress, no_progress
from gateway.store.books_rows import Found, RawReader, all_raw, raw_column
from gateway.store.connection import Connection
from gateway.store.reading import Reader
from gateway.store.rows import Columns
from gateway.store.tables import Row

AT_ONCE: Final = 500
"""Entries in one batch at most: sealing must not keep a letter waiting."""

_TABLES: Final = Row.metadata.tables
_BATCH: Final = _TABLES["batch"]
_JOURNAL: Final = _TABLES["journal"]
_ACT: Final = _TABLES["act"]

_LAST: Final = select(_BATCH).order_by(_BATCH.c.number.desc()).limit(1)
_NUMBERED: Final = select(_BATCH).where(_BATCH.c.number == bindparam("number"))
_ADD: Final = insert(_BATCH)
_ALL: Final = all_raw(_BATCH).order_by(_BATCH.c.number)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table whose rows are sealed in batches."""

    table: Table
    key: tuple[Column[Any], ...]

    @property
    def unsealed(self) -> Select[Any]:
        """The keys and seals of rows that no batch has taken."""
        columns = (*self.key, self.table.c.seal)
        return select(*columns).where(self.table.c.batch.is_(None))

    def take(self, number: int) -> Any:  # noqa: ANN401 - SQLAlchemy's own type says less
        """Put rows into a batch, by their keys."""
        keys = [column == bindparam(f"the_{column.name}") for column in self.key]
        unsealed = self.table.c.batch.is_(None)
        return update(self.table).where(*keys, unsealed).values(batch=number)


_KINDS: Final = (
    _Kind(_JOURNAL, (_JOURNAL.c.consignment_id, _JOURNAL.c.number)),
    _Kind(_ACT, (_ACT.c.id,)),
)


async def last_batch(connection: Connection) -> Batch | None:
    """Return the newest batch."""
    found = await Reader(connection).fetch(_LAST)
    return _batch(found[0]) if found else None


async def batch_numbered(connection: Connection, number: int) -> Batch | None:
    """Return a batch."""
    found = await Reader(connection).fetch(_NUMBERED, number=number)
    return _batch(found[0]) if found else None


async def seal(connection: Connection, at: datetime) -> Batch | None:
    """Seal what no batch has taken yet, 500 entries at most; None for nothing.

    Raises `ConcurrentChange` where another process sealed meanwhile.
    """
    reader = Reader(connection)
    # Read before the entries: a batch that another process makes in between has this
    # number too, and one of the two is refused.
    last = await last_batch(connection)
    room = AT_ONCE
    taken: list[list[Any]] = []
    for kind in _KINDS:
        found = list(await reader.fetch(kind.unsealed.limit(room)))
        found.sort(key=lambda row, kind=kind: [row[c.name] for c in kind.key])  # type: ignore[misc]
        taken.append(found)
        room -= len(found)
    if room == AT_ONCE:
        return None
    lines, acts = ([row["seal"] for row in rows] for rows in taken)
    batch = Batch.after(last, at=at, lines=lines, acts=acts)
    await connection.execute(_ADD, _row(batch))
    for kind, found in zip(_KINDS, taken, strict=True):
        if found:
            keys = [{f"the_{c.name}": row[c.name] for c in kind.key} for row in found]
            await connection.execute(kind.take(batch.number), keys)
    return batch


async def check_journal(
    connection: Connection, outside: Sequence[Mark], progress: Progress = no_progress
) -> Continuity:
    """Follow all batches from the first, and say where one is not what was sealed.

    `outside` are the heads that stand outside the database, ascending. The connection
    must show one moment. Memory holds one batch at a time.
    """
    walk = _Walk(connection, {mark.number: mark for mark in outside})
    total = await _count(connection, select(func.count()).select_from(_BATCH))
    rows = await RawReader(connection).rows("batch", _ALL)
    for done, row in enumerate(rows, 1):
        await walk.step(row)
        progress(done, total)
    walk.end()
    await walk.strays()
    unsealed = 0
    for kind in _KINDS:
        counted = select(func.count()).where(kind.table.c.batch.is_(None))
        unsealed += await _count(connection, counted)
    return Continuity(
        batches=len(rows),
        sealed=walk.entries,
        unsealed=unsealed,
        newest=walk.newest,
        outside=outside[-1] if outside else None,
        breaks=tuple(sorted(walk.breaks)),
    )


@dataclass(slots=True)
class _Walk:
    """The batches, as far as they were followed."""

    connection: Connection
    outside: dict[int, Mark]
    head: str = NO_HEAD
    number: int = 0
    entries: int = 0
    newest: Mark | None = None
    breaks: list[Break] = field(default_factory=list)

    async def step(self, row: Found) -> None:
        """Follow the next batch."""
        number = row.values.get("number")
        if row.unreadable or not isinstance(number, int):
            self.breaks.append(Break(self.number + 1, "the batch cannot be read"))
            return
        batch = _batch(row.values)
        for missing in range(self.number + 1, number):
            self.breaks.append(Break(missing, "the batch is missing"))
        lines = await self._seals("journal", batch)
        acts = await self._seals("act", batch)
        self._compare(batch, lines, acts)
        self.number, self.head = number, batch.head
        self.entries += batch.entries
        self.newest = Mark.of(batch)

    def end(self) -> None:
        """Say what stands outside and is not here."""
        cut = [n for n in self.outside if n > self.number]
        if cut:
            what = f"the end is cut off: {max(cut)} batches stood here"
            self.breaks.append(Break(min(cut), what))

    async def strays(self) -> None:
        """Say which entries name a batch that is not there."""
        for kind in _KINDS:
            known = select(_BATCH.c.number)
            stray = select(func.count()).where(
                kind.table.c.batch.is_not(None), kind.table.c.batch.not_in(known)
            )
            if number := await _count(self.connection, stray):
                what = f"{number} rows of {kind.table.name} name a batch that is gone"
                self.breaks.append(Break(0, what))

    def _compare(self, batch: Batch, lines: list[str], acts: list[str]) -> None:
        for what, kept, found in (
            ("lines", batch.lines, len(lines)),
            ("acts", batch.acts, len(acts)),
        ):
            if kept != found:
                words = f"{kept} {what} were sealed, {found} are there"
                self.breaks.append(Break(batch.number, words))
        if batch.digest != digest_of(lines, acts):
            self.breaks.append(Break(batch.number, "its entries are not those sealed"))
        head = head_of(
            self.head,
            number=batch.number,
            at=batch.sealed_at,
            lines=batch.lines,
            acts=batch.acts,
            digest=batch.digest,
        )
        if batch.head != head:
            self.breaks.append(Break(batch.number, "its head is another"))
        mark = self.outside.get(batch.number)
        if mark and mark.head != batch.head:
            what = "another head stands outside the database"
            self.breaks.append(Break(batch.number, what))

    async def _seals(self, table: str, batch: Batch) -> list[str]:
        """Return the seals of a batch's rows, and report rows not as they were."""
        seals = []
        async for name, row, before in _rows_of(self.connection, table, batch.number):
            seals.append(str(row.values.get("seal", "")))
            if not row.holds(before):
                self.breaks.append(Break(batch.number, "it was altered", name))
        return seals


async def _rows_of(
    connection: Connection, name: str, batch: int
) -> AsyncIterator[tuple[str, Found, str]]:
    """Yield the rows of a batch by their keys, with the seal of the line before."""
    reader = RawReader(connection)
    if name == "act":
        statement = all_raw(_ACT).where(_ACT.c.batch == bindparam("batch"))
        for row in await reader.rows("act", statement.order_by(_ACT.c.id), batch=batch):
            yield f"act {row.raw['id']}", row, ""
        return
    previous = _JOURNAL.alias("previous")
    statement = (
        all_raw(_JOURNAL)
        .add_columns(raw_column(previous.c.seal).label("before"))
        .select_from(
            _JOURNAL.outerjoin(
                previous,
                and_(
                    previous.c.consignment_id == _JOURNAL.c.consignment_id,
                    previous.c.number == _JOURNAL.c.number - 1,
                ),
            )
        )
        .where(_JOURNAL.c.batch == bindparam("batch"))
        .order_by(_JOURNAL.c.consignment_id, _JOURNAL.c.number)
    )
    for row in await reader.rows("journal", statement, batch=batch):
        line = f"line {row.raw['number']} of {row.raw['consignment_id']}"
        yield line, row, str(row.raw["before"] or "")


async def _count(connection: Connection, statement: Select[Any]) -> int:
    result = await connection.execute(statement)
    return int(result.scalar_one())


def _batch(row: Columns) -> Batch:
    return Batch(
        number=row["number"],
        sealed_at=row["sealed_at"],
        lines=row["lines"],
        acts=row["acts"],
        digest=row["digest"],
        head=row["head"],
    )


def _row(batch: Batch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "sealed_at": batch.sealed_at,
        "lines": batch.lines,
        "acts": batch.acts,
        "digest": batch.digest,
        "head": batch.head,
    }
