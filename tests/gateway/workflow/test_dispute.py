"""The sender doubts a number, and the receiver answers with one."""

import pytest

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.lifecycle import State
from gateway.domain.receipts import ReceiptKind
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to

REGISTERED = NotifierKind.REGISTERED
WRONG_NUMBER = NotifierKind.WRONG_NUMBER
OTHER = LetterId("มท 0211/7", "2026-06-05")


async def registered(
    hub: Hub, number: str = "1024", receiver: OrganizationCode = CHIANG_MAI
) -> None:
    """Let a letter be registered under this number, and the sender hear of it."""
    await hub.deliver(to(receiver))
    await hub.take(receiver)
    await hub.tell(receiver, REGISTERED, number)
    await hub.keep()
    await hub.take(MINISTRY)


async def state(hub: Hub) -> State:
    return (await hub.path(CHIANG_MAI)).consignment.state


async def test_a_doubted_number_is_told_to_the_receiver_once(hub: Hub) -> None:
    await registered(hub)
    given_at = hub.clock.now()
    [registration] = (await hub.path(CHIANG_MAI)).registrations
    hub.clock.advance(days=2)

    said = await hub.tell(MINISTRY, WRONG_NUMBER, "1024")
    assert await hub.keep() == 1
    kept = await hub.rows()

    assert await state(hub) is State.DISPUTED
    assert await hub.tell(MINISTRY, WRONG_NUMBER, "1024") == said
    assert await hub.rows() == kept
    copy = (await hub.take(CHIANG_MAI)).copy
    assert copy == said.copy
    assert copy is not None
    assert (copy.kind, copy.accept_id) == (WRONG_NUMBER, "1024")
    assert copy.accept_organization == CHIANG_MAI
    # AcceptDate is the time of the number, not of the doubt (E2).
    assert registration.at < given_at
    assert copy.accept_date == "2026-07-01T09:00:02"
    assert said.at > given_at


async def test_a_corrected_number_ends_the_dispute(hub: Hub) -> None:
    await registered(hub)
    await hub.tell(MINISTRY, WRONG_NUMBER, "1024")

    await hub.tell(CHIANG_MAI, REGISTERED, "1025")
    await hub.keep()

    assert await state(hub) is State.REGISTERED
    path = await hub.path(CHIANG_MAI)
    first, second = path.registrations
    assert second.replaces == first.id
    copy = (await hub.take(MINISTRY)).copy
    assert copy is not None
    assert copy.accept_id == "1025"


async def test_an_office_may_insist_and_be_doubted_again(hub: Hub) -> None:
    await registered(hub)
    doubts = [await hub.tell(MINISTRY, WRONG_NUMBER, "1024")]

    insisted = await hub.tell(CHIANG_MAI, REGISTERED, "1024")
    assert await state(hub) is State.REGISTERED
    assert await hub.tell(CHIANG_MAI, REGISTERED, "1024") == insisted
    doubts.append(await hub.tell(MINISTRY, WRONG_NUMBER, "1024"))

    assert await state(hub) is State.DISPUTED
    assert doubts[0].process_id != doubts[1].process_id
    # Each doubt has the time of the number as it was given last.
    assert [doubt.copy.accept_date[-8:] for doubt in doubts] == ["09:00:02", "09:00:05"]
    await hub.keep()
    told = [(await hub.take(CHIANG_MAI)).copy for _ in range(2)]
    assert [copy and copy.kind for copy in told] == [WRONG_NUMBER] * 2
    path = await hub.path(CHIANG_MAI)
    assert [r.number.text for r in path.registrations] == ["1024", "1024"]
    assert path.registrations[1].replaces == path.registrations[0].id


async def test_the_corrected_number_can_be_doubted_too(hub: Hub) -> None:
    await registered(hub)
    for door, kind, number in (
        (MINISTRY, WRONG_NUMBER, "1024"),
        (CHIANG_MAI, REGISTERED, "1025"),
        (MINISTRY, WRONG_NUMBER, "1025"),
        (CHIANG_MAI, REGISTERED, "1026"),
    ):
        await hub.tell(door, kind, number)
        await hub.keep()

    kinds = [r.kind for r in (await hub.path(CHIANG_MAI)).receipts]
    assert kinds[-4:] == [
        ReceiptKind.DISPUTED,
        ReceiptKind.REGISTERED,
        ReceiptKind.DISPUTED,
        ReceiptKind.REGISTERED,
    ]
    assert await state(hub) is State.REGISTERED


async def test_a_doubt_said_again_after_the_correction_changes_nothing(
    hub: Hub,
) -> None:
    """Its answer was lost; the receiver's correction came before it said it again."""
    await registered(hub)
    said = await hub.tell(MINISTRY, WRONG_NUMBER, "1024")
    await hub.tell(CHIANG_MAI, REGISTERED, "1025")
    await hub.keep()
    kept = await hub.rows()

    again = await hub.tell(MINISTRY, WRONG_NUMBER, "1024")

    assert again == said
    assert await hub.rows() == kept
    assert await state(hub) is State.REGISTERED


async def test_a_confirmation_leaves_the_dispute_open(hub: Hub) -> None:
    await registered(hub)
    await hub.tell(MINISTRY, WRONG_NUMBER, "1024")

    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)

    assert await state(hub) is State.DISPUTED


@pytest.mark.parametrize("kind", [NotifierKind.RETURNED, NotifierKind.WRONG_LETTER])
async def test_a_disputed_letter_is_not_sent_back(hub: Hub, kind: NotifierKind) -> None:
    await registered(hub)
    await hub.tell(MINISTRY, WRONG_NUMBER, "1024")
    before = await hub.rows()

    with pytest.raises(errors.AlreadyRegistered):
        await hub.tell(CHIANG_MAI, kind)

    assert await hub.rows() == before


async def test_a_number_nobody_gave_cannot_be_doubted(hub: Hub) -> None:
    await registered(hub)
    before = await hub.rows()

    for number in ("1025", "๑๐๒๔", "", " "):
        with pytest.raises(errors.NumberUnknown):
            await hub.tell(MINISTRY, WRONG_NUMBER, number)

    assert await hub.rows() == before


async def test_a_number_another_letter_got_cannot_be_doubted(hub: Hub) -> None:
    await registered(hub)
    await hub.deliver(to(CHIANG_MAI, OTHER))
    await hub.tell(CHIANG_MAI, REGISTERED, "2000", about=OTHER)
    before = await hub.rows()

    with pytest.raises(errors.NumberUnknown):
        await hub.tell(MINISTRY, WRONG_NUMBER, "2000")

    assert await hub.rows() == before


async def test_before_there_is_a_number_none_can_be_doubted(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()

    with pytest.raises(errors.NumberUnknown):
        await hub.tell(MINISTRY, WRONG_NUMBER, "1024")

    assert await hub.rows() == before


@pytest.mark.parametrize("door", [CHIANG_MAI, LOEI])
async def test_only_the_sender_doubts(hub: Hub, door: OrganizationCode) -> None:
    await registered(hub)
    before = await hub.rows()

    with pytest.raises(errors.LetterUnknown):
        await hub.tell(door, WRONG_NUMBER, "1024")

    assert await hub.rows() == before


async def test_of_a_circular_the_number_tells_whose_it_is(hub: Hub) -> None:
    for receiver, number in ((CHIANG_MAI, "11"), (LOEI, "12"), (NAN, "13")):
        await registered(hub, number, receiver)

    said = await hub.tell(MINISTRY, WRONG_NUMBER, "12")

    assert said.copy.accept_organization == LOEI
    await hub.keep()
    assert (await hub.head(LOEI)).copy == said.copy
    assert await hub.look(CHIANG_MAI) is None
    assert await hub.look(NAN) is None


async def test_of_a_circular_with_equal_numbers_wsa_to_tells_whose_it_is(
    hub: Hub,
) -> None:
    """The hub's own registers give all of them the number 1/2569."""
    for receiver in (CHIANG_MAI, LOEI, NAN):
        await registered(hub, "1/2569", receiver)

    said = await hub.tell(
        MINISTRY, WRONG_NUMBER, "1/2569", to=f"http://hub.example/ecms/{LOEI}/service2"
    )

    assert said.copy.accept_organization == LOEI


async def test_whom_wsa_to_names_is_not_mistaken_for_another(hub: Hub) -> None:
    """E2: wsa:To first, then the number; nobody hears a complaint about another."""
    await registered(hub, "11", CHIANG_MAI)
    await registered(hub, "12", LOEI)
    before = await hub.rows()

    with pytest.raises(errors.NumberUnknown):
        await hub.tell(MINISTRY, WRONG_NUMBER, "12", to=f"/ecms/{CHIANG_MAI}/")

    assert await hub.rows() == before


async def test_a_number_of_the_hubs_own_book_can_be_doubted(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    registration = await hub.register(CHIANG_MAI)
    await hub.keep()

    await hub.tell(MINISTRY, WRONG_NUMBER, registration.number.text)
    await hub.tell(CHIANG_MAI, REGISTERED, "ชม 7")
    await hub.keep()

    assert await state(hub) is State.REGISTERED
    path = await hub.path(CHIANG_MAI)
    assert path.registrations[1].replaces == registration.id
