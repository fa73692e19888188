"""The head of an inbox comes until it is deleted, by whom it was shown to."""

import asyncio

import pytest

from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.domain.lifecycle import Happening
from gateway.domain.receipts import ReceiptKind
from gateway.workflow.collect import confirm
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    ROUTES,
    Hub,
    to,
)

SECOND = LetterId("มท 0210.3/2", "2026-06-05")


async def test_the_head_is_the_same_until_it_is_deleted(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))

    first = await hub.head(CHIANG_MAI)
    hub.clock.advance(days=1)
    assert await hub.head(CHIANG_MAI) == first
    await hub.take(CHIANG_MAI)

    assert (await hub.head(CHIANG_MAI)).process_id != first.process_id


async def test_entries_come_in_the_order_they_were_queued(hub: Hub) -> None:
    numbers = [LetterId(f"มท 1/{n}", "2026-06-05") for n in range(1, 6)]
    for number in numbers:
        await hub.deliver(to(CHIANG_MAI, number))

    seen = [await hub.take(CHIANG_MAI) for _ in numbers]

    assert [
        number.number.encode() in (shown.document or b"")
        for number, shown in zip(numbers, seen, strict=True)
    ] == [True] * 5


async def test_that_it_was_shown_is_written_once(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.head(CHIANG_MAI)
    [entry] = await hub.inbox(CHIANG_MAI)
    assert entry.shown_at == hub.clock.now()
    before = await hub.rows(), await hub.writes()
    hub.clock.advance(hours=1)

    await hub.head(CHIANG_MAI)

    assert (await hub.rows(), await hub.writes()) == before
    journal = (await hub.path(CHIANG_MAI)).journal
    assert [e.happening for e in journal].count(Happening.ENTRY_SHOWN) == 1


async def test_two_polls_at_the_same_moment_show_the_same(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    one, other = await asyncio.gather(hub.head(CHIANG_MAI), hub.head(CHIANG_MAI))

    assert one == other
    journal = (await hub.path(CHIANG_MAI)).journal
    assert [e.happening for e in journal].count(Happening.ENTRY_SHOWN) == 1


async def test_looking_into_an_empty_inbox_writes_nothing(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.writes()

    for _ in range(20):
        assert await hub.look(LOEI) is None

    assert await hub.writes() == before


async def test_looking_again_waits_for_no_writer(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    first = await hub.head(CHIANG_MAI)

    async with hub.store.unit(), asyncio.timeout(1):
        assert await hub.head(CHIANG_MAI) == first
        assert await hub.look(LOEI) is None


async def test_a_look_waits_for_what_is_on_its_way(hub: Hub) -> None:
    """An old client sends at one door and polls the other in its next line (A6)."""
    await hub.send(to(CHIANG_MAI))
    looking = asyncio.create_task(hub.look(CHIANG_MAI))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not looking.done()

    await hub.keep(ROUTES)

    assert await looking is not None


async def test_a_look_waits_for_a_notifier_on_its_way(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    looking = asyncio.create_task(hub.look(MINISTRY))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not looking.done()

    await hub.keep()

    shown = await looking
    assert shown is not None
    assert shown.copy is not None


async def test_a_repeat_announces_nothing(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    await hub.keep()
    await hub.take(CHIANG_MAI)
    await hub.take(MINISTRY)

    await hub.send(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)

    assert not await hub.announced(CHIANG_MAI)
    assert not await hub.announced(MINISTRY)


@pytest.mark.parametrize(
    "process_id", ["", "0", "XmlValue-01", "9" * 60, "ไม่มี", "' OR 1=1"]
)
async def test_deleting_what_is_not_there_succeeds(hub: Hub, process_id: str) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()

    assert await confirm(hub.work, CHIANG_MAI, process_id) == hub.clock.now()

    assert await hub.rows() == before


async def test_only_its_own_organization_deletes_an_entry(hub: Hub) -> None:
    custody = await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)
    before = await hub.rows()

    for organization in (MINISTRY, LOEI):
        await confirm(hub.work, organization, shown.process_id)
        await confirm(hub.work, organization, custody.process_id)
    await confirm(hub.work, CHIANG_MAI, custody.process_id)

    assert await hub.rows() == before


async def test_what_was_not_shown_is_not_deleted(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.head(CHIANG_MAI)
    before = await hub.rows()

    _, behind = await hub.inbox(CHIANG_MAI)
    await confirm(hub.work, CHIANG_MAI, behind.process_id)

    assert await hub.rows() == before


async def test_deleting_again_says_when_it_was_deleted(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.take(CHIANG_MAI)
    taken_at = hub.clock.now()
    before = await hub.rows()
    hub.clock.advance(days=1)

    assert await confirm(hub.work, CHIANG_MAI, shown.process_id) == taken_at
    assert await hub.rows() == before


async def test_deletes_at_the_same_moment_take_once(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)

    await asyncio.gather(*(hub.confirm(CHIANG_MAI, shown.process_id) for _ in range(4)))

    path = await hub.path(CHIANG_MAI)
    assert [r.kind for r in path.receipts] == [ReceiptKind.CUSTODY]


async def test_that_the_endpoint_took_it_is_a_receipt_told_to_nobody(hub: Hub) -> None:
    """Only the receiving office says that it received (G18)."""
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)

    [receipt] = (await hub.path(CHIANG_MAI)).receipts
    assert (receipt.kind, receipt.tells) == (ReceiptKind.CUSTODY, None)
    assert await hub.keep() == 0
    assert await hub.look(MINISTRY) is None
