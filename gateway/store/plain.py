"""Statements of ours, compiled once, and run by the database's driver itself.

SQLAlchemy's way through a statement costs several times what the driver takes for one
row. So a statement that is used again and again, which is one of a module, is compiled
at its second use and kept; then only its values are converted, by the same types.
SQLite leaves to SQLAlchemy what cannot be run so, or is made anew each time. For
PostgreSQL that is compiled each time, since there SQLAlchemy runs nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias
from weakref import WeakValueDictionary

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import ClauseElement, TextClause
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from gateway.store.found import Found

KNOWN: Final = 512
"""Statements that are kept compiled: more than there are in our modules."""

_LENGTHS: Final = 64
"""Of one statement, by how many keys it looks for."""

_NUMERIC: Final = 1700
"""What PostgreSQL calls its exact numbers; only types of numbers ask for it."""

_CHANGES: Final = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b")
_DOES_MORE: Final = re.compile(
    r"^(?!SELECT\b)|\b(FOR|INSERT|UPDATE|DELETE|pg_\w+|set_config|setval|nextval)\b"
)
"""What else than a SELECT a text begins with, or has in it; names of ours are small."""

Parameters: TypeAlias = Mapping[str, Any]
Convert: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A statement's text, and what its places are filled with."""

    text: str
    places: tuple[tuple[str, Convert | None], ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of each list that is looked for, the places of its members."""

    def values(self, given: Parameters, parameters: Parameters) -> list[Any]:
        """Return what the places are filled with."""
        values = {**given, **parameters} if given or self.parts else parameters
        if self.parts:
            values = dict(values)
            for name, places in self.parts:
                values.update(zip(places, _members(values[name]), strict=True))
        return [
            values[place] if convert is None else convert(values[place])
            for place, convert in self.places
        ]


@dataclass(frozen=True, slots=True)
class Plain:
    """A compiled statement."""

    form: Form
    given: Mapping[str, Any]
    """What the statement itself fills places with."""
    reading: Sequence[tuple[int, Convert]]
    """Of the columns that are converted, which and how."""
    names: tuple[str, ...]
    """Of its columns; none where only the database knows them."""
    expand: Callable[[Parameters], Form] | None
    lists: tuple[str, ...]
    columns: frozenset[str] | None
    """What an INSERT was compiled for."""
    has_rows: bool
    """Whether it is asked for rows, and not for how many it met."""
    only_reads: bool
    """Whether it surely changes and locks nothing."""
    forms: dict[tuple[int, ...], Form] = field(default_factory=dict)

    def takes(self, parameters: Parameters | Sequence[Parameters] | None) -> bool:
        """Say whether these are the columns that an INSERT was compiled for."""
        if self.columns is None:
            return True
        if parameters is None or isinstance(parameters, Mapping):
            return (parameters or {}).keys() == self.columns
        return all(row.keys() == self.columns for row in parameters)

    def filled(self, parameters: Parameters) -> tuple[str, list[Any]]:
        """Return its text, and what its places are filled with."""
        form = self._form(parameters)
        return form.text, form.values(self.given, parameters)

    def many(self, parameters: Iterable[Parameters]) -> tuple[str, list[list[Any]]]:
        """Return its text, and what its places are filled with, time after time."""
        form = self.form
        return form.text, [form.values(self.given, one) for one in parameters]

    def found(
        self, rows: list[tuple[Any, ...]], rowcount: int, names: tuple[str, ...] = ()
    ) -> Found:
        """Return what the driver found, converted."""
        if self.reading:
            rows = [self._row(row) for row in rows]
        return Found(self.names or names, rows, rowcount)

    def _form(self, parameters: Parameters) -> Form:
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

    def _row(self, row: Iterable[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in self.reading:
            values[place] = convert(values[place])
        return tuple(values)


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
        if (known := self._known.get(id(statement))) is not None:
            plain = known[1]
            return plain if plain is not None and plain.takes(parameters) else None
        if not self._is_kept(statement):
            return None
        found = _plainly(statement, parameters, self._dialect)
        self._known[id(statement)] = statement, found
        return found

    def any(
        self,
        statement: Executable,
        parameters: Parameters | Sequence[Parameters] | None,
    ) -> Plain:
        """Return a statement as it is run, compiled for this one time if need be.

        Raises `TypeError` where SQLAlchemy would do more than to run it.
        """
        known = self._known.get(id(statement))
        if known is not None and (plain := known[1]) and plain.takes(parameters):
            return plain
        found = _compiled(statement, parameters, self._dialect)
        if found is None:
            raise TypeError(f"more than a statement: {statement}")
        if known is None and self._is_kept(statement):
            self._known[id(statement)] = statement, found
        return found

    def _is_kept(self, statement: Executable) -> bool:
        key = id(statement)
        if self._seen.get(key) is not statement:
            # One that is made anew each time is never seen again.
            self._seen[key] = statement
            return False
        # Kept with the statement, so that no other gets its id.
        return len(self._known) < KNOWN


def _plainly(
    statement: Executable,
    parameters: Parameters | Sequence[Parameters] | None,
    dialect: Dialect,
) -> Plain | None:
    """Compile what SQLite's driver can do alone; its columns need names."""
    if isinstance(statement, TextClause):
        # Of a text that asks for something the types are not known.
        if _asks(statement.text):
            return None
    elif not isinstance(statement, Select | Insert | Update | Delete):
        return None
    found = _compiled(statement, parameters, dialect, returning=False)
    return found if found and bool(found.names) is found.has_rows else None


def _compiled(
    statement: Executable,
    parameters: Parameters | Sequence[Parameters] | None,
    dialect: Dialect,
    *,
    returning: bool = True,
) -> Plain | None:
    if not isinstance(statement, ClauseElement):
        return None
    first = _first(parameters)
    compiled = statement.compile(
        dialect=dialect,
        column_keys=list(first),
        for_executemany=not isinstance(parameters, Mapping | None),
    )
    if not isinstance(compiled, SQLCompiler) or _needs_more(compiled):
        return None
    if compiled.effective_returning and not returning:
        return None
    columns = _columns(statement)
    names = tuple(str(column.key) for column in columns)
    binds = compiled.binds.items()
    writing = {name: _writing(bind.type, dialect) for name, bind in binds}
    lists = tuple(name for name, bind in binds if bind.expanding)
    return Plain(
        form=_form(compiled.string, compiled.positiontup, writing),
        given={name: bind.effective_value for name, bind in binds if not bind.required},
        reading=[
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := _reading(column.type, dialect))
        ],
        # Of two columns of one name only the database's own names are good.
        names=names if len(set(names)) == len(names) else (),
        expand=_expansion(compiled, writing) if lists else None,
        lists=lists,
        columns=frozenset(first) if _is_written(statement) else None,
        has_rows=bool(columns) or _asks(compiled.string),
        only_reads=not _DOES_MORE.search(compiled.string),
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
        or compiled.literal_execute_params
    )


def _is_written(statement: object) -> bool:
    return isinstance(statement, Insert | Update)


def _asks(text: str) -> bool:
    return not _CHANGES.match(text) or "RETURNING" in text


def _columns(statement: object) -> list[Any]:
    """Return the columns of what is found, or of what is returned of a change."""
    if isinstance(statement, SelectBase):
        return list(statement.selected_columns)
    if isinstance(statement, Insert | Update | Delete):
        return list(statement.exported_columns)
    return []


def _expansion(
    compiled: SQLCompiler, writing: Mapping[str, Convert | None]
) -> Callable[[Parameters], Form]:
    def expand(parameters: Parameters) -> Form:
        state = compiled.construct_expanded_state(dict(parameters))
        parts = {k: tuple(v) for k, v in state.parameter_expansion.items()}
        converts: dict[str, Any] = {**writing, **state.processors}
        return _form(state.statement, state.positiontup, converts, parts)

    return expand


def _form(
    text: str,
    places: Sequence[str] | None,
    writing: Mapping[str, Convert | None],
    parts: Mapping[str, tuple[str, ...]] | None = None,
) -> Form:
    filled = tuple((place, writing.get(place)) for place in places or ())
    return Form(text, filled, tuple((parts or {}).items()))


def _members(members: Sequence[Any]) -> Iterable[Any]:
    """Return the members of a list; of a list of keys of several columns, theirs."""
    if members and isinstance(members[0], tuple):
        return chain.from_iterable(members)
    return members


def _writing(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, _NUMERIC)
