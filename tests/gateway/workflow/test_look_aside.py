"""A notifier never blocks a client that cannot read it (Q-B9, Q-C10)."""

import asyncio

import pytest

from envelopes.dialects import BOI, CSHARP, JAVA, UNKNOWN, V1_DOCUMENT, Dialect
from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import Happening
from gateway.workflow.collect import confirm
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to

RECEIVED = NotifierKind.RECEIVED
REGISTERED = NotifierKind.REGISTERED
HELD = Happening.ENTRY_HELD
RELEASED = Happening.ENTRY_RELEASED
READERS = (CSHARP, JAVA, UNKNOWN, V1_DOCUMENT)
ANSWER = LetterId("ชม 1/1", "2026-06-05")


async def told_of_three(hub: Hub) -> None:
    """Have three offices confirm the ministry's letters, one after the other."""
    for receiver in (CHIANG_MAI, LOEI, NAN):
        await hub.deliver(to(receiver))
        await hub.tell(receiver, RECEIVED)
        await hub.keep()


async def aside(hub: Hub) -> list[str]:
    """Return what lies beside the ministry's queue, by place."""
    lines = await hub.store.views.aside(MINISTRY)
    assert all(line.entry.standing is Standing.HELD for line in lines)
    return [line.entry.process_id for line in lines]


async def waiting(hub: Hub) -> list[str]:
    return [entry.process_id for entry in await hub.inbox(MINISTRY)]


async def test_q_b9_a_notifier_boi_cannot_read_is_held_when_it_is_queued(
    hub: Hub,
) -> None:
    await hub.speaks(MINISTRY, BOI)

    await told_of_three(hub)

    assert await hub.look(MINISTRY) is None
    assert len(await aside(hub)) == 3
    [held] = await hub.journal(HELD, CHIANG_MAI)
    [queued] = await hub.journal(Happening.NOTIFIER_QUEUED, CHIANG_MAI)
    assert held.facts["entry"] == queued.facts["entry"]


async def test_q_b9_a_notifier_queued_before_is_held_when_it_is_looked_at(
    hub: Hub,
) -> None:
    await told_of_three(hub)
    before = await waiting(hub)
    await hub.deliver(to(MINISTRY, ANSWER, sender=LOEI))

    await hub.speaks(MINISTRY, BOI)
    shown = await hub.head(MINISTRY)

    assert shown.document is not None
    assert await aside(hub) == before


async def test_q_b9_one_that_was_shown_before_is_held_too(hub: Hub) -> None:
    await told_of_three(hub)
    await hub.head(MINISTRY)
    await hub.head(MINISTRY)

    await hub.speaks(MINISTRY, BOI)

    assert await hub.look(MINISTRY) is None
    assert len(await aside(hub)) == 3


async def test_polls_at_once_hold_it_once(hub: Hub) -> None:
    await told_of_three(hub)
    await hub.speaks(MINISTRY, BOI)

    assert await asyncio.gather(*(hub.look(MINISTRY) for _ in range(4))) == [None] * 4

    assert len(await hub.journal(HELD, CHIANG_MAI)) == 1


@pytest.mark.parametrize("dialect", READERS, ids=lambda d: d.name)
async def test_what_was_held_comes_in_its_old_order_to_a_client_that_reads_it(
    hub: Hub, dialect: Dialect
) -> None:
    await told_of_three(hub)
    order = await waiting(hub)
    await hub.speaks(MINISTRY, BOI)
    assert await hub.look(MINISTRY) is None

    await hub.speaks(MINISTRY, dialect)

    assert await aside(hub) == []
    assert [(await hub.take(MINISTRY)).process_id for _ in order] == order
    [released] = await hub.journal(RELEASED, CHIANG_MAI)
    assert (released.actor, released.facts) == ("hub", {"entry": order[0]})


async def test_what_was_held_comes_before_what_was_queued_after_it(hub: Hub) -> None:
    await hub.speaks(MINISTRY, BOI)
    await told_of_three(hub)
    held = await aside(hub)
    await hub.deliver(to(MINISTRY, ANSWER, sender=LOEI))
    await hub.head(MINISTRY)

    await hub.speaks(MINISTRY, CSHARP)

    *notifiers, letter = await waiting(hub)
    assert notifiers == held
    assert letter not in held


async def test_it_can_be_held_and_released_again_and_again(hub: Hub) -> None:
    await told_of_three(hub)
    order = await waiting(hub)

    for _ in range(3):
        await hub.speaks(MINISTRY, BOI)
        assert await hub.look(MINISTRY) is None
        await hub.speaks(MINISTRY, CSHARP)
        assert (await hub.head(MINISTRY)).process_id == order[0]

    assert await waiting(hub) == order
    assert len(await hub.journal(HELD, CHIANG_MAI)) == 3
    assert len(await hub.journal(RELEASED, CHIANG_MAI)) == 3


async def test_a_client_that_read_it_before_the_change_can_still_delete_it(
    hub: Hub,
) -> None:
    await told_of_three(hub)
    shown = await hub.head(MINISTRY)
    await hub.speaks(MINISTRY, BOI)
    assert await hub.look(MINISTRY) is None

    await confirm(hub.work, MINISTRY, shown.process_id)
    await hub.speaks(MINISTRY, CSHARP)

    assert shown.process_id not in await waiting(hub)
    assert len(await waiting(hub)) == 2


@pytest.mark.parametrize("character", "&<>")
@pytest.mark.parametrize("where", ["number", "subject"])
async def test_q_c10_a_notifier_csharp_would_never_delete_is_held(
    hub: Hub, character: str, where: str
) -> None:
    """It compares what it stored with the escaped text on the wire."""
    await hub.speaks(MINISTRY, CSHARP)
    number = LetterId("มท 1/1", "2026-06-05")
    subject = f"ก {character} ข" if where == "subject" else "ก"
    if where == "number":
        number = LetterId(f"มท {character} 1", "2026-06-05")
    await hub.deliver(to(CHIANG_MAI, number, subject=subject))

    await hub.tell(CHIANG_MAI, REGISTERED, "7", about=number)
    await hub.keep()

    assert await hub.look(MINISTRY) is None
    assert len(await aside(hub)) == 1
    await hub.speaks(MINISTRY, JAVA)
    assert (await hub.head(MINISTRY)).copy is not None


async def test_only_what_the_new_dialect_reads_is_released(hub: Hub) -> None:
    await hub.speaks(MINISTRY, BOI)
    await hub.deliver(to(CHIANG_MAI, subject="ก & ข"))
    await hub.tell(CHIANG_MAI, RECEIVED)
    await hub.deliver(to(LOEI))
    await hub.tell(LOEI, RECEIVED)
    await hub.keep()
    unreadable, readable = await aside(hub)

    await hub.speaks(MINISTRY, CSHARP)

    assert (await waiting(hub), await aside(hub)) == ([readable], [unreadable])


async def test_another_office_s_side_list_stays(hub: Hub) -> None:
    await hub.speaks(MINISTRY, BOI)
    await told_of_three(hub)

    await hub.speaks(LOEI, CSHARP)

    assert len(await aside(hub)) == 3


async def test_letters_pass_a_client_that_reads_no_notifier(hub: Hub) -> None:
    await hub.speaks(MINISTRY, BOI)
    await told_of_three(hub)
    await hub.deliver(to(MINISTRY, ANSWER, sender=LOEI))

    assert (await hub.take(MINISTRY)).document is not None
    assert await hub.look(MINISTRY) is None
