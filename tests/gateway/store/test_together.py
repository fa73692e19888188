"""Several INSERTs go to PostgreSQL as one statement."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    insert,
    select,
    text,
)
from sqlalchemy.schema import CreateTable

from gateway.store import together
from gateway.store.errors import ConcurrentChange
from gateway.store.lending import DIALECT, Session, connect, hang_up
from gateway.store.plain import Plains
from gateway.store.together import MOST, Together
from gateway.store.types import UtcDateTime
from tests.postgresql import VARIABLE

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(
        not os.environ.get(VARIABLE) and os.environ.get("CI") != "true",
        reason=f"needs PostgreSQL: make test, or set {VARIABLE}",
    ),
]

METADATA = MetaData()
LETTERS = Table(
    "together_letter",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("subject", Text),
    Column("at", UtcDateTime),
    prefixes=["TEMPORARY"],
)
FILES = Table(
    "together_file",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("letter", Uuid),
    prefixes=["TEMPORARY"],
)
ADD_LETTER = insert(LETTERS)
ADD_FILE = insert(FILES)
ADD_ONCE = text(
    "INSERT INTO together_file (place, letter) VALUES (:place, NULL)"
    " ON CONFLICT DO NOTHING"
)
PLAINS = Plains(DIALECT)
NOW = datetime(2026, 7, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    session = Session(await connect(os.environ[VARIABLE]))
    for table in METADATA.sorted_tables:
        await session.write(str(CreateTable(table).compile(dialect=DIALECT)), ())
    yield session
    await hang_up(session.driver)


async def written(later: Together, session: Session) -> None:
    while later.rows:
        await session.write(*later.take())


def letter(subject: str = "ก") -> dict[str, Any]:
    return {"id": uuid4(), "subject": subject, "at": NOW}


async def rows(session: Session, table: Table) -> list[dict[str, Any]]:
    found = await session.run(PLAINS.any(select(table), None), None)
    return found.mappings().all()


async def test_all_is_written_as_it_was_given(session: Session) -> None:
    """Rows of several tables are converted by the same types as one by one."""
    first, second = letter(), letter("ข")
    later = Together(PLAINS)
    later.add(ADD_LETTER, [first, second])
    later.add(ADD_FILE, {"place": 1, "letter": first["id"]})
    later.add(ADD_ONCE, {"place": 2})
    assert later.is_one

    await written(later, session)

    kept = await rows(session, LETTERS)
    assert [first, second] == sorted(kept, key=lambda row: row["subject"])
    assert {1, 2} == {row["place"] for row in await rows(session, FILES)}
    assert not later.rows


async def test_more_than_one_statement_holds(session: Session) -> None:
    """What is too much for one statement goes in several, in order."""
    later = Together(PLAINS)
    later.add(ADD_FILE, [{"place": n, "letter": None} for n in range(2 * MOST + 1)])
    assert not later.is_one

    await written(later, session)

    assert 2 * MOST + 1 == len(await rows(session, FILES))


async def test_all_or_nothing(session: Session) -> None:
    """One row that cannot be written takes the others with it."""
    later = Together(PLAINS)
    later.add(ADD_LETTER, letter())
    later.add(ADD_FILE, [{"place": 1, "letter": None}, {"place": 1, "letter": None}])

    with pytest.raises(ConcurrentChange):
        await written(later, session)

    assert not await rows(session, LETTERS)


async def test_a_statement_may_be_given_other_columns(session: Session) -> None:
    """What was compiled for some columns is compiled anew for others."""
    few = {"id": uuid4(), "subject": "ก"}
    later = Together(PLAINS)
    later.add(ADD_LETTER, [letter(), letter(), few])

    await written(later, session)

    assert {**few, "at": None} in await rows(session, LETTERS)


def test_places_are_counted_on() -> None:
    """Each statement's places come behind those of the one before."""
    assert together._behind(12, "($1, $2, $10)") == "($13, $14, $22)"
