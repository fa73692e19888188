"""Ways in, and persons: who is let in at which door, and who sees what behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.access import Access
from gateway.domain.errors import AccessUnknown
from gateway.domain.organization import Person
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.directory import nobody_told
from gateway.store.reading import ACCESS, PERSON, Reader

_OF: Final = (
    select(ACCESS)
    .where(ACCESS.c.organization == bindparam("code"))
    .order_by(ACCESS.c.added_at, ACCESS.c.id)
)
_ADD: Final = insert(ACCESS)
_END: Final = (
    update(ACCESS)
    .where(
        ACCESS.c.id == bindparam("the_id"),
        ACCESS.c.organization == bindparam("the_organization"),
    )
    .values(ends_at=bindparam("at"))
)
_PERSONS: Final = (
    select(PERSON)
    .where(PERSON.c.organization == bindparam("code"))
    .order_by(PERSON.c.name)
)
_PERSON: Final = _PERSONS.where(PERSON.c.name == bindparam("name"))
_FORGET: Final = delete(PERSON).where(
    PERSON.c.organization == bindparam("code"), PERSON.c.name == bindparam("name")
)
_ADD_PERSON: Final = insert(PERSON)


@dataclass(frozen=True, slots=True)
class StoredAccesses:
    """Ways in, in one unit or on a connection that only reads."""

    connection: Connection
    changed: Callable[[OrganizationCode], None] = nobody_told
    """Told whose rows were changed, before that is durable."""

    async def of(self, code: OrganizationCode) -> Sequence[Access]:
        """Return an organization's ways in, oldest first, those that are over too."""
        found = await Reader(self.connection).fetch(_OF, code=code.text)
        return [rows.access(row) for row in found]

    async def add(self, access: Access) -> None:
        """Enter a way in."""
        await self.connection.execute(
            _ADD,
            {
                "id": access.id,
                "organization": access.organization.text,
                "kind": access.kind.value,
                "value": access.value,
                "added_at": access.added_at,
                "ends_at": access.ends_at,
            },
        )
        self.changed(access.organization)

    async def end(self, code: OrganizationCode, access: UUID, at: datetime) -> None:
        """Let a way in count for nothing from then on; raises `AccessUnknown`."""
        result = await self.connection.execute(
            _END, {"the_id": access, "the_organization": code.text, "at": at}
        )
        if result.rowcount != 1:
            raise AccessUnknown(str(access))
        self.changed(code)


@dataclass(frozen=True, slots=True)
class StoredPersons:
    """Persons, in one unit or on a connection that only reads."""

    connection: Connection

    async def of(self, code: OrganizationCode) -> Sequence[Person]:
        """Return an organization's persons, by name."""
        found = await Reader(self.connection).fetch(_PERSONS, code=code.text)
        return [rows.person(row) for row in found]

    async def find(self, code: OrganizationCode, name: str) -> Person | None:
        """Return a person by its name, its blanks single."""
        found = await Reader(self.connection).fetch(
            _PERSON, code=code.text, name=" ".join(name.split())
        )
        return rows.person(found[0]) if found else None

    async def enter(self, person: Person) -> None:
        """Enter a person, in place of what was known under its name."""
        key = {"code": person.organization.text, "name": person.name}
        await self.connection.execute(_FORGET, key)
        await self.connection.execute(
            _ADD_PERSON,
            {
                "organization": person.organization.text,
                "name": person.name,
                "secret_registrar": person.secret_registrar,
                "added_at": person.added_at,
            },
        )
