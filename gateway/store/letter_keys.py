"""All wrapped keys of secret letters: counted, tried, and wrapped anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, update

from gateway.store.connection import Connection
from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.keyring import Keyring
from gateway.store.tables import Row

BATCH: Final = 500

_TRIED: Final = 20
"""Keys of letters that are tried for one master key: some of them may be damaged."""

_KEY: Final = Row.metadata.tables["letter_key"]
_COUNTED: Final = select(_KEY.c.wrapped_by, func.count().label("number")).group_by(
    _KEY.c.wrapped_by
)
_SOME: Final = select(_KEY).where(_KEY.c.wrapped_by == bindparam("by")).limit(_TRIED)
_OTHERS: Final = (
    select(_KEY)
    .where(
        _KEY.c.wrapped_by != bindparam("current"), _KEY.c.letter_id > bindparam("after")
    )
    .order_by(_KEY.c.letter_id)
    .limit(bindparam("limit"))
)
_WRAP: Final = (
    update(_KEY)
    .where(
        _KEY.c.letter_id == bindparam("letter"),
        # Where another process wrapped it meanwhile, it is done.
        _KEY.c.wrapped_by == bindparam("by_read"),
    )
    .values(wrapped_by=bindparam("by"), wrapped=bindparam("new"))
)


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """A batch of keys that were wrapped anew."""

    done: int
    damaged: tuple[UUID, ...]
    """Letters whose key opens under no key."""
    last: UUID
    """Where the next batch goes on."""


@dataclass(frozen=True, slots=True)
class StoredLetterKeys:
    """The wrapped keys, on one connection."""

    connection: Connection

    async def counted(self) -> Mapping[str, int]:
        """Return how many letters each master key wraps, by its id."""
        result = await self.connection.execute(_COUNTED)
        return {row["wrapped_by"]: row["number"] for row in result.mappings()}

    async def try_out(self, ring: Keyring) -> None:
        """Open some letter's key for each master key that wraps any.

        Raises `SecretsClosed` where a key is missing, or is another than it was.
        """
        for by in sorted(await self.counted()):
            result = await self.connection.execute(_SOME, {"by": by})
            if not any(_opens(ring, row) for row in map(dict, result.mappings())):
                raise SecretsClosed(detail=f"the key {by} is another than it was")

    async def rewrap(
        self, ring: Keyring, after: UUID | None = None, *, limit: int = BATCH
    ) -> Rewrapped | None:
        """Wrap the next keys anew under the master key in use; None for no more.

        Nothing of a letter itself is written. Raises `SecretsClosed` where a master
        key is missing; a damaged row is left as it is.
        """
        result = await self.connection.execute(
            _OTHERS,
            {"current": ring.in_use(), "after": after or UUID(int=0), "limit": limit},
        )
        fresh, damaged, last = [], [], None
        for row in result.mappings().all():
            last = row["letter_id"]
            try:
                by, new = ring.rewrap(last, row["wrapped_by"], row["wrapped"])
            except VaultDamaged:
                damaged.append(last)
                continue
            read = row["wrapped_by"]
            fresh.append({"letter": last, "by_read": read, "by": by, "new": new})
        if fresh:
            await self.connection.execute(_WRAP, fresh)
        return last and Rewrapped(len(fresh), tuple(damaged), last)


def _opens(ring: Keyring, row: Mapping[str, Any]) -> bool:
    try:
        ring.unwrap(row["letter_id"], row["wrapped_by"], row["wrapped"])
    except VaultDamaged:
        return False
    return True
