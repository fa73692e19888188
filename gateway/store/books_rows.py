"""Rows as they lie there, also those that something else than the hub has written.

The columns are read raw and converted one by one: a value that is no time or no id
is a finding about one row, and must not stop the reading of all others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    bindparam,
    select,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE, TypeDecorator

from gateway.store.connection import Connection
from gateway.store.reading import BATCH
from gateway.store.seals import SEAL, sealed
from gateway.store.tables import Row

T = TypeVar("T")

TABLES: Final = Row.metadata.tables

NO_VALUE: Final = (KeyError, ValueError, TypeError, AttributeError)
"""What is raised where columns stand for no domain value."""


@dataclass(slots=True)
class Found:
    """A row as it was found."""

    table: Table
    raw: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    """The columns that can be read, converted."""
    unreadable: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for column in self.table.columns:
            try:
                self.values[column.name] = _converted(column, self.raw[column.name])
            except (ValueError, TypeError, OverflowError):
                self.unreadable.append(column.name)

    @property
    def name(self) -> str:
        """The name of its table."""
        return self.table.name

    def as_value(self, read: Callable[[Mapping[str, Any]], T]) -> T | None:
        """Return the domain value it stands for; None where it stands for none."""
        try:
            return read(self.values)
        except NO_VALUE:
            return None

    def holds(self, before: str = "") -> bool:
        """Say whether the seal, if there is one, is that of these columns."""
        if self.unreadable:
            return False
        if SEAL not in self.values:
            return True
        seal: object = self.values[SEAL]
        return seal == sealed(self.name, self.values, before)


@dataclass(frozen=True, slots=True)
class RawReader:
    """Reads rows raw, in batches."""

    connection: Connection

    async def keys(
        self, sources: Sequence[tuple[str, str]], after: object, *, limit: int = BATCH
    ) -> list[Any]:
        """Return the next keys that any of these columns mention, in their order."""
        parts = []
        for table, name in sources:
            column = raw_column(TABLES[table].c[name])
            part = select(column.label("key"))
            if after is not None:
                part = part.where(column > bindparam("after", type_=NULLTYPE))
            parts.append(part)
        union = parts[0].union(*parts[1:]).subquery()
        statement = select(union.c.key).order_by(union.c.key).limit(limit)
        parameters = {} if after is None else {"after": after}
        result = await self.connection.execute(statement, parameters)
        return list(result.scalars())

    async def of(self, table: str, column: str, keys: Iterable[Any]) -> list[Found]:
        """Return the rows that have one of these raw keys in a column."""
        where = raw_column(TABLES[table].c[column]).in_(
            bindparam("keys", expanding=True, type_=NULLTYPE)
        )
        statement = all_raw(TABLES[table]).where(where)
        unique = iter(dict.fromkeys(keys))
        found: list[Found] = []
        while batch := list(islice(unique, BATCH)):
            found += await self.rows(table, statement, keys=batch)
        return found

    async def pairs(
        self, table: str, column: str, give: str, keys: Iterable[Any]
    ) -> list[tuple[Any, Any]]:
        """Return key and another column of the rows that have one of these keys."""
        by, given = (raw_column(TABLES[table].c[name]) for name in (column, give))
        statement = select(by.label("by"), given.label("given")).where(
            by.in_(bindparam("keys", expanding=True, type_=NULLTYPE))
        )
        unique = iter(dict.fromkeys(keys))
        found: list[tuple[Any, Any]] = []
        while batch := list(islice(unique, BATCH)):
            result = await self.connection.execute(statement, {"keys": batch})
            found += [(row["by"], row["given"]) for row in result.mappings()]
        return found

    async def rows(
        self, table: str, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> list[Found]:
        """Return the rows of a statement that selects `all_raw` of a table."""
        result = await self.connection.execute(statement, parameters)
        return [Found(TABLES[table], dict(row)) for row in result.mappings()]


def raw_column(column: Column[Any]) -> ColumnElement[Any]:
    """Return a column whose values come as the database has them."""
    return type_coerce(column, NULLTYPE)


def all_raw(table: Table) -> Select[*tuple[Any, ...]]:
    """Select all columns of a table, raw."""
    return select(*(raw_column(column).label(column.name) for column in table.columns))


def key_text(key: object) -> str:
    """Write an id, raw or converted, in one form."""
    return key.hex if isinstance(key, UUID) else str(key)


def _converted(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 - any column's
    """Convert a raw value; raises `ValueError` where it is none of this column."""
    if value is None:
        if not column.nullable:
            raise ValueError("nothing stands here")
        return None
    kind = column.type
    wanted = (
        kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    ).python_type
    if wanted is datetime:
        return _moment(value)
    if wanted is UUID and isinstance(value, str):
        if (found := UUID(value)).hex != value:
            raise ValueError("an id is written otherwise")
        return found
    if wanted is bool and type(value) is int and value in (0, 1):
        # As SQLite keeps it.
        return bool(value)
    if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
        raise ValueError(f"{wanted.__name__} is expected here")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise TypeError("a time is expected here")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
