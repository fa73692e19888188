"""Rows by their keys, a few statements for many, as domain values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Column, Select, Table, bindparam, select

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import Consignment, LetterFacts
from gateway.domain.organization import Organization
from gateway.domain.receipts import Receipt
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.hiding import shown
from gateway.store.keyring import LetterKey
from gateway.store.rows import Columns
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row

T = TypeVar("T")

BATCH: Final = 500
"""Keys in one statement, below the limits of both databases."""

_TABLES: Final = Row.metadata.tables
ORGANIZATION: Final = _TABLES["organization"]
CERTIFICATE: Final = _TABLES["certificate"]
ACCESS: Final = _TABLES["access"]
PERSON: Final = _TABLES["person"]
LETTER: Final = _TABLES["letter"]
LETTER_FILE: Final = _TABLES["letter_file"]
CONSIGNMENT: Final = _TABLES["consignment"]
JOURNAL: Final = _TABLES["journal"]
INBOX_ENTRY: Final = _TABLES["inbox_entry"]
FITTED_COPY: Final = _TABLES["fitted_copy"]
REGISTRATION: Final = _TABLES["registration"]
RECEIPT: Final = _TABLES["receipt"]
PROMISE: Final = _TABLES["promise"]
ENDPOINT: Final = _TABLES["endpoint"]
ATTEMPT: Final = _TABLES["attempt"]
DEAD_LETTER: Final = _TABLES["dead_letter"]
INCIDENT: Final = _TABLES["incident"]
REPLAY: Final = _TABLES["replay"]
REPLAY_ITEM: Final = _TABLES["replay_item"]


def padded(keys: Sequence[T]) -> list[T]:
    """Return keys to look for; the last is repeated until there are 1, 2, 4, 8 ….

    Each number is a statement of its own, which the database is to know already.
    """
    if not keys:
        return []
    return [*keys, *[keys[-1]] * ((1 << (len(keys) - 1).bit_length()) - len(keys))]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads on a connection; keys that are not there are left out."""

    connection: Connection
    box: Strongbox | None = None
    """For letters and consignments, which may be secret."""
    only_to_look: bool = False
    """Whether a secret letter that does not open is shown closed."""

    async def fetch(
        self, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> Sequence[Columns]:
        """Run a statement and return its rows by column names."""
        result = await self.connection.execute(statement, parameters)
        return result.mappings().all()

    async def of(
        self,
        table: Table,
        column: Column[Any],
        keys: Iterable[object],
        *order: Column[Any],
    ) -> list[Columns]:
        """Return the rows of a table that have one of these keys in a column."""
        statement = _by_keys(table, column, *order)
        unique = iter(dict.fromkeys(keys))
        found: list[Columns] = []
        while batch := list(islice(unique, BATCH)):
            found += await self.fetch(statement, keys=padded(batch))
        return found

    async def letters(self, found: Iterable[Columns]) -> dict[UUID, LetterFacts]:
        """Read letters with their files, from their rows."""
        by_id = {row["id"]: row for row in found}
        secret = [key for key, row in by_id.items() if row["hidden"] is not None]
        keys = await self.keys(secret)
        by_id = {key: shown("letter", row, keys.get(key)) for key, row in by_id.items()}
        files = defaultdict(list)
        for row in await self.of(LETTER_FILE, LETTER_FILE.c.letter_id, by_id):
            files[row["letter_id"]].append(row)
        return {key: rows.letter_facts(row, files[key]) for key, row in by_id.items()}

    async def consignments(self, found: Iterable[Columns]) -> dict[UUID, Consignment]:
        """Read consignments with their letters, from their rows."""
        kept = list(found)
        letters = await self.letters(
            await self.of(LETTER, LETTER.c.id, (row["letter_id"] for row in kept))
        )
        keys = await self.keys(
            row["letter_id"] for row in kept if row["hidden"] is not None
        )
        return {
            row["id"]: rows.consignment(
                shown("consignment", row, keys.get(row["letter_id"])),
                letters[row["letter_id"]],
            )
            for row in kept
        }

    async def keys(self, letters: Iterable[UUID]) -> dict[UUID, LetterKey]:
        """Return the keys of secret letters that can be opened here."""
        if self.box is None:
            return {}
        if self.only_to_look:
            return await self.box.keys_to_look(letters)
        return await self.box.keys(letters)

    async def organizations(
        self, codes: Iterable[OrganizationCode]
    ) -> dict[OrganizationCode, Organization]:
        """Read organizations."""
        texts = {code.text for code in codes}
        found = await self.of(ORGANIZATION, ORGANIZATION.c.code, texts)
        return {o.code: o for o in map(rows.organization, found)}

    async def receipts(self, ids: Iterable[UUID | None]) -> dict[UUID, Receipt]:
        """Read receipts."""
        known = {i for i in ids if i is not None}
        found = await self.of(RECEIPT, RECEIPT.c.id, known)
        return {row["id"]: rows.receipt(row) for row in found}


@cache
def _by_keys(
    table: Table, column: Column[Any], *order: Column[Any]
) -> Select[*tuple[Any, ...]]:
    """Return the statement, the same each time, so that it is compiled once."""
    found = select(table).where(column.in_(bindparam("keys", expanding=True)))
    return found.order_by(*order)
