"""An archive is made: what has come to its end is written, then the hub notes it."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path as File
from typing import TYPE_CHECKING, Final
from uuid import UUID

from gateway.cli import archive_index, documents
from gateway.cli.archive_files import ABOUT, Folder, json_of
from gateway.cli.archive_letters import Letters
from gateway.domain.act import Order
from gateway.domain.archive import Archive, Archived
from gateway.domain.register import BANGKOK
from gateway.domain.retention import Reason, keeps_out_of_archive
from gateway.store.archives import StoredArchives
from gateway.workflow.archive import ending_of, note_archive

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

Advance = Callable[[int, int], None]

_AT_ONCE: Final = 50
"""Letters that are looked up at once; one is written after the other."""
_FIRST: Final = UUID(int=0)


@dataclass(slots=True)
class Made:
    """What was put into an archive, and what was not."""

    folder: Folder
    archive: Archive | None = None
    """None where there was nothing to put into it."""
    letters: list[Archived] = field(default_factory=list)
    left: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Which:
    """Which archive it is, and up to when."""

    id: UUID
    until: date
    made_at: datetime

    @property
    def before(self) -> datetime:
        """The first moment whose letters are not in it."""
        after = self.until + timedelta(days=1)
        return datetime(after.year, after.month, after.day, tzinfo=BANGKOK)


async def make(
    hub: "Hub", to: File, until: date, order: Order, advance: Advance
) -> Made:
    """Write an archive into a new folder, and have the hub note it.

    What fails, or is interrupted, leaves no folder. Raises `OSError`.
    """
    which = _Which(hub.work.ids.new(), until, hub.work.clock.now())
    made = Made(Folder(to).begin())
    with ExitStack() as undo:
        undo.callback(made.folder.drop)
        await _write(hub, made, which, advance)
        if not made.letters:
            return made
        digest = made.folder.end()
        undo.pop_all()
    made.archive = Archive(
        id=which.id,
        made_at=which.made_at,
        until=until.isoformat(),
        letters=len(made.letters),
        size=made.folder.size,
        digest=digest,
    )
    await note_archive(hub.work, made.archive, made.letters, order)
    return made


async def _write(hub: "Hub", made: Made, which: _Which, advance: Advance) -> None:
    folder, archives = made.folder, StoredArchives(hub.store.reading)
    folder.add("README.txt", archive_index.README.encode())
    index = archive_index.Index.begin(
        folder, which.id, which.until.isoformat(), which.made_at
    )
    letters = Letters(hub, folder, index)
    total, done, after = await archives.count(which.before), 0, _FIRST
    while ids := await archives.candidates(which.before, after, limit=_AT_ONCE):
        await _write_some(hub, made, letters, ids, which.id)
        done, after = done + len(ids), ids[-1]
        advance(min(done, total), total)
    await letters.end()
    index.end()
    folder.add(ABOUT, json_of(_about(made, which)))


async def _write_some(
    hub: "Hub", made: Made, letters: Letters, ids: Sequence[UUID], archive: UUID
) -> None:
    work = await StoredArchives(hub.store.reading).open_work(ids)
    signed = await hub.store.evidence.of(ids)
    paths = await hub.store.views.paths_of(ids)
    for path in sorted(paths, key=lambda one: one.consignment.id):
        consignment = path.consignment.id
        ending = ending_of(path, work.get(consignment, 0))
        if why := keeps_out_of_archive(ending):
            made.left[why] += 1
            continue
        await letters.add(path, signed.get(consignment, ()))
        entries = len(path.journal)
        made.letters.append(
            Archived(archive=archive, consignment=consignment, entries=entries)
        )


def _about(made: Made, which: _Which) -> documents.Document:
    return {
        "id": str(which.id),
        "made_at": documents.moment(which.made_at),
        "until": which.until.isoformat(),
        "letters": len(made.letters),
        "left_out": {why.value: number for why, number in sorted(made.left.items())},
    }
