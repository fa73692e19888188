"""What an operator decides of retention, and that an archive was made.

The files of an archive are written outside any unit, one letter after the other; the
hub notes it when it is whole. A crash before that leaves files that the hub does not
know, and nothing else: the next archive has the same letters again.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from gateway.domain.act import Order
from gateway.domain.archive import Archive, Archived
from gateway.domain.retention import Ending, Retention
from gateway.ports import Path
from gateway.workflow.acts import note
from gateway.workflow.work import Work

AT_ONCE: Final = 500
"""Letters that are noted in one unit: others must not wait for an archive."""


async def set_retention(work: Work, rule: Retention, order: Order) -> None:
    """Keep how long letters of a kind stay; doing it again changes nothing."""
    async with work.store.unit() as unit:
        known = {
            (one.organization, one.kind): one for one in await unit.archives.rules()
        }
        before = known.get((rule.organization, rule.kind))
        await unit.archives.set(rule, work.clock.now())
        await note(
            unit,
            work,
            order,
            organization=rule.organization,
            before={"kind": rule.kind, "years": str(before.years)} if before else {},
            after={"kind": rule.kind, "years": str(rule.years)},
        )
        await unit.commit()


async def note_archive(
    work: Work, archive: Archive, letters: Sequence[Archived], order: Order
) -> None:
    """Note an archive that is whole, and what lies in it.

    A crash in between leaves letters out: they are not purged because of it.
    """
    async with work.store.unit() as unit:
        await unit.archives.add(archive)
        await note(
            unit,
            work,
            order,
            after={
                "archive": str(archive.id),
                "until": archive.until,
                "letters": str(archive.letters),
                "digest": archive.digest,
            },
        )
        await unit.commit()
    rest: Iterator[Archived] = iter(letters)
    while some := list(islice(rest, AT_ONCE)):
        async with work.store.unit() as unit:
            await unit.archives.add_letters(some)
            await unit.commit()


def ending_of(path: Path, open_work: int) -> Ending:
    """Return what is known of a letter's end; `open_work` as in `Ending`."""
    consignment = path.consignment
    lies = {entry.receipt: entry.standing for entry in path.notifier_entries}
    return Ending(
        letter=consignment.letter,
        receiver=consignment.receiver,
        state=consignment.state,
        last_at=path.journal[-1].at,
        letter_lies=path.entry.standing if path.entry else None,
        receipts_lie=tuple(
            lies.get(receipt.id)
            for receipt in path.receipts
            if receipt.tells is not None
        ),
        open_work=open_work,
    )
