"""What an endpoint speaks, and what its habits are: the latest decides."""

import pytest

from envelopes.dialects import (
    BOI,
    CSHARP,
    JAVA,
    JAVA_KEEPING,
    UNKNOWN,
    Dialect,
)
from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain.errors import OrganizationUnknown
from gateway.domain.lifecycle import Happening, State
from gateway.domain.receipts import ReceiptKind
from gateway.workflow.collect import confirm
from gateway.workflow.endpoint import note_dialect, set_dialect
from tests.gateway.workflow.hub import CHIANG_MAI, NOBODY, Hub, to

SECOND = LetterId("มท 0210.3/2", "2026-06-05")
THIRD = LetterId("มท 0210.3/3", "2026-06-05")
RECEIVED = NotifierKind.RECEIVED
REGISTERED = NotifierKind.REGISTERED


async def note(hub: Hub, dialect: Dialect) -> None:
    """Have an envelope of this dialect come from Chiang Mai."""
    organization = await hub.store.organization(CHIANG_MAI)
    assert organization is not None
    await note_dialect(hub.work, organization, dialect)


async def spoken(hub: Hub, code: OrganizationCode = CHIANG_MAI) -> tuple[str, bool]:
    found = await hub.organization(code)
    return found.dialect, found.dialect_by_hand


async def test_the_latest_envelope_decides(hub: Hub) -> None:
    assert await spoken(hub) == ("unknown", False)
    for dialect in (BOI, CSHARP, JAVA, CSHARP):
        await note(hub, dialect)

        assert await spoken(hub) == (dialect.name, False)


async def test_the_same_dialect_again_writes_nothing(hub: Hub) -> None:
    await note(hub, CSHARP)
    before = await hub.writes()

    for _ in range(5):
        await note(hub, CSHARP)

    assert await hub.writes() == before


async def test_an_envelope_that_tells_nothing_changes_nothing(hub: Hub) -> None:
    await note(hub, BOI)

    await note(hub, UNKNOWN)

    assert await spoken(hub) == ("boi", False)


async def test_one_set_by_hand_stays(hub: Hub) -> None:
    await note(hub, JAVA)
    await set_dialect(hub.work, CHIANG_MAI, JAVA_KEEPING)

    for dialect in (JAVA, BOI, CSHARP):
        await note(hub, dialect)

    assert await spoken(hub) == ("java-keeping", True)


async def test_let_go_its_envelopes_decide_again(hub: Hub) -> None:
    await set_dialect(hub.work, CHIANG_MAI, BOI)

    await set_dialect(hub.work, CHIANG_MAI, BOI, by_hand=False)
    assert await spoken(hub) == ("boi", False)
    await note(hub, CSHARP)

    assert await spoken(hub) == ("csharp", False)


async def test_an_organization_nobody_knows_has_no_dialect(hub: Hub) -> None:
    with pytest.raises(OrganizationUnknown):
        await set_dialect(hub.work, NOBODY, BOI)


async def answered(hub: Hub, kind: NotifierKind, number: str | None = None) -> str:
    """Have Chiang Mai read a letter, answer it, and leave it in its inbox."""
    await hub.deliver(to(CHIANG_MAI))
    await hub.deliver(to(CHIANG_MAI, SECOND))
    shown = await hub.head(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, kind, number)
    return shown.process_id


@pytest.mark.parametrize(
    ("kind", "number", "state"),
    [
        (RECEIVED, None, State.RECEIVED),
        (REGISTERED, "7", State.REGISTERED),
        (NotifierKind.RETURNED, None, State.RETURNED),
    ],
)
async def test_q_j10_a_client_that_never_deletes_is_known_by_its_third_read(
    hub: Hub, kind: NotifierKind, number: str | None, state: State
) -> None:
    first = await answered(hub, kind, number)

    assert await hub.read(CHIANG_MAI, 2) == [first] * 2
    assert not (await hub.organization(CHIANG_MAI)).never_deletes
    assert (await hub.head(CHIANG_MAI)).process_id != first

    assert (await hub.organization(CHIANG_MAI)).never_deletes
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.state is state
    assert [r.kind for r in path.receipts].count(ReceiptKind.CUSTODY) == 1
    [taken] = await hub.journal(Happening.ENDPOINT_TOOK_IT, CHIANG_MAI)
    assert taken.facts == {"entry": first, "why": "never-deletes"}


async def test_q_j10_once_known_its_next_letters_are_taken_when_answered(
    hub: Hub,
) -> None:
    await answered(hub, RECEIVED)
    await hub.deliver(to(CHIANG_MAI, THIRD))
    await hub.read(CHIANG_MAI, 3)
    second = await hub.head(CHIANG_MAI)

    await hub.tell(CHIANG_MAI, REGISTERED, "8", about=SECOND)

    assert (await hub.head(CHIANG_MAI)).process_id != second.process_id


async def test_q_j10_a_letter_it_has_not_answered_comes_again(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, JAVA_KEEPING)
    await hub.deliver(to(CHIANG_MAI))

    reads = await hub.read(CHIANG_MAI, 5)

    assert len(set(reads)) == 1
    assert not (await hub.path(CHIANG_MAI)).receipts


async def test_q_j10_set_by_hand_it_needs_no_third_read(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, JAVA_KEEPING)
    first = await answered(hub, RECEIVED)

    assert (await hub.head(CHIANG_MAI)).process_id != first

    assert not (await hub.organization(CHIANG_MAI)).never_deletes


async def test_a_client_that_deletes_is_never_taken_for_one_that_does_not(
    hub: Hub,
) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI, THIRD))
    await hub.take(CHIANG_MAI)
    first = await answered(hub, RECEIVED)

    assert await hub.read(CHIANG_MAI, CSHARP.patience - 1) == [first] * (
        CSHARP.patience - 1
    )

    assert not (await hub.organization(CHIANG_MAI)).never_deletes
    assert not await hub.journal(Happening.ENDPOINT_TOOK_IT, CHIANG_MAI)


async def test_one_that_begins_to_delete_is_known_to_delete(hub: Hub) -> None:
    await answered(hub, RECEIVED)
    await hub.read(CHIANG_MAI, 3)
    assert (await hub.organization(CHIANG_MAI)).never_deletes

    await hub.take(CHIANG_MAI)

    known = await hub.organization(CHIANG_MAI)
    assert (known.never_deletes, known.deleted_at) == (False, hub.clock.now())


async def test_a_letter_deleted_after_it_was_taken_by_habit_has_one_custody(
    hub: Hub,
) -> None:
    first = await answered(hub, RECEIVED)
    await hub.read(CHIANG_MAI, 3)

    again = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)
    assert again.process_id == first
    await confirm(hub.work, CHIANG_MAI, first)

    kinds = [r.kind for r in (await hub.path(CHIANG_MAI)).receipts]
    assert kinds.count(ReceiptKind.CUSTODY) == 1


async def test_a_new_client_s_habits_are_its_own(hub: Hub) -> None:
    """An office changes its client overnight: the old one deleted, this one never."""
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(to(CHIANG_MAI, THIRD))
    await hub.take(CHIANG_MAI)

    await set_dialect(hub.work, CHIANG_MAI, CSHARP, by_hand=False)
    assert (await hub.organization(CHIANG_MAI)).deleted_at is not None
    await note(hub, JAVA)

    first = await answered(hub, RECEIVED)
    assert await hub.read(CHIANG_MAI, 2) == [first] * 2
    assert (await hub.head(CHIANG_MAI)).process_id != first
