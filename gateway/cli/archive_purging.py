"""What an archive lets go: counted first, then removed."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import TYPE_CHECKING, Final
from uuid import UUID

from gateway.cli.archive_verified import verify
from gateway.cli.errors import ArchiveDamaged, ArchiveUnknown
from gateway.domain.act import Order
from gateway.domain.archive import Archive, Archived
from gateway.domain.retention import Reason
from gateway.store.archives import StoredArchives
from gateway.store.purging import reclaim
from gateway.store.store import SEGMENTS
from gateway.workflow.acts import note
from gateway.workflow.purge import purge, reason_to_keep

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

Advance = Callable[[int, int], None]

_AT_ONCE: Final = 50
_FIRST: Final = UUID(int=0)


@dataclass(slots=True)
class Purged:
    """What was, or would be, removed because of an archive."""

    archive: Archive
    letters: int = 0
    """Whose bytes go."""
    before: int = 0
    """Whose bytes went at an earlier time."""
    kept: Counter[Reason] = field(default_factory=Counter)
    size: int = 0
    """Bytes of segments that were given back."""


async def known_archive(hub: "Hub", place: File, advance: Advance) -> Archive:
    """Verify an archive, and return what the hub knows of it.

    Raises `ArchiveDamaged`, `ArchiveUnknown`, `OSError`.
    """
    found = verify(place, advance)
    if not found.is_whole:
        raise ArchiveDamaged(found.problems[0])
    archive = await StoredArchives(hub.store.reading).with_digest(found.digest)
    if archive is None:
        raise ArchiveUnknown(found.digest)
    return archive


async def count(hub: "Hub", archive: Archive) -> Purged:
    """Return what would go; changes nothing."""
    purged = Purged(archive)
    async for _, why in _letters(hub, purged):
        if why is None:
            purged.letters += 1
        else:
            purged.kept[why] += 1
    return purged


async def remove(
    hub: "Hub", archive: Archive, order: Order, advance: Advance
) -> Purged:
    """Remove the bytes of what nothing keeps; may be interrupted, and run again."""
    purged, done = Purged(archive), 0
    async with hub.store.unit() as unit:
        facts = {"archive": str(archive.id), "digest": archive.digest}
        await note(unit, hub.work, order, after=facts)
        await unit.commit()
    async for letter, held in _letters(hub, purged):
        why = held or await purge(hub.work, letter)
        if why is None:
            purged.letters += 1
        else:
            purged.kept[why] += 1
        done += 1
        advance(done, archive.letters)
    folder = hub.settings.data / SEGMENTS
    purged.size = await reclaim(hub.store.reading, folder, time.time())
    return purged


async def _letters(
    hub: "Hub", purged: Purged
) -> AsyncIterator[tuple[Archived, Reason | None]]:
    """Yield what lies in an archive and was not purged, with why it stays."""
    archives, after = StoredArchives(hub.store.reading), _FIRST
    rules = await archives.rules()
    while some := await archives.letters(purged.archive.id, after, limit=_AT_ONCE):
        after = some[-1].consignment
        purged.before += sum(one.purged_at is not None for one in some)
        left = {one.consignment: one for one in some if one.purged_at is None}
        work = await archives.open_work(list(left))
        for path in await hub.store.views.paths_of(list(left)):
            letter = left[path.consignment.id]
            open_work = work.get(letter.consignment, 0)
            yield letter, reason_to_keep(hub.work, letter, path, rules, open_work)
