"""An organization asks for an entry of its inbox once more (operation 10)."""

import asyncio

import pytest

from envelopes.dialects import BOI, CSHARP
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import Happening, State
from gateway.domain.receipts import ReceiptKind
from gateway.workflow.collect import confirm
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NUMBER, Hub, to

SECOND = LetterId("มท 0210.3/2", "2026-06-05")
ASKED = Happening.ENTRY_ASKED_AGAIN
REGISTERED = NotifierKind.REGISTERED
DISPUTED = NotifierKind.WRONG_NUMBER

Told = tuple[NotifierKind, str | None, OrganizationCode]

TOLD: list[Told] = [
    (NotifierKind.RECEIVED, None, MINISTRY),
    (REGISTERED, "7", MINISTRY),
    (NotifierKind.RETURNED, None, MINISTRY),
    (NotifierKind.WRONG_LETTER, None, MINISTRY),
    (DISPUTED, "7", CHIANG_MAI),
]


async def told(hub: Hub, kind: NotifierKind, number: str | None) -> None:
    """Have a notifier of this kind queued, and all before it taken."""
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    if kind is DISPUTED:
        await hub.tell(CHIANG_MAI, REGISTERED, number)
        await hub.keep()
        await hub.take(MINISTRY)
        await hub.tell(MINISTRY, kind, number, to=CHIANG_MAI.text)
    else:
        await hub.tell(CHIANG_MAI, kind, number)
    await hub.keep()


async def test_a_letter_comes_again_under_its_old_number_at_its_old_place(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))
    first = await hub.take(CHIANG_MAI)
    assert (await hub.head(CHIANG_MAI)).process_id != first.process_id

    again = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert again == first
    assert await hub.head(CHIANG_MAI) == first
    [asked] = await hub.journal(ASKED, CHIANG_MAI)
    assert asked.actor == CHIANG_MAI.text
    assert asked.facts == {"entry": first.process_id}


async def test_it_comes_until_it_is_deleted_and_its_custody_is_proven_once(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    await hub.take(CHIANG_MAI)

    assert await hub.look(CHIANG_MAI) is None
    path = await hub.path(CHIANG_MAI)
    assert [r.kind for r in path.receipts] == [ReceiptKind.CUSTODY]
    assert len(await hub.journal(Happening.ENDPOINT_TOOK_IT, CHIANG_MAI)) == 2
    assert path.consignment.state is State.DELIVERED


@pytest.mark.parametrize(
    "kind", [NotifierKind.RECEIVED, REGISTERED, NotifierKind.RETURNED]
)
async def test_a_letter_that_was_answered_comes_again_and_keeps_its_state(
    hub: Hub, kind: NotifierKind
) -> None:
    number = "7" if kind is REGISTERED else None
    await told(hub, kind, number)
    before = (await hub.path(CHIANG_MAI)).consignment.state

    await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)
    await hub.take(CHIANG_MAI)

    assert (await hub.path(CHIANG_MAI)).consignment.state is before


@pytest.mark.parametrize(("kind", "number", "asker"), TOLD)
async def test_each_notifier_comes_again(
    hub: Hub, kind: NotifierKind, number: str | None, asker: OrganizationCode
) -> None:
    await told(hub, kind, number)
    first = await hub.take(asker)
    assert await hub.look(asker) is None

    again = await hub.ask_again(asker, kind, receiver=CHIANG_MAI)

    assert again == first
    assert again.copy is not None
    assert (again.copy.kind, again.copy.accept_id) == (kind, number)
    assert (await hub.take(asker)).process_id == first.process_id
    assert await hub.look(asker) is None


@pytest.mark.parametrize(("kind", "number", "asker"), TOLD)
async def test_nobody_else_gets_a_notifier(
    hub: Hub, kind: NotifierKind, number: str | None, asker: OrganizationCode
) -> None:
    await told(hub, kind, number)
    before = await hub.rows()

    for other in {MINISTRY, CHIANG_MAI, LOEI} - {asker}:
        with pytest.raises(errors.LetterUnknown):
            await hub.ask_again(other, kind, receiver=CHIANG_MAI)

    assert await hub.rows() == before


@pytest.mark.parametrize("other", [MINISTRY, LOEI])
async def test_nobody_but_its_receiver_gets_a_letter(
    hub: Hub, other: OrganizationCode
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    before = await hub.rows()

    for receiver in (CHIANG_MAI, other):
        with pytest.raises(errors.LetterUnknown):
            await hub.ask_again(other, receiver=receiver)

    assert await hub.rows() == before


@pytest.mark.parametrize("kind", NotifierKind)
async def test_what_was_never_said_does_not_come(hub: Hub, kind: NotifierKind) -> None:
    await hub.deliver(to(CHIANG_MAI))
    asker = CHIANG_MAI if kind.told_by_sender else MINISTRY

    with pytest.raises(errors.LetterUnknown):
        await hub.ask_again(asker, kind, receiver=CHIANG_MAI)


async def test_a_number_nobody_sent_does_not_come(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    with pytest.raises(errors.LetterUnknown):
        await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI, number=SECOND)


async def test_a_letter_that_is_not_routed_yet_does_not_come(hub: Hub) -> None:
    await hub.send(to(CHIANG_MAI))

    with pytest.raises(errors.LetterUnknown):
        await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)


@pytest.mark.parametrize("taken", [False, True])
async def test_a_letter_taken_back_does_not_come(hub: Hub, *, taken: bool) -> None:
    await hub.deliver(to(CHIANG_MAI))
    if taken:
        await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)
    before = await hub.rows()

    with pytest.raises(errors.LetterUnknown):
        await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert await hub.rows() == before


async def test_of_a_number_sent_anew_the_latest_comes(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, subject="ใหม่"))
    second = await hub.take(CHIANG_MAI)

    assert await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI) == second


async def test_of_two_numbers_the_last_one_comes(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    for number in ("7", "8"):
        await hub.tell(CHIANG_MAI, REGISTERED, number)
        await hub.keep()
        await hub.take(MINISTRY)

    again = await hub.ask_again(MINISTRY, REGISTERED, receiver=CHIANG_MAI)

    assert again.copy is not None
    assert again.copy.accept_id == "8"


async def test_asking_for_what_still_waits_shows_it_where_it_stands(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.deliver(to(CHIANG_MAI))
    order = [entry.process_id for entry in await hub.inbox(CHIANG_MAI)]

    asked = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert asked.process_id == order[1]
    assert [entry.process_id for entry in await hub.inbox(CHIANG_MAI)] == order
    assert not await hub.journal(ASKED, CHIANG_MAI)
    await confirm(hub.work, CHIANG_MAI, asked.process_id)
    assert len(await hub.inbox(CHIANG_MAI)) == 1


async def test_what_is_held_is_shown_to_who_asks_and_stays_held(hub: Hub) -> None:
    await hub.speaks(MINISTRY, BOI)
    await told(hub, REGISTERED, "7")
    assert await hub.look(MINISTRY) is None

    asked = await hub.ask_again(MINISTRY, REGISTERED, receiver=CHIANG_MAI)

    assert asked.copy is not None
    [line] = await hub.store.views.aside(MINISTRY)
    assert line.entry.standing is Standing.HELD
    assert await hub.look(MINISTRY) is None


async def test_what_is_parked_is_shown_to_who_asks(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    [parked] = set(await hub.read(CHIANG_MAI, 2 * CSHARP.patience))
    assert await hub.look(CHIANG_MAI) is None

    asked = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)
    await confirm(hub.work, CHIANG_MAI, asked.process_id)

    assert asked.process_id == parked
    assert not await hub.store.views.aside(CHIANG_MAI)


async def test_what_comes_again_has_new_patience(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))
    await hub.read(CHIANG_MAI, CSHARP.patience - 1)
    first = await hub.take(CHIANG_MAI)

    await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    # The answer to the question was the first read of its new patience.
    reads = await hub.read(CHIANG_MAI, CSHARP.patience - 1)
    assert set(reads) == {first.process_id}
    assert (await hub.head(CHIANG_MAI)).process_id != first.process_id


async def test_asking_at_the_same_moment_brings_it_back_once(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    first = await hub.take(CHIANG_MAI)

    asked = await asyncio.gather(
        *(hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI) for _ in range(4))
    )

    assert asked == [first] * 4
    assert len(await hub.journal(ASKED, CHIANG_MAI)) == 1
    assert [e.process_id for e in await hub.inbox(CHIANG_MAI)] == [first.process_id]


async def test_asking_and_freeing_at_once_leaves_nothing_in_the_inbox(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)

    await asyncio.gather(
        hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI),
        hub.free(CHIANG_MAI),
        return_exceptions=True,
    )

    assert (await hub.path(CHIANG_MAI, NUMBER)).consignment.state is State.RECALLED
    assert await hub.inbox(CHIANG_MAI) == []
