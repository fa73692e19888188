"""The bytes, by digest: each file once, each envelope with the files cut out.

Files up to 32 KiB lie in their row, larger ones where the hub's kind of vault has them
(`bodies.py`). The rows are written in the unit's transaction; segments are synced
before it commits (`Segments.sync`), so no committed row refers to bytes that may be
lost.
Nothing is remembered between calls: a row that was rolled back was never there.

What belongs to a secret letter lies encrypted under that letter's key, and is known
by keyed digests only (`keyring.py`). A file that another letter has too lies there
twice, so that no letter depends on the key of another.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, or_, select, text

from envelopes.parts import Cut, Parts, put_together, text_of
from gateway.store.bodies import INSERT_FILE, Bodies, in_hop
from gateway.store.connection import Connection
from gateway.store.errors import BytesPurged, VaultDamaged
from gateway.store.keyring import OVERHEAD, Keyring, LetterKey
from gateway.store.strongbox import Strongbox
from gateway.store.tables import EnvelopeRow, FileRow

IN_ROW: Final = 32 * 1024
"""Bytes up to which a file lies in its row: a segment would cost it a sync."""

_FILE_PLACE: Final = "file"
_ENVELOPE_PLACE: Final = "envelope"

_INSERT_ENVELOPE: Final = text(
    "INSERT INTO envelope (digest, size, skeleton, cuts, letter_key) VALUES "
    "(:digest, :size, :skeleton, :cuts, :letter_key) ON CONFLICT (digest) DO UPDATE "
    "SET skeleton = excluded.skeleton, cuts = excluded.cuts "
    "WHERE length(envelope.skeleton) = 0"
).bindparams(bindparam("letter_key", type_=Uuid()))
_FILE: Final = FileRow.metadata.tables["file"]
_ENVELOPE: Final = EnvelopeRow.metadata.tables["envelope"]
_OF_DIGESTS: Final = _FILE.c.digest.in_(bindparam("digests", expanding=True))
_KNOWN_FILES: Final = select(_FILE.c.digest).where(
    # One that was purged has an empty body beside its size: it is kept anew.
    _OF_DIGESTS,
    or_(_FILE.c.size == 0, _FILE.c.body.is_(None), func.length(_FILE.c.body) > 0),
)
# Nobody purges them until this unit has ended.
_HOLD_FILES: Final = _KNOWN_FILES.with_for_update(read=True, key_share=True)
_READ_FILES: Final = select(_FILE).where(_OF_DIGESTS)
_READ_ENVELOPE: Final = select(_ENVELOPE).where(
    _ENVELOPE.c.digest == bindparam("digest")
)


@dataclass(frozen=True, slots=True)
class Veil:
    """What lies over the bytes of a secret letter; nothing over those of others."""

    letter: UUID | None
    key: LetterKey | None
    ring: Keyring | None

    @property
    def overhead(self) -> int:
        """Bytes by which what is kept is longer."""
        return OVERHEAD if self.key else 0

    def over(self, place: str, digest: str, content: bytes) -> bytes:
        """Return what is kept in place of these bytes."""
        return self.key.seal(f"{place} {digest}", content) if self.key else content

    def under(self, place: str, digest: str, kept: bytes) -> bytes:
        """Return the bytes again; raises `VaultDamaged`."""
        return self.key.open(f"{place} {digest}", kept) if self.key else kept

    def whole(self, digest: str) -> str:
        """Return what an envelope's digest is kept as."""
        return self.ring.hidden(digest) if self.ring else digest

    def file(self, digest: str) -> str:
        """Return what a file's digest is kept as."""
        if self.ring is None or self.letter is None:
            return digest
        return self.ring.hidden_file(self.letter, digest)


@dataclass(frozen=True, slots=True)
class StoredVault:
    """The vault as one unit, or one reader, sees it: rows and bodies."""

    connection: Connection
    bodies: Bodies
    box: Strongbox

    async def keep(self, parts: Parts, *, secret_of: UUID | None) -> None:
        """Keep an envelope or a document; durable when the unit has committed.

        `secret_of` is the letter it belongs to, where that is secret. Keeping again
        what is already there changes nothing.
        """
        veil = Veil(None, None, None)
        if secret_of is not None:
            key = await self.box.new_key(secret_of)
            veil = Veil(secret_of, key, self.box.ring)
        await self._keep_files(parts.files, veil)
        digest = veil.whole(parts.digest)
        cuts = (Cut(cut.offset, veil.file(cut.digest)) for cut in parts.cuts)
        await self.connection.add(
            _INSERT_ENVELOPE,
            {
                "digest": digest,
                "size": parts.size,
                "skeleton": await in_hop(
                    len(parts.skeleton),
                    lambda: veil.over(_ENVELOPE_PLACE, digest, parts.skeleton),
                ),
                "cuts": written_cuts(cuts),
                "letter_key": secret_of,
            },
        )

    async def read(self, digest: str) -> bytes:
        """Return what was kept under this digest of the whole, byte for byte.

        Raises `VaultDamaged` where it is not there any more, or not the same.
        """
        # What is secret is not found under its own digest: open letters, and what
        # is asked for as it is kept, come with the first.
        for kept_as in self.box.kept_as(digest):
            found = {"digest": kept_as}
            result = await self.connection.execute(_READ_ENVELOPE, found)
            if (envelope := result.mappings().one_or_none()) is not None:
                return await self.restore(dict(envelope))
        raise VaultDamaged(detail=f"no envelope {digest}")

    async def file(self, digest: str) -> bytes:
        """Return a file of a letter that is not secret; raises `VaultDamaged`."""
        file = (await self._file_rows([digest])).get(digest, {})
        body = await self.body(file, Veil(None, None, None))
        found = await in_hop(len(body), lambda: hashlib.sha256(body).hexdigest())
        if found != digest:
            raise VaultDamaged(detail=f"a file is not as it was kept: {found}")
        return body

    async def restore(self, envelope: Mapping[str, Any]) -> bytes:
        """Return the whole that a row of `envelope` stands for, as `read` does."""
        if envelope["skeleton"] == b"" and envelope["size"]:
            raise BytesPurged(detail=f"envelope {envelope['digest']}")
        whole = await self.assemble(envelope)
        digest = await in_hop(len(whole), lambda: hashlib.sha256(whole).hexdigest())
        if envelope["letter_key"] is not None:
            digest = self.box.ring.hidden(digest)
        if digest != envelope["digest"]:
            raise VaultDamaged(detail=f"it is not as it was kept: {digest}")
        return whole

    async def assemble(self, envelope: Mapping[str, Any]) -> bytes:
        """Put an envelope together without asking whether it is the right one.

        Raises `VaultDamaged` where parts of it are not there.
        """
        if not isinstance(envelope["skeleton"], bytes):
            raise VaultDamaged(detail="an envelope has no skeleton")
        veil = await self.veil(envelope)
        cuts = read_cuts(envelope["cuts"])
        files = await self._file_rows({cut.digest for cut in cuts})
        texts = [await self._text(files.get(cut.digest, {}), veil) for cut in cuts]
        digest, skeleton = envelope["digest"], envelope["skeleton"]
        return await in_hop(
            envelope["size"],
            lambda: put_together(
                veil.under(_ENVELOPE_PLACE, digest, skeleton), cuts, texts
            ),
        )

    async def _text(self, file: Mapping[str, Any], veil: Veil) -> bytes:
        body = await self.body(file, veil)
        return await in_hop(len(body), lambda: text_of(body))

    async def veil(self, row: Mapping[str, Any]) -> Veil:
        """Return what lies over a row of `file` or `envelope`.

        Raises `SecretsClosed`, or `VaultDamaged` where its letter's key is not there.
        """
        letter = row["letter_key"]
        if letter is None:
            return Veil(None, None, None)
        return Veil(letter, await self.box.key(letter), self.box.ring)

    async def body(self, file: Mapping[str, Any], veil: Veil) -> bytes:
        """Return the bytes that a row of `file` stands for.

        Raises `VaultDamaged` where they are not all there, or lie under another veil;
        does not digest them.
        """
        if not file:
            raise VaultDamaged(detail="a file is not there")
        if file["letter_key"] != veil.letter:
            raise VaultDamaged(detail="a file is kept for another letter")
        kept = file["body"]
        if kept is None and isinstance(file["size"], int):
            size = file["size"] + veil.overhead
            kept = await self.bodies.get(self.connection, file, size)
        if not isinstance(kept, bytes):
            raise VaultDamaged(detail="a file has no body")
        found = kept
        return await in_hop(
            len(found), lambda: veil.under(_FILE_PLACE, file["digest"], found)
        )

    async def _keep_files(self, files: Mapping[str, bytes], veil: Veil) -> None:
        if not files:
            return
        kept_as = {veil.file(digest): body for digest, body in files.items()}
        known = await self._known(list(kept_as))
        in_row = []
        # In one order, so that two processes do not wait for each other.
        for digest, body in sorted(kept_as.items()):
            if digest in known:
                continue
            row = {"digest": digest, "size": len(body), "letter_key": veil.letter}
            kept = await in_hop(
                len(body), partial(veil.over, _FILE_PLACE, digest, body)
            )
            if len(body) <= IN_ROW:
                in_row.append({**row, "body": kept, "segment": None, "start": None})
            else:
                await self.bodies.put(self.connection, row, kept)
        if in_row:
            await self.connection.add(INSERT_FILE, in_row)

    async def _known(self, digests: list[str]) -> set[str]:
        """Return which of these files are kept, and stay so while the unit lasts.

        Most are new, and nothing is locked then: an INSERT finds out by itself where
        another unit has kept the same meanwhile.
        """
        result = await self.connection.execute(_KNOWN_FILES, {"digests": digests})
        if not (known := list(result.scalars())):
            return set()
        result = await self.connection.execute(_HOLD_FILES, {"digests": known})
        return set(result.scalars())

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
