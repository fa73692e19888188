from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from gateway.domain.inbox import Carries, InboxEntry, Standing, sooner
from tests.gateway.domain.values import CHIANG_MAI, NOON

LATER = NOON + timedelta(minutes=1)


def an_entry() -> InboxEntry:
    return InboxEntry(
        id=UUID(int=uuid4().int >> 1),
        organization=CHIANG_MAI,
        process_id="7",
        carries=Carries.LETTER,
        consignment=uuid4(),
        receipt=None,
        queued_at=NOON,
    )


def test_what_was_never_shown_cannot_be_taken() -> None:
    entry = an_entry()

    assert not entry.take(NOON)
    assert entry.taken_at is None


def test_it_is_shown_for_the_first_time_once() -> None:
    entry = an_entry()

    assert entry.show(NOON)
    assert not entry.show(LATER)
    assert entry.shown_at == NOON


def test_it_is_taken_once() -> None:
    entry = an_entry()
    entry.show(NOON)

    assert entry.take(NOON)
    assert not entry.take(LATER)
    assert entry.taken_at == NOON


def set_behind() -> InboxEntry:
    entry = an_entry()
    entry.lose_patience(uuid4(), NOON)
    return entry


def parked() -> InboxEntry:
    entry = set_behind()
    entry.lose_patience(uuid4(), NOON)
    return entry


def held() -> InboxEntry:
    entry = an_entry()
    entry.hold(NOON)
    return entry


def taken() -> InboxEntry:
    entry = an_entry()
    entry.show(NOON)
    entry.take(NOON)
    return entry


def test_it_waits_at_the_place_it_got_when_it_was_queued() -> None:
    entry = an_entry()

    assert entry.standing is Standing.WAITING
    assert entry.place == entry.id


def test_it_is_set_behind_the_first_time_and_parked_the_second() -> None:
    """Rule 4 (F4.6)."""
    entry, behind = an_entry(), UUID(int=uuid4().int >> 1)

    entry.lose_patience(behind, NOON)
    assert (entry.standing, entry.place) == (Standing.WAITING, behind)
    assert (entry.set_behind_at, entry.parked_at) == (NOON, None)

    entry.lose_patience(uuid4(), LATER)
    assert (entry.standing, entry.place) == (Standing.PARKED, behind)
    assert (entry.set_behind_at, entry.parked_at) == (NOON, LATER)


def test_it_comes_back_behind_the_others_with_new_patience() -> None:
    """Rule 5."""
    entry, last = parked(), UUID(int=uuid4().int | 1 << 127)

    assert entry.come_back(last)

    assert (entry.standing, entry.place) == (Standing.WAITING, last)
    assert entry.set_behind_at is None
    entry.lose_patience(uuid4(), LATER)
    assert entry.standing is Standing.WAITING


@pytest.mark.parametrize("made", [an_entry, set_behind, held, taken])
def test_only_what_is_parked_comes_back(made: Callable[[], InboxEntry]) -> None:
    entry = made()
    before = entry.place, entry.standing

    assert not entry.come_back(uuid4())

    assert (entry.place, entry.standing) == before


def test_what_is_held_returns_to_its_old_place() -> None:
    """Rule 6 (Q-B9)."""
    entry = an_entry()

    assert entry.hold(NOON)
    assert (entry.standing, entry.held_at) == (Standing.HELD, NOON)
    assert entry.release()
    assert (entry.standing, entry.place) == (Standing.WAITING, entry.id)


@pytest.mark.parametrize("made", [held, parked, taken])
def test_only_what_waits_is_held(made: Callable[[], InboxEntry]) -> None:
    entry = made()
    before = entry.standing

    assert not entry.hold(LATER)

    assert entry.standing is before


@pytest.mark.parametrize("made", [an_entry, parked, taken])
def test_only_what_is_held_is_released(made: Callable[[], InboxEntry]) -> None:
    entry = made()
    before = entry.standing

    assert not entry.release()

    assert entry.standing is before


@pytest.mark.parametrize("made", [an_entry, set_behind, parked, held])
def test_its_sender_withdraws_it_from_wherever_it_stands(
    made: Callable[[], InboxEntry],
) -> None:
    entry = made()

    assert entry.withdraw(LATER)

    assert (entry.standing, entry.taken_at) == (Standing.TAKEN, LATER)
    assert entry.parked_at is entry.held_at is None
    assert not entry.come_back(uuid4())
    assert not entry.release()


def test_what_its_organization_took_is_not_withdrawn() -> None:
    entry = taken()

    assert not entry.withdraw(LATER)
    assert entry.taken_at == NOON


@pytest.mark.parametrize("made", [parked, held])
def test_what_was_shown_is_taken_from_beside_the_queue(
    made: Callable[[], InboxEntry],
) -> None:
    entry = made()
    entry.show(NOON)

    assert entry.take(LATER)

    assert entry.standing is Standing.TAKEN
    assert entry.parked_at is entry.held_at is None


def test_what_was_taken_comes_again_at_its_old_place() -> None:
    entry = taken()

    assert entry.ask_again()

    assert (entry.standing, entry.place) == (Standing.WAITING, entry.id)
    assert entry.shown_at == NOON


@pytest.mark.parametrize("made", [an_entry, set_behind, parked, held])
def test_asking_again_moves_nothing_that_was_not_taken(
    made: Callable[[], InboxEntry],
) -> None:
    entry = made()
    before = entry.place, entry.standing

    assert not entry.ask_again()

    assert (entry.place, entry.standing) == before


def test_what_comes_again_has_new_patience() -> None:
    """It was deleted: its client got past it."""
    entry = set_behind()
    entry.show(NOON)
    entry.take(NOON)

    entry.ask_again()
    entry.lose_patience(uuid4(), LATER)

    assert entry.standing is Standing.WAITING


def test_after_some_notifiers_others_go_sooner() -> None:
    assert [sooner(20, left) for left in (0, 2, 3, 9)] == [20, 20, 5, 5]
    assert sooner(2, 3) == 1
