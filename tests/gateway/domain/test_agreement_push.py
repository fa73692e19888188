"""What was promised to an endpoint, tried and taken must stand in both records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.domain.agreement import kept_elsewhere, places, receipt_places
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.consignment import Entry
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.delivery import Answer, Attempt
from gateway.domain.facts import Records, deliveries_made, delivery_kept
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.told import told_by_journal
from tests.gateway.domain.values import CHIANG_MAI, MINISTRY, NOON

LATE = NOON + timedelta(hours=1)
FIRST, SECOND = (
    Promise(
        id=uuid4(),
        stage=Stage.DELIVER,
        consignment=UUID(int=1),
        receipt=None,
        made_at=at,
        not_before=at,
        entry=UUID(int=2),
        endpoint=CHIANG_MAI,
        attempt=attempt,
    )
    for at, attempt in ((NOON, 1), (LATE, 2))
)
FAILED = Attempt(
    promise=FIRST.id,
    consignment=UUID(int=1),
    entry=UUID(int=2),
    endpoint=CHIANG_MAI,
    at=LATE,
    number=1,
    outcome="endpoint-silent",
    answer=Answer(),
)


def said(happening: Happening, at: Any = NOON, **facts: str) -> Entry:
    return Entry(2, at, happening, State.WAITING, "hub", facts)


PROMISED = said(Happening.DELIVERY_BEGUN, deliver=str(FIRST.id), entry="7")
TRIED = said(
    Happening.DELIVERY_FAILED,
    LATE,
    deliver=str(FIRST.id),
    attempt="1",
    cause="endpoint-silent",
    again=str(SECOND.id),
)


def records(journal: Sequence[Entry], **held: Any) -> Records:
    nothing: dict[str, Any] = dict.fromkeys(
        ("entries", "promises", "registrations", "receipts"), ()
    )
    return Records(journal=journal, **{**nothing, "kept": {}, **held})


def both(held: Records) -> bool:
    """Say whether promises and attempts agree with the journal."""
    about = {"promise", "attempt"}
    told, kept = (
        {fact: n for fact, n in side.items() if fact.table in about}
        for side in (told_by_journal(held), kept_elsewhere(held))
    )
    return told == kept


RIGHT = records(
    [PROMISED, TRIED],
    promises=[FIRST, SECOND],
    kept={FIRST.id: LATE},
    attempts=[FAILED],
)


def test_promises_and_attempts_agree_with_the_journal() -> None:
    """One promise tried and kept by making the next, which is open."""
    assert both(RIGHT)


@pytest.mark.parametrize(
    "changes",
    [
        {"promises": [FIRST]},
        {"promises": [SECOND]},
        {"promises": [FIRST, SECOND, replace(SECOND, id=uuid4())]},
        {"promises": [replace(FIRST, made_at=LATE), SECOND]},
        {"kept": {}},
        {"kept": {FIRST.id: NOON}},
        {"attempts": []},
        {"attempts": [FAILED, replace(FAILED, promise=uuid4())]},
        {"attempts": [replace(FAILED, outcome="taken")]},
        {"attempts": [replace(FAILED, number=2)]},
        {"attempts": [replace(FAILED, at=NOON)]},
        {"journal": [TRIED]},
        {"journal": [PROMISED]},
    ],
)
def test_whatever_is_removed_doubled_or_altered_shows_itself(
    changes: Mapping[str, Any],
) -> None:
    """In either direction, each by itself."""
    assert not both(replace(RIGHT, **changes))


def test_a_promise_that_was_found_void_is_kept_in_silence() -> None:
    """Its entry was fetched, or its endpoint pulls now: nothing happened."""
    void = records([PROMISED], promises=[FIRST], kept={FIRST.id: LATE})

    assert both(void)


def test_an_attempt_that_changed_nothing_may_be_told_of_by_nobody() -> None:
    """Its letter had been fetched meanwhile, and that was said already."""
    silent = records(
        [PROMISED], promises=[FIRST], kept={FIRST.id: LATE}, attempts=[FAILED]
    )

    assert both(silent)


@pytest.mark.parametrize(
    ("entry", "made", "kept"),
    [
        (said(Happening.ROUTE_CHOSEN, deliver="a"), ["a"], ""),
        (said(Happening.ENTRY_CAME_BACK, deliver="a"), ["a"], ""),
        (said(Happening.DELIVERY_RESUMED, deliver="a"), ["a"], ""),
        (said(Happening.DELIVERY_FAILED, deliver="a", again="b"), ["b"], "a"),
        (said(Happening.NOTIFIER_FAILED, deliver="a"), [], ""),
        (said(Happening.WORK_GIVEN_UP, deliver="a"), [], "a"),
        (said(Happening.ENDPOINT_TOOK_IT, deliver="a"), [], "a"),
        (said(Happening.ENDPOINT_TOOK_IT), [], ""),
        (said(Happening.ROUTE_CHOSEN), [], ""),
    ],
)
def test_each_happening_makes_or_keeps_the_promise_it_names(
    entry: Entry, made: list[str], kept: str
) -> None:
    """The same word means one or the other by what happened."""
    assert deliveries_made(entry) == made
    assert delivery_kept(entry) == kept


def an_entry(receipt: UUID | None = None) -> InboxEntry:
    return InboxEntry(
        id=UUID(int=2),
        organization=CHIANG_MAI,
        process_id="7",
        carries=Carries.NOTIFIER if receipt else Carries.LETTER,
        consignment=UUID(int=1),
        receipt=receipt,
        queued_at=NOON,
        parked_at=NOON,
    )


def a_dead_letter(receipt: UUID | None = None) -> DeadLetter:
    return DeadLetter(
        id=uuid4(),
        stage=Stage.DELIVER,
        promise=FIRST.id,
        consignment=UUID(int=1),
        receipt=receipt,
        entry=UUID(int=2),
        endpoint=CHIANG_MAI,
        cause="endpoint-refused",
        detail="",
        attempts=1,
        incident=uuid4(),
        at=NOON,
    )


def test_what_could_not_be_handed_over_is_dead_and_not_parked() -> None:
    """Until it is replayed; then it lies in its inbox as it stands there."""
    dead = a_dead_letter()
    held = records([], entries=[an_entry()], dead_letters=[dead], promises=[FIRST])

    assert places(held) == [Place.DEAD]
    replayed = replace(dead, settled=Settled.REPLAYED, settled_at=LATE)
    back = replace(held, dead_letters=[replayed])
    assert places(back) == [Place.PARKED]


def test_a_promise_to_hand_over_is_no_place_of_a_receipt() -> None:
    """Its notifier lies in the inbox, and is promised besides."""
    receipt = Receipt(
        id=uuid4(),
        consignment=UUID(int=1),
        kind=ReceiptKind.RECEIVED,
        process_id="8",
        told_by=CHIANG_MAI,
        tells=MINISTRY,
        at=NOON,
        accept_at=NOON,
    )
    entry = replace(an_entry(receipt.id), parked_at=None)
    promise = replace(FIRST, receipt=receipt.id)
    held = records([], entries=[entry], promises=[promise], receipts=[receipt])

    assert receipt_places(receipt, held) == [ReceiptPlace.WAITING]
    given_up = replace(
        held, entries=[an_entry(receipt.id)], dead_letters=[a_dead_letter(receipt.id)]
    )
    assert receipt_places(receipt, given_up) == [ReceiptPlace.DEAD]
