"""Rows whose writing nobody waits for, sent to PostgreSQL as one statement.

A letter that comes writes seven rows, and each statement by itself is a journey to the
server and back. What is handed to `Together` is written at the latest before the next
question, change or commit of its unit: as one statement of several INSERTs (WITH …),
which the server does wholly or not at all, in an order of its own. Its constraints are
looked at once it is done, so rows may refer to each other in it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Row: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]

MOST: Final = 64
"""INSERTs in one statement."""

_PLACE: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class _Insert:
    """A compiled INSERT of one row."""

    text: str
    places: tuple[str, ...]
    writing: Mapping[str, Convert]
    columns: frozenset[str]

    def values(self, row: Row) -> list[Any]:
        """Return what its places are filled with."""
        return [
            convert(row[place]) if (convert := self.writing.get(place)) else row[place]
            for place in self.places
        ]


_compiled: Final[WeakKeyDictionary[Executable, _Insert]] = WeakKeyDictionary()
_texts: Final[dict[tuple[str, ...], str]] = {}
_KEPT: Final = 256


@dataclass(slots=True)
class Together:
    """What one unit has yet to write."""

    rows: list[tuple[Executable, Row]] = field(default_factory=list)

    def add(self, statement: Executable, rows: Row | Sequence[Row]) -> None:
        """Have an INSERT written later."""
        several = [rows] if isinstance(rows, Mapping) else rows
        self.rows += [(statement, row) for row in several]

    async def write(self, connection: AsyncConnection) -> None:
        """Write all of it in the transaction that has begun; raises as the driver."""
        while self.rows:
            some, self.rows = self.rows[:MOST], self.rows[MOST:]
            inserts = [
                _of(statement, row, connection.dialect) for statement, row in some
            ]
            values = [
                value
                for insert, (_, row) in zip(inserts, some, strict=True)
                for value in insert.values(row)
            ]
            raw = await connection.get_raw_connection()
            await raw.driver_connection.fetch(_text(tuple(inserts)), *values)  # type: ignore[union-attr]


def _of(statement: Executable, row: Row, dialect: Dialect) -> _Insert:
    known = _compiled.get(statement)
    if known is None or known.columns != row.keys():
        known = _compiled[statement] = _made(statement, row, dialect)
    return known


def _made(statement: Executable, row: Row, dialect: Dialect) -> _Insert:
    if not isinstance(statement, ClauseElement):
        raise TypeError(statement)
    compiled = statement.compile(dialect=dialect, column_keys=list(row))
    if not isinstance(compiled, SQLCompiler) or compiled.insert_prefetch:
        raise TypeError(f"more than an INSERT of what is given: {compiled}")
    writing = {
        name: convert
        for name, bind in compiled.binds.items()
        if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect))
    }
    places = tuple(compiled.positiontup or ())
    return _Insert(compiled.string, places, writing, frozenset(row))


def _text(inserts: tuple[_Insert, ...]) -> str:
    """Return the statement that does them all; the driver keeps it prepared."""
    if (known := _texts.get(key := tuple(one.text for one in inserts))) is None:
        parts, before = [], 0
        for number, insert in enumerate(inserts):
            parts.append(f"w{number} AS ({_behind(before, insert.text)})")
            before += len(insert.places)
        known = f"WITH {', '.join(parts)} SELECT 1"
        if len(_texts) < _KEPT:
            _texts[key] = known
    return known


def _behind(number: int, text: str) -> str:
    """Return an INSERT whose places come behind so many others."""
    return _PLACE.sub(lambda place: f"${int(place[1]) + number}", text)
