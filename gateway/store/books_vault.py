"""Walks the vault: every file is digested again, every envelope has its use."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.types import NULLTYPE

from gateway.store.bodies import in_hop
from gateway.store.books_content import name_in
from gateway.store.books_inspection import Inspection
from gateway.store.books_rows import TABLES, Found, all_raw, raw_column
from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.vault import StoredVault

_FILE: Final = TABLES["file"]
_CHUNK: Final = TABLES["chunk"]
_ENVELOPE: Final = TABLES["envelope"]
_CONSIGNMENT: Final = TABLES["consignment"]
_FITTED_COPY: Final = TABLES["fitted_copy"]

_UNUSED: Final = (
    select(raw_column(_ENVELOPE.c.digest))
    .where(
        _ENVELOPE.c.digest.not_in(select(_CONSIGNMENT.c.envelope_digest)),
        _ENVELOPE.c.digest.not_in(
            select(_CONSIGNMENT.c.delivery_digest).where(
                _CONSIGNMENT.c.delivery_digest.is_not(None)
            )
        ),
        _ENVELOPE.c.digest.not_in(
            select(_FITTED_COPY.c.digest).where(_FITTED_COPY.c.digest.is_not(None))
        ),
    )
    .order_by(_ENVELOPE.c.digest)
)


_STRAY: Final = (
    select(raw_column(_CHUNK.c.digest))
    .where(
        _CHUNK.c.digest.not_in(
            select(_FILE.c.digest).where(
                _FILE.c.body.is_(None), _FILE.c.segment.is_(None)
            )
        )
    )
    .distinct()
)


async def check_files(inspection: Inspection) -> None:
    """Digest every file anew; what is damaged names the letters that have it."""
    digest = raw_column(_FILE.c.digest)
    first = all_raw(_FILE).order_by(digest).limit(inspection.at_once)
    after = first.where(digest > bindparam("after", type_=NULLTYPE))
    files = await inspection.reader.rows("file", first)
    while files:
        used = await _used(inspection, files)
        for file in files:
            await _check_file(inspection, file, used)
        inspection.advance(len(files))
        last = files[-1].raw["digest"]
        files = await inspection.reader.rows("file", after, after=last)


async def _used(inspection: Inspection, files: Iterable[Found]) -> set[Any]:
    digests = [file.raw["digest"] for file in files]
    found = await inspection.reader.pairs("letter_file", "digest", "digest", digests)
    return {digest for digest, _ in found}


async def _check_file(inspection: Inspection, file: Found, used: set[Any]) -> None:
    digest = str(file.raw["digest"])
    if await _is_purged(inspection, file):
        return
    try:
        what, actual = await _state(inspection.contents.vault, file)
    except SecretsClosed:
        inspection.closed.add(file.raw["letter_key"])
        return
    if what is None and file.raw["digest"] not in used:
        what = "no letter has this file"
    if what is not None:
        names = await inspection.labels.of_file(digest, actual)
        names = names or await _whose_key(inspection, file)
        inspection.of_names(names, "file", f"{digest}: {what}")


async def _is_purged(inspection: Inspection, file: Found) -> bool:
    """Say whether a file has no body because nobody needs it any more."""
    if file.raw["body"] != b"" or not file.raw["size"]:
        return False
    reader = inspection.reader
    digest = [file.raw["digest"]]
    letters = await reader.pairs("letter_file", "digest", "letter_id", digest)
    ids = [letter for _, letter in letters]
    consignments = await reader.of("consignment", "letter_id", ids)
    wanted = {row.raw["id"] for row in consignments}
    archived = await reader.of("archived", "consignment_id", wanted)
    purged = {
        row.raw["consignment_id"]
        for row in archived
        if row.holds() and row.values["purged_at"] is not None
    }
    return bool(wanted) and wanted == purged


async def _state(vault: StoredVault, file: Found) -> tuple[str | None, str]:
    """Say what is wrong with a file, and the digest that it has now."""
    if file.unreadable:
        return f"cannot be read: {', '.join(file.unreadable)}", ""
    columns = file.values
    in_row, in_segment = columns["body"] is not None, columns["segment"] is not None
    if in_segment != (columns["start"] is not None) or (in_row and in_segment):
        return "lies in its row and elsewhere, or nowhere", str(columns["digest"])
    try:
        veil = await vault.veil(columns)
        body = await vault.body(columns, veil)
    except VaultDamaged as error:
        return error.detail, ""
    digest = await in_hop(len(body), lambda: hashlib.sha256(body).hexdigest())
    actual = veil.file(digest)
    if actual != columns["digest"]:
        return "is not as it was kept", actual
    if len(body) != columns["size"]:
        return "has another size", actual
    return None, actual


async def check_chunks(inspection: Inspection) -> None:
    """Find chunks that are no part of a file, or of one that lies elsewhere."""
    result = await inspection.reader.connection.execute(_STRAY)
    for digest in list(result.scalars()):
        names = await inspection.labels.of_file(str(digest), "")
        inspection.of_names(names, "chunk", f"{digest}: no file lies in it")


async def check_envelopes(inspection: Inspection) -> None:
    """Find envelopes that no consignment came in and none goes in."""
    result = await inspection.reader.connection.execute(_UNUSED)
    for digest in list(result.scalars()):
        found = await inspection.reader.of("envelope", "digest", [digest])
        names = await _named(inspection, found[0]) if found else []
        what = f"{digest}: no consignment came in it or goes in it"
        inspection.of_names(names, "envelope", what)


async def _named(inspection: Inspection, envelope: Found) -> list[str]:
    """Name the letters of an envelope by what its bytes are, not by its key."""
    whole = await inspection.contents.as_it_is(envelope)
    actual = hashlib.sha256(whole).hexdigest()
    kept_as = inspection.contents.vault.box.kept_as(actual)
    names = await inspection.labels.of_envelope(*kept_as)
    names = names or [name for name in [name_in(whole)] if name]
    return names or await _whose_key(inspection, envelope)


async def _whose_key(inspection: Inspection, row: Found) -> list[str]:
    """Name the letter under whose key it lies, where it lies under any."""
    letter = row.raw["letter_key"]
    name = await inspection.labels.of_letter(letter) if letter is not None else ""
    return [name] if name else []
