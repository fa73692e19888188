from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.domain.agreement import (
    broken_life,
    consignments_taken,
    kept_elsewhere,
    places,
    receipt_places,
    receipts_made,
)
from gateway.domain.books import (
    Account,
    Books,
    Finding,
    Place,
    ReceiptPlace,
    RegisterAccount,
)
from gateway.domain.consignment import Entry, Excerpt, FittedCopy
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.facts import Fact, Records
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, State
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.register import Book, NumberedBy, Registration, RegistrationNumber
from gateway.domain.told import told_by_journal
from tests.gateway.domain.values import CHIANG_MAI, MINISTRY, NOON

CONSIGNMENT = uuid4()
LATE = NOON + timedelta(hours=1)


def records(**held: Any) -> Records:
    nothing: dict[str, Any] = dict.fromkeys(
        ("journal", "entries", "promises", "registrations", "receipts"), ()
    )
    return Records(**{**nothing, "kept": {}, **held})


def life(*happenings: tuple[Happening, State]) -> list[Entry]:
    return [
        Entry(number, NOON, happening, state, "hub", {})
        for number, (happening, state) in enumerate(happenings, start=1)
    ]


ACCEPTED = (Happening.LETTER_ACCEPTED, State.ACCEPTED)
ROUTED = (Happening.ROUTE_CHOSEN, State.WAITING)


def a_promise(stage: Stage, receipt: UUID | None = None) -> Promise:
    return Promise(
        id=uuid4(),
        stage=stage,
        consignment=CONSIGNMENT,
        receipt=receipt,
        made_at=NOON,
        not_before=NOON,
    )


def an_entry(receipt: UUID | None = None, *, taken: bool = False) -> InboxEntry:
    return InboxEntry(
        id=uuid4(),
        organization=CHIANG_MAI,
        process_id="7",
        carries=Carries.NOTIFIER if receipt else Carries.LETTER,
        consignment=CONSIGNMENT,
        receipt=receipt,
        queued_at=NOON,
        shown_at=NOON if taken else None,
        taken_at=NOON if taken else None,
    )


def a_receipt(kind: ReceiptKind, *, told: bool = True) -> Receipt:
    return Receipt(
        id=uuid4(),
        consignment=CONSIGNMENT,
        kind=kind,
        process_id="8",
        told_by=CHIANG_MAI,
        tells=MINISTRY if told else None,
        at=NOON,
        accept_at=NOON,
    )


def a_registration() -> Registration:
    return Registration(
        id=uuid4(),
        consignment=CONSIGNMENT,
        organization=CHIANG_MAI,
        book=Book.RECEIVED,
        year=2569,
        number=RegistrationNumber.of_book(1, 2569),
        numbered_by=NumberedBy.HUB,
        by="สมศรี",
        at=NOON,
    )


def a_dead_letter(
    receipt: UUID | None = None, settled: Settled | None = None
) -> DeadLetter:
    return DeadLetter(
        id=uuid4(),
        stage=Stage.ROUTE if receipt is None else Stage.NOTIFY,
        promise=uuid4(),
        consignment=CONSIGNMENT,
        receipt=receipt,
        entry=None,
        endpoint=CHIANG_MAI if receipt is None else MINISTRY,
        cause="vault-damaged",
        detail="",
        attempts=1,
        incident=uuid4(),
        at=NOON,
        settled=settled,
        settled_at=NOON if settled else None,
    )


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ({}, []),
        ({"dead_letters": [a_dead_letter()]}, [Place.DEAD]),
        (
            {
                "entries": [replace(an_entry(), parked_at=NOON)],
                "dead_letters": [a_dead_letter(settled=Settled.DISCARDED)],
            },
            [Place.DEAD],
        ),
        (
            {
                "entries": [an_entry()],
                "dead_letters": [a_dead_letter(settled=Settled.REPLAYED)],
            },
            [Place.IN_INBOX],
        ),
        (
            {
                "entries": [an_entry(taken=True)],
                "dead_letters": [a_dead_letter(settled=Settled.OVERTAKEN)],
            },
            [Place.WITH_ENDPOINT],
        ),
        (
            {
                "dead_letters": [a_dead_letter()],
                "receipts": [a_receipt(ReceiptKind.RETURNED)],
            },
            [Place.RETURNED],
        ),
        (
            {
                "dead_letters": [a_dead_letter()],
                "promises": [a_promise(Stage.ROUTE)],
            },
            [Place.ON_ITS_WAY, Place.DEAD],
        ),
        ({"dead_letters": [a_dead_letter(uuid4())]}, []),
        ({"promises": [a_promise(Stage.ROUTE)]}, [Place.ON_ITS_WAY]),
        ({"entries": [an_entry()]}, [Place.IN_INBOX]),
        ({"entries": [an_entry(taken=True)]}, [Place.WITH_ENDPOINT]),
        (
            {"entries": [an_entry()], "registrations": [a_registration()]},
            [Place.IN_REGISTER],
        ),
        (
            {
                "entries": [an_entry(taken=True)],
                "receipts": [a_receipt(ReceiptKind.RETURNED)],
            },
            [Place.RETURNED],
        ),
        (
            {"entries": [an_entry()], "promises": [a_promise(Stage.ROUTE)]},
            [Place.ON_ITS_WAY, Place.IN_INBOX],
        ),
        ({"entries": [an_entry(uuid4())]}, []),
        ({"entries": [replace(an_entry(), parked_at=NOON)]}, [Place.PARKED]),
        ({"entries": [an_entry(taken=True)], "freed": True}, [Place.RECALLED]),
        ({"promises": [a_promise(Stage.ROUTE)], "freed": True}, [Place.RECALLED]),
        (
            {
                "entries": [an_entry(taken=True)],
                "registrations": [a_registration()],
                "freed": True,
            },
            [Place.IN_REGISTER],
        ),
        (
            {"receipts": [a_receipt(ReceiptKind.RETURNED)], "freed": True},
            [Place.RETURNED],
        ),
    ],
)
def test_a_consignment_is_where_its_records_are(
    held: dict[str, Sequence[Any]], found: list[Place]
) -> None:
    assert places(records(**held)) == found


def test_a_kept_promise_is_no_place() -> None:
    promise = a_promise(Stage.ROUTE)

    assert places(records(promises=[promise], kept={promise.id: NOON})) == []


def test_a_receipt_is_told_nobody_on_its_way_waiting_or_taken() -> None:
    told = a_receipt(ReceiptKind.RECEIVED)
    custody = a_receipt(ReceiptKind.CUSTODY, told=False)
    promise = a_promise(Stage.NOTIFY, told.id)

    def found(receipt: Receipt, **held: Any) -> list[ReceiptPlace]:
        return receipt_places(receipt, records(**held))

    assert found(custody) == [ReceiptPlace.TOLD_NOBODY]
    assert found(told) == []
    assert found(told, promises=[promise]) == [ReceiptPlace.ON_ITS_WAY]
    assert found(told, promises=[promise], kept={promise.id: NOON}) == []
    assert found(told, entries=[an_entry(told.id)]) == [ReceiptPlace.WAITING]
    taken = [an_entry(told.id, taken=True), an_entry(uuid4())]
    assert found(told, entries=taken) == [ReceiptPlace.TAKEN]
    held = [replace(an_entry(told.id), held_at=NOON)]
    assert found(told, entries=held) == [ReceiptPlace.HELD]
    parked = [replace(an_entry(told.id), parked_at=NOON)]
    assert found(told, entries=parked) == [ReceiptPlace.PARKED]
    given_up = [a_dead_letter(told.id)]
    assert found(told, dead_letters=given_up) == [ReceiptPlace.DEAD]
    assert found(told, dead_letters=given_up, entries=parked) == [ReceiptPlace.DEAD]
    assert found(told, dead_letters=given_up, entries=taken) == [ReceiptPlace.TAKEN]


@pytest.mark.parametrize(
    ("happening", "settled", "made"),
    [
        (Happening.OPERATOR_REPLAYED, Settled.REPLAYED, [Stage.ROUTE]),
        (Happening.DEAD_LETTER_DISCARDED, Settled.DISCARDED, []),
        (Happening.DEAD_LETTER_OVERTAKEN, Settled.OVERTAKEN, []),
    ],
)
def test_the_journal_tells_of_a_dead_letter_what_its_row_says(
    happening: Happening, settled: Settled, made: list[Stage]
) -> None:
    """It is told who does not get it, why, by which promise, and how it ended."""
    dead = replace(a_dead_letter(settled=settled), settled_at=LATE)
    first = replace(a_promise(Stage.ROUTE), id=dead.promise)
    again = [replace(a_promise(stage), made_at=LATE) for stage in made]
    told = {
        "dead_letter": str(dead.id),
        "cause": dead.cause,
        "for": dead.endpoint.text,
        "route": str(dead.promise),
    }
    ended = {"dead_letter": str(dead.id)} | {
        promise.stage.value: str(promise.id) for promise in again
    }
    given_up = Entry(2, NOON, Happening.WORK_GIVEN_UP, State.FAILED, "hub", told)
    kept = records(
        journal=[given_up, Entry(3, LATE, happening, State.FAILED, "hub", ended)],
        promises=[first, *again],
        kept={first.id: NOON},
        dead_letters=[dead],
    )
    # The first of the promises is told by the acceptance, which is left out here.
    made_first = Counter([Fact("promise", "route", "made", NOON.isoformat())])

    assert told_by_journal(kept) + made_first == kept_elsewhere(kept)
    other = replace(kept, dead_letters=[replace(dead, cause="internal-error")])
    assert told_by_journal(other) + made_first != kept_elsewhere(other)


@pytest.mark.parametrize(
    ("journal", "problem"),
    [
        (life(ACCEPTED, ROUTED), None),
        ([], None),
        (life(ROUTED), "entry 1 of the journal says route-chosen"),
        (life(ACCEPTED, ACCEPTED), "entry 2 of the journal says letter-accepted"),
        (life(ACCEPTED, ROUTED)[1:], "entry 1 of the journal is not there"),
        (
            life(ACCEPTED, (Happening.NUMBER_GIVEN, State.REGISTERED)),
            "entry 2 of the journal says number-given after accepted",
        ),
        (
            life(ACCEPTED, (Happening.ROUTE_CHOSEN, State.RETURNED)),
            "entry 2 of the journal ends in returned, not waiting",
        ),
    ],
)
def test_a_journal_is_a_life(journal: list[Entry], problem: str | None) -> None:
    assert list(broken_life(journal)) == ([problem] if problem else [])


def test_the_journal_counts_receipts_and_custody() -> None:
    accepted, routed, taken = life(
        ACCEPTED, ROUTED, (Happening.ENDPOINT_TOOK_IT, State.DELIVERED)
    )
    accepted = replace(accepted, facts={"receiver": CHIANG_MAI.text})

    assert receipts_made([accepted, routed, taken]) == 1
    assert consignments_taken([accepted, routed, taken]) == [CHIANG_MAI.text]
    # Asked for again and fetched again, it is proven already.
    assert receipts_made([accepted, routed, taken, taken]) == 1


def test_the_clerk_who_registers_has_seen_the_letter() -> None:
    """The hub's own registration shows and takes the entry in one happening."""
    registration = a_registration()
    receipt = replace(
        a_receipt(ReceiptKind.REGISTERED),
        number=registration.number.text,
        registration=registration.id,
    )
    facts = {
        "registration": str(registration.id),
        "number": registration.number.text,
        "numbered_by": "hub",
        "receipt": str(receipt.id),
        "entry": "7",
    }
    given = Entry(3, NOON, Happening.NUMBER_GIVEN, State.REGISTERED, "สมศรี", facts)
    shown = Entry(2, NOON, Happening.ENTRY_SHOWN, State.WAITING, "1", {"entry": "7"})
    kept = records(
        journal=[given],
        entries=[an_entry(taken=True)],
        registrations=[registration],
        receipts=[receipt],
        promises=[a_promise(Stage.NOTIFY, receipt.id)],
    )

    assert not told_by_journal(kept) - kept_elsewhere(kept)
    looked_before = replace(kept, journal=[shown, given])
    assert told_by_journal(looked_before) == told_by_journal(kept)


@pytest.mark.parametrize(
    ("happenings", "entry"),
    [
        ([Happening.ENTRY_SHOWN], {"shown_at": NOON}),
        (
            [Happening.ENTRY_SHOWN, Happening.ENTRY_SET_BEHIND],
            {"shown_at": NOON, "set_behind_at": NOON, "place": uuid4()},
        ),
        (
            [Happening.ENTRY_SET_BEHIND, Happening.ENTRY_PARKED],
            {"set_behind_at": NOON, "parked_at": NOON, "place": uuid4()},
        ),
        (
            [
                Happening.ENTRY_SET_BEHIND,
                Happening.ENTRY_PARKED,
                Happening.ENTRY_CAME_BACK,
            ],
            {"place": uuid4()},
        ),
        ([Happening.ENTRY_HELD], {"held_at": NOON}),
        ([Happening.ENTRY_HELD, Happening.ENTRY_RELEASED], {}),
        ([Happening.ENTRY_HELD, Happening.NOTIFIER_TAKEN], {"taken_at": NOON}),
        ([Happening.SENDER_RECALLED], {"taken_at": NOON}),
        ([Happening.NOTIFIER_TAKEN, Happening.ENTRY_ASKED_AGAIN], {}),
    ],
)
def test_the_last_word_of_the_journal_on_an_entry_counts(
    happenings: list[Happening], entry: dict[str, Any]
) -> None:
    journal = [
        Entry(number, NOON, happening, State.WAITING, "1", {"entry": "7"})
        for number, happening in enumerate(happenings, start=1)
    ]

    def about_the_entry(held: Records) -> tuple[set[Fact], set[Fact]]:
        sides = told_by_journal(held), kept_elsewhere(held)
        queued = {"brings", "inbox of", "queued"}
        told, kept = (
            {f for f in side if f.table == "inbox_entry" and f.what not in queued}
            for side in sides
        )
        return told, kept

    right = records(journal=journal, entries=[replace(an_entry(), **entry)])
    told, kept = about_the_entry(right)
    assert told == kept
    wrong = {**entry, "held_at": LATE}
    told, kept = about_the_entry(
        records(journal=journal, entries=[replace(an_entry(), **wrong)])
    )
    assert told != kept


def test_a_letter_taken_back_before_it_was_routed_needs_no_route() -> None:
    promise = a_promise(Stage.ROUTE)
    back = Entry(2, NOON, Happening.SENDER_RECALLED, State.RECALLED, "1", {})
    held = records(journal=[back], promises=[promise], kept={promise.id: LATE})

    assert Fact("promise", "route", "kept", LATE.isoformat()) in kept_elsewhere(held)
    freed = replace(held, freed=True)
    assert all(fact.what != "kept" for fact in kept_elsewhere(freed))
    assert Fact("consignment", "", "freed", NOON.isoformat()) in told_by_journal(freed)


def test_a_fitted_copy_is_told_by_the_journal_unless_none_was_needed() -> None:
    facts = {"dialect": "boi", "copy": "d1"}
    fitted = Entry(2, NOON, Happening.COPY_FITTED, State.WAITING, "hub", facts)
    copy = FittedCopy(CONSIGNMENT, "boi", Excerpt("d1", 0, 9), NOON)
    none = FittedCopy(CONSIGNMENT, "csharp", None, NOON)
    held = records(journal=[fitted], copies=[copy, none])

    assert told_by_journal(held) == kept_elsewhere(held)
    assert told_by_journal(held) != kept_elsewhere(replace(held, copies=[none]))


def test_whatever_one_side_alone_says_shows_itself() -> None:
    late = NOON + timedelta(seconds=1)
    entry = Entry(1, late, Happening.ENTRY_SHOWN, State.WAITING, "1", {"entry": "7"})
    held = records(journal=[entry], entries=[an_entry(taken=True)])

    told, kept = told_by_journal(held), kept_elsewhere(held)

    assert list(told - kept) == [Fact("inbox_entry", "7", "shown", late.isoformat())]
    assert Fact("inbox_entry", "7", "taken", NOON.isoformat()) in kept - told


def the_books(**changes: Any) -> Books:
    whole = Books(
        receivers={"1": Account(2, {Place.IN_INBOX: 1, Place.RETURNED: 1})},
        receipts_made=1,
        receipts={ReceiptPlace.TAKEN: 1},
        registers=(RegisterAccount("1", "received", 2569, 3, 3, 3, 3),),
        findings=(),
    )
    return replace(whole, **changes)


def test_books_that_add_up_are_in_balance() -> None:
    books = the_books()

    assert books.in_balance
    assert books.taken == 2
    assert sum(books.places.values()) == 2
    assert books.places[Place.WITH_ENDPOINT] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"receivers": {"1": Account(1, {}), "2": Account(0, {Place.IN_INBOX: 1})}},
        {"receipts_made": 2},
        {"registers": (RegisterAccount("1", "received", 2569, 2, 3, 2, 3),)},
        {"registers": (RegisterAccount("1", "received", 2569, 3, 3, 3, 4),)},
        {"findings": (Finding("มท 1/1", "", "letter", "the seal is broken"),)},
    ],
)
def test_books_that_do_not_add_up_are_not(changes: dict[str, Any]) -> None:
    assert not the_books(**changes).in_balance
