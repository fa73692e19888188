"""Files in rows: on every database, between two units, and damaged."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from envelopes.parts import Parts, take_apart
from gateway.store.bodies import CHUNK
from gateway.store.errors import VaultDamaged
from gateway.store.store import SEGMENTS, SqlStore, open_store
from tests.conftest import DATABASES
from tests.gateway.store.conftest import Opener

FILE = random.Random(4).randbytes(3 * CHUNK + 7)
TEXT = b"<a>"


def parts_of(file: bytes, before: bytes = TEXT) -> Parts:
    """An envelope around a file."""
    import pybase64  # noqa: PLC0415

    whole = before + pybase64.b64encode(file) + b"</a>"
    return take_apart(whole, {hashlib.sha256(file).hexdigest(): file})


@pytest.fixture(params=DATABASES)
async def stores(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Sequence[SqlStore]]:
    """Two stores of one hub whose files lie in the database."""
    url = None
    if request.param == "sqlite":
        request.getfixturevalue("data")
    else:
        url = request.getfixturevalue("postgresql_url")
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_store(tmp_path, database=url, vault="database")
            )
            for _ in range(2)
        ]


async def keep(store: SqlStore, parts: Parts) -> None:
    async with store.unit() as unit:
        await unit.vault.keep(parts, secret_of=None)
        await unit.commit()


async def count(store: SqlStore, table: str) -> object:
    result = await store.reading.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
    return result.scalar_one()


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 4 * CHUNK, 5 * CHUNK])
async def test_a_file_comes_back_whatever_its_size(
    stores: Sequence[SqlStore], tmp_path: Path, size: int
) -> None:
    """What one process kept the other reads; no machine has a folder with it."""
    parts = parts_of(random.Random(size).randbytes(size))

    await keep(stores[0], parts)

    assert hashlib.sha256(await stores[1].vault.read(parts.digest)).hexdigest() == (
        parts.digest
    )
    assert not (tmp_path / SEGMENTS).exists()


async def test_what_was_undone_was_never_there(stores: Sequence[SqlStore]) -> None:
    """A unit that does not commit leaves no piece behind."""
    async with stores[0].unit() as unit:
        await unit.vault.keep(parts_of(FILE), secret_of=None)

    assert await count(stores[0], "chunk") == 0
    assert await count(stores[0], "file") == 0


async def test_two_units_that_keep_one_file_keep_it_once(
    stores: Sequence[SqlStore],
) -> None:
    """Copies of a circular at two processes: the second waits, and writes nothing."""
    copies = [parts_of(FILE, before=b"<a>" + bytes([n])) for n in b"12345678"]

    await asyncio.gather(
        *(keep(stores[n % 2], parts) for n, parts in enumerate(copies))
    )

    assert await count(stores[0], "file") == 1
    assert await count(stores[0], "chunk") == 4
    for parts in copies:
        await stores[1].vault.read(parts.digest)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM chunk WHERE position = 1",
        "DELETE FROM chunk WHERE position = 3",
        "DELETE FROM chunk",
        "UPDATE chunk SET content = 'x'",
        "UPDATE chunk SET position = 9 WHERE position = 3",
        "INSERT INTO chunk SELECT digest, 4, content FROM chunk WHERE position = 3",
        "UPDATE file SET segment = 1, start = 0",
        "UPDATE file SET size = size + 1",
    ],
)
async def test_a_damaged_file_is_not_read(
    stores: Sequence[SqlStore], damage: str
) -> None:
    """Pieces that are missing, altered, moved or added are no file."""
    parts = parts_of(FILE)
    await keep(stores[0], parts)
    async with stores[0].unit() as unit:
        await unit.connection.execute(text(damage))
        await unit.commit()

    with pytest.raises(VaultDamaged):
        await stores[1].vault.read(parts.digest)


async def test_a_file_goes_with_its_pieces(stores: Sequence[SqlStore]) -> None:
    """Who removes a file's row need not know how it lay there."""
    await keep(stores[0], parts_of(FILE))
    async with stores[0].unit() as unit:
        await unit.connection.execute(text("DELETE FROM file"))
        await unit.commit()

    assert await count(stores[1], "chunk") == 0


async def test_the_kind_of_vault_is_noted_in_the_database(opener: Opener) -> None:
    """Who opens the store need not say it: each process has the same."""
    async with opener() as store:
        await store.note_facts({"vault": "database"})
    async with opener() as store:
        await keep(store, parts_of(FILE))

        assert await count(store, "chunk") == 4
