"""The bytes, by digest: each file once, each envelope with the files cut out.

Files up to 32 KiB lie in their row, larger ones in a segment (`segments.py`). The
rows are written in the unit's transaction; the segments are synced before it
commits (`Segments.sync`), so no committed row refers to bytes that may be lost.
Nothing is remembered between calls: a row that was rolled back was never there.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import TextClause, bindparam, select, text

from envelopes.parts import Cut, Parts, put_together
from gateway.store.connection import Connection
from gateway.store.errors import VaultDamaged
from gateway.store.segments import Place, Segments
from gateway.store.tables import EnvelopeRow, FileRow

IN_ROW: Final = 32 * 1024
"""Bytes up to which a file lies in its row: a segment would cost it a sync."""

INLINE: Final = 4 * 1024 * 1024
"""Bytes up to which reading and digesting cost less than they would delay others."""

T = TypeVar("T")


def _insert(table: str, *columns: str) -> TextClause:
    """Both databases know ON CONFLICT, SQLAlchemy spells it once for each."""
    names = ", ".join(columns)
    values = ", ".join(f":{column}" for column in columns)
    return text(
        f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    )


_INSERT_FILE: Final = _insert("file", "digest", "size", "body", "segment", "start")
_INSERT_ENVELOPE: Final = _insert("envelope", "digest", "size", "skeleton", "cuts")
_FILE: Final = FileRow.metadata.tables["file"]
_ENVELOPE: Final = EnvelopeRow.metadata.tables["envelope"]
_OF_DIGESTS: Final = _FILE.c.digest.in_(bindparam("digests", expanding=True))
_KNOWN_FILES: Final = select(_FILE.c.digest).where(_OF_DIGESTS)
_READ_FILES: Final = select(_FILE).where(_OF_DIGESTS)
_READ_ENVELOPE: Final = select(_ENVELOPE).where(
    _ENVELOPE.c.digest == bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class StoredVault:
    """The vault as one unit, or one reader, sees it: rows and segments."""

    connection: Connection
    segments: Segments

    async def keep(self, parts: Parts) -> None:
        """Keep an envelope or a document; durable when the unit has committed.

        Keeping again what is already there changes nothing. The unit calls
        `segments.sync` before it commits.
        """
        await self._keep_files(parts.files)
        await self.connection.execute(
            _INSERT_ENVELOPE,
            {
                "digest": parts.digest,
                "size": parts.size,
                "skeleton": parts.skeleton,
                "cuts": written_cuts(parts.cuts),
            },
        )

    async def read(self, digest: str) -> bytes:
        """Return what was kept under this digest of the whole, byte for byte.

        Raises `VaultDamaged` where it is not there any more, or not the same.
        """
        result = await self.connection.execute(_READ_ENVELOPE, {"digest": digest})
        envelope = result.mappings().one_or_none()
        if envelope is None:
            raise VaultDamaged(detail=f"no envelope {digest}")
        return await self.restore(dict(envelope))

    async def restore(self, envelope: Mapping[str, Any]) -> bytes:
        """Return the whole that a row of `envelope` stands for, as `read` does."""
        whole = await self.assemble(envelope)
        digest = await in_hop(len(whole), hashlib.sha256(whole).hexdigest)
        if digest != envelope["digest"]:
            raise VaultDamaged(detail=f"it is not as it was kept: {digest}")
        return whole

    async def assemble(self, envelope: Mapping[str, Any]) -> bytes:
        """Put an envelope together without asking whether it is the right one.

        Raises `VaultDamaged` where parts of it are not there.
        """
        if not isinstance(envelope["skeleton"], bytes):
            raise VaultDamaged(detail="an envelope has no skeleton")
        cuts = read_cuts(envelope["cuts"])
        files = await self._file_rows({cut.digest for cut in cuts})
        return await in_hop(
            envelope["size"],
            lambda: put_together(
                envelope["skeleton"], cuts, lambda name: self.body(files.get(name, {}))
            ),
        )

    def body(self, file: Mapping[str, Any]) -> bytes:
        """Return the bytes that a row of `file` stands for; blocks while it reads.

        Raises `VaultDamaged` where they are not all there; does not digest them.
        """
        match file:
            case {"body": bytes(body)}:
                return body
            case {"body": None, "segment": int(n), "start": int(at), "size": int(size)}:
                return self.segments.read(Place(n, at), size)
            case _:
                raise VaultDamaged(detail="a file has neither body nor place")

    async def _keep_files(self, files: Mapping[str, bytes]) -> None:
        if not files:
            return
        result = await self.connection.execute(_KNOWN_FILES, {"digests": list(files)})
        known = set(result.scalars())
        rows = [
            await self._file_row(digest, body)
            for digest, body in files.items()
            if digest not in known
        ]
        if rows:
            await self.connection.execute(_INSERT_FILE, rows)

    async def _file_row(self, digest: str, body: bytes) -> dict[str, Any]:
        row = {"digest": digest, "size": len(body), "body": body}
        if len(body) <= IN_ROW:
            return {**row, "segment": None, "start": None}
        place = await in_hop(len(body), lambda: self.segments.append(body))
        return {**row, "body": None, "segment": place.segment, "start": place.start}

    async def _file_rows(self, digests: Iterable[str]) -> dict[str, dict[str, Any]]:
        result = await self.connection.execute(_READ_FILES, {"digests": list(digests)})
        return {row["digest"]: dict(row) for row in result.mappings()}


def written_cuts(cuts: Iterable[Cut]) -> str:
    """Write cuts as the column `cuts` has them."""
    return " ".join(f"{cut.offset}:{cut.digest}" for cut in cuts)


def read_cuts(written: str) -> tuple[Cut, ...]:
    """Read the column `cuts`, or raise `VaultDamaged`."""
    try:
        pairs = [pair.split(":") for pair in str(written).split()]
        return tuple(Cut(int(offset), digest) for offset, digest in pairs)
    except ValueError as error:
        raise VaultDamaged(detail=f"cuts cannot be read: {written[:80]}") from error


async def in_hop(size: int, work: Callable[[], T]) -> T:
    """Do it at once where it is little, in a worker thread where it would delay."""
    return work() if size <= INLINE else await asyncio.to_thread(work)
