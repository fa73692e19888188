"""The vault: one suite for both kinds, then what only segments have."""

import asyncio
import hashlib
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from envelopes.letter import Attachment
from envelopes.parts import take_apart
from gateway.store.bodies import InChunks, InSegments
from gateway.store.errors import StoreUnavailable, VaultDamaged
from gateway.store.segments import Place, Segments
from gateway.store.sqlite import SqliteConnection
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row
from gateway.store.vault import IN_ROW, StoredVault
from tests.letters import a_letter, as_wire

SMALL = random.Random(1).randbytes(IN_ROW)
LARGE = random.Random(2).randbytes(IN_ROW + 1)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def an_envelope(*files: bytes) -> tuple[bytes, dict[str, bytes]]:
    """Return an envelope that carries these files, and the files by digest."""
    main, *rest = (Attachment("application/pdf", file) for file in files)
    wire = as_wire(a_letter(main=main, attachments=tuple(rest)))
    return wire, {digest_of(file): file for file in files}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[SqliteConnection]:
    engine = create_engine(f"sqlite:///{tmp_path}/hub.sqlite")
    Row.metadata.create_all(engine)
    with engine.connect() as connection:
        yield SqliteConnection(connection)
    engine.dispose()


@pytest.fixture
def segments(tmp_path: Path) -> Iterator[Segments]:
    segments = Segments(tmp_path / "vault" / "segments")
    yield segments
    segments.close()


@pytest.fixture
def in_segments(connection: SqliteConnection, segments: Segments) -> StoredVault:
    return StoredVault(connection, InSegments(segments), Strongbox(connection, None))


@pytest.fixture(params=["directory", "database"])
def vault(
    request: pytest.FixtureRequest, connection: SqliteConnection, segments: Segments
) -> StoredVault:
    """The vault, of each kind; on PostgreSQL see `test_bodies.py`."""
    bodies = InSegments(segments) if request.param == "directory" else InChunks()
    return StoredVault(connection, bodies, Strongbox(connection, None))


async def rows(vault: StoredVault, statement: str) -> list[tuple[object, ...]]:
    result = await vault.connection.execute(text(statement))
    return [tuple(row) for row in result.all()]


@pytest.mark.parametrize("files", [(SMALL,), (LARGE,), (LARGE, SMALL, LARGE, b"x")])
async def test_an_envelope_comes_back_byte_for_byte(
    vault: StoredVault, files: tuple[bytes, ...]
) -> None:
    wire, by_digest = an_envelope(*files)
    await vault.keep(take_apart(wire, by_digest), secret_of=None)

    assert await vault.read(digest_of(wire)) == wire


async def test_small_files_lie_in_their_row_and_large_ones_in_a_segment(
    in_segments: StoredVault, segments: Segments
) -> None:
    wire, files = an_envelope(SMALL, LARGE)
    await in_segments.keep(take_apart(wire, files), secret_of=None)

    stored = await rows(
        in_segments, "SELECT digest, length(body), segment, start FROM file"
    )

    assert sorted(stored) == sorted(
        [
            (digest_of(SMALL), len(SMALL), None, None),
            (digest_of(LARGE), None, 1, 0),
        ]
    )
    assert (segments.directory / "000001").read_bytes() == LARGE


async def test_a_circular_keeps_its_files_once(
    in_segments: StoredVault, segments: Segments
) -> None:
    for number in range(5):
        main = Attachment("application/pdf", LARGE)
        wire = as_wire(a_letter(description=str(number), main=main, attachments=()))
        await in_segments.keep(
            take_apart(wire, {digest_of(LARGE): LARGE}), secret_of=None
        )

    assert await rows(in_segments, "SELECT count(*) FROM file") == [(1,)]
    [(skeletons,)] = await rows(
        in_segments, "SELECT max(length(skeleton)) FROM envelope"
    )
    assert isinstance(skeletons, int)
    assert skeletons < 8192
    assert (segments.directory / "000001").stat().st_size == len(LARGE)


async def test_keeping_again_changes_nothing(vault: StoredVault) -> None:
    wire, files = an_envelope(LARGE)
    await vault.keep(take_apart(wire, files), secret_of=None)
    before = await rows(vault, "SELECT * FROM file, envelope")

    await vault.keep(take_apart(wire, files), secret_of=None)

    assert await rows(vault, "SELECT * FROM file, envelope") == before


async def test_what_was_rolled_back_is_written_again(
    connection: SqliteConnection, in_segments: StoredVault
) -> None:
    wire, files = an_envelope(LARGE)
    await in_segments.keep(take_apart(wire, files), secret_of=None)
    connection._connection.rollback()

    await in_segments.keep(take_apart(wire, files), secret_of=None)

    assert await in_segments.read(digest_of(wire)) == wire
    assert await rows(in_segments, "SELECT start FROM file") == [(len(LARGE),)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE file SET body = zeroblob(size)",
        "UPDATE file SET body = NULL",
        "DELETE FROM file",
        "UPDATE envelope SET skeleton = substr(skeleton, 2)",
        "UPDATE envelope SET cuts = ''",
        "UPDATE envelope SET cuts = 'x'",
        "DELETE FROM envelope",
    ],
)
async def test_a_damaged_row_is_not_read(vault: StoredVault, damage: str) -> None:
    wire, files = an_envelope(SMALL)
    await vault.keep(take_apart(wire, files), secret_of=None)
    await vault.connection.execute(text(damage))

    with pytest.raises(VaultDamaged):
        await vault.read(digest_of(wire))


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
async def test_a_damaged_segment_is_not_read(
    in_segments: StoredVault, segments: Segments, damage: str
) -> None:
    wire, files = an_envelope(LARGE)
    await in_segments.keep(take_apart(wire, files), secret_of=None)
    path = segments.directory / "000001"
    if damage == "flip":
        path.write_bytes(LARGE[:100] + bytes([LARGE[100] ^ 1]) + LARGE[101:])
    elif damage == "truncate":
        path.write_bytes(LARGE[:-1])
    else:
        path.unlink()

    with pytest.raises(VaultDamaged) as caught:
        await in_segments.read(digest_of(wire))
    assert not caught.value.temporary


async def test_a_large_envelope_is_read_in_a_thread_and_whole(
    vault: StoredVault,
) -> None:
    wire, files = an_envelope(random.Random(3).randbytes(4 * 1024 * 1024))
    await vault.keep(take_apart(wire, files), secret_of=None)

    first, second = await asyncio.gather(
        vault.read(digest_of(wire)), vault.read(digest_of(wire))
    )

    assert first == second == wire


def test_a_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    segments = Segments(tmp_path, roll_at=10)
    places = [segments.append(body) for body in (b"12345", b"67890", b"next")]
    segments.sync()

    assert places == [Place(1, 0), Place(1, 5), Place(2, 0)]
    assert segments.read(places[1], 5) == b"67890"
    assert segments.read(places[2], 4) == b"next"
    segments.close()


def test_each_process_writes_segments_of_its_own(tmp_path: Path) -> None:
    """What a crash left at the end of a segment is never written over."""
    crashed, other, third = (Segments(tmp_path) for _ in range(3))
    crashed.append(b"half a bod")

    assert other.append(b"body") == Place(2, 0)
    assert crashed.append(b"more") == Place(1, 10)
    assert third.append(b"new") == Place(3, 0)
    for segments in (crashed, other, third):
        segments.close()


def test_syncing_nothing_makes_nothing(tmp_path: Path) -> None:
    Segments(tmp_path / "none").sync()

    assert not (tmp_path / "none").exists()


def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    segments = Segments(tmp_path / "file" / "segments")

    with pytest.raises(StoreUnavailable):
        segments.append(b"body")


def test_no_file_stays_open_that_is_not_written(tmp_path: Path) -> None:
    segments = Segments(tmp_path / "segments", roll_at=10)
    for _ in range(3):
        segments.append(b"1234567890")
        segments.sync()
    segments.append(b"1234567890")
    segments.append(b"1234567890")
    segments.sync()

    assert open_below(tmp_path) == [tmp_path / "segments" / "000005"]
    segments.close()
    assert open_below(tmp_path) == []


def open_below(folder: Path) -> list[Path]:
    """Return the files below a folder that this process holds open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        # The listing's own descriptor is gone by now.
        with suppress(FileNotFoundError):
            found.append(descriptor.readlink())
    return [path for path in found if folder in path.parents]
