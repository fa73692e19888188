"""What a client cannot get past goes out of the way, and comes back (F4.6)."""

import asyncio
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from envelopes.dialects import BOI, CSHARP, DIALECTS, Dialect
from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.domain.errors import EntryUnknown
from gateway.domain.inbox import PARKED_FOR, Standing
from gateway.domain.lifecycle import Happening
from gateway.workflow.collect import confirm
from gateway.workflow.park import bring_back_after_a_day, unpark
from gateway.workflow.register import register
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to

SECOND = LetterId("มท 0210.3/2", "2026-06-05")
THIRD = LetterId("มท 0210.3/3", "2026-06-05")
BEHIND = Happening.ENTRY_SET_BEHIND
PARKED = Happening.ENTRY_PARKED
BACK = Happening.ENTRY_CAME_BACK
PATIENCE = CSHARP.patience


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


async def two_letters(hub: Hub) -> tuple[str, str]:
    """Lay two letters into the inbox of a C# client; return their ProcessIDs."""
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))
    first, second = await hub.inbox(CHIANG_MAI)
    return first.process_id, second.process_id


async def parked_letter(hub: Hub) -> str:
    """Have a client read its only letter in vain until it is parked."""
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    [process_id] = set(await hub.read(CHIANG_MAI, 2 * PATIENCE))
    assert await hub.look(CHIANG_MAI) is None
    return process_id


async def standing(hub: Hub, process_id: str) -> Standing:
    async with hub.store.unit() as unit:
        entry = await unit.inboxes.find(CHIANG_MAI, process_id)
    assert entry is not None
    return entry.standing


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
async def test_a_head_read_in_vain_is_set_behind_once_and_parked_the_second_time(
    hub: Hub, dialect: Dialect
) -> None:
    first, second = await two_letters(hub)
    await hub.speaks(CHIANG_MAI, dialect)
    patience = dialect.patience

    reads = await hub.read(CHIANG_MAI, 4 * patience)

    assert reads == [
        process_id
        for process_id in (first, second, first, second)
        for _ in range(patience)
    ]
    assert await hub.look(CHIANG_MAI) is None
    assert [await standing(hub, p) for p in (first, second)] == [Standing.PARKED] * 2
    happened = [entry.happening for entry in (await hub.path(CHIANG_MAI)).journal]
    assert (happened.count(BEHIND), happened.count(PARKED)) == (1, 1)


async def test_q_b19_boi_reads_sixty_times_before_it_is_set_behind(hub: Hub) -> None:
    """Three page views of twenty polls."""
    first, second = await two_letters(hub)
    await hub.speaks(CHIANG_MAI, BOI)

    assert set(await hub.read(CHIANG_MAI, 60)) == {first}
    assert await hub.read(CHIANG_MAI, 1) == [second]


async def test_a_letter_that_is_deleted_in_time_is_never_moved(hub: Hub) -> None:
    first, second = await two_letters(hub)

    assert set(await hub.read(CHIANG_MAI, PATIENCE - 1)) == {first}
    await hub.take(CHIANG_MAI)

    assert (await hub.head(CHIANG_MAI)).process_id == second
    assert not await hub.journal(BEHIND, CHIANG_MAI)


async def test_polls_at_the_limit_at_once_move_it_once(hub: Hub) -> None:
    await two_letters(hub)
    await hub.read(CHIANG_MAI, PATIENCE)

    await asyncio.gather(*(hub.look(CHIANG_MAI) for _ in range(5)))

    assert len(await hub.journal(BEHIND, CHIANG_MAI)) == 1
    assert not await hub.journal(PARKED, CHIANG_MAI)


# With several writers a poll may still be answered with the head that it had found.
@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_polls_at_the_limit_at_once_show_the_new_head(hub: Hub) -> None:
    _, second = await two_letters(hub)
    await hub.read(CHIANG_MAI, PATIENCE)

    shown = await asyncio.gather(*(hub.head(CHIANG_MAI) for _ in range(5)))

    assert {s.process_id for s in shown} == {second}


async def incidents(hub: Hub, *, closed: bool = False) -> list[tuple[str, int, str]]:
    """Return cause, count and why it was closed of all incidents, or the open ones."""
    found = [x.incident for x in await hub.store.views.dead.incidents(closed=closed)]
    assert {incident.endpoint for incident in found} <= {CHIANG_MAI}
    return [(one.cause, one.count, one.closed_why) for one in found]


async def test_a_parked_letter_is_an_incident_until_its_client_gets_past_it(
    hub: Hub,
) -> None:
    """One more letter is one more failure of the same incident."""
    await two_letters(hub)
    await hub.read(CHIANG_MAI, 4 * PATIENCE)
    assert await hub.look(CHIANG_MAI) is None
    assert await incidents(hub) == [("letter-parked", 2, "")]

    await hub.deliver(to(CHIANG_MAI, THIRD))
    await hub.take(CHIANG_MAI)
    assert await incidents(hub) == [("letter-parked", 2, "")]
    await hub.take(CHIANG_MAI)

    assert await incidents(hub) == []
    assert await incidents(hub, closed=True) == [("letter-parked", 2, "taken")]


async def test_a_clerk_who_registers_a_parked_letter_ends_its_incident(
    hub: Hub,
) -> None:
    """So does whoever takes it out of the inbox otherwise."""
    process_id = await parked_letter(hub)

    await register(hub.work, CHIANG_MAI, process_id, by="สมศรี")

    assert await incidents(hub) == []


async def test_a_sender_who_takes_a_parked_letter_back_ends_its_incident(
    hub: Hub,
) -> None:
    """Nobody has to get past it any more."""
    await parked_letter(hub)

    await hub.free(CHIANG_MAI)

    assert await incidents(hub) == []


async def test_a_parked_letter_is_an_error_and_a_note_before(hub: Hub) -> None:
    with capture_logs() as lines:
        await parked_letter(hub)

    consignment = (await hub.path(CHIANG_MAI)).consignment.id
    said = [
        (line["event"], line["log_level"], line["consignment"], line["organization"])
        for line in lines
        if line["event"] in {"entry set behind", "letter parked"}
    ]
    assert said == [
        ("entry set behind", "warning", consignment, CHIANG_MAI),
        ("letter parked", "error", consignment, CHIANG_MAI),
    ]


async def test_a_parked_notifier_is_a_note(hub: Hub) -> None:
    await hub.speaks(MINISTRY, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    await hub.keep()
    await hub.read(MINISTRY, 2 * PATIENCE)

    with capture_logs() as lines:
        assert await hub.look(MINISTRY) is None

    said = {line["event"]: line["log_level"] for line in lines}
    assert said == {"notifier parked": "info"}


async def test_it_comes_back_when_its_client_deletes_another_entry(hub: Hub) -> None:
    parked = await parked_letter(hub)
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.deliver(to(CHIANG_MAI, THIRD))
    assert (await hub.head(CHIANG_MAI)).process_id != parked

    await hub.take(CHIANG_MAI)

    third, last = await hub.inbox(CHIANG_MAI)
    assert third.process_id != parked
    assert last.process_id == parked
    assert [e.actor for e in await hub.journal(BACK, CHIANG_MAI)] == ["hub"]


async def test_another_inbox_s_deletion_brings_nothing_back(hub: Hub) -> None:
    parked = await parked_letter(hub)
    await hub.deliver(to(LOEI, SECOND))

    await hub.take(LOEI)

    assert await standing(hub, parked) is Standing.PARKED


async def test_deleting_what_is_not_there_brings_nothing_back(hub: Hub) -> None:
    parked = await parked_letter(hub)

    await confirm(hub.work, CHIANG_MAI, "XmlValue-01")

    assert await standing(hub, parked) is Standing.PARKED


async def test_what_is_parked_can_still_be_deleted(hub: Hub) -> None:
    """Its client stored it and comes late with the deletion."""
    parked = await parked_letter(hub)

    await confirm(hub.work, CHIANG_MAI, parked)

    assert await standing(hub, parked) is Standing.TAKEN
    assert not await hub.journal(BACK, CHIANG_MAI)


async def test_it_comes_back_after_a_day_and_not_before(hub: Hub) -> None:
    parked = await parked_letter(hub)

    hub.clock.advance(seconds=PARKED_FOR.total_seconds() - 1)
    before = await hub.writes()
    assert await bring_back_after_a_day(hub.work) == 0
    assert await hub.writes() == before
    assert await hub.look(CHIANG_MAI) is None

    hub.clock.advance(seconds=2)
    assert await bring_back_after_a_day(hub.work) == 1
    assert (await hub.head(CHIANG_MAI)).process_id == parked
    assert await bring_back_after_a_day(hub.work) == 0


async def test_what_came_back_is_set_behind_again_before_it_is_parked(
    hub: Hub,
) -> None:
    parked = await parked_letter(hub)
    hub.clock.advance(days=2)
    await bring_back_after_a_day(hub.work)

    assert set(await hub.read(CHIANG_MAI, 2 * PATIENCE)) == {parked}

    assert await hub.look(CHIANG_MAI) is None
    assert len(await hub.journal(BEHIND, CHIANG_MAI)) == 2
    assert len(await hub.journal(PARKED, CHIANG_MAI)) == 2


async def test_an_operator_brings_it_back_and_the_journal_says_who(hub: Hub) -> None:
    parked = await parked_letter(hub)
    await hub.deliver(to(CHIANG_MAI, SECOND))

    await unpark(hub.work, CHIANG_MAI, parked, by="สมศรี")
    await unpark(hub.work, CHIANG_MAI, parked, by="สมชาย")

    assert [e.process_id for e in await hub.inbox(CHIANG_MAI)][-1] == parked
    [back] = await hub.journal(BACK, CHIANG_MAI)
    assert (back.actor, back.facts) == ("สมศรี", {"entry": parked})


async def test_an_operator_brings_back_only_what_is_in_that_inbox(hub: Hub) -> None:
    parked = await parked_letter(hub)

    with pytest.raises(EntryUnknown):
        await unpark(hub.work, LOEI, parked, by="สมศรี")

    assert await standing(hub, parked) is Standing.PARKED


async def test_a_letter_that_fails_blocks_no_other(hub: Hub) -> None:
    """A client that cannot store one letter gets all the others."""
    bad, _ = await two_letters(hub)
    numbers = [LetterId(f"มท 9/{n}", "2026-06-05") for n in range(10)]
    for number in numbers:
        await hub.deliver(to(CHIANG_MAI, number))

    for _ in range(400):
        if (shown := await hub.look(CHIANG_MAI)) and shown.process_id != bad:
            await confirm(hub.work, CHIANG_MAI, shown.process_id)

    assert await hub.inbox(CHIANG_MAI) == []
    assert await standing(hub, bad) is Standing.PARKED


async def test_after_some_notifiers_others_go_sooner(hub: Hub) -> None:
    """A client that matches none of them is not to keep its letters waiting."""
    await hub.speaks(MINISTRY, CSHARP)
    for receiver in (CHIANG_MAI, LOEI, NAN):
        await hub.deliver(to(receiver))
        for kind in (NotifierKind.RECEIVED, NotifierKind.REGISTERED):
            await hub.tell(receiver, kind, "1" if kind.carries_number else None)
            await hub.keep()

    reads: list[int] = []
    before = ""
    for _ in range(3 * CSHARP.patience + 3 * (CSHARP.patience // 4)):
        head = await hub.head(MINISTRY)
        if head.process_id != before:
            reads.append(0)
            before = head.process_id
        reads[-1] += 1

    assert reads == [20, 20, 20, 5, 5, 5]
