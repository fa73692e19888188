"""Seals and opens what is kept of secret letters, on one connection.

For a table of your own that holds something of a letter:

    sealed = await box.seal(letter_id, f"signed_receipt {about} document", content)
    content = await box.open(letter_id, f"signed_receipt {about} document", sealed)

The place is the table, the row's key and the column: what was sealed for one row
opens in no other. Call it for letters that are secret and for no others. Both raise
`SecretsClosed` where this hub has no key for it, `VaultDamaged` where the letter's
own key or what was sealed is not as it was. Every unit has one (`unit.strongbox`),
and so has the store, to read (`store.strongbox`).
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from gateway.store.connection import Connection
from gateway.store.errors import SecretsClosed, StoreError, VaultDamaged
from gateway.store.keyring import KEY_SIZE, Keyring, LetterKey
from gateway.store.tables import Row

_KEY: Final = Row.metadata.tables["letter_key"]
_LETTER: Final = Row.metadata.tables["letter"]
_CONSIGNMENT: Final = Row.metadata.tables["consignment"]

_BATCH: Final = 500
_KEYS: Final = select(_KEY).where(
    _KEY.c.letter_id.in_(bindparam("letters", expanding=True))
)
_ADD: Final = insert(_KEY)
_IS_THERE: Final = select(_LETTER.c.id).where(_LETTER.c.id == bindparam("letter"))
_LETTERS_OF: Final = (
    select(_CONSIGNMENT.c.id, _CONSIGNMENT.c.letter_id)
    .join_from(_CONSIGNMENT, _KEY, _CONSIGNMENT.c.letter_id == _KEY.c.letter_id)
    .where(_CONSIGNMENT.c.id.in_(bindparam("consignments", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Strongbox:
    """The keys of secret letters, as one unit or one reader sees them."""

    connection: Connection
    keyring: Keyring | None
    """None where this hub carries no secret letter, or its key file is missing."""

    async def seal(self, letter: UUID, place: str, content: bytes) -> bytes:
        """Encrypt something of a secret letter."""
        return (await self.key(letter)).seal(place, content)

    async def open(self, letter: UUID, place: str, sealed: bytes) -> bytes:
        """Decrypt something of a secret letter."""
        return (await self.key(letter)).open(place, sealed)

    def kept_as(self, digest: str) -> list[str]:
        """Return what a digest may be kept as: itself, or hidden."""
        return [digest, *([self.keyring.hidden(digest)] if self.keyring else [])]

    @property
    def ring(self) -> Keyring:
        """The keyring; raises `SecretsClosed` where there is none."""
        if self.keyring is None:
            raise SecretsClosed(detail="there is no key for secret letters")
        return self.keyring

    async def key(self, letter: UUID) -> LetterKey:
        """Return the key of a secret letter, which must be there."""
        ring, found = self.ring, await self._wrapped([letter])
        if letter not in found:
            raise VaultDamaged(detail=f"letter_key {letter}: is not there")
        return ring.unwrap(letter, *found[letter])

    async def keys(self, letters: Iterable[UUID]) -> dict[UUID, LetterKey]:
        """Return the keys of secret letters to work with; none where there is no key.

        Raises as `key` where there is one: half a letter must not be handed on.
        """
        if self.keyring is None:
            return {}
        wanted = list(dict.fromkeys(letters))
        found = await self._wrapped(wanted)
        for letter in wanted:
            if letter not in found:
                raise VaultDamaged(detail=f"letter_key {letter}: is not there")
        return {x: self.keyring.unwrap(x, *wrapped) for x, wrapped in found.items()}

    async def keys_to_look(self, letters: Iterable[UUID]) -> dict[UUID, LetterKey]:
        """Return the keys of secret letters that open; lists show others closed."""
        found: dict[UUID, LetterKey] = {}
        if self.keyring is None:
            return found
        wrapped = await self._wrapped(list(dict.fromkeys(letters)))
        for letter, (by, content) in wrapped.items():
            with suppress(SecretsClosed, VaultDamaged):
                found[letter] = self.keyring.unwrap(letter, by, content)
        return found

    async def _wrapped(self, letters: Sequence[UUID]) -> dict[UUID, tuple[str, bytes]]:
        found: dict[UUID, tuple[str, bytes]] = {}
        for start in range(0, len(letters), _BATCH):
            result = await self.connection.execute(
                _KEYS, {"letters": letters[start : start + _BATCH]}
            )
            found |= {
                row["letter_id"]: (row["wrapped_by"], row["wrapped"])
                for row in result.mappings()
            }
        return found

    async def new_key(self, letter: UUID) -> LetterKey:
        """Return the key of a letter, made where the letter is not kept yet.

        One whose key was lost never gets another: it would hide the loss.
        """
        ring = self.ring
        if found := await self._wrapped([letter]):
            return ring.unwrap(letter, *found[letter])
        result = await self.connection.execute(_IS_THERE, {"letter": letter})
        if result.scalar_one_or_none() is not None:
            raise VaultDamaged(detail=f"letter_key {letter}: is not there")
        key = os.urandom(KEY_SIZE)
        by, wrapped = ring.wrap(letter, key)
        await self.connection.execute(
            _ADD, {"letter_id": letter, "wrapped_by": by, "wrapped": wrapped}
        )
        return LetterKey(key)

    async def letters_of(self, consignments: Iterable[UUID]) -> Mapping[UUID, UUID]:
        """Return the letters of those consignments that are of secret letters."""
        wanted = list(dict.fromkeys(consignments))
        found: dict[UUID, UUID] = {}
        for start in range(0, len(wanted), _BATCH):
            result = await self.connection.execute(
                _LETTERS_OF, {"consignments": wanted[start : start + _BATCH]}
            )
            found |= {row["id"]: row["letter_id"] for row in result.mappings()}
        return found

    async def letter_of(self, consignment: UUID) -> UUID:
        """Return the letter of a consignment of which a secret is to be kept."""
        found = await self.letters_of([consignment])
        if consignment not in found:
            raise StoreError(detail=f"consignment {consignment} has no secret letter")
        return found[consignment]
