"""What the receiver says of a letter: kept once, told once, refused without trace."""

from collections.abc import Sequence

import pytest

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain import errors
from gateway.domain.errors import Refusal
from gateway.domain.lifecycle import State
from gateway.domain.register import NumberedBy
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HEALTH,
    LOEI,
    MINISTRY,
    NUMBER,
    Hub,
    to,
)

RECEIVED = NotifierKind.RECEIVED
REGISTERED = NotifierKind.REGISTERED
RETURNED = NotifierKind.RETURNED
WRONG_LETTER = NotifierKind.WRONG_LETTER

SAID: list[tuple[NotifierKind, str | None, State]] = [
    (RECEIVED, None, State.RECEIVED),
    (REGISTERED, "1024", State.REGISTERED),
    (RETURNED, None, State.RETURNED),
    (WRONG_LETTER, None, State.RETURNED_AS_WRONG),
]


async def waits(hub: Hub) -> None:
    """Leave the letter as it is."""


async def was_taken(hub: Hub) -> None:
    await hub.take(CHIANG_MAI)


async def was_confirmed(hub: Hub) -> None:
    await hub.tell(CHIANG_MAI, RECEIVED)
    await hub.keep()
    await hub.take(MINISTRY)


@pytest.mark.parametrize("before", [waits, was_taken, was_confirmed])
@pytest.mark.parametrize(("kind", "number", "state"), SAID)
async def test_each_kind_is_told_to_the_sender_once(
    hub: Hub, before: object, kind: NotifierKind, number: str | None, state: State
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    if kind is not RECEIVED or before is not was_confirmed:
        await before(hub)  # type: ignore[operator]

    said = await hub.tell(CHIANG_MAI, kind, number)
    at = hub.clock.now()
    assert await hub.keep() == 1
    kept = await hub.rows()
    again = await hub.tell(CHIANG_MAI, kind, number)

    assert again == said
    assert said.at == at
    assert await hub.rows() == kept
    assert await hub.keep() == 0
    assert (await hub.path(CHIANG_MAI)).consignment.state is state
    shown = await hub.take(MINISTRY)
    assert shown.copy == said.copy
    assert shown.process_id != said.process_id
    assert await hub.look(MINISTRY) is None


async def test_the_copy_says_it_in_the_senders_own_words(hub: Hub) -> None:
    """The sender's client finds its letter by number, date and subject (Q-C10)."""
    await hub.deliver(to(CHIANG_MAI, subject="เรื่องของผู้ส่ง"))

    said = await hub.tell(
        CHIANG_MAI,
        REGISTERED,
        "๑๐๒๔",
        about=LetterId("มท๐๒๑๐.๓/ว๑๗๙๕", "2569-06-05T00:00:00"),
        subject="ถ้อยคำอื่น",
    )

    assert said.copy.letter_id == NUMBER
    assert said.copy.subject == "เรื่องของผู้ส่ง"
    assert said.copy.accept_id == "๑๐๒๔"
    assert said.copy.accept_date == "2026-07-01T09:00:01"
    assert said.copy.accept_organization == CHIANG_MAI


@pytest.mark.parametrize("kind", [RECEIVED, RETURNED, WRONG_LETTER])
async def test_no_number_stands_where_none_belongs(
    hub: Hub, kind: NotifierKind
) -> None:
    """An AcceptID, even an empty one, would be read as an acceptance (I2.4)."""
    await hub.deliver(to(CHIANG_MAI))

    said = await hub.tell(CHIANG_MAI, kind)

    assert said.copy.accept_id is None


@pytest.mark.parametrize(
    ("own", "typed"),
    [
        ("มท 0210.3/ว 1795", "มท ๐๒๑๐.๓/ว ๑๗๙๕"),
        ("มท 0210.3/ว 1795", " มท0210.3/ว1795"),
        ("มท ๐๒๑๐.๓/ว ๑๗๙๕", "มท 0210.3/ว 1795"),
        ("ก&ข <1>/2", "ก&ข <1>/2"),
        ("ก&ข <1>/2", "ก&amp;ข &lt;1&gt;/2"),
        ("ก&amp;ข/2", "ก&amp;ข/2"),
        ("ก&ข ๑/2", "ก&amp;ข 1/2"),
    ],
)
async def test_a_letter_is_found_however_its_number_is_typed(
    hub: Hub, own: str, typed: str
) -> None:
    await hub.deliver(to(CHIANG_MAI, LetterId(own, NUMBER.date)))

    said = await hub.tell(CHIANG_MAI, RECEIVED, about=LetterId(typed, NUMBER.date))

    assert said.copy.letter_id == LetterId(own, NUMBER.date)


async def test_of_two_senders_with_one_number_the_one_in_wsa_to_is_meant(
    hub: Hub,
) -> None:
    for sender in (MINISTRY, HEALTH):
        await hub.deliver(to(CHIANG_MAI, sender=sender))

    await hub.tell(CHIANG_MAI, RECEIVED, to=f"http://hub.example/ecms/{MINISTRY}/x")
    await hub.keep()

    assert await hub.look(HEALTH) is None
    assert await hub.look(MINISTRY) is not None


async def test_a_number_is_kept_as_the_office_wrote_it(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    await hub.tell(CHIANG_MAI, REGISTERED, "ส34128 /๒๕๖๙ <ก&ข>")
    await hub.keep()

    [registration] = (await hub.path(CHIANG_MAI)).registrations
    assert registration.number.text == "ส34128 /๒๕๖๙ <ก&ข>"
    assert registration.number.serial is None
    assert registration.numbered_by is NumberedBy.OFFICE
    copy = (await hub.head(MINISTRY)).copy
    assert copy is not None
    assert copy.accept_id == "ส34128 /๒๕๖๙ <ก&ข>"


async def test_another_number_corrects_the_first_and_names_it(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    for number in ("1024", "1025", "1024"):
        await hub.tell(CHIANG_MAI, REGISTERED, number)
        await hub.keep()

    path = await hub.path(CHIANG_MAI)
    first, second, third = path.registrations
    assert [r.replaces for r in path.registrations] == [None, first.id, second.id]
    assert third.number.text == "1024"
    assert path.consignment.state is State.REGISTERED
    told = [(await hub.take(MINISTRY)).copy for _ in range(3)]
    assert [copy and copy.accept_id for copy in told] == ["1024", "1025", "1024"]


async def test_a_confirmation_after_the_number_is_kept_and_told_to_nobody(
    hub: Hub,
) -> None:
    """A C# sender would show the letter as only received again."""
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, REGISTERED, "1024")
    await hub.keep()
    await hub.take(MINISTRY)

    said = await hub.tell(CHIANG_MAI, RECEIVED)

    assert said.copy.kind is RECEIVED
    assert await hub.keep() == 0
    assert await hub.look(MINISTRY) is None
    assert not await hub.announced(MINISTRY)
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is State.REGISTERED
    assert path.receipts[-1].tells is None
    assert await hub.tell(CHIANG_MAI, RECEIVED) == said


Step = tuple[NotifierKind, str | None]


@pytest.mark.parametrize(
    ("earlier", "step", "refusal"),
    [
        ([(RETURNED, None)], (REGISTERED, "1"), errors.AlreadyReturned),
        ([(RETURNED, None)], (RECEIVED, None), errors.AlreadyReturned),
        ([(RETURNED, None)], (WRONG_LETTER, None), errors.AlreadyReturned),
        ([(WRONG_LETTER, None)], (REGISTERED, "1"), errors.AlreadyReturned),
        ([(WRONG_LETTER, None)], (RETURNED, None), errors.AlreadyReturned),
        ([(REGISTERED, "1")], (RETURNED, None), errors.AlreadyRegistered),
        ([(REGISTERED, "1")], (WRONG_LETTER, None), errors.AlreadyRegistered),
        (
            [(RECEIVED, None), (REGISTERED, "1")],
            (RETURNED, None),
            errors.AlreadyRegistered,
        ),
    ],
)
async def test_what_the_state_does_not_allow_is_refused_without_trace(
    hub: Hub, earlier: Sequence[Step], step: Step, refusal: type[Refusal]
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    for kind, number in earlier:
        await hub.tell(CHIANG_MAI, kind, number)
    await hub.keep()
    before = await hub.rows()

    with pytest.raises(refusal):
        await hub.tell(CHIANG_MAI, *step)

    assert await hub.rows() == before
    assert await hub.keep() == 0


@pytest.mark.parametrize(("kind", "number", "state"), SAID)
async def test_a_letter_that_is_not_routed_yet_cannot_be_answered(
    hub: Hub, kind: NotifierKind, number: str | None, state: State
) -> None:
    await hub.send(to(CHIANG_MAI))
    before = await hub.rows()

    with pytest.raises(errors.NotPossibleNow):
        await hub.tell(CHIANG_MAI, kind, number)

    assert await hub.rows() == before
    await hub.keep()
    await hub.tell(CHIANG_MAI, kind, number)
    assert (await hub.path(CHIANG_MAI)).consignment.state is state


@pytest.mark.parametrize("kind", [kind for kind, _, _ in SAID])
@pytest.mark.parametrize(
    ("door", "about"),
    [
        (LOEI, NUMBER),
        (MINISTRY, NUMBER),
        (CHIANG_MAI, LetterId(NUMBER.number, "2026-06-06")),
        (CHIANG_MAI, LetterId("มท 0210.3/ว 1796", NUMBER.date)),
        (CHIANG_MAI, LetterId("", NUMBER.date)),
        (CHIANG_MAI, LetterId(NUMBER.number, "")),
        (CHIANG_MAI, LetterId(NUMBER.number, "5 มิ.ย. 2569")),
    ],
)
async def test_of_a_letter_not_in_its_hands_nobody_is_heard(
    hub: Hub, kind: NotifierKind, door: OrganizationCode, about: LetterId
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    before = await hub.rows()

    with pytest.raises(errors.LetterUnknown):
        await hub.tell(door, kind, "1" if kind is REGISTERED else None, about=about)

    assert await hub.rows() == before


async def test_an_office_may_write_to_itself(hub: Hub) -> None:
    await hub.deliver(to(MINISTRY))
    await hub.take(MINISTRY)

    await hub.tell(MINISTRY, REGISTERED, "1024")
    await hub.keep()
    copy = (await hub.take(MINISTRY)).copy
    await hub.tell(MINISTRY, NotifierKind.WRONG_NUMBER, "1024")
    await hub.keep()
    dispute = (await hub.take(MINISTRY)).copy

    assert copy is not None
    assert copy.kind is REGISTERED
    assert dispute is not None
    assert dispute.kind is NotifierKind.WRONG_NUMBER
