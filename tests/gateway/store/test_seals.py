from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.register import Book
from gateway.store.seals import COLUMNS, sealed, with_seal
from gateway.store.store import SqlStore
from gateway.store.tables import Row
from tests.doubles.ids import CountedIds
from tests.gateway.store.values import (
    CHIANG_MAI,
    START,
    a_copy,
    a_promise,
    a_receipt,
    a_registration,
    an_entry,
    keep,
)

BOOK: dict[str, Any] = {
    "organization": "1500200000",
    "book": "received",
    "year": 2569,
    "last": 12,
}
LINE: dict[str, Any] = {
    "consignment_id": UUID(int=7),
    "number": 1,
    "at": START,
    "happening": "letter-accepted",
    "state": "accepted",
    "actor": "1500200000",
    "facts": "{}",
    "hidden": None,
}


def test_every_table_of_custody_is_sealed() -> None:
    assert set(COLUMNS) == {
        "act",
        "archive",
        "archived",
        "attempt",
        "book",
        "consignment",
        "dead_letter",
        "fitted_copy",
        "inbox_entry",
        "journal",
        "letter",
        "letter_file",
        "promise",
        "receipt",
        "registration",
    }


def test_a_seal_covers_all_columns_but_itself_and_what_is_declared() -> None:
    left_out = {
        (name, column)
        for name, covered in COLUMNS.items()
        for column in set(Row.metadata.tables[name].columns.keys()) - set(covered)
    }

    assert left_out == {(name, "seal") for name in COLUMNS} | {
        ("promise", "published_at"),
        ("promise", "claimed_until"),
        ("journal", "batch"),
        ("act", "batch"),
    }


@pytest.mark.parametrize("column", BOOK)
def test_any_column_changes_the_seal(column: str) -> None:
    value = BOOK[column]
    other = value + 1 if isinstance(value, int) else value + "0"

    assert sealed("book", BOOK) != sealed("book", {**BOOK, column: other})


def test_the_seal_of_the_line_before_changes_the_seal() -> None:
    assert sealed("journal", LINE) != sealed("journal", LINE, "0" * 64)


def test_a_seal_is_the_same_in_every_release() -> None:
    """Old rows must stay sealed: this value is never adapted to new code."""
    assert sealed("journal", LINE, "a" * 64) == (
        "bd30fae873b815680237255a362ec9fcd6e7ede8dc148647e43cc3232cb4d73a"
    )


def test_a_moment_is_the_same_in_every_zone() -> None:
    bangkok = START.astimezone(timezone(timedelta(hours=7)))

    assert sealed("journal", LINE) == sealed("journal", {**LINE, "at": bangkok})


def test_a_number_is_not_its_text() -> None:
    assert sealed("book", BOOK) != sealed("book", {**BOOK, "last": "12"})


def test_nothing_is_not_an_empty_text() -> None:
    receipt = dict.fromkeys(COLUMNS["receipt"])

    assert sealed("receipt", receipt) != sealed("receipt", {**receipt, "number": ""})


def test_what_cannot_be_written_down_is_not_sealed() -> None:
    with pytest.raises(TypeError):
        sealed("book", {**BOOK, "last": [1]})


def test_with_seal_adds_the_seal_and_nothing_else() -> None:
    assert with_seal("book", BOOK) == {**BOOK, "seal": sealed("book", BOOK)}


@given(st.lists(st.text(max_size=4), min_size=4, max_size=4), st.data())
def test_texts_that_run_together_are_told_apart(
    texts: list[str], data: st.DataObject
) -> None:
    columns = ("actor", "facts", "happening", "state")
    others = data.draw(st.permutations(texts))
    one = sealed("journal", {**LINE, **dict(zip(columns, texts, strict=True))})
    two = sealed("journal", {**LINE, **dict(zip(columns, others, strict=True))})

    assert (one == two) == (texts == list(others))


async def test_what_is_written_is_sealed_and_stays_so_when_it_changes(
    store: SqlStore, ids: CountedIds
) -> None:
    async with store.unit() as unit:
        consignment = await keep(unit, ids)
        serial = await unit.registers.next_number(CHIANG_MAI, Book.RECEIVED, 2569)
        registration = a_registration(ids, consignment.id, serial)
        await unit.registers.add(registration)
        await unit.receipts.add(a_receipt(ids, consignment.id, registration.id))
        entry, promise = an_entry(ids, consignment.id), a_promise(ids, consignment.id)
        await unit.inboxes.add(entry)
        await unit.promises.add(promise)
        await unit.copies.add(a_copy(consignment.id), secret=False)
        await unit.commit()
    before = await _rows(store)
    async with store.unit() as unit:
        await unit.registers.next_number(CHIANG_MAI, Book.RECEIVED, 2569)
        assert await unit.inboxes.find(entry.organization, entry.process_id)
        entry.show(START)
        entry.lose_patience(ids.new(), START)
        await unit.inboxes.save(entry)
        await unit.promises.keep(promise.id, START)
        await unit.commit()
    await store.outbox.published([promise.id], START)
    after = await _rows(store)

    assert {name for name, row in after.items() if row != before[name]} == {
        "book",
        "inbox_entry",
        "promise",
    }
    for rows in (before, after):
        for name, row in rows.items():
            assert row["seal"] == sealed(name, row), name


async def _rows(store: SqlStore) -> dict[str, dict[str, Any]]:
    """Return the first row of each sealed table that has one."""
    rows = {}
    for name in COLUMNS:
        result = await store.reading.execute(Row.metadata.tables[name].select())
        if found := result.mappings().all():
            rows[name] = found[0]
    return rows


def test_times_are_written_to_the_microsecond() -> None:
    one = datetime(2026, 1, 1, tzinfo=UTC)
    two = one + timedelta(microseconds=1)

    assert sealed("journal", {**LINE, "at": one}) != sealed(
        "journal", {**LINE, "at": two}
    )
