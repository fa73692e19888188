"""The bytes of an archived letter go; its journal, its receipts and its rows stay.

Who calls has verified the archive just before. What is known of the letter was read
outside the unit; in it the length of its journal says whether that is still so, since
whatever happens to a letter is a line of it.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.archive import Archived
from gateway.domain.consignment import HUB
from gateway.domain.lifecycle import Happening
from gateway.domain.retention import Reason, Retention, keeps_bytes
from gateway.ports import Path
from gateway.workflow.archive import ending_of
from gateway.workflow.work import Work


def reason_to_keep(
    work: Work,
    letter: Archived,
    path: Path,
    rules: Sequence[Retention],
    open_work: int,
) -> Reason | None:
    """Return why the bytes of an archived letter stay; None where they may go."""
    if letter.entries != len(path.journal):
        return Reason.CHANGED
    return keeps_bytes(ending_of(path, open_work), rules, work.clock.now())


async def purge(work: Work, letter: Archived) -> Reason | None:
    """Remove the bytes of a letter that nothing keeps; return why they stay after all.

    Doing it again changes nothing.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        consignment = await unit.consignments.get(letter.consignment)
        if consignment.entries != letter.entries:
            return Reason.CHANGED
        consignment.record(
            Happening.BYTES_PURGED,
            now,
            actor=HUB,
            facts={"archive": str(letter.archive)},
        )
        await unit.consignments.save(consignment)
        await unit.archives.note_purged(replace(letter, purged_at=now))
        await unit.archives.drop_bytes(consignment.id)
        await unit.commit()
    return None
