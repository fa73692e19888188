"""The seal of a row: SHA-256 over its columns, unambiguously written.

Every write of a row of custody seals it, and every change seals it anew. Columns
that are empty are left out, so that a column added later breaks no old seal.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from gateway.store.tables import Row

SEAL: Final = "seal"


def _sealed_columns() -> dict[str, tuple[str, ...]]:
    tables = [(row, Row.metadata.tables[str(row.__tablename__)]) for row in _rows()]
    return {
        table.name: tuple(sorted(set(table.columns.keys()) - row.__unsealed__ - {SEAL}))
        for row, table in tables
        if SEAL in table.columns
    }


def _rows() -> list[type[Row]]:
    return Row.__subclasses__()


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = _sealed_columns()
"""Which columns a table's seal covers; a table that is not here has none."""


def sealed(table: str, values: Mapping[str, Any], before: str = "") -> str:
    """Return the seal of a row, 64 hexadecimal digits.

    `values` are its columns, converted; more than the sealed ones do no harm.
    `before` is, for a line of a journal, the seal of the line before it.
    """
    head, columns = _WRITTEN[table]
    written = [head, _part("p", before)]
    for name, written_name in columns:
        value = values[name]
        if (kind := type(value)) is str:
            written.append(f"{written_name}s{len(value)}:{value}")
        elif value is not None:
            written.append(written_name + _WRITERS.get(kind, _value)(value))
    whole = "".join(written)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def with_seal(
    table: str, values: Mapping[str, Any], before: str = ""
) -> dict[str, Any]:
    """Return the columns with their seal."""
    return {**values, SEAL: sealed(table, values, before)}


def _value(value: object) -> str:
    """Write a value with its kind, so that `1` and the text "1" are two."""
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"a {type(value).__name__} cannot be sealed")


def _part(kind: str, text: str) -> str:
    # The length before the text keeps two rows apart whatever stands in them.
    return f"{kind}{len(text)}:{text}"


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    str: lambda value: f"s{len(value)}:{value}",
    UUID: lambda value: f"u32:{value.int:032x}",
    bytes: lambda value: _part("b", value.hex()),
    datetime: lambda value: _part(
        "d", value.astimezone(UTC).isoformat(timespec="microseconds")
    ),
    int: lambda value: _part("i", str(int(value))),
    bool: lambda value: "i1:1" if value else "i1:0",
    float: lambda value: _part("f", value.hex()),
}
"""By kind; what is of a kind derived from one of these is written as that."""

_WRITTEN: Final[Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    table: (_part("t", table), tuple((name, _part("n", name)) for name in columns))
    for table, columns in COLUMNS.items()
}
"""What is the same in all seals of a table: its name, and those of its columns."""
