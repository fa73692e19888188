"""The master keys of secret letters, changed beside a hub that is at work.

Whoever changes the file has the database's only writing turn meanwhile, and whoever
wraps a key in that turn asks first whether the file has changed. So no letter is
ever wrapped under a key that is not in the file, and a rotation that was killed goes
on where it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from gateway.config import SettingsError
from gateway.domain.act import Act, Order
from gateway.keys.secret_file import SETTING, KeyFile
from gateway.store.keyring import Keyring
from gateway.store.letter_keys import BATCH, StoredLetterKeys

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.store.unit import StoredUnit

_NONE: Final = "this hub has no keys for secret letters"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key, by its id."""

    id: str
    in_use: bool
    letters: int
    """How many letters' keys it wraps."""
    is_here: bool
    """Whether it stands in the key file."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did."""

    key: str
    """The id of the master key in use now."""
    letters: int
    """How many letters' keys were wrapped anew."""
    damaged: tuple[UUID, ...]
    """Letters whose key could not be opened; they need what they needed before."""


async def master_keys(hub: "Hub", path: Path) -> list[MasterKey]:
    """Return all master keys, the one in use first, and those that are missing."""
    known = KeyFile.read(path).masters
    counted = await StoredLetterKeys(hub.store.reading).counted()
    here = [
        MasterKey(name, place == 0, counted.get(name, 0), is_here=True)
        for place, name in enumerate(known)
    ]
    missing = sorted(counted.keys() - known.keys())
    return here + [MasterKey(n, False, counted[n], is_here=False) for n in missing]  # noqa: FBT003 - no other is in use


async def rotate(
    hub: "Hub", path: Path, order: Order, advance: Callable[[int, int], None]
) -> Rotation:
    """Put a new master key into use, and wrap all letters' keys anew under it.

    One that did not come to its end is gone on with: no other key is made for it.
    """
    ring = _keyring(hub)
    async with hub.store.unit() as unit:
        keys = KeyFile.read(path)
        before = next(iter(keys.masters))
        counted = await unit.letter_keys.counted()
        if not counted.keys() - {before}:
            keys = keys.with_new_master()
            keys.replace(path)
        current = next(iter(keys.masters))
        total = sum(number for name, number in counted.items() if name != current)
        await _note(hub, unit, order, {"key": before}, {"key": current})
        await unit.commit()
    done, last = 0, None
    damaged: list[UUID] = []
    advance(done, total)
    while True:
        async with hub.store.unit() as unit:
            batch = await unit.letter_keys.rewrap(ring, last, limit=BATCH)
            if batch is None:
                return Rotation(current, done, tuple(damaged))
            await unit.commit()
        done, last = done + batch.done, batch.last
        damaged += batch.damaged
        advance(done, max(total, done))


async def prune(hub: "Hub", path: Path, order: Order) -> list[str]:
    """Take master keys out of the file that wrap no letter; return their ids."""
    _keyring(hub)
    async with hub.store.unit() as unit:
        keys = KeyFile.read(path)
        kept = keys.only(frozenset(await unit.letter_keys.counted()))
        gone = sorted(keys.masters.keys() - kept.masters.keys())
        if gone:
            await _note(hub, unit, order, {"keys": " ".join(gone)}, {})
            kept.replace(path)
        await unit.commit()
    return gone


def _keyring(hub: "Hub") -> Keyring:
    if hub.secrets_problem is not None:
        raise hub.secrets_problem
    if hub.store.keyring is None:
        raise SettingsError(SETTING, _NONE, "Make them: gateway keys secrecy new FILE")
    return hub.store.keyring


async def _note(
    hub: "Hub",
    unit: "StoredUnit",
    order: Order,
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> None:
    await unit.acts.add(
        Act(
            id=hub.work.ids.new(),
            at=hub.work.clock.now(),
            what=order.what,
            who=order.who,
            why=order.why,
            before=before,
            after=after,
        )
    )
