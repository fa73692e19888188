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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store import together
from gateway.store.postgresql import engine_of
from gateway.store.postgresql_errors import FAILURES
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
NOW = datetime(2026, 7, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
async def connection() -> AsyncIterator[AsyncConnection]:
    engine = engine_of(os.environ[VARIABLE])
    async with engine.connect() as connection:
        await connection.run_sync(METADATA.create_all)
        yield connection
    await engine.dispose()


def letter(subject: str = "ก") -> dict[str, Any]:
    return {"id": uuid4(), "subject": subject, "at": NOW}


async def rows(connection: AsyncConnection, table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(select(table))).mappings()]


async def test_all_is_written_as_it_was_given(connection: AsyncConnection) -> None:
    """Rows of several tables are converted by the same types as one by one."""
    first, second = letter(), letter("ข")
    later = Together()
    later.add(ADD_LETTER, [first, second])
    later.add(ADD_FILE, {"place": 1, "letter": first["id"]})
    later.add(ADD_ONCE, {"place": 2})

    await later.write(connection)

    kept = await rows(connection, LETTERS)
    assert [first, second] == sorted(kept, key=lambda row: row["subject"])
    assert {1, 2} == {row["place"] for row in await rows(connection, FILES)}
    assert not later.rows


async def test_more_than_one_statement_holds(connection: AsyncConnection) -> None:
    """What is too much for one statement goes in several, in order."""
    later = Together()
    later.add(ADD_FILE, [{"place": n, "letter": None} for n in range(2 * MOST + 1)])

    await later.write(connection)

    assert 2 * MOST + 1 == len(await rows(connection, FILES))


async def test_all_or_nothing(connection: AsyncConnection) -> None:
    """One row that cannot be written takes the others with it."""
    later = Together()
    later.add(ADD_LETTER, letter())
    later.add(ADD_FILE, [{"place": 1, "letter": None}, {"place": 1, "letter": None}])
    await connection.commit()

    with pytest.raises(FAILURES) as raised:
        await later.write(connection)

    assert not isinstance(raised.value, DBAPIError)
    await connection.rollback()
    assert not await rows(connection, LETTERS)


async def test_a_statement_may_be_given_other_columns(
    connection: AsyncConnection,
) -> None:
    """What was compiled for some columns is compiled anew for others."""
    few = {"id": uuid4(), "subject": "ก"}
    later = Together()
    later.add(ADD_LETTER, letter())
    later.add(ADD_LETTER, few)

    await later.write(connection)

    assert {**few, "at": None} in await rows(connection, LETTERS)


def test_places_are_counted_on() -> None:
    """Each statement's places come behind those of the one before."""
    assert together._behind(12, "($1, $2, $10)") == "($13, $14, $22)"
