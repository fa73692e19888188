"""The bytes of letters whose time is over, taken out of the vault.

The rows stay: an envelope's with an empty skeleton, a file's with an empty body
beside its size, so that what was there is known by its digest, and kept anew where it
comes again. Bytes that anything else still needs stay too: an envelope that another
consignment of the letter came in, a file that a letter has whose bytes stay. Both
rows are locked before that is asked, and whoever keeps the same file meanwhile holds
them as well (`vault.py`): on either side nothing is lost.
"""

import ctypes
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, delete, select, update

from gateway.store.connection import Connection
from gateway.store.keyring import OVERHEAD
from gateway.store.reading import CONSIGNMENT, FITTED_COPY, LETTER_FILE, Reader
from gateway.store.tables import Row

SETTLED: Final = 24 * 3600.0
"""Seconds for which a segment was not written before it is looked into: what a unit
has appended and not committed is named by no row either."""

_FILE: Final = Row.metadata.tables["file"]
_CHUNK: Final = Row.metadata.tables["chunk"]
_ENVELOPE: Final = Row.metadata.tables["envelope"]
_ARCHIVED: Final = Row.metadata.tables["archived"]

_IS_PURGED: Final = (
    select(_ARCHIVED.c.consignment_id)
    .where(
        _ARCHIVED.c.consignment_id == CONSIGNMENT.c.id,
        _ARCHIVED.c.purged_at.is_not(None),
    )
    .exists()
)
_OF_LETTER: Final = select(
    CONSIGNMENT.c.id,
    CONSIGNMENT.c.envelope_digest,
    CONSIGNMENT.c.delivery_digest,
    _IS_PURGED.label("is_purged"),
).where(CONSIGNMENT.c.letter_id == bindparam("letter"))
_LETTER: Final = select(CONSIGNMENT.c.letter_id).where(
    CONSIGNMENT.c.id == bindparam("consignment")
)
_COPIES: Final = select(FITTED_COPY.c.consignment_id, FITTED_COPY.c.digest).where(
    FITTED_COPY.c.consignment_id.in_(bindparam("consignments", expanding=True)),
    FITTED_COPY.c.digest.is_not(None),
)
_DIGESTS: Final[BindParameter[Any]] = bindparam("digests", expanding=True)
_LOCK_FILES: Final = (
    select(_FILE.c.digest)
    .where(_FILE.c.digest.in_(_DIGESTS))
    .order_by(_FILE.c.digest)
    .with_for_update()
)
_LOCK_ENVELOPES: Final = (
    select(_ENVELOPE.c.digest)
    .where(_ENVELOPE.c.digest.in_(_DIGESTS))
    .order_by(_ENVELOPE.c.digest)
    .with_for_update()
)
_FILES: Final = select(LETTER_FILE.c.digest).where(
    LETTER_FILE.c.letter_id == bindparam("letter")
)
_NEEDED: Final = (
    select(LETTER_FILE.c.digest)
    .join_from(
        LETTER_FILE, CONSIGNMENT, CONSIGNMENT.c.letter_id == LETTER_FILE.c.letter_id
    )
    .where(LETTER_FILE.c.digest.in_(_DIGESTS), ~_IS_PURGED)
    .distinct()
)
_EMPTY_ENVELOPES: Final = (
    update(_ENVELOPE).where(_ENVELOPE.c.digest.in_(_DIGESTS)).values(skeleton=b"")
)
_EMPTY_FILES: Final = (
    update(_FILE)
    .where(_FILE.c.digest.in_(_DIGESTS), _FILE.c.size > 0)
    .values(body=b"", segment=None, start=None)
)
_DROP_CHUNKS: Final = delete(_CHUNK).where(_CHUNK.c.digest.in_(_DIGESTS))
_PLACED: Final = (
    select(_FILE.c.segment, _FILE.c.start, _FILE.c.size, _FILE.c.letter_key)
    .where(_FILE.c.segment == bindparam("segment"))
    .order_by(_FILE.c.start)
)

_PUNCH: Final = 0x02
_KEEP_SIZE: Final = 0x01
"""Of fallocate(2): the stretch reads as zeros and takes no room any more."""


async def drop_bytes(connection: Connection, consignment: UUID) -> None:
    """Take out what only purged consignments need; this one is noted as purged."""
    reader = Reader(connection)
    [row] = await reader.fetch(_LETTER, consignment=consignment)
    letter = row["letter_id"]
    files = {row["digest"] for row in await reader.fetch(_FILES, letter=letter)}
    envelopes = await _envelopes(reader, letter, purged=True)
    # In this order everywhere, so that two of them do not wait for each other.
    await reader.fetch(_LOCK_FILES, digests=sorted(files))
    await reader.fetch(_LOCK_ENVELOPES, digests=sorted(envelopes))
    envelopes -= await _envelopes(reader, letter, purged=False)
    needed = await reader.fetch(_NEEDED, digests=sorted(files))
    files -= {row["digest"] for row in needed}
    for statement, digests in (
        (_EMPTY_ENVELOPES, envelopes),
        (_EMPTY_FILES, files),
        (_DROP_CHUNKS, files),
    ):
        if digests:
            await connection.execute(statement, {"digests": sorted(digests)})


async def _envelopes(reader: Reader, letter: UUID, *, purged: bool) -> set[str]:
    """Return in which envelopes the purged, or the other, consignments came and go."""
    found = await reader.fetch(_OF_LETTER, letter=letter)
    own = [row for row in found if bool(row["is_purged"]) is purged]
    digests = {row["envelope_digest"] for row in own}
    digests |= {row["delivery_digest"] for row in own}
    copies = await reader.fetch(_COPIES, consignments=[row["id"] for row in own])
    return (digests | {row["digest"] for row in copies}) - {None}


async def reclaim(connection: Connection, folder: Path, now: float) -> int:
    """Give back the room of what no row names any more; return how many bytes.

    Only in segments that rest, `now` being the time as files have it. None is removed:
    a process may still append to it. It may be run at any time, and again.
    """
    size = 0
    for path, end in _resting(folder, now):
        found = await Reader(connection).fetch(_PLACED, segment=int(path.name))
        gaps = list(_gaps(found, end))
        _punch(path, gaps)
        size += sum(length for _, length in gaps)
    return size


def _resting(folder: Path, now: float) -> list[tuple[Path, int]]:
    """Return the segments that rest, with their sizes."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    known = [(path, path.stat()) for path in paths if path.name.isdigit()]
    return [(p, state.st_size) for p, state in known if now - state.st_mtime >= SETTLED]


def _gaps(found: Sequence[Any], end: int) -> Iterator[tuple[int, int]]:
    """Yield where nothing lies: begin and length."""
    ends: dict[int, int] = defaultdict(int)
    for row in found:
        overhead = OVERHEAD if row["letter_key"] is not None else 0
        ends[row["start"]] = max(ends[row["start"]], row["size"] + overhead)
    at = 0
    for start, length in sorted(ends.items()):
        if start > at:
            yield at, start - at
        at = max(at, start + length)
    if end > at:
        yield at, end - at


def _punch(path: Path, gaps: Sequence[tuple[int, int]]) -> None:
    """Have stretches read as zeros; where the file system can, they take no room."""
    if not gaps:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDWR)
    try:
        for start, length in gaps:
            failed = libc.fallocate(
                descriptor,
                _PUNCH | _KEEP_SIZE,
                ctypes.c_longlong(start),
                ctypes.c_longlong(length),
            )
            if failed:
                _fill(descriptor, start, length)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(descriptor: int, start: int, length: int) -> None:
    piece = 1024 * 1024
    for at in range(start, start + length, piece):
        os.pwrite(descriptor, bytes(min(piece, start + length - at)), at)
