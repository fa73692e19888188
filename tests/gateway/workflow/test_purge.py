"""Bytes go when nothing needs them any more, and nothing else goes with them."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text

from envelopes.letter import Attachment, Letter, LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from envelopes.parts import take_apart
from gateway.domain.archive import Archive, Archived
from gateway.domain.consignment import Consignment
from gateway.domain.errors import LetterUnknown
from gateway.domain.lifecycle import FIRST, Happening, State
from gateway.domain.retention import Reason
from gateway.store.books import check_books
from gateway.store.errors import BytesPurged
from gateway.store.purging import SETTLED, reclaim
from gateway.store.store import SEGMENTS
from gateway.store.tables import Row
from gateway.store.vault import StoredVault
from gateway.workflow.purge import purge, reason_to_keep
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NUMBER, Hub, to

OTHER = LetterId("มท 0210.3/2", "2026-06-05")
SMALL = Attachment("application/pdf", b"%PDF-1.4 a small one")
LARGE = Attachment("application/pdf", bytes(range(256)) * 200)
TEN_YEARS = timedelta(days=3653)


def a_letter_to(
    receiver: OrganizationCode, number: LetterId = NUMBER, **changes: object
) -> Letter:
    files: dict[str, Any] = {"main": LARGE, "attachments": (SMALL,)}
    return to(receiver, number, **(files | changes))


async def ended(hub: Hub, letter: Letter) -> Archived:
    """Let a letter come to its end, and note that it lies in an archive."""
    receiver = letter.receiver.organization
    await hub.deliver(letter)
    await hub.take(receiver)
    await hub.tell(receiver, NotifierKind.REGISTERED, "1/2569", about=letter.id)
    await hub.keep()
    await hub.take(MINISTRY)
    return await archived(hub, receiver, letter.id)


async def archived(hub: Hub, receiver: OrganizationCode, number: LetterId) -> Archived:
    path = await hub.path(receiver, number)
    archive = Archive(
        id=hub.work.ids.new(),
        made_at=hub.clock.now(),
        until="2026-12-31",
        letters=1,
        size=1,
        digest="0" * 64,
    )
    letter = Archived(
        archive=archive.id, consignment=path.consignment.id, entries=len(path.journal)
    )
    async with hub.store.unit() as unit:
        await unit.archives.add(archive)
        await unit.archives.add_letters([letter])
        await unit.commit()
    return letter


async def why(hub: Hub, letter: Archived) -> Reason | None:
    """Return why the bytes of a letter stay."""
    [path] = await hub.store.views.paths_of([letter.consignment])
    async with hub.store.unit() as unit:
        work = await unit.archives.open_work([letter.consignment])
        rules = await unit.archives.rules()
    open_work = work.get(letter.consignment, 0)
    return reason_to_keep(hub.work, letter, path, rules, open_work)


async def whole(hub: Hub, receiver: OrganizationCode, number: LetterId = NUMBER) -> int:
    """Read all that is kept of a letter; return how many bytes that is."""
    path = await hub.path(receiver, number)
    delivery = path.consignment.delivery
    assert delivery is not None
    read = await hub.store.vault.read(path.consignment.envelope_digest)
    return len(read) + len(await hub.store.views.bytes_of(delivery))


async def bodies(hub: Hub) -> int:
    """Count the files that have bytes."""
    asked = "SELECT count(*) FROM file WHERE body IS NULL OR length(body) > 0"
    return int((await hub.store.reading.execute(text(asked))).scalar_one())


async def test_the_bytes_go_and_all_else_stays(hub: Hub) -> None:
    """Journal, receipts, numbers and the letter's own row say what they said."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    before = await hub.path(CHIANG_MAI)
    hub.clock.advance(days=TEN_YEARS.days)

    assert await why(hub, letter) is None
    assert await purge(hub.work, letter) is None

    after = await hub.path(CHIANG_MAI)
    with pytest.raises(BytesPurged):
        await whole(hub, CHIANG_MAI)
    assert await bodies(hub) == 0
    assert after.journal[:-1] == before.journal
    assert after.journal[-1].happening is Happening.BYTES_PURGED
    assert after.consignment.state is State.REGISTERED
    assert (after.receipts, after.registrations) == (
        before.receipts,
        before.registrations,
    )
    assert after.consignment.letter == before.consignment.letter


async def test_doing_it_again_changes_nothing(hub: Hub) -> None:
    """Who purged before has purged: the journal has one line of it."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    hub.clock.advance(days=TEN_YEARS.days)
    await purge(hub.work, letter)

    assert await purge(hub.work, letter) is Reason.CHANGED
    assert len(await hub.journal(Happening.BYTES_PURGED, CHIANG_MAI)) == 1


async def test_a_purged_letter_does_not_come_again(hub: Hub) -> None:
    """Asked for once more (operation 10), it is unknown: its inbox stays free."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    hub.clock.advance(days=TEN_YEARS.days)
    assert (await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)).process_id
    assert await purge(hub.work, letter) is Reason.CHANGED
    await hub.take(CHIANG_MAI)
    await purge(hub.work, await archived(hub, CHIANG_MAI, NUMBER))

    with pytest.raises(LetterUnknown):
        await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert await hub.look(CHIANG_MAI) is None


async def test_nothing_goes_before_its_time(hub: Hub) -> None:
    """Nor while something is still to be done, nor after it has changed."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    assert await why(hub, letter) is Reason.TOO_YOUNG
    hub.clock.advance(days=TEN_YEARS.days)
    assert await why(hub, letter) is None
    await hub.tell(MINISTRY, NotifierKind.WRONG_NUMBER, "1/2569")
    await hub.keep()

    assert await why(hub, letter) is Reason.CHANGED
    assert await purge(hub.work, letter) is Reason.CHANGED
    assert await whole(hub, CHIANG_MAI)
    again = await archived(hub, CHIANG_MAI, NUMBER)
    assert await why(hub, again) is Reason.NOT_FINAL


async def test_what_waits_in_an_inbox_stays(hub: Hub) -> None:
    """It was answered by another way, and its client has not fetched it yet."""
    await hub.deliver(a_letter_to(CHIANG_MAI))
    await hub.head(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.RETURNED)
    letter = await archived(hub, CHIANG_MAI, NUMBER)
    hub.clock.advance(days=TEN_YEARS.days)

    assert await why(hub, letter) is not None
    await hub.keep()


async def test_a_circular_keeps_its_files_until_the_last_receiver(hub: Hub) -> None:
    """Its files lie there once, and somebody still needs them."""
    first = await ended(hub, a_letter_to(CHIANG_MAI))
    second = await ended(hub, a_letter_to(LOEI))
    hub.clock.advance(days=TEN_YEARS.days)

    await purge(hub.work, first)
    assert await whole(hub, LOEI)
    assert await bodies(hub) == 2
    with pytest.raises(BytesPurged):
        await whole(hub, CHIANG_MAI)
    assert (await hub.books()).in_balance

    await purge(hub.work, second)
    assert await bodies(hub) == 0


async def test_a_file_that_another_letter_has_stays(hub: Hub) -> None:
    """Only what nobody else has goes."""
    first = await ended(hub, a_letter_to(CHIANG_MAI))
    await hub.deliver(a_letter_to(CHIANG_MAI, OTHER, attachments=()))
    hub.clock.advance(days=TEN_YEARS.days)

    await purge(hub.work, first)

    assert await bodies(hub) == 1
    assert await whole(hub, CHIANG_MAI, OTHER)


@pytest.mark.parametrize("file", [SMALL, LARGE], ids=["small", "large"])
async def test_a_file_that_comes_again_is_kept_anew(hub: Hub, file: Attachment) -> None:
    """That it was there once is no reason to have no bytes of it."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI, main=file))
    hub.clock.advance(days=TEN_YEARS.days)
    await purge(hub.work, letter)

    await hub.deliver(a_letter_to(LOEI, OTHER, main=file))

    assert await whole(hub, LOEI, OTHER) > len(file.content)


async def test_a_file_that_is_just_being_kept_stays(hub: Hub) -> None:
    """Whoever found it there a moment ago relies on it, though no row says so yet."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    hub.clock.advance(days=TEN_YEARS.days)
    known = (await hub.path(CHIANG_MAI)).consignment
    files = {file.digest: file.content for file in (LARGE, SMALL)}
    parts = take_apart(b"<x/>", files)
    async with hub.store.unit() as unit:
        await unit.vault.keep(parts, secret_of=None)
        purging = asyncio.ensure_future(purge(hub.work, letter))
        # It can go on only when this unit has ended.
        assert await asyncio.wait([purging], timeout=0.3) == (set(), {purging})
        other = _another(hub, known, parts.digest)
        await unit.letters.add(other.letter, hub.clock.now())
        await unit.consignments.add(other)
        await unit.commit()

    assert await purging is None
    assert await bodies(hub) == 2
    await _forget(hub, other)


def _another(hub: Hub, known: Consignment, envelope: str) -> Consignment:
    """Return another letter with the same files, as `receive` makes one."""
    facts = replace(
        known.letter,
        id=hub.work.ids.new(),
        letter_id=OTHER,
        content_digest="1" * 64,
    )
    other = replace(
        known,
        id=hub.work.ids.new(),
        letter=facts,
        process_id="1",
        envelope_digest=envelope,
        delivery=None,
        state=FIRST,
        entries=0,
        fresh=[],
    )
    other.accept()
    return other


async def _forget(hub: Hub, other: Consignment) -> None:
    """Take it out again: its envelope is none, which the books would find."""
    tables = Row.metadata.tables
    async with hub.store.unit() as unit:
        for name, column, key in (
            ("journal", "consignment_id", other.id),
            ("consignment", "id", other.id),
            ("letter_file", "letter_id", other.letter.id),
            ("letter", "id", other.letter.id),
            ("envelope", "digest", other.envelope_digest),
        ):
            table = tables[name]
            await unit.connection.execute(delete(table).where(table.c[column] == key))
        await unit.commit()


async def test_the_room_of_what_was_purged_is_given_back(
    hub: Hub, tmp_path: Path
) -> None:
    """Of segments that rest, and only what no row names; twice is no more."""
    folder = tmp_path / SEGMENTS
    other = Attachment("application/pdf", bytes(reversed(range(256))) * 200)
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    await hub.deliver(a_letter_to(LOEI, OTHER, main=other))
    hub.clock.advance(days=TEN_YEARS.days)
    await purge(hub.work, letter)
    segments = sorted(folder.iterdir()) if folder.is_dir() else []
    before = [len(path.read_bytes()) for path in segments]
    written = max([path.stat().st_mtime for path in segments], default=0.0)

    assert await reclaim(hub.store.reading, folder, written) == 0
    size = await reclaim(hub.store.reading, folder, written + SETTLED)

    content = b"".join(path.read_bytes() for path in segments)
    assert size == (len(LARGE.content) if segments else 0)
    assert LARGE.content not in content
    assert [len(path.read_bytes()) for path in segments] == before
    assert await whole(hub, LOEI, OTHER)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM archived",
        "UPDATE archived SET purged_at = NULL",
        "UPDATE archived SET entries = 99",
        "UPDATE file SET size = size + 1",
    ],
)
async def test_damage_to_what_was_purged_names_the_letter(
    hub: Hub, damage: str
) -> None:
    """What is gone rightly is told from what is gone."""
    letter = await ended(hub, a_letter_to(CHIANG_MAI))
    hub.clock.advance(days=TEN_YEARS.days)
    await purge(hub.work, letter)

    await _damaged(hub, damage)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE file SET body = ''", "UPDATE envelope SET skeleton = ''"],
)
async def test_bytes_that_are_gone_and_were_not_purged_name_the_letter(
    hub: Hub, damage: str
) -> None:
    """Nobody can purge by emptying a column."""
    await ended(hub, a_letter_to(CHIANG_MAI, main=SMALL))

    await _damaged(hub, damage)


async def _damaged(hub: Hub, damage: str) -> None:
    """Do it, see that the letter is named, and undo it."""
    async with hub.store.unit() as unit:
        if not hub.store.is_shared:
            damage = damage.replace("= ''", "= x''")
        await unit.connection.execute(text(damage))
        vault = StoredVault(unit.connection, hub.store.vault.bodies, unit.strongbox)
        books = await check_books(unit.connection, vault)
    assert any(NUMBER.number in finding.letter for finding in books.findings), books
