"""Where the bodies of files lie that are too large for their row: two kinds of vault.

| kind | where | who can share it |
|---|---|---|
| `directory` | append-only segments in the data directory (`segments.py`) | machines that mount the same folder |
| `database` | pieces in rows of the table `chunk` | whoever has the database |

A hub has one kind, chosen when it is made. Both are tested by the same suite. Bytes
are written in the unit that keeps them, or before it commits, and read in pieces: of
a large body there is one copy in memory.
"""  # noqa: E501 - a table

import asyncio
import io
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Uuid, bindparam, insert, select, text, type_coerce
from sqlalchemy.types import NULLTYPE

from gateway.store.connection import Connection
from gateway.store.errors import VaultDamaged
from gateway.store.segments import Place, Segments
from gateway.store.tables import Row

INLINE: Final = 4 * 1024 * 1024
"""Bytes up to which reading and digesting cost less than they would delay others."""

CHUNK: Final = 256 * 1024
"""Bytes of a piece (docs/decisions/0031-several-processes.md has the measurements)."""

_AT_ONCE: Final = 4
"""Pieces that are read in one statement."""

_CHUNK: Final = Row.metadata.tables["chunk"]

INSERT_FILE: Final = text(
    "INSERT INTO file (digest, size, body, segment, start, letter_key) VALUES "
    "(:digest, :size, :body, :segment, :start, :letter_key) ON CONFLICT (digest) "
    "DO UPDATE SET body = excluded.body, segment = excluded.segment, "
    "start = excluded.start WHERE file.size > 0 AND length(file.body) = 0"
).bindparams(bindparam("letter_key", type_=Uuid()))
"""Both databases know ON CONFLICT, SQLAlchemy spells it once for each.

A file that was purged is kept again: its row has an empty body and a size.
"""

_COUNTED: Final = text(
    "SELECT count(*) AS files, coalesce(sum(size), 0) AS size FROM file"
    " WHERE body IS NULL AND segment IS NULL"
)
_INSERT_CHUNK: Final = insert(_CHUNK)
_READ_CHUNKS: Final = (
    # Raw: what is no bytes is damage, whoever wrote it there.
    select(_CHUNK.c.position, type_coerce(_CHUNK.c.content, NULLTYPE).label("content"))
    .where(
        _CHUNK.c.digest == bindparam("digest"),
        _CHUNK.c.position >= bindparam("first"),
    )
    .order_by(_CHUNK.c.position)
    .limit(_AT_ONCE)
)

T = TypeVar("T")


class Bodies(Protocol):
    """Keeps bodies, and reads them back."""

    async def put(
        self, connection: Connection, row: Mapping[str, Any], body: bytes
    ) -> None:
        """Write a row of `file`, and its body; nothing where the row is there.

        Durable once the transaction of the connection is. The columns `body`,
        `segment` and `start` are filled in.
        """

    async def get(
        self, connection: Connection, row: Mapping[str, Any], size: int
    ) -> bytes:
        """Return the body of a row of `file`, so many bytes.

        Raises `VaultDamaged` where they are not all there, or there are others.
        """


class InSegments:
    """Bodies in the segments of a directory."""

    __slots__ = ("segments",)

    def __init__(self, segments: Segments) -> None:
        self.segments = segments

    async def put(
        self, connection: Connection, row: Mapping[str, Any], body: bytes
    ) -> None:
        """Append the body, and write its row."""
        place = await in_hop(len(body), lambda: self.segments.append(body))
        placed = {"body": None, "segment": place.segment, "start": place.start}
        await connection.execute(INSERT_FILE, {**row, **placed})

    async def get(
        self, connection: Connection, row: Mapping[str, Any], size: int
    ) -> bytes:
        """Read the body; a large one in a thread."""
        del connection
        match row:
            case {"body": None, "segment": int(number), "start": int(start)}:
                place = Place(number, start)
                return await in_hop(size, lambda: self.segments.read(place, size))
            case _:
                raise VaultDamaged(detail="a file has neither body nor place")


class InChunks:
    """Bodies in rows of the database."""

    __slots__ = ()

    async def put(
        self, connection: Connection, row: Mapping[str, Any], body: bytes
    ) -> None:
        """Write the row, and piece by piece the body.

        Where another unit is keeping the same file, this waits until that is over.
        """
        nowhere_else = {"body": None, "segment": None, "start": None}
        result = await connection.execute(INSERT_FILE, {**row, **nowhere_else})
        if result.rowcount == 0:
            return
        for position, start in enumerate(range(0, len(body), CHUNK)):
            chunk = {
                "digest": row["digest"],
                "position": position,
                "content": body[start : start + CHUNK],
            }
            await connection.execute(_INSERT_CHUNK, chunk)

    async def get(
        self, connection: Connection, row: Mapping[str, Any], size: int
    ) -> bytes:
        """Read the body, some pieces at a time."""
        if row.get("segment") is not None or row.get("start") is not None:
            raise VaultDamaged(detail="a file lies in a segment")
        body, position = io.BytesIO(), 0
        # One piece more than there should be is asked for: there must be none.
        while body.tell() <= size:
            found = {"digest": row.get("digest"), "first": position}
            result = await connection.execute(_READ_CHUNKS, found)
            chunks = result.mappings().all()
            for chunk in chunks:
                content = chunk["content"]
                if chunk["position"] != position or not isinstance(content, bytes):
                    raise VaultDamaged(detail=f"chunk {position} is not there")
                body.write(content)
                position += 1
            if len(chunks) < _AT_ONCE:
                break
        if body.tell() != size:
            raise VaultDamaged(detail=f"its chunks have {body.tell()} bytes")
        return body.getvalue()


async def in_chunks(connection: Connection) -> tuple[int, int]:
    """Return how many files lie in rows of their own, and how many bytes they have."""
    found = (await connection.execute(_COUNTED)).mappings().one()
    return int(found["files"]), int(found["size"])


async def in_hop(size: int, work: Callable[[], T]) -> T:
    """Do it at once where it is little, in a worker thread where it would delay."""
    return work() if size <= INLINE else await asyncio.to_thread(work)
