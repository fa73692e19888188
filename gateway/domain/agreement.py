"""What the journal says of a consignment, and what the other tables say: the same.

Both are written as facts, so that whatever one side says and the other does not
shows itself, in either direction.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.consignment import Entry
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import FIRST, Happening, State, after, allows
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import HAPPENINGS, Receipt, ReceiptKind
from gateway.domain.register import Registration


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """What two records must both say."""

    table: str
    key: str
    what: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What all tables but `consignment` and `letter` hold of one consignment."""

    journal: Sequence[Entry]
    entries: Sequence[InboxEntry]
    promises: Sequence[Promise]
    kept: Mapping[UUID, datetime]
    """When each kept promise was kept."""
    registrations: Sequence[Registration]
    receipts: Sequence[Receipt]
    facts: Sequence[Fact] = ()
    """What the consignment's own row says."""


_RETURNS: Final = (ReceiptKind.RETURNED, ReceiptKind.RETURNED_AS_WRONG)
_MAKE_RECEIPTS: Final = frozenset(
    (*HAPPENINGS.values(), Happening.NUMBER_CORRECTED),
)
_KINDS: Final = {
    **{happening: kind for kind, happening in HAPPENINGS.items()},
    Happening.NUMBER_CORRECTED: ReceiptKind.REGISTERED,
}
_ROUTE: Final = "route"


def places(records: Records) -> list[Place]:
    """Return where a consignment is found; exactly one place is right."""
    found = [
        Place.ON_ITS_WAY
        for promise in records.promises
        if promise.stage is Stage.ROUTE and promise.id not in records.kept
    ]
    letter_entries = [e for e in records.entries if e.carries is Carries.LETTER]
    returned = any(r.kind in _RETURNS for r in records.receipts)
    if returned:
        found.append(Place.RETURNED)
    if records.registrations:
        found.append(Place.IN_REGISTER)
    if not returned and not records.registrations:
        found += [
            Place.IN_INBOX if e.taken_at is None else Place.WITH_ENDPOINT
            for e in letter_entries
        ]
    return found


def receipt_places(receipt: Receipt, records: Records) -> list[ReceiptPlace]:
    """Return where a receipt is found; exactly one place is right."""
    found = [
        ReceiptPlace.WAITING if entry.taken_at is None else ReceiptPlace.TAKEN
        for entry in records.entries
        if entry.receipt == receipt.id
    ]
    found += [
        ReceiptPlace.ON_ITS_WAY
        for promise in records.promises
        if promise.receipt == receipt.id and promise.id not in records.kept
    ]
    if receipt.tells is None:
        found.append(ReceiptPlace.TOLD_NOBODY)
    return found


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
    """Count the receipts that a journal says were made."""
    return sum(entry.happening in _MAKE_RECEIPTS for entry in journal)


def consignments_taken(journal: Sequence[Entry]) -> list[str]:
    """Return the receiver for each time a journal says custody began; once is right."""
    return [
        entry.facts.get("receiver", "")
        for entry in journal
        if entry.happening is Happening.LETTER_ACCEPTED
    ]


def told_by_journal(records: Records) -> Counter[Fact]:
    """Return what must stand in the other tables, by the journal and the receipts."""
    facts: list[Fact] = []
    receiver = next(iter(consignments_taken(records.journal)), "")
    shown: set[str] = set()
    for entry in records.journal:
        facts += _told(entry, receiver, shown)
    facts += [
        Fact("promise", str(receipt.id), "made", _at(receipt.at))
        for receipt in records.receipts
        if receipt.tells is not None
    ]
    return Counter(facts)


def kept_elsewhere(records: Records) -> Counter[Fact]:
    """Return what stands in the other tables."""
    facts = list(records.facts)
    for promise in records.promises:
        key = _ROUTE if promise.stage is Stage.ROUTE else str(promise.receipt)
        facts.append(Fact("promise", key, "made", _at(promise.made_at)))
        if promise.id in records.kept:
            facts.append(Fact("promise", key, "kept", _at(records.kept[promise.id])))
    for entry in records.entries:
        facts += _of_entry(entry)
    for registration in records.registrations:
        facts += _of_registration(registration)
    for receipt in records.receipts:
        facts += _of_receipt(receipt)
    return Counter(facts)


def _told(entry: Entry, receiver: str, shown: set[str]) -> list[Fact]:
    """Say what one journal entry means for the other tables."""
    at = _at(entry.at)
    facts = entry.facts
    inbox_entry = facts.get("entry", "")
    match entry.happening:
        case Happening.LETTER_ACCEPTED:
            told = [Fact("consignment", "", k, v) for k, v in facts.items()]
            told.append(Fact("consignment", "", "accepted", at))
            told.append(Fact("consignment", "", "sender", entry.actor))
            return [*told, Fact("promise", _ROUTE, "made", at)]
        case Happening.ROUTE_CHOSEN:
            where = " ".join(facts.get(k, "") for k in ("delivery", "start", "stop"))
            return [
                *_queued(inbox_entry, "the letter", receiver, at),
                Fact("promise", _ROUTE, "kept", at),
                Fact("consignment", "", "delivery", where),
            ]
        case Happening.NOTIFIER_QUEUED:
            receipt = facts.get("receipt", "")
            return [
                *_queued(inbox_entry, receipt, facts.get("for", ""), at),
                Fact("promise", receipt, "kept", at),
            ]
        case Happening.ENTRY_SHOWN | Happening.NOTIFIER_SHOWN:
            shown.add(inbox_entry)
            return [Fact("inbox_entry", inbox_entry, "shown", at)]
        case Happening.ENDPOINT_TOOK_IT | Happening.NOTIFIER_TAKEN:
            told = [Fact("inbox_entry", inbox_entry, "taken", at)]
            if entry.happening is Happening.ENDPOINT_TOOK_IT:
                told.append(Fact("receipt", "", ReceiptKind.CUSTODY, at))
            return told
        case _:
            return _answered(entry, shown)


def _answered(entry: Entry, shown: set[str]) -> list[Fact]:
    """Say what an answer of receiver or sender means for the other tables."""
    at = _at(entry.at)
    number = entry.facts.get("number", "")
    receipt = entry.facts.get("receipt", "")
    told = [
        Fact("receipt", receipt, _KINDS[entry.happening], at),
        Fact("receipt", receipt, "number", number.strip()),
    ]
    if registration := entry.facts.get("registration"):
        numbered_by = entry.facts.get("numbered_by", "")
        told += [
            Fact("receipt", receipt, "registration", registration),
            Fact("registration", registration, "number", number),
            Fact("registration", registration, numbered_by, at),
        ]
    if inbox_entry := entry.facts.get("entry"):
        told.append(Fact("inbox_entry", inbox_entry, "taken", at))
        # A clerk who registers a letter nobody looked at has seen it by that.
        if inbox_entry not in shown:
            told.append(Fact("inbox_entry", inbox_entry, "shown", at))
    return told


def _queued(entry: str, brings: str, organization: str, at: str) -> list[Fact]:
    return [
        Fact("inbox_entry", entry, "brings", brings),
        Fact("inbox_entry", entry, "inbox of", organization),
        Fact("inbox_entry", entry, "queued", at),
    ]


def _of_entry(entry: InboxEntry) -> list[Fact]:
    letter = entry.carries is Carries.LETTER and entry.receipt is None
    brings = "the letter" if letter else str(entry.receipt)
    facts = _queued(
        entry.process_id, brings, entry.organization.text, _at(entry.queued_at)
    )
    for what, when in (("shown", entry.shown_at), ("taken", entry.taken_at)):
        if when is not None:
            facts.append(Fact("inbox_entry", entry.process_id, what, _at(when)))
    return facts


def _of_registration(registration: Registration) -> list[Fact]:
    key = str(registration.id)
    at = _at(registration.at)
    return [
        Fact("registration", key, "number", registration.number.text),
        Fact("registration", key, registration.numbered_by, at),
    ]


def _of_receipt(receipt: Receipt) -> list[Fact]:
    at = _at(receipt.at)
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


def _at(moment: datetime) -> str:
    return moment.isoformat()
