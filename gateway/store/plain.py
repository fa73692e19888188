"""Statements of ours, compiled once, and run by SQLite's driver itself.

SQLAlchemy's way through a statement costs several times what SQLite takes for one
row. So a statement that is used again and again, which is one of a module, is compiled
at its second use; then only its values are converted, by the same types. What cannot
be run so (defaults that SQLAlchemy fills in, columns of one name) is left to
SQLAlchemy.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import CursorResult, Dialect, Executable, Select
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.types import TypeEngine

KNOWN: Final = 512
"""Statements that are kept compiled: more than there are in our modules."""

_LENGTHS: Final = 64
"""Of one statement, by how many keys it looks for."""

T = TypeVar("T")

Parameters: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement found or did: as much of a `CursorResult` as we use."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    rowcount: int

    def mappings(self) -> "Mappings":
        """Return the rows by the names of their columns."""
        return Mappings([dict(zip(self.names, row, strict=True)) for row in self.rows])

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def all(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self.rows

    def scalars(self) -> list[Any]:
        """Return the first value of each row."""
        return [row[0] for row in self.rows]

    def scalar_one(self) -> Any:  # noqa: ANN401 - a column's
        """Return the first value of the only row."""
        return _one(self.rows)[0]

    def scalar_one_or_none(self) -> Any:  # noqa: ANN401 - a column's
        """Return the first value of the only row, or None without one."""
        row = _one_or_none(self.rows)
        return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class Mappings:
    """Rows by the names of their columns."""

    rows: list[dict[str, Any]]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def all(self) -> list[dict[str, Any]]:
        """Return all rows."""
        return self.rows

    def one(self) -> dict[str, Any]:
        """Return the only row."""
        return _one(self.rows)

    def one_or_none(self) -> dict[str, Any] | None:
        """Return the only row, or None."""
        return _one_or_none(self.rows)


Result: TypeAlias = CursorResult[Any] | Found


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement's text, and what its places are filled with."""

    text: str
    places: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of each list that is looked for, the places of its members."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A compiled statement."""

    form: _Form
    given: Mapping[str, Any]
    """What the statement itself fills places with."""
    writing: Mapping[str, Convert]
    reading: Sequence[Convert | None]
    names: tuple[str, ...]
    expand: Callable[[Parameters], _Form] | None
    lists: tuple[str, ...]
    columns: frozenset[str] | None
    """What an INSERT was compiled for."""
    forms: dict[tuple[int, ...], _Form] = field(default_factory=dict)

    def takes(self, parameters: Parameters | Sequence[Parameters] | None) -> bool:
        """Say whether these are the columns that an INSERT was compiled for."""
        if self.columns is None:
            return True
        if parameters is None or isinstance(parameters, Mapping):
            return (parameters or {}).keys() == self.columns
        return all(row.keys() == self.columns for row in parameters)

    def run(
        self, driver: sqlite3.Connection, parameters: Parameters | Sequence[Parameters]
    ) -> Found:
        """Run it; raises `sqlite3.Error`."""
        if not isinstance(parameters, Mapping):
            values = [self._values(self.form, one) for one in parameters]
            return Found((), [], driver.executemany(self.form.text, values).rowcount)
        form = self._form(parameters)
        cursor = driver.execute(form.text, self._values(form, parameters))
        rows = cursor.fetchall() if self.names else []
        if any(self.reading):
            rows = [self._row(row) for row in rows]
        return Found(self.names, rows, cursor.rowcount)

    def _form(self, parameters: Parameters) -> _Form:
        if self.expand is None:
            return self.form
        filled = {**self.given, **parameters}
        lengths = tuple(len(filled[name]) for name in self.lists)
        form = self.forms.get(lengths)
        if form is None:
            form = self.expand(filled)
            if len(self.forms) < _LENGTHS:
                self.forms[lengths] = form
        return form

    def _values(self, form: _Form, parameters: Parameters) -> list[Any]:
        values = {**self.given, **parameters} if self.given else parameters
        writing = self.writing
        if form.parts:
            values = dict(values)
            writing = dict(writing)
            for name, places in form.parts:
                values.update(zip(places, values[name], strict=True))
                if convert := self.writing.get(name):
                    writing.update(dict.fromkeys(places, convert))
        return [
            convert(values[place]) if (convert := writing.get(place)) else values[place]
            for place in form.places
        ]

    def _row(self, row: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            value if convert is None else convert(value)
            for convert, value in zip(self.reading, row, strict=True)
        )


class Plains:
    """The compiled statements of a process, for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._seen: WeakValueDictionary[int, Executable] = WeakValueDictionary()
        self._known: dict[int, tuple[Executable, Plain | None]] = {}

    def of(
        self,
        statement: Executable,
        parameters: Parameters | Sequence[Parameters] | None,
    ) -> Plain | None:
        """Return a statement as it is run; None where SQLAlchemy is to run it."""
        key = id(statement)
        if (known := self._known.get(key)) is not None:
            plain = known[1]
            return plain if plain is not None and plain.takes(parameters) else None
        if self._seen.get(key) is not statement:
            # One that is made anew each time is never seen again.
            self._seen[key] = statement
            return None
        if len(self._known) >= KNOWN:
            return None
        # Kept with the statement, so that no other gets its id.
        found = _compiled(statement, parameters, self._dialect)
        self._known[key] = statement, found
        return found


def _compiled(
    statement: Executable,
    parameters: Parameters | Sequence[Parameters] | None,
    dialect: Dialect,
) -> Plain | None:
    if not isinstance(statement, Select | Insert | Update | Delete):
        return None
    several = not isinstance(parameters, Mapping | None)
    first = _first(parameters)
    compiled = statement.compile(
        dialect=dialect,
        column_keys=list(first),
        for_executemany=several,
    )
    if not isinstance(compiled, SQLCompiler) or _needs_more(compiled):
        return None
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    names = tuple(str(column.key) for column in columns)
    if len(set(names)) != len(names):
        return None
    lists = tuple(n for n, bind in compiled.binds.items() if bind.expanding)
    binds = compiled.binds.items()
    return Plain(
        form=_Form(compiled.string, tuple(compiled.positiontup or ())),
        given={name: bind.effective_value for name, bind in binds if not bind.required},
        writing={
            name: c for name, bind in binds if (c := _writing(bind.type, dialect))
        },
        reading=[_reading(column.type, dialect) for column in columns],
        names=names,
        expand=_expansion(compiled) if lists else None,
        lists=lists,
        columns=frozenset(first) if isinstance(statement, Insert) else None,
    )


def _first(parameters: Parameters | Sequence[Parameters] | None) -> Parameters:
    """Return the parameters, or the first of several."""
    if isinstance(parameters, Mapping):
        return parameters
    return parameters[0] if parameters else {}


def _needs_more(compiled: SQLCompiler) -> bool:
    """Say whether SQLAlchemy would do more than to run it."""
    return bool(
        compiled.insert_prefetch
        or compiled.update_prefetch
        or compiled.effective_returning
        or compiled.literal_execute_params
    )


def _expansion(compiled: SQLCompiler) -> Callable[[Parameters], _Form]:
    def expand(parameters: Parameters) -> _Form:
        state = compiled.construct_expanded_state(dict(parameters))
        parts = {k: tuple(v) for k, v in state.parameter_expansion.items()}
        places = tuple(state.positiontup or ())
        return _Form(state.statement, places, tuple(parts.items()))

    return expand


def _writing(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _one(rows: list[T]) -> T:
    row = _one_or_none(rows)
    if row is None:
        raise NoResultFound
    return row


def _one_or_none(rows: list[T]) -> T | None:
    if len(rows) > 1:
        raise MultipleResultsFound
    return rows[0] if rows else None
