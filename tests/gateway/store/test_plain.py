"""What is run without SQLAlchemy finds and keeps the same as with it."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    bindparam,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)

from gateway.store.found import Found
from gateway.store.plain import Plain, Plains
from gateway.store.sqlite import run
from gateway.store.types import UtcDateTime

METADATA = MetaData()
LETTERS = Table(
    "letter",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("subject", Text),
    Column("at", UtcDateTime),
    Column("body", LargeBinary),
)
NOW = datetime(2026, 7, 1, 2, 3, 4, 567, tzinfo=UTC)

ADD = insert(LETTERS)
BY_IDS = select(LETTERS).where(LETTERS.c.id.in_(bindparam("ids", expanding=True)))
SAME_SUBJECT = (
    select(LETTERS)
    .where(LETTERS.c.subject == bindparam("subject"))
    .order_by(LETTERS.c.at)
    .limit(bindparam("limit"))
)
ONCE = text(
    "INSERT INTO letter (id, subject, at, body) VALUES (:id, :subject, :at, :subject) "
    "ON CONFLICT (id) DO UPDATE SET subject = excluded.subject"
).bindparams(bindparam("id", type_=Uuid()), bindparam("at", type_=UtcDateTime()))
COUNT = select(func.count()).select_from(LETTERS)
CHANGE = (
    update(LETTERS)
    .where(LETTERS.c.id == bindparam("the_id"))
    .values(subject=bindparam("new"), body=None)
)


@pytest.fixture
def database() -> Iterator[Connection]:
    engine = create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        METADATA.create_all(connection)
        yield connection
    engine.dispose()


@pytest.fixture
def plains(database: Connection) -> Plains:
    return Plains(database.dialect)


def driver(database: Connection) -> sqlite3.Connection:
    found = database.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def plain(plains: Plains, statement: Any, parameters: Any) -> Plain:
    plains.of(statement, parameters)  # At its second use it is compiled.
    found = plains.of(statement, parameters)
    assert found is not None
    return found


def row(subject: str = "ก", **other: Any) -> dict[str, Any]:
    return {"id": uuid4(), "subject": subject, "at": NOW, "body": b"\0", **other}


def test_a_row_comes_back_as_it_was_kept(database: Connection, plains: Plains) -> None:
    """Values are converted both ways by the types that SQLAlchemy uses."""
    kept = row(at=None)

    run(plain(plains, ADD, kept), driver(database), kept)

    found = run(
        plain(plains, BY_IDS, {"ids": [kept["id"]]}),
        driver(database),
        {"ids": [kept["id"]]},
    )
    by_alchemy = database.execute(BY_IDS, {"ids": [kept["id"]]})
    assert [kept] == found.mappings().all()
    assert [dict(one) for one in by_alchemy.mappings()] == found.mappings().all()


@pytest.mark.parametrize("number", [0, 1, 3, 500])
def test_lists_of_any_length(database: Connection, plains: Plains, number: int) -> None:
    """A list that is looked for may have another length each time."""
    kept = [row(subject=str(n)) for n in range(number)]
    if kept:
        run(plain(plains, ADD, kept), driver(database), kept)
    ids = [one["id"] for one in kept]
    looks = plain(plains, BY_IDS, {"ids": [uuid4()]})

    found = run(looks, driver(database), {"ids": ids})

    assert {one["id"] for one in found.mappings()} == set(ids)
    assert not run(looks, driver(database), {"ids": [uuid4()]}).all()


@pytest.mark.parametrize("wanted", [["a"], ["a", "b"], ["c"]])
def test_a_list_that_stands_in_the_statement(
    database: Connection, plains: Plains, wanted: list[str]
) -> None:
    """What is looked for need not be given: the statement may say it itself."""
    database.execute(ADD, [row("a"), row("b")])
    statement = select(LETTERS.c.subject).where(LETTERS.c.subject.in_(wanted))

    found = run(plain(plains, statement, {}), driver(database), {})

    assert sorted({"a", "b"} & set(wanted)) == sorted(found.scalars())


def test_order_and_limit_hold(database: Connection, plains: Plains) -> None:
    """What a statement says beside its conditions is kept."""
    kept = [row(at=NOW.replace(hour=hour)) for hour in (5, 3, 4)]
    database.execute(ADD, kept)
    asked = {"subject": "ก", "limit": 2}

    found = run(plain(plains, SAME_SUBJECT, asked), driver(database), asked)

    assert [3, 4] == [one["at"].hour for one in found.mappings()]


def test_how_many_were_changed(database: Connection, plains: Plains) -> None:
    """A change says how many rows it met, and writes what the statement itself says."""
    kept = row()
    database.execute(ADD, kept)
    changes = plain(plains, CHANGE, {"the_id": kept["id"], "new": "ข"})

    met = run(changes, driver(database), {"the_id": kept["id"], "new": "ข"})
    missed = run(changes, driver(database), {"the_id": UUID(int=0), "new": "ค"})

    assert (1, 0) == (met.rowcount, missed.rowcount)
    looks = plain(plains, BY_IDS, {"ids": []})
    assert [{**kept, "subject": "ข", "body": None}] == (
        run(looks, driver(database), {"ids": [kept["id"]]}).mappings().all()
    )


def test_a_single_value(database: Connection, plains: Plains) -> None:
    """A question for one number is answered by it."""
    database.execute(ADD, [row(), row()])

    found = run(plain(plains, COUNT, None), driver(database), {})

    assert 2 == found.scalar_one() == found.scalar_one_or_none()
    assert [2] == found.scalars()


def test_other_columns_are_left_to_sqlalchemy(
    database: Connection, plains: Plains
) -> None:
    """An INSERT that is given more columns than before loses none of them."""
    few = {"id": uuid4(), "subject": "ก"}
    run(plain(plains, ADD, few), driver(database), few)

    assert plains.of(ADD, row()) is None
    assert plains.of(ADD, [few, row()]) is None
    assert plains.of(ADD, [few]) is not None


def test_what_is_made_anew_is_never_kept(plains: Plains) -> None:
    """Statements that are made for one use do not fill the memory."""
    for _ in range(3):
        assert plains.of(select(LETTERS), None) is None


def test_a_text_that_changes_rows_converts_what_has_a_type(
    database: Connection, plains: Plains
) -> None:
    """A place that stands there twice is filled twice, one row or several."""
    kept = {"id": uuid4(), "subject": "ก", "at": NOW}
    run(plain(plains, ONCE, kept), driver(database), kept)
    again = [{**kept, "subject": "ข"}, {**kept, "subject": "ค"}]

    changed = run(plain(plains, ONCE, again), driver(database), again)

    assert changed.rowcount == len(again)
    found = database.execute(select(LETTERS)).mappings().one()
    assert dict(found) == {**kept, "subject": "ค", "body": "ก"}


def test_what_cannot_be_run_plainly_is_not(plains: Plains) -> None:
    """Text that asks, and columns of one name, are run by SQLAlchemy as before."""
    written = text("SELECT 1")
    other = LETTERS.alias()
    twice = select(LETTERS.c.id, other.c.id).join_from(
        LETTERS, other, LETTERS.c.id == other.c.id
    )

    for statement in (written, twice):
        assert [plains.of(statement, None) for _ in range(3)] == [None] * 3


def test_no_row_where_there_is_to_be_one() -> None:
    """A missing row is None or an error, as the question wants it."""
    nothing = Found(("id",), [], 0)

    assert nothing.mappings().one_or_none() is None
    assert nothing.scalar_one_or_none() is None
