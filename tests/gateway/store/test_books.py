"""`check books` is no tautology: whatever is damaged names its letter.

Every row of every table that holds custody is removed, altered column by column, and
doubled; the columns come from the tables themselves, so that none is forgotten.
Columns are altered in three kinds of rows each, in sum all; `GATEWAY_SOAK=1` alters
every kind.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Table,
    and_,
    create_engine,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.domain.books import Books, Place, ReceiptPlace
from gateway.domain.consignment import Entry
from gateway.domain.lifecycle import Happening, State
from gateway.store.bodies import InSegments
from gateway.store.books import (
    LEFT_OUT_COLUMNS,
    LEFT_OUT_ROWS,
    LEFT_OUT_TABLES,
    check_books,
)
from gateway.store.books_content import Sent, repair_problems
from gateway.store.segments import Segments
from gateway.store.sqlite import SqliteConnection
from gateway.store.store import DATABASE, SEGMENTS
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row
from gateway.store.vault import StoredVault
from tests.doubles.clock import START
from tests.doubles.keyring import a_keyring
from tests.gateway.store.hub import CIRCULAR, LARGE, make_hub
from tests.gateway.store.pushing import push_life
from tests.letters import a_letter

TABLES = Row.metadata.tables
ELSEWHERE = {"chunk", "archived"}
"""Of the other kind of vault: `test_books_chunks.py`. Of what was purged:
`tests/gateway/workflow/test_purge.py`."""
COVERED = sorted(TABLES.keys() - LEFT_OUT_TABLES.keys() - ELSEWHERE)
COLUMNS = [
    (table, column.name)
    for table in COVERED
    for column in TABLES[table].columns
    if (table, column.name) not in LEFT_OUT_COLUMNS
]
GARBAGE = "ขยะ"
SOAK = os.environ.get("GATEWAY_SOAK") == "1"


def a_vault(connection: SqliteConnection, data: Path) -> StoredVault:
    box = Strongbox(connection, a_keyring())
    return StoredVault(connection, InSegments(Segments(data / SEGMENTS)), box)


@dataclass
class Opened:
    """A data directory, and a connection on which damage can be undone."""

    data: Path
    connection: Connection

    def check(self) -> Books:
        connection = SqliteConnection(self.connection)
        return asyncio.run(check_books(connection, a_vault(connection, self.data)))

    def rows(self, table: Table) -> list[dict[str, Any]]:
        found = self.connection.execute(select(table)).mappings()
        return [dict(row) for row in found]

    @contextmanager
    def damaged(self) -> Iterator[None]:
        """Undo afterwards whatever is done within."""
        with self.connection.begin_nested() as savepoint:
            yield
            savepoint.rollback()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    asyncio.run(make_hub(folder, to_the_end=True, more=push_life))
    return folder


@pytest.fixture(scope="module")
def engine(data: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{data / DATABASE}")
    yield engine
    engine.dispose()


@pytest.fixture
def hub(data: Path, engine: Engine) -> Iterator[Opened]:
    with engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text("BEGIN IMMEDIATE"))
        yield Opened(data, connection)
        connection.rollback()


@pytest.fixture(scope="module")
def letters(data: Path, engine: Engine) -> Mapping[Any, frozenset[str]]:
    """Return the letters that each key of a row belongs to, before any damage."""
    with engine.connect() as connection:
        return _letters(Opened(data, connection))


def _letters(hub: Opened) -> dict[Any, frozenset[str]]:
    names: dict[Any, set[str]] = {}
    for row in hub.rows(TABLES["letter"]):
        names[row["id"]] = {f"{row['number']} ({row['date']})"}
    for row in hub.rows(TABLES["letter_file"]):
        names.setdefault(row["digest"], set()).update(names[row["letter_id"]])
    for row in hub.rows(TABLES["consignment"]):
        of = names[row["letter_id"]]
        for key in (row["id"], row["envelope_digest"], row["delivery_digest"]):
            names.setdefault(key, set()).update(of)
    for row in hub.rows(TABLES["fitted_copy"]):
        names.setdefault(row["digest"], set()).update(names[row["consignment_id"]])
    for row in hub.rows(TABLES["registration"]):
        key = row["organization"], row["book"], row["year"]
        names.setdefault(key, set()).update(names[row["consignment_id"]])
    return {key: frozenset(found) for key, found in names.items()}


def _owner(table: str, row: Mapping[str, Any]) -> Any:
    """Return the key by which `letters` knows whose row it is."""
    match table:
        case "letter" | "consignment":
            return row["id"]
        case "letter_file":
            return row["letter_id"]
        case "file" | "envelope":
            return row["digest"]
        case "book":
            return row["organization"], row["book"], row["year"]
        case _:
            return row["consignment_id"]


def _key(table: Table, row: Mapping[str, Any]) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key))


def assert_named(books: Books, expected: frozenset[str], damage: str) -> None:
    assert not books.in_balance, damage
    named = {finding.letter for finding in books.findings}
    assert named & expected, f"{damage}: {books.findings}"


def test_a_healthy_hub_is_in_balance(hub: Opened) -> None:
    books = hub.check()

    assert books.findings == ()
    assert books.in_balance
    assert books.taken == 38
    assert books.places == {
        Place.ON_ITS_WAY: 1,
        Place.IN_INBOX: 9,
        Place.PARKED: 1,
        Place.WITH_ENDPOINT: 7,
        Place.IN_REGISTER: 8,
        Place.RETURNED: 4,
        Place.RECALLED: 4,
        Place.DEAD: 4,
    }
    assert all(account.in_balance for account in books.receivers.values())
    assert books.receipts_made == 37
    assert books.receipts == {
        ReceiptPlace.TOLD_NOBODY: 14,
        ReceiptPlace.ON_ITS_WAY: 2,
        ReceiptPlace.WAITING: 3,
        ReceiptPlace.HELD: 10,
        ReceiptPlace.PARKED: 1,
        ReceiptPlace.TAKEN: 6,
        ReceiptPlace.DEAD: 1,
    }
    assert [(r.organization, r.given, r.last) for r in books.registers] == [
        ("1500200042", 1, 1),
        ("1500200055", 1, 1),
        ("1500200095", 1, 1),
    ]


def test_the_hub_has_rows_of_every_kind(hub: Opened) -> None:
    """What the tests below alter is all there is: no table is empty by chance."""
    assert all(hub.rows(TABLES[table]) for table in COVERED)
    happenings = {row["happening"] for row in hub.rows(TABLES["journal"])}
    # What was purged has a hub of its own: see `ELSEWHERE`.
    assert happenings == set(Happening) - {Happening.BYTES_PURGED}
    states = {row["state"] for row in hub.rows(TABLES["consignment"])}
    assert states == set(State)
    accepted = [row["facts"] for row in hub.rows(TABLES["journal"])]
    assert sum("repaired" in facts for facts in accepted) == 1
    assert {row["signed"] for row in hub.rows(TABLES["consignment"])} == {
        "own",
        "hosted",
    }
    assert len({row["segment"] for row in hub.rows(TABLES["file"])}) == 2


def test_what_is_left_out_is_listed_with_the_reason() -> None:
    assert set(LEFT_OUT_TABLES) == {
        "hub",
        "organization",
        "endpoint",
        "certificate",
        "access",
        "person",
        "hub_certificate",
        "letter_key",
        "signed_receipt",
        "replay",
        "replay_item",
        "retention",
        "archive",
        "incident",
        "act",
        "batch",
    }
    assert set(LEFT_OUT_COLUMNS) == {
        ("promise", "published_at"),
        ("promise", "claimed_until"),
        ("journal", "batch"),
    }
    assert set(LEFT_OUT_ROWS) == {("fitted_copy", "digest"), ("archived", "purged_at")}
    assert all(LEFT_OUT_ROWS.values())
    assert all(LEFT_OUT_TABLES.values())
    assert all(LEFT_OUT_COLUMNS.values())


@pytest.mark.parametrize("name", COVERED)
def test_a_removed_row_names_its_letter(
    hub: Opened, letters: Mapping[Any, frozenset[str]], name: str
) -> None:
    table = TABLES[name]
    for row in _one_of_each_kind(name, _vouched_for(hub, name)):
        with hub.damaged():
            hub.connection.execute(delete(table).where(_key(table, row)))
            books = hub.check()
            expected = letters[_owner(name, row)]
            assert_named(books, expected, f"removed {row}")
            # Nobody else's letter is blamed for it.
            assert {f.letter for f in books.findings} <= expected | {""}, row


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_an_altered_column_names_its_letter(
    hub: Opened, letters: Mapping[Any, frozenset[str]], name: str, column: str
) -> None:
    table = TABLES[name]
    rows = _some_kinds(name, _vouched_for(hub, name), table.c.keys().index(column))
    others = [row[column] for row in hub.rows(table)]
    for row in rows:
        for value in _other_values(table.c[column], row[column], others):
            with hub.damaged():
                if _altered(hub, table, row, column, value):
                    assert_named(
                        hub.check(),
                        letters[_owner(name, row)],
                        f"{name}.{column} = {value!r} in {row}",
                    )


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_column_that_cannot_be_read_names_its_letter(
    hub: Opened, letters: Mapping[Any, frozenset[str]], name: str, column: str
) -> None:
    """Whatever a careless hand writes there, the rest is still checked."""
    table = TABLES[name]
    row = _vouched_for(hub, name)[0]
    for value in (GARBAGE, b"\xff"):
        with hub.damaged():
            statement = text(f"UPDATE {name} SET {column} = :value WHERE rowid = :row")  # noqa: S608 - our own names
            [rowid, *_] = hub.connection.execute(
                select(text("rowid")).select_from(table).where(_key(table, row))
            ).scalars()
            hub.connection.execute(statement, {"value": value, "row": rowid})
            assert_named(
                hub.check(), letters[_owner(name, row)], f"{name}.{column} = {value!r}"
            )


@pytest.mark.parametrize("changes", [{"dialect": "java"}, {"start": 1}])
def test_a_row_whose_loss_does_no_harm_is_not_altered_unseen(
    hub: Opened, letters: Mapping[Any, frozenset[str]], changes: Mapping[str, Any]
) -> None:
    table = TABLES["fitted_copy"]
    row = next(row for row in hub.rows(table) if row["digest"] is None)
    with hub.damaged():
        hub.connection.execute(update(table).where(_key(table, row)).values(changes))
        assert_named(hub.check(), letters[row["consignment_id"]], f"{changes}")


@pytest.mark.parametrize("name", COVERED)
def test_a_doubled_row_names_its_letter(
    hub: Opened, letters: Mapping[Any, frozenset[str]], name: str
) -> None:
    table = TABLES[name]
    for row in _one_of_each_kind(name, hub.rows(table)):
        with hub.damaged():
            double = {**row, **_new_keys(hub, table, row)}
            hub.connection.execute(insert(table), double)
            # A book that nobody has written in concerns no letter.
            owner = frozenset({""}) if name == "book" else letters[_owner(name, row)]
            assert_named(hub.check(), owner, f"doubled {row}")


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "remove"])
def test_a_damaged_segment_names_the_letter(data: Path, damage: str) -> None:
    copy = data.with_name(f"{data.name}-{damage}")
    shutil.copytree(data, copy)
    path = copy / SEGMENTS / "000001"
    body = path.read_bytes()
    assert body == LARGE
    if damage == "flip":
        path.write_bytes(body[:9] + bytes([body[9] ^ 4]) + body[10:])
    elif damage == "truncate":
        path.write_bytes(body[:-1])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    engine = create_engine(f"sqlite:///{copy / DATABASE}")
    with engine.connect() as connection:
        books = Opened(copy, connection).check()
    engine.dispose()

    assert_named(books, frozenset({str(CIRCULAR)}), damage)
    assert {finding.table for finding in books.findings} == {"file", "envelope"}
    assert {finding.letter for finding in books.findings} == {str(CIRCULAR)}


def test_bytes_that_nothing_refers_to_are_no_finding(data: Path) -> None:
    """A crash leaves some at the end of a segment, and they are never read."""
    copy = data.with_name(f"{data.name}-crashed")
    shutil.copytree(data, copy)
    with (copy / SEGMENTS / "000001").open("ab") as segment:
        segment.write(b"half a body")
    engine = create_engine(f"sqlite:///{copy / DATABASE}")
    with engine.connect() as connection:
        assert Opened(copy, connection).check().in_balance
    engine.dispose()


def test_the_progress_ends_where_it_said(hub: Opened) -> None:
    told: list[tuple[int, int]] = []
    connection = SqliteConnection(hub.connection)
    vault = a_vault(connection, hub.data)

    asyncio.run(check_books(connection, vault, lambda *told_now: told.append(told_now)))

    assert told == sorted(told)
    done, total = told[-1]
    counted = ("consignment", "letter", "file")
    assert done == total == sum(len(hub.rows(TABLES[table])) for table in counted)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_the_size_of_a_batch_changes_nothing(hub: Opened, at_once: int) -> None:
    connection = SqliteConnection(hub.connection)
    vault = a_vault(connection, hub.data)
    with hub.damaged():
        hub.connection.execute(delete(TABLES["receipt"]))
        whole = hub.check()
        batched = asyncio.run(check_books(connection, vault, at_once=at_once))

    assert batched == whole
    assert batched.findings


def _vouched_for(hub: Opened, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table whose loss is found, and who they belong to."""
    columns = [column for table, column in LEFT_OUT_ROWS if table == name]
    rows = hub.rows(TABLES[name])
    return [row for row in rows if all(row[column] is not None for column in columns)]


@pytest.mark.parametrize("said", [{}, {"repaired": "yes"}])
@pytest.mark.parametrize("repaired", [False, True])
def test_the_journal_is_right_about_repairs(
    said: Mapping[str, str], *, repaired: bool
) -> None:
    accepted = Entry(1, START, Happening.LETTER_ACCEPTED, State.ACCEPTED, "1", said)
    shown = Entry(2, START, Happening.ENTRY_SHOWN, State.WAITING, "1", {})

    problems = list(repair_problems([accepted, shown], Sent(a_letter(), repaired)))

    assert bool(problems) == (bool(said) != repaired)


_KINDS = {
    "journal": ("happening",),
    "inbox_entry": (
        "carries",
        "shown_at",
        "taken_at",
        "place",
        "set_behind_at",
        "parked_at",
        "held_at",
    ),
    "promise": ("stage", "kept_at", "endpoint", "receipt_id"),
    "attempt": ("outcome", "status"),
    "dead_letter": ("stage", "settled", "receipt_id"),
    "registration": ("numbered_by", "replaces"),
    "receipt": ("kind", "tells"),
    "consignment": ("state", "signed", "freed_at"),
    "fitted_copy": ("digest",),
    "letter_file": ("position",),
    "file": ("segment",),
}


def _one_of_each_kind(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows that differ in what tells kinds apart; all where nothing does."""
    if name not in _KINDS:
        return rows
    kinds = {
        (_is_secret(row), *(_kind(row[c]) for c in _KINDS[name])): row for row in rows
    }
    return list(kinds.values())


def _some_kinds(
    name: str, rows: list[dict[str, Any]], turn: int
) -> list[dict[str, Any]]:
    """Return three kinds of rows, others for each column: in sum they are all."""
    kinds = _one_of_each_kind(name, rows)
    if SOAK:
        return kinds
    return [kinds[(turn * 3 + i) % len(kinds)] for i in range(min(3, len(kinds)))]


def _is_secret(row: Mapping[str, Any]) -> bool:
    return any(row.get(name) is not None for name in ("hidden", "letter_key"))


def _kind(value: object) -> object:
    return value if isinstance(value, str | int) else value is not None


def _other_values(column: Column[Any], value: Any, others: list[Any]) -> list[Any]:
    """Return values that this column could have, but has not."""
    changed = [_changed(column, value)]
    if column.nullable and value is not None:
        changed.append(None)
    # What is known elsewhere could be mistaken for right.
    if column.foreign_keys or column.name in ("process_id", "state", "seal"):
        changed += [other for other in others if other != value][:1]
    return changed


def _changed(column: Column[Any], value: Any) -> Any:
    if value is None:
        values = {"INTEGER": 1, "BLOB": b"x", "BOOLEAN": True}
        return values.get(str(column.type), _new(column))
    changes: dict[type, Callable[[Any], Any]] = {
        bool: lambda it: not it,
        str: lambda it: it + "1",
        bytes: lambda it: it[:-1] + bytes([it[-1] ^ 1]) if it else b"x",
        int: lambda it: it + 1,
        float: lambda it: it + 1,
        UUID: lambda _: uuid4(),
        datetime: lambda it: it + timedelta(microseconds=1),
    }
    return changes[type(value)](value)


def _new(column: Column[Any]) -> Any:
    """Return a value for an empty column."""
    if "UtcDateTime" in repr(column.type):
        return START
    return uuid4() if "Uuid" in repr(column.type) else "1"


def _altered(
    hub: Opened, table: Table, row: dict[str, Any], column: str, value: Any
) -> bool:
    """Alter it, and say whether no key forbade it."""
    try:
        hub.connection.execute(
            update(table).where(_key(table, row)).values({column: value})
        )
    except IntegrityError:
        return False
    return True


def _new_keys(hub: Opened, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return what a double must have of its own, so that no key forbids it."""
    keys = [column.name for column in table.primary_key]
    changed = keys[-1:]
    changed += [column.name for column in table.columns if column.unique]
    new = {name: _changed(table.c[name], row[name]) for name in changed if row[name]}
    if isinstance(row[keys[-1]], int):
        new[keys[-1]] = max(other[keys[-1]] for other in hub.rows(table)) + 1
    for several in ("number_key", "content_digest", "serial"):
        if several in table.columns and table.name != "journal" and row[several]:
            new[several] = _changed(table.c[several], row[several])
    return new
