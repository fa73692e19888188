"""The books and what is registered in them: no gap, no twin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.register import Book, Registration
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.hiding import hidden, shown
from gateway.store.reading import REGISTRATION, Reader
from gateway.store.rows import Columns
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row

_BOOK: Final = Row.metadata.tables["book"]
_THE_BOOK: Final = (
    _BOOK.c.organization == bindparam("the_organization"),
    _BOOK.c.book == bindparam("the_book"),
    _BOOK.c.year == bindparam("the_year"),
)
# Where the database has several writers, the row is locked until the unit ends.
_LAST: Final = select(_BOOK.c.last).where(*_THE_BOOK).with_for_update()
_OPEN: Final = insert(_BOOK)
_GO_ON: Final = (
    update(_BOOK)
    .where(*_THE_BOOK)
    .values(last=bindparam("new_last"), seal=bindparam("new_seal"))
)
_ADD: Final = insert(REGISTRATION)
_OF: Final = (
    select(REGISTRATION)
    .where(REGISTRATION.c.consignment_id == bindparam("consignment"))
    .order_by(REGISTRATION.c.id)
)


@dataclass(frozen=True, slots=True)
class StoredRegisters:
    """Registers, in one unit."""

    connection: Connection
    box: Strongbox

    async def next_number(
        self, organization: OrganizationCode, book: Book, year: int
    ) -> int:
        """Take the next number of a book; undone with the unit, so gap-free."""
        key = {
            "the_organization": organization.text,
            "the_book": book.value,
            "the_year": year,
        }
        result = await self.connection.execute(_LAST, key)
        last: int | None = result.scalar_one_or_none()
        number = (last or 0) + 1
        row = with_seal(
            "book",
            {
                "organization": organization.text,
                "book": book.value,
                "year": year,
                "last": number,
            },
        )
        if last is None:
            await self.connection.execute(_OPEN, row)
        else:
            await self.connection.execute(
                _GO_ON, {**key, "new_last": number, "new_seal": row["seal"]}
            )
        return number

    async def add(self, registration: Registration) -> None:
        """Enter a registration."""
        row = _row(registration)
        if registration.by:
            secret = await self.box.letters_of([registration.consignment])
            if letter := secret.get(registration.consignment):
                key = await self.box.key(letter)
                row = hidden("registration", row, key, self.box.ring)
        await self.connection.execute(_ADD, with_seal("registration", row))

    async def of(self, consignment: UUID) -> Sequence[Registration]:
        """Return a consignment's registrations, oldest first."""
        found = await Reader(self.connection).fetch(_OF, consignment=consignment)
        return [rows.registration(row) for row in await self._shown(found)]

    async def _shown(self, found: Sequence[Columns]) -> Sequence[Columns]:
        """Open what is of one secret letter."""
        if not (secret := [row for row in found if row["hidden"] is not None]):
            return found
        letters = await self.box.letters_of(row["consignment_id"] for row in secret)
        keys = await self.box.keys(letters.values())
        key = next(iter(keys.values()), None)
        return [shown("registration", row, key) for row in found]


def _row(registration: Registration) -> dict[str, Any]:
    return {
        "id": registration.id,
        "consignment_id": registration.consignment,
        "organization": registration.organization.text,
        "book": registration.book.value,
        "year": registration.year,
        "serial": registration.number.serial,
        "text": registration.number.text,
        "numbered_by": registration.numbered_by.value,
        "by": registration.by,
        "at": registration.at,
        "replaces": registration.replaces,
        "hidden": None,
    }
