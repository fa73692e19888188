"""Which letter a finding is about, from the records that still hold.

The damaged record must not have the last word on its own name: a letter's row is
believed where its seal holds, then the envelopes its copies came in, then what is
left.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column

from envelopes.letter import LetterId
from gateway.store.books_bundle import Bundle
from gateway.store.books_content import UNREADABLE, Contents
from gateway.store.books_rows import TABLES, Found, RawReader, all_raw, key_text
from gateway.store.errors import SecretsClosed
from gateway.store.reading import BATCH

_LETTER: Final = TABLES["letter"]
_CONSIGNMENT: Final = TABLES["consignment"]


@dataclass(slots=True)
class Labels:
    """Finds the names of letters; asked only where something was found."""

    reader: RawReader
    contents: Contents
    _known: dict[str, str] = field(default_factory=dict)

    async def of_bundle(self, bundle: Bundle) -> str:
        """Name the letter of a consignment; empty where nothing is left to tell."""
        for letter in _letters(bundle):
            if name := await self.of_letter(letter):
                return name
        for digest, at in _envelopes(bundle):
            if name := await self._of_envelope(digest, at):
                return name
        return ""

    async def of_letter(self, letter: object) -> str:
        """Name a letter by its id, raw or converted."""
        key = key_text(letter)
        if key not in self._known:
            if len(self._known) >= BATCH:
                self._known.clear()
            self._known[key] = await self._found(letter)
        return self._known[key]

    async def of_file(self, *digests: str) -> list[str]:
        """Name the letters that have a file with one of these digests."""
        found = await self.reader.of("letter_file", "digest", digests)
        names = [await self.of_letter(row.raw["letter_id"]) for row in found]
        return sorted({name for name in names if name})

    async def of_envelope(self, *digests: str) -> list[str]:
        """Name the letters of the consignments that came, or go, in an envelope."""
        names: set[str] = set()
        for column in ("envelope_digest", "delivery_digest"):
            found = await self.reader.of("consignment", column, digests)
            names.update([await self.of_letter(row.raw["letter_id"]) for row in found])
        fitted = await self.reader.of("fitted_copy", "digest", digests)
        ids = [row.raw["consignment_id"] for row in fitted]
        letters = await self.reader.pairs("consignment", "id", "letter_id", ids)
        names.update([await self.of_letter(letter) for _, letter in letters])
        return sorted(names - {""})

    async def _found(self, letter: object) -> str:
        rows = await self._rows(_LETTER.c.id, letter)
        if rows and rows[0].holds():
            return _text(rows[0])
        for consignment in await self._rows(_CONSIGNMENT.c.letter_id, letter):
            name = await self._of_envelope(
                consignment.raw["envelope_digest"],
                consignment.values.get("accepted_at"),
            )
            if name:
                return name
        return _text(rows[0]) if rows else ""

    async def _rows(self, column: Column[Any], key: object) -> list[Found]:
        """Read a few rows by a key, raw or converted."""
        table = column.table
        if not isinstance(key, UUID):
            return (await self.reader.of(table.name, column.name, [key]))[:3]
        statement = all_raw(table).where(column == key).limit(3)
        return await self.reader.rows(table.name, statement)

    async def _of_envelope(self, digest: object, at: datetime | None) -> str:
        if at is None:
            return ""
        try:
            return str((await self.contents.letter(digest, at)).letter.id)
        except (*UNREADABLE, SecretsClosed):
            return ""


def _text(row: Found) -> str:
    return str(LetterId(str(row.raw["number"]), str(row.raw["date"])))


def _letters(bundle: Bundle) -> Iterator[object]:
    """Yield the ids of the letter that a bundle speaks of, best evidence first."""
    consignment = bundle.consignment
    if consignment is not None and consignment.holds():
        yield consignment.values["letter_id"]
    for entry in bundle.records().journal:
        with suppress(KeyError, ValueError):
            yield UUID(entry.facts["letter"])
    if consignment is not None:
        yield consignment.raw["letter_id"]


def _envelopes(bundle: Bundle) -> Iterator[tuple[object, datetime]]:
    """Yield the envelopes that a bundle speaks of, and when they came."""
    for entry in bundle.records().journal:
        if "envelope" in entry.facts:
            yield entry.facts["envelope"], entry.at
    consignment = bundle.consignment
    if consignment is not None and "accepted_at" in consignment.values:
        yield consignment.raw["envelope_digest"], consignment.values["accepted_at"]
