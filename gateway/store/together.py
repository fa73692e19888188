"""Rows whose writing nobody waits for, sent to PostgreSQL as one statement.

A letter that comes writes seven rows, and each statement by itself is a journey to the
server and back. What is handed to `Together` is written at the latest before the next
question, change or commit of its unit: as one statement of several INSERTs (WITH …),
which the server does wholly or not at all, in an order of its own. Its constraints are
looked at once it is done, so rows may refer to each other in it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Executable

from gateway.store.plain import Plains

Row: TypeAlias = Mapping[str, Any]

MOST: Final = 64
"""INSERTs in one statement."""

_PLACE: Final = re.compile(r"\$(\d+)")

_texts: Final[dict[tuple[str, ...], str]] = {}
_KEPT: Final = 256


@dataclass(slots=True)
class Together:
    """What one unit has yet to write."""

    plains: Plains
    rows: list[tuple[Executable, Row]] = field(default_factory=list)

    @property
    def is_one(self) -> bool:
        """Whether one statement holds all of it."""
        return 0 < len(self.rows) <= MOST

    def add(self, statement: Executable, rows: Row | Sequence[Row]) -> None:
        """Have an INSERT written later."""
        several = [rows] if isinstance(rows, Mapping) else rows
        self.rows += [(statement, row) for row in several]

    def take(self) -> tuple[str, list[Any]]:
        """Take the next statement that writes of it, and what its places hold."""
        some, self.rows = self.rows[:MOST], self.rows[MOST:]
        texts, values = [], []
        for statement, row in some:
            text, filled = self.plains.any(statement, row).filled(row)
            texts.append((text, len(filled)))
            values += filled
        return _text(tuple(texts)), values


def _text(inserts: tuple[tuple[str, int], ...]) -> str:
    """Return the statement that does them all; the driver keeps it prepared."""
    key = tuple(text for text, _ in inserts)
    if (known := _texts.get(key)) is None:
        parts, before = [], 0
        for number, (text, places) in enumerate(inserts):
            parts.append(f"w{number} AS ({_behind(before, text)})")
            before += places
        known = f"WITH {', '.join(parts)} SELECT 1"
        if len(_texts) < _KEPT:
            _texts[key] = known
    return known


def _behind(number: int, text: str) -> str:
    """Return an INSERT whose places come behind so many others."""
    return _PLACE.sub(lambda place: f"${int(place[1]) + number}", text)
