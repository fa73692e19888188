"""The hub's own books: 1, 2, 3 for each office and year, no gap and no twin."""

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.books import Place
from gateway.domain.lifecycle import Happening, State
from gateway.domain.receipts import ReceiptKind
from gateway.domain.register import Book, NumberedBy
from gateway.workflow.collect import confirm
from gateway.workflow.register import register
from tests.doubles.clock import START
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    NUMBER,
    Hub,
    patiently,
    to,
)

NEW_YEAR = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
"""Midnight in Bangkok: 2570 begins."""


def number_of(count: int) -> LetterId:
    return LetterId(f"มท 0210.3/{count}", "2026-06-05")


async def deliver(hub: Hub, count: int, receiver: OrganizationCode) -> None:
    """Deliver so many letters under numbers from 1."""
    for number in range(1, count + 1):
        await hub.deliver(to(receiver, number_of(number)))


async def serials(hub: Hub, organization: OrganizationCode, year: int) -> list[str]:
    lines = await hub.store.views.register(organization, Book.RECEIVED, year)
    return [line.registration.number.text for line in lines]


async def test_numbers_run_from_one_in_each_office(hub: Hub) -> None:
    await deliver(hub, 3, CHIANG_MAI)
    await deliver(hub, 2, LOEI)

    for receiver in (CHIANG_MAI, LOEI, CHIANG_MAI, LOEI, CHIANG_MAI):
        await hub.register(receiver)

    assert await serials(hub, CHIANG_MAI, 2569) == ["1/2569", "2/2569", "3/2569"]
    assert await serials(hub, LOEI, 2569) == ["1/2569", "2/2569"]


async def test_a_year_begins_at_midnight_in_bangkok(hub: Hub) -> None:
    await deliver(hub, 4, CHIANG_MAI)
    hub.clock.advance(seconds=(NEW_YEAR - START).total_seconds() - 1)
    old = [(await hub.register(CHIANG_MAI)).number.text for _ in range(2)]

    hub.clock.advance(seconds=1)

    assert hub.clock.now() == NEW_YEAR
    new = [(await hub.register(CHIANG_MAI)).number.text for _ in range(2)]
    assert (old, new) == (["1/2569", "2/2569"], ["1/2570", "2/2570"])


async def test_a_registered_letter_leaves_the_inbox_and_has_its_person(
    hub: Hub,
) -> None:
    await deliver(hub, 2, CHIANG_MAI)
    [first, second] = await hub.inbox(CHIANG_MAI)

    registration = await register(
        hub.work, CHIANG_MAI, second.process_id, by="สมศรี ใจดี"
    )

    assert [e.id for e in await hub.inbox(CHIANG_MAI)] == [first.id]
    path = await hub.path(CHIANG_MAI, number_of(2))
    assert path.entry is not None
    assert path.entry.shown_at == path.entry.taken_at == hub.clock.now()
    assert path.consignment.state is State.REGISTERED
    assert path.journal[-1].actor == registration.by == "สมศรี ใจดี"
    assert registration.numbered_by is NumberedBy.HUB
    assert registration.number.serial == 1
    assert (await hub.books()).places[Place.IN_REGISTER] == 1


async def test_the_sender_hears_the_number_and_nothing_before_it(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    registration = await hub.register(CHIANG_MAI)

    assert await hub.keep() == 1
    copy = (await hub.take(MINISTRY)).copy
    assert copy is not None
    assert copy.kind is NotifierKind.REGISTERED
    assert copy.accept_id == registration.number.text == "1/2569"
    assert copy.letter_id == NUMBER
    assert copy.accept_organization == CHIANG_MAI
    assert await hub.look(MINISTRY) is None
    path = await hub.path(CHIANG_MAI)
    assert [r.kind for r in path.receipts] == [ReceiptKind.REGISTERED]


async def test_doing_it_again_gives_no_second_number(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    [entry] = await hub.inbox(CHIANG_MAI)
    first = await register(hub.work, CHIANG_MAI, entry.process_id, by="สมศรี")
    await hub.keep()
    before = await hub.rows()
    hub.clock.advance(days=300)

    again = await register(hub.work, CHIANG_MAI, entry.process_id, by="สมปอง")

    assert again == first
    assert await hub.rows() == before


async def test_after_a_correction_it_says_the_number_that_holds(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    [entry] = await hub.inbox(CHIANG_MAI)
    await hub.register(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "ชม 9")

    kept = await register(hub.work, CHIANG_MAI, entry.process_id, by="สมศรี")

    assert kept.number.text == "ชม 9"


async def test_a_number_of_the_office_itself_is_kept(hub: Hub) -> None:
    await deliver(hub, 2, CHIANG_MAI)
    first, _ = await hub.inbox(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "ชม 9", about=number_of(1))

    kept = await register(hub.work, CHIANG_MAI, first.process_id, by="สมศรี")

    assert kept.number.text == "ชม 9"
    await hub.take(CHIANG_MAI)
    assert (await hub.register(CHIANG_MAI)).number.text == "1/2569"


async def test_registrations_at_the_same_moment_have_neither_gap_nor_twin(
    hub: Hub,
) -> None:
    await deliver(hub, 12, CHIANG_MAI)
    entries = await hub.inbox(CHIANG_MAI)

    await asyncio.gather(
        *(
            patiently(
                partial(register, hub.work, CHIANG_MAI, entry.process_id, by="สมศรี")
            )
            for entry in [*entries, *entries]
        )
    )

    given = await serials(hub, CHIANG_MAI, 2569)
    assert given == [f"{serial}/2569" for serial in range(1, 13)]
    assert await hub.keep() == 12


@pytest.mark.parametrize("kind", [NotifierKind.RETURNED, NotifierKind.WRONG_LETTER])
async def test_what_went_back_gets_no_number_and_takes_none(
    hub: Hub, kind: NotifierKind
) -> None:
    await deliver(hub, 2, CHIANG_MAI)
    await hub.tell(CHIANG_MAI, kind, about=number_of(1))
    before = await hub.rows()

    with pytest.raises(errors.NotPossibleNow):
        await hub.register(CHIANG_MAI)

    assert await hub.rows() == before
    await hub.take(CHIANG_MAI)
    assert (await hub.register(CHIANG_MAI)).number.text == "1/2569"


async def test_a_letter_that_a_system_took_can_still_be_entered(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.take(CHIANG_MAI)
    taken_at = hub.clock.now()
    hub.clock.advance(hours=1)

    await register(hub.work, CHIANG_MAI, shown.process_id, by="สมศรี")

    path = await hub.path(CHIANG_MAI)
    assert path.entry is not None
    assert path.entry.taken_at == taken_at
    assert path.consignment.state is State.REGISTERED


async def test_a_system_may_still_delete_what_a_clerk_entered(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)
    await hub.register(CHIANG_MAI)
    entered_at = hub.clock.now()
    before = await hub.rows()
    hub.clock.advance(hours=1)

    assert await confirm(hub.work, CHIANG_MAI, shown.process_id) == entered_at

    assert await hub.rows() == before
    journal = (await hub.path(CHIANG_MAI)).journal
    assert Happening.ENDPOINT_TOOK_IT not in [e.happening for e in journal]


async def test_only_letters_of_its_own_inbox_are_entered(hub: Hub) -> None:
    custody = await hub.deliver(to(CHIANG_MAI))
    [letter] = await hub.inbox(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    await hub.keep()
    [notifier] = await hub.inbox(MINISTRY)
    before = await hub.rows()

    for organization, process_id in (
        (CHIANG_MAI, custody.process_id),
        (CHIANG_MAI, ""),
        (CHIANG_MAI, notifier.process_id),
        (LOEI, letter.process_id),
        (MINISTRY, letter.process_id),
        (MINISTRY, notifier.process_id),
    ):
        with pytest.raises(errors.EntryUnknown):
            await register(hub.work, organization, process_id, by="สมศรี")

    assert await hub.rows() == before
