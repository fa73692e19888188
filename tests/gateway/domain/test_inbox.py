from datetime import timedelta
from uuid import uuid4

from gateway.domain.inbox import Carries, InboxEntry
from tests.gateway.domain.values import CHIANG_MAI, NOON

LATER = NOON + timedelta(minutes=1)


def an_entry() -> InboxEntry:
    return InboxEntry(
        id=uuid4(),
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
