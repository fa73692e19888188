"""Where a consignment and its receipts are, and what the tables beside the journal say.

Both sides of the account are written as facts, so that whatever one says and the
other does not shows itself, in either direction.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.consignment import Entry
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.facts import (
    LETTER,
    MOVED,
    ROUTE,
    Fact,
    Records,
    at_text,
    attempted,
    delivery_kept,
    given_up,
    queued,
)
from gateway.domain.inbox import Carries, InboxEntry, Standing
from gateway.domain.lifecycle import FIRST, Happening, State, after, allows
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import HAPPENINGS, Receipt, ReceiptKind
from gateway.domain.register import Registration

_RETURNS: Final = (ReceiptKind.RETURNED, ReceiptKind.RETURNED_AS_WRONG)
_MAKE_RECEIPTS: Final = frozenset(
    (*HAPPENINGS.values(), Happening.NUMBER_CORRECTED),
) - {Happening.ENDPOINT_TOOK_IT}
_LETTER_PLACES: Final = {
    Standing.WAITING: Place.IN_INBOX,
    # Only notifiers are held; a letter that was would still have to be fetched.
    Standing.HELD: Place.IN_INBOX,
    Standing.PARKED: Place.PARKED,
    Standing.TAKEN: Place.WITH_ENDPOINT,
}
_RECEIPT_PLACES: Final = {
    Standing.WAITING: ReceiptPlace.WAITING,
    Standing.HELD: ReceiptPlace.HELD,
    Standing.PARKED: ReceiptPlace.PARKED,
    Standing.TAKEN: ReceiptPlace.TAKEN,
}


def places(records: Records) -> list[Place]:
    """Return where a consignment is found; exactly one place is right.

    One that was taken back is nowhere else, unless an answer came all the same: the
    promise to route it may still be open, its entry may have been fetched before.
    """
    found = []
    if any(r.kind in _RETURNS for r in records.receipts):
        found.append(Place.RETURNED)
    if records.registrations:
        found.append(Place.IN_REGISTER)
    answered = bool(found)
    if records.freed:
        return found or [Place.RECALLED]
    on_its_way = [
        Place.ON_ITS_WAY
        for promise in records.promises
        if promise.stage is Stage.ROUTE and promise.id not in records.kept
    ]
    if answered:
        return on_its_way + found
    lies = [e.standing for e in records.entries if e.carries is Carries.LETTER]
    if _is_dead(None, records, lies):
        return [*on_its_way, Place.DEAD]
    return on_its_way + [_LETTER_PLACES[standing] for standing in lies]


def receipt_places(receipt: Receipt, records: Records) -> list[ReceiptPlace]:
    """Return where a receipt is found; exactly one place is right."""
    lies = [e.standing for e in records.entries if e.receipt == receipt.id]
    if _is_dead(receipt.id, records, lies):
        found = [ReceiptPlace.DEAD]
    else:
        found = [_RECEIPT_PLACES[standing] for standing in lies]
    found += [
        ReceiptPlace.ON_ITS_WAY
        for promise in records.promises
        if promise.stage is Stage.NOTIFY
        and promise.receipt == receipt.id
        and promise.id not in records.kept
    ]
    if receipt.tells is None:
        found.append(ReceiptPlace.TOLD_NOBODY)
    return found


def _is_dead(receipt: UUID | None, records: Records, lies: Sequence[Standing]) -> bool:
    """Say whether a letter, or a receipt's notifier, lies among the dead letters.

    What could not be handed over is parked in its inbox besides; it lies there no more
    once it was replayed, or fetched all the same.
    """
    return Standing.TAKEN not in lies and any(
        dead.receipt == receipt and dead.settled is not Settled.REPLAYED
        for dead in records.dead_letters
    )


def broken_life(journal: Sequence[Entry]) -> Iterator[str]:
    """Say where a journal is no life of a consignment; `journal` is in its order."""
    state: State | None = None
    for number, entry in enumerate(journal, start=1):
        if entry.number != number:
            yield f"entry {number} of the journal is not there"
            return
        if (number == 1) != (entry.happening is Happening.LETTER_ACCEPTED):
            yield f"entry {number} of the journal says {entry.happening}"
            return
        if state is not None and not allows(state, entry.happening):
            yield f"entry {number} of the journal says {entry.happening} after {state}"
            return
        state = FIRST if state is None else after(state, entry.happening)
        if entry.state is not state:
            yield f"entry {number} of the journal ends in {entry.state}, not {state}"
            return


def receipts_made(journal: Sequence[Entry]) -> int:
    """Count the receipts that a journal says were made.

    Fetched again because it was asked for again, a letter is in custody only once.
    """
    happened = [entry.happening for entry in journal]
    custody = Happening.ENDPOINT_TOOK_IT in happened
    return sum(happening in _MAKE_RECEIPTS for happening in happened) + custody


def consignments_taken(journal: Sequence[Entry]) -> list[str]:
    """Return the receiver for each time a journal says custody began; once is right."""
    return [
        entry.facts.get("receiver", "")
        for entry in journal
        if entry.happening is Happening.LETTER_ACCEPTED
    ]


def kept_elsewhere(records: Records) -> Counter[Fact]:
    """Return what stands in the other tables."""
    facts = list(records.facts)
    for promise in records.promises:
        facts += _of_promise(promise, records)
    for entry in records.entries:
        facts += _of_entry(entry)
    for registration in records.registrations:
        facts += _of_registration(registration)
    for receipt in records.receipts:
        facts += _of_receipt(receipt)
    for dead in records.dead_letters:
        facts += _of_dead_letter(dead)
    facts += _of_attempts(records)
    facts += [
        Fact("archived", str(one.archive), "purged", at_text(one.purged_at))
        for one in records.archived
        if one.purged_at is not None
    ]
    facts += [
        Fact("fitted_copy", copy.dialect, "copy", copy.delivery.digest)
        for copy in records.copies
        if copy.delivery is not None
    ]
    return Counter(facts)


def _of_promise(promise: Promise, records: Records) -> Iterator[Fact]:
    if promise.stage is Stage.DELIVER:
        yield from _of_delivery(promise, records)
        return
    routes = promise.stage is Stage.ROUTE
    key = ROUTE if routes else str(promise.receipt)
    yield Fact("promise", key, "made", at_text(promise.made_at))
    # Taken back before it was routed, it has no route: no happening says when the
    # promise was found to be void.
    void = routes and records.freed and not _is_told(promise, records.journal)
    if promise.id in records.kept and not void:
        yield Fact("promise", key, "kept", at_text(records.kept[promise.id]))


def _of_delivery(promise: Promise, records: Records) -> Iterator[Fact]:
    """Say what a promise to hand over says.

    Only what the journal calls kept is compared: no happening says when one was found
    void, since its entry had left the inbox or its endpoint pulls now.
    """
    key = str(promise.id)
    yield Fact("promise", key, "made", at_text(promise.made_at))
    told = any(delivery_kept(entry) == key for entry in records.journal)
    if told and promise.id in records.kept:
        yield Fact("promise", key, "kept", at_text(records.kept[promise.id]))


def _of_attempts(records: Records) -> Iterator[Fact]:
    """Say what attempts say that the journal tells of, or that nobody promised.

    Of one whose entry had left the inbox meanwhile the journal may be silent.
    """
    told = {e.facts[Stage.DELIVER] for e in records.journal if "attempt" in e.facts}
    promised = {promise.id for promise in records.promises}
    for attempt in records.attempts:
        key = str(attempt.promise)
        if key in told or attempt.promise not in promised:
            at = at_text(attempt.at)
            yield from attempted(key, attempt.number, attempt.outcome, at)


def _is_told(promise: Promise, journal: Sequence[Entry]) -> bool:
    """Say whether a journal tells how a promise to route was kept."""
    return any(
        entry.happening is Happening.ROUTE_CHOSEN
        or entry.facts.get(Stage.ROUTE) == str(promise.id)
        for entry in journal
    )


def _of_entry(entry: InboxEntry) -> list[Fact]:
    letter = entry.carries is Carries.LETTER and entry.receipt is None
    brings = LETTER if letter else str(entry.receipt)
    key = entry.process_id
    facts = queued(key, brings, entry.organization.text, at_text(entry.queued_at))
    times = {
        "shown": entry.shown_at,
        "taken": entry.taken_at,
        "set behind": entry.set_behind_at,
        "parked": entry.parked_at,
        "held": entry.held_at,
    }
    facts += [
        Fact("inbox_entry", key, what, at_text(when))
        for what, when in times.items()
        if when is not None
    ]
    if entry.place != entry.id:
        facts.append(Fact("inbox_entry", key, MOVED, ""))
    return facts


def _of_registration(registration: Registration) -> list[Fact]:
    key = str(registration.id)
    at = at_text(registration.at)
    return [
        Fact("registration", key, "number", registration.number.text),
        Fact("registration", key, registration.numbered_by, at),
    ]


def _of_dead_letter(dead: DeadLetter) -> list[Fact]:
    facts = given_up(
        str(dead.id), dead.stage, dead.promise, dead.cause, dead.endpoint.text
    )
    facts.append(Fact("dead_letter", str(dead.id), "made", at_text(dead.at)))
    if dead.settled_at is not None:
        what, at = str(dead.settled), at_text(dead.settled_at)
        facts.append(Fact("dead_letter", str(dead.id), what, at))
    return facts


def _of_receipt(receipt: Receipt) -> list[Fact]:
    at = at_text(receipt.at)
    if receipt.kind is ReceiptKind.CUSTODY:
        # The journal says that the endpoint took it; that needs no receipt's name.
        return [Fact("receipt", "", receipt.kind, at)]
    key = str(receipt.id)
    facts = [
        Fact("receipt", key, receipt.kind, at),
        Fact("receipt", key, "number", (receipt.number or "").strip()),
    ]
    if receipt.registration is not None:
        facts.append(Fact("receipt", key, "registration", str(receipt.registration)))
    return facts
