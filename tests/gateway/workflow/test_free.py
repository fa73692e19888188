"""The sender frees a number: the letter is taken back where it can be (op 9)."""

import asyncio

import pytest

from envelopes.dialects import CSHARP
from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.consignment import Consignment
from gateway.domain.lifecycle import Happening, State
from gateway.ports import Path
from gateway.store.errors import StoreError
from gateway.workflow.collect import confirm
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    NAN,
    NUMBER,
    ROUTES,
    Hub,
    to,
)

RECEIVED = NotifierKind.RECEIVED
REGISTERED = NotifierKind.REGISTERED
RETURNED = NotifierKind.RETURNED
WRONG = NotifierKind.WRONG_LETTER
DISPUTED = NotifierKind.WRONG_NUMBER
RECALLED = Happening.SENDER_RECALLED

OTHER = "เรื่องใหม่"


async def state(hub: Hub) -> State:
    return (await hub.path(CHIANG_MAI)).consignment.state


async def sends(hub: Hub) -> list[Consignment]:
    """Return what was sent to Chiang Mai under the number, oldest first."""
    paths = await hub.store.views.paths(NUMBER.number)
    found = [p.consignment for p in paths if p.consignment.receiver == CHIANG_MAI]
    return sorted(found, key=lambda consignment: consignment.id)


async def path_of(hub: Hub, consignment: Consignment) -> Path:
    paths = await hub.store.views.paths(NUMBER.number)
    return next(p for p in paths if p.consignment.id == consignment.id)


async def test_a_letter_that_waits_leaves_the_inbox(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    [entry] = await hub.inbox(CHIANG_MAI)

    await hub.free(CHIANG_MAI)

    assert await hub.look(CHIANG_MAI) is None
    assert await state(hub) is State.RECALLED
    [recalled] = await hub.journal(RECALLED, CHIANG_MAI)
    assert recalled.actor == MINISTRY.text
    assert recalled.facts == {"entry": entry.process_id}


async def test_a_letter_that_was_shown_leaves_the_inbox_too(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)

    await hub.free(CHIANG_MAI)
    freed_at = hub.clock.now()
    hub.clock.advance(seconds=5)

    assert await hub.look(CHIANG_MAI) is None
    assert await confirm(hub.work, CHIANG_MAI, shown.process_id) == freed_at
    assert not (await hub.path(CHIANG_MAI)).receipts


async def test_a_parked_letter_leaves_the_inbox(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI))
    await hub.read(CHIANG_MAI, 2 * CSHARP.patience)
    assert await hub.look(CHIANG_MAI) is None

    await hub.free(CHIANG_MAI)

    assert not await hub.store.views.aside(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, LetterId("2", "2026-06-05")))
    await hub.take(CHIANG_MAI)
    assert await hub.look(CHIANG_MAI) is None


async def test_what_was_not_yet_routed_is_never_routed(hub: Hub) -> None:
    await hub.send(to(CHIANG_MAI))

    await hub.free(CHIANG_MAI)
    assert await hub.keep(ROUTES) == 1

    assert await hub.keep() == 0
    assert await state(hub) is State.RECALLED
    assert await hub.look(CHIANG_MAI) is None


async def test_a_letter_freed_while_it_is_routed_ends_at_one_place(hub: Hub) -> None:
    await hub.send(to(CHIANG_MAI))

    routed, freed = await asyncio.gather(
        hub.keep(ROUTES), hub.free(CHIANG_MAI), return_exceptions=True
    )

    for outcome in (routed, freed):
        # The one that came second is run again, as runner and door do.
        assert not isinstance(outcome, BaseException) or (
            isinstance(outcome, StoreError) and outcome.temporary
        )
    await hub.keep(ROUTES)
    await hub.free(CHIANG_MAI)
    assert await state(hub) is State.RECALLED
    assert await hub.inbox(CHIANG_MAI) == []


@pytest.mark.parametrize("said", [None, RECEIVED])
async def test_a_letter_the_receiver_has_is_taken_back_in_the_record(
    hub: Hub, said: NotifierKind | None
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    if said:
        await hub.tell(CHIANG_MAI, said)

    await hub.free(CHIANG_MAI)

    assert await state(hub) is State.RECALLED
    [recalled] = await hub.journal(RECALLED, CHIANG_MAI)
    assert recalled.facts == {}


@pytest.mark.parametrize(
    ("said", "stays"),
    [(RETURNED, State.RETURNED), (WRONG, State.RETURNED_AS_WRONG)],
)
async def test_after_a_return_the_number_is_free_and_the_letter_stays_returned(
    hub: Hub, said: NotifierKind, stays: State
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, said)

    await hub.free(CHIANG_MAI)

    assert await state(hub) is stays
    assert len(await hub.journal(Happening.NUMBER_FREED, CHIANG_MAI)) == 1
    assert not (await hub.send(to(CHIANG_MAI, subject=OTHER))).repeated


@pytest.mark.parametrize("disputed", [False, True])
async def test_a_registered_letter_is_not_freed(hub: Hub, *, disputed: bool) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, REGISTERED, "7")
    if disputed:
        await hub.tell(MINISTRY, DISPUTED, "7", to=CHIANG_MAI.text)
    before = await hub.rows()

    with pytest.raises(errors.AlreadyRegistered):
        await hub.free(CHIANG_MAI)

    assert await hub.rows() == before


async def test_freeing_again_changes_nothing_and_says_when_it_was(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    at = await hub.free(CHIANG_MAI)
    before = await hub.rows()

    assert await hub.free(CHIANG_MAI) == at

    assert await hub.rows() == before


async def test_freeing_at_the_same_moment_takes_it_back_once(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    await asyncio.gather(*(hub.free(CHIANG_MAI) for _ in range(4)))

    assert len(await hub.journal(RECALLED, CHIANG_MAI)) == 1


async def test_freeing_and_deleting_at_once_take_it_out_once(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)

    await asyncio.gather(
        hub.free(CHIANG_MAI), hub.confirm(CHIANG_MAI, shown.process_id)
    )

    assert await state(hub) is State.RECALLED
    assert await hub.look(CHIANG_MAI) is None


@pytest.mark.parametrize(
    "number", [LetterId("มท 0210.3/9", "2026-06-05"), LetterId(NUMBER.number, "x")]
)
async def test_a_number_that_was_never_sent_is_unknown(
    hub: Hub, number: LetterId
) -> None:
    await hub.deliver(to(CHIANG_MAI))

    with pytest.raises(errors.LetterUnknown):
        await hub.free(CHIANG_MAI, number)

    assert await state(hub) is State.WAITING


async def test_another_receiver_s_copy_stays(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(LOEI))

    await hub.free(LOEI)
    with pytest.raises(errors.LetterUnknown):
        await hub.free(NAN)

    assert await state(hub) is State.WAITING
    assert (await hub.path(LOEI)).consignment.state is State.RECALLED


async def test_only_its_sender_frees_a_number(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()

    with pytest.raises(errors.SenderNotOfThisDoor):
        await hub.free(CHIANG_MAI, door=LOEI, sender=MINISTRY)
    with pytest.raises(errors.SenderNotOfThisDoor):
        await hub.free(CHIANG_MAI, door=CHIANG_MAI, sender=MINISTRY)
    with pytest.raises(errors.LetterUnknown):
        await hub.free(CHIANG_MAI, door=LOEI)

    assert await hub.rows() == before


@pytest.mark.parametrize("subject", [to(CHIANG_MAI).subject, OTHER])
async def test_a_freed_number_is_sent_anew(hub: Hub, subject: str) -> None:
    first = await hub.deliver(to(CHIANG_MAI))
    await hub.free(CHIANG_MAI)

    second = await hub.deliver(to(CHIANG_MAI, subject=subject))

    assert not second.repeated
    assert second.process_id != first.process_id
    shown = await hub.take(CHIANG_MAI)
    assert subject.encode() in (shown.document or b"")
    assert await hub.look(CHIANG_MAI) is None


async def test_a_number_sent_anew_is_freed_again(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.free(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, subject=OTHER))

    await hub.free(CHIANG_MAI)

    assert [c.state for c in await sends(hub)] == [State.RECALLED] * 2
    assert await hub.look(CHIANG_MAI) is None
    assert not (await hub.deliver(to(CHIANG_MAI))).repeated


async def test_a_number_that_comes_after_the_recall_is_kept_and_told(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)

    await hub.tell(CHIANG_MAI, REGISTERED, "7")
    await hub.keep()

    assert await state(hub) is State.REGISTERED
    told = (await hub.take(MINISTRY)).copy
    assert told is not None
    assert (told.kind, told.accept_id) == (REGISTERED, "7")
    assert await hub.free(CHIANG_MAI) < hub.clock.now()


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        (RECEIVED, State.RECALLED),
        (RETURNED, State.RETURNED),
        (WRONG, State.RETURNED_AS_WRONG),
    ],
)
async def test_what_else_comes_after_the_recall_is_kept_and_told_to_nobody(
    hub: Hub, kind: NotifierKind, becomes: State
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)

    said = await hub.tell(CHIANG_MAI, kind)
    again = await hub.tell(CHIANG_MAI, kind)

    assert said == again
    assert await state(hub) is becomes
    assert await hub.keep() == 0
    assert await hub.look(MINISTRY) is None


async def test_a_letter_taken_back_has_no_number_to_dispute(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.free(CHIANG_MAI)

    with pytest.raises(errors.NumberUnknown):
        await hub.tell(MINISTRY, DISPUTED, "7", to=CHIANG_MAI.text)


async def test_a_notifier_about_a_number_sent_anew_finds_the_latest(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)

    await hub.tell(CHIANG_MAI, REGISTERED, "7")

    assert [c.state for c in await sends(hub)] == [State.RECALLED, State.REGISTERED]
    with pytest.raises(errors.AlreadyRegistered):
        await hub.free(CHIANG_MAI)


async def test_a_notifier_that_names_the_old_subject_finds_the_old_letter(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, subject=OTHER))

    await hub.tell(CHIANG_MAI, REGISTERED, "7", subject=to(CHIANG_MAI).subject)

    states = {c.letter.subject: c.state for c in await sends(hub)}
    assert states == {to(CHIANG_MAI).subject: State.REGISTERED, OTHER: State.WAITING}


async def test_a_free_after_the_old_got_its_number_frees_the_new(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.free(CHIANG_MAI)
    await hub.deliver(to(CHIANG_MAI, subject=OTHER))
    await hub.tell(CHIANG_MAI, REGISTERED, "7", subject=to(CHIANG_MAI).subject)

    await hub.free(CHIANG_MAI)

    assert [c.state for c in await sends(hub)] == [State.REGISTERED, State.RECALLED]
    _, new = await sends(hub)
    assert (await path_of(hub, new)).consignment.freed_at == hub.clock.now()
