"""Secret letters in the store: encrypted, found again, closed without their key."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, update

from envelopes.letter import Attachment, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain.errors import NumberTaken
from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.keyring import Keyring
from gateway.store.schema import url_of
from gateway.store.seals import with_seal
from gateway.store.segments import ROLL_AT
from gateway.store.store import DATABASE, SEGMENTS, SqlStore, open_store
from gateway.store.tables import Row
from tests.doubles.keyring import ADDRESS, MASTER, OTHER_MASTER, a_keyring
from tests.gateway.store.hub import (
    DEPARTMENT,
    REGISTRAR,
    SECRET_FILE,
    SECRET_PERSON,
    SECRET_SUBJECT,
    SONGKHLA,
    YALA,
    Hub,
    a_hub_on,
    enter,
    numbered,
    secret_letter,
    secret_life,
    sent,
)

LARGE = SECRET_FILE * 1000
FILES = (SECRET_FILE, LARGE)
PHUKET = OrganizationCode("1500200083")


@pytest.fixture
async def hub(data: Path) -> AsyncIterator[Hub]:
    """A hub in which a secret letter has lived, one file of it in a segment."""
    async with opened(data) as it:
        made = a_hub_on(it)
        await enter(made, DEPARTMENT)
        await secret_life(made, 14, FILES)
        yield made


@pytest.fixture
def store(hub: Hub) -> SqlStore:
    return hub.store


def opened(data: Path, keyring: Keyring | None = a_keyring()) -> Any:  # noqa: B008 - the same
    return open_store(data, elapsed=lambda: 0.0, keyring=keyring)


def rows(data: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        return list(connection.execute(statement))


def execute(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def test_who_has_the_key_reads_it_whole(store: SqlStore) -> None:
    [one, two] = await store.views.paths(numbered(14).number)
    letter = one.consignment.letter

    assert letter.subject == SECRET_SUBJECT
    assert [f.digest for f in (letter.main, *letter.attachments) if f] == [
        hashlib.sha256(content).hexdigest() for content in FILES
    ]
    assert all(SECRET_PERSON in p.consignment.receiver_name for p in (one, two))
    assert [r.by for r in two.registrations] == [REGISTRAR]
    assert REGISTRAR in {entry.actor for entry in two.journal}
    for path in (one, two):
        envelope = await store.vault.read(path.consignment.envelope_digest)
        digest = hashlib.sha256(envelope).hexdigest()
        assert digest == path.consignment.envelope_digest
        assert path.journal[0].facts["envelope"] == digest


async def test_the_books_vouch_for_it(store: SqlStore) -> None:
    books = await store.check_books()

    assert books.findings == ()
    assert books.in_balance
    assert books.taken == 2


async def test_without_a_key_nothing_of_it_is_told(store: SqlStore, data: Path) -> None:
    del store
    async with opened(data, None) as closed:
        [one, two] = await closed.views.paths(numbered(14).number)
        assert one.consignment.letter.letter_id == numbered(14)
        shown = repr(
            [
                (p.consignment, p.consignment.letter.subject, p.journal)
                for p in (one, two)
            ]
        )
        for hidden in (SECRET_SUBJECT, SECRET_PERSON, REGISTRAR):
            assert hidden not in shown
        with pytest.raises(SecretsClosed):
            await closed.vault.read(one.consignment.envelope_digest)
        books = await closed.check_books()

    assert [(f.letter, f.table) for f in books.findings] == [("", "letter_key")]
    assert books.taken == 2


@pytest.mark.parametrize(
    "keyring", [a_keyring(OTHER_MASTER), a_keyring(address=ADDRESS[::-1]), None]
)
async def test_a_wrong_key_is_noticed_before_anything_is_served(
    store: SqlStore, data: Path, keyring: Keyring | None
) -> None:
    await store.try_keys()
    async with opened(data, keyring) as wrong:
        with pytest.raises(SecretsClosed):
            await wrong.try_keys()


async def test_a_store_without_secret_letters_needs_no_key(data: Path) -> None:
    async with opened(data, None) as it:
        await it.try_keys()


async def test_no_secret_letter_is_kept_without_a_key(data: Path) -> None:
    async with opened(data, None) as it:
        hub = a_hub_on(it)
        await enter(hub, DEPARTMENT)
        with pytest.raises(SecretsClosed):
            await secret_life(hub)

    for table in ("letter", "file", "envelope", "consignment", "letter_key"):
        assert rows(data, f"SELECT * FROM {table}") == [], table  # noqa: S608


async def test_a_repeated_send_is_recognised(hub: Hub) -> None:
    secret: dict[str, Any] = {"secrecy": "002", "subject": "ซ้ำ"}
    first = await hub.send(sent(YALA, 20, **secret))

    assert await hub.send(sent(YALA, 20, **secret)) == first
    with pytest.raises(NumberTaken):
        await hub.send(sent(YALA, 20, **secret | {"subject": "อีกเรื่อง"}))


async def test_the_copies_of_a_circular_are_one_letter(
    store: SqlStore, data: Path
) -> None:
    del store
    assert len(rows(data, "SELECT * FROM letter")) == 1
    assert len(rows(data, "SELECT * FROM letter_key")) == 1
    assert len(rows(data, "SELECT * FROM file")) == len(FILES)


async def test_a_file_of_an_open_letter_lies_apart(hub: Hub, data: Path) -> None:
    """Nobody can tell from the open one that the secret one has it too."""
    main = Attachment("application/pdf", LARGE)
    await hub.send(sent(YALA, 21, main=main))
    await hub.send(sent(SONGKHLA, 22, main=main, secrecy="003"))

    of_this_size = rows(data, f"SELECT digest FROM file WHERE size = {len(LARGE)}")  # noqa: S608
    assert len(of_this_size) == 3
    assert (await hub.store.check_books()).in_balance


async def test_open_letters_cost_no_look_for_a_key(data: Path) -> None:
    statements: list[str] = []

    def note(*told: Any) -> None:
        statements.append(told[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with opened(data) as it:
            hub = a_hub_on(it)
            await enter(hub, DEPARTMENT, PHUKET)
            await hub.send(sent(PHUKET, 1, main=Attachment("application/pdf", LARGE)))
            await hub.poll(PHUKET, delete=True)
            await hub.tell(PHUKET, NotifierKind.RECEIVED, numbered(1))
            await hub.poll(DEPARTMENT, delete=True)
            assert await it.views.letters(limit=10)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert statements
    assert [one for one in statements if "FROM letter_key" in one] == []
    assert rows(data, "SELECT hidden FROM letter") == [(None,)]
    assert rows(data, "SELECT DISTINCT letter_key FROM file") == [(None,)]
    assert LARGE in b"".join(p.read_bytes() for p in (data / SEGMENTS).iterdir())


SWAPS = {
    "letters": ("letter", "hidden", "id"),
    "consignments": ("consignment", "hidden", "id"),
    "journal lines": ("journal", "hidden", "consignment_id || number"),
    "files": ("file", "body", "digest"),
    "envelopes": ("envelope", "skeleton", "digest"),
    "keys": ("letter_key", "wrapped", "letter_id"),
}


@pytest.mark.parametrize("what", SWAPS)
async def test_what_was_sealed_for_another_row_is_named(
    hub: Hub, data: Path, what: str
) -> None:
    other = Attachment("application/pdf", SECRET_FILE[::-1])
    await hub.send(sent(YALA, 23, secrecy="002", main=other))
    table, column, key = SWAPS[what]
    [one, two, *_] = rows(
        data,
        f"SELECT {key}, hex({column}) FROM {table} "  # noqa: S608
        f"WHERE {column} IS NOT NULL ORDER BY 1 DESC",
    )
    assert one[1] != two[1]
    execute(
        data,
        *(
            f"UPDATE {table} SET {column} = x'{content}' WHERE {key} = '{row}'"  # noqa: S608
            for row, content in ((one[0], two[1]), (two[0], one[1]))
        ),
    )

    books = await hub.store.check_books()

    assert {f.letter for f in books.findings} & {str(numbered(14)), str(numbered(23))}
    for hidden in (SECRET_SUBJECT, SECRET_PERSON, REGISTRAR):
        assert hidden not in repr(books.findings)


async def test_what_two_copies_hide_cannot_be_swapped_by_who_knows_the_seals(
    store: SqlStore, data: Path
) -> None:
    """Both lie under one key: only the place that each was sealed for differs."""
    table = Row.metadata.tables["consignment"]
    engine = create_engine(url_of(data / DATABASE))
    with engine.begin() as connection:
        one, two = connection.execute(select(table)).mappings().all()
        for row, other in ((one, two), (two, one)):
            forged = with_seal("consignment", {**row, "hidden": other["hidden"]})
            its = table.c.id == row["id"]
            connection.execute(update(table).where(its).values(forged))
    engine.dispose()

    books = await store.check_books()

    places = {f"consignment {row['id']} hidden" for row in (one, two)}
    assert len(books.findings) == len(places)
    assert all(any(p in f.what for p in places) for f in books.findings)
    assert {finding.letter for finding in books.findings} == {str(numbered(14))}


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "swap"])
async def test_a_damaged_segment_names_the_secret_letter(
    store: SqlStore, data: Path, damage: str
) -> None:
    [path] = (data / SEGMENTS).iterdir()
    body = path.read_bytes()
    assert len(LARGE) < len(body) < ROLL_AT
    if damage == "flip":
        path.write_bytes(body[:99] + bytes([body[99] ^ 1]) + body[100:])
    elif damage == "cut":
        path.write_bytes(body[:-1])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.write_bytes(LARGE + body[len(LARGE) :])

    books = await store.check_books()

    assert {finding.letter for finding in books.findings} == {str(numbered(14))}
    assert {finding.table for finding in books.findings} == {"file", "envelope"}


async def test_a_lost_key_names_its_letter_and_makes_no_other(
    hub: Hub, data: Path
) -> None:
    execute(data, "DELETE FROM letter_key")

    books = await hub.store.check_books()

    assert {finding.letter for finding in books.findings} == {str(numbered(14))}
    [shown, _] = await hub.store.views.paths(numbered(14).number)
    assert shown.consignment.letter.subject == ""
    with pytest.raises(VaultDamaged):
        await hub.store.views.head(DEPARTMENT)
    await enter(hub, PHUKET)
    with pytest.raises(VaultDamaged):
        await hub.send(secret_letter(PHUKET, 14, FILES))
    assert rows(data, "SELECT * FROM letter_key") == []


async def test_a_letter_of_another_key_is_the_same_letter(
    store: SqlStore, data: Path
) -> None:
    """Rotation changes nothing of a letter: its copies are still recognised."""
    before = rows(data, "SELECT * FROM letter") + rows(data, "SELECT * FROM file")
    async with opened(data, a_keyring(OTHER_MASTER, MASTER)) as it:
        async with it.unit() as unit:
            done = await unit.letter_keys.rewrap(it.strongbox.ring)
            await unit.commit()
        assert done is not None
        assert done.done == 1
    async with opened(data, a_keyring(OTHER_MASTER)) as it:
        await it.try_keys()
        assert (await it.check_books()).in_balance

    del store
    after = rows(data, "SELECT * FROM letter") + rows(data, "SELECT * FROM file")
    assert after == before
