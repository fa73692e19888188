"""The rows that speak of one consignment, and whether they agree with each other."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from gateway.domain.agreement import (
    broken_life,
    consignments_taken,
    kept_elsewhere,
    places,
    receipt_places,
)
from gateway.domain.delivery import Attempt
from gateway.domain.facts import Fact, Records
from gateway.domain.inbox import Carries
from gateway.domain.told import told_by_journal
from gateway.store import rows
from gateway.store.books_rows import Found

T = TypeVar("T")

Problem = tuple[str, str]
"""A table, and what is wrong there."""

SPEAKING: Final = {
    "consignment": "id",
    "journal": "consignment_id",
    "inbox_entry": "consignment_id",
    "promise": "consignment_id",
    "registration": "consignment_id",
    "receipt": "consignment_id",
    "fitted_copy": "consignment_id",
    "archived": "consignment_id",
    "dead_letter": "consignment_id",
    "attempt": "consignment_id",
}
"""The tables that speak of a consignment, and the column with its id."""


def _attempt(row: rows.Columns) -> Attempt:
    """Read an attempt without what was answered, which may be encrypted."""
    return rows.attempt(row, b"")


_READ: Final[Mapping[str, Callable[[rows.Columns], object]]] = {
    "journal": rows.journal_entry,
    "inbox_entry": rows.inbox_entry,
    "promise": rows.promise,
    "registration": rows.registration,
    "receipt": rows.receipt,
    "fitted_copy": rows.fitted_copy,
    "archived": rows.archived,
    "dead_letter": rows.dead_letter,
    "attempt": _attempt,
}


@dataclass(slots=True)
class Bundle:
    """What lies in all tables under one consignment's id."""

    key: str
    found: dict[str, list[Found]] = field(
        default_factory=lambda: {table: [] for table in SPEAKING}
    )

    @property
    def consignment(self) -> Found | None:
        """Its own row."""
        return next(iter(self.found["consignment"]), None)

    @property
    def name(self) -> str:
        """The number its sender got, or the id where that is lost."""
        if self.consignment is None:
            return self.key
        return str(self.consignment.raw["process_id"])

    @property
    def is_purged(self) -> bool:
        """Whether its bytes are gone for good, by a row whose seal holds."""
        return any(
            row.holds() and row.values["purged_at"] is not None
            for row in self.found["archived"]
        )

    def journal(self) -> list[Found]:
        """Return the rows of its journal in their order."""
        return sorted(
            self.found["journal"],
            key=lambda row: (
                row.values.get("number") is None,
                row.values.get("number"),
            ),
        )

    def records(self) -> Records:
        """Read what can be read of the tables around the consignment."""
        promises = self.found["promise"]
        return Records(
            journal=_values(self.journal(), rows.journal_entry),
            entries=_values(self.found["inbox_entry"], rows.inbox_entry),
            promises=_values(promises, rows.promise),
            kept={
                row.values["id"]: row.values["kept_at"]
                for row in promises
                if not row.unreadable and row.values["kept_at"] is not None
            },
            registrations=_values(self.found["registration"], rows.registration),
            receipts=_values(self.found["receipt"], rows.receipt),
            copies=_values(self.found["fitted_copy"], rows.fitted_copy),
            archived=_values(self.found["archived"], rows.archived),
            dead_letters=_values(self.found["dead_letter"], rows.dead_letter),
            attempts=_values(self.found["attempt"], _attempt),
            facts=_consignment_facts(self.consignment) if self.consignment else (),
            freed=_is_freed(self.consignment),
        )

    def receiver(self, records: Records) -> str:
        """Return whose it is, by other records than the journal."""
        for entry in records.entries:
            if entry.carries is Carries.LETTER:
                return entry.organization.text
        if self.consignment is None:
            return ""
        return str(self.consignment.raw["receiver"])

    def problems(self) -> Iterator[Problem]:
        """Say what does not agree."""
        records = self.records()
        yield from self._rows()
        yield from self._life(records)
        yield from _differences(records)
        taken, found = consignments_taken(records.journal), places(records)
        if len(taken) != 1:
            yield "journal", f"taken into custody {len(taken)} times"
        if len(found) != 1:
            where = ", ".join(found) or "no place"
            yield "consignment", f"found at {len(found)} places: {where}"
        for receipt in records.receipts:
            if len(lies := receipt_places(receipt, records)) != 1:
                where = ", ".join(lies) or "no place"
                yield "receipt", f"found at {len(lies)} places: {where}"

    def _rows(self) -> Iterator[Problem]:
        before = ""
        for row in self.journal():
            yield from row_problems(row, before)
            before = str(row.raw["seal"])
        for table, found in self.found.items():
            for row in found:
                if table != "journal":
                    yield from row_problems(row)
                if table in _READ and row.as_value(_READ[table]) is None:
                    yield table, "the row says what no such row can say"

    def _life(self, records: Records) -> Iterator[Problem]:
        for what in broken_life(records.journal):
            yield "journal", what
        if self.consignment is None:
            yield "consignment", "the row is not there, but others speak of it"
            return
        values = self.consignment.values
        last = records.journal[-1].state if records.journal else None
        if values.get("state") != last:
            yield "consignment", f"is {values.get('state')}, its journal says {last}"
        if (entries := values.get("entries")) != len(records.journal):
            there = f"{len(records.journal)} entries can be read"
            yield "journal", f"{there}, {entries} were written"


def row_problems(row: Found, before: str = "") -> Iterator[Problem]:
    """Say what is wrong with a row by itself; `before` as in `Found.holds`."""
    if row.unreadable:
        yield row.name, f"cannot be read: {', '.join(row.unreadable)}"
    elif not row.holds(before):
        yield row.name, "the seal is broken: not as the hub wrote it"


def _values(found: list[Found], read: Callable[[Mapping[str, Any]], T]) -> list[T]:
    return [
        value
        for row in found
        if not row.unreadable and (value := row.as_value(read)) is not None
    ]


def _is_freed(consignment: Found | None) -> bool:
    return consignment is not None and consignment.values.get("freed_at") is not None


def _consignment_facts(row: Found) -> list[Fact]:
    """Write a consignment's columns as its journal tells of them."""
    values = row.values
    told = {
        "process_id": values.get("process_id"),
        "receiver": values.get("receiver"),
        "letter": values.get("letter_id"),
        "envelope": values.get("envelope_digest"),
        "copy": values.get("copy_digest"),
        "signed": values.get("signed"),
        "sender": values.get("sender"),
    }
    facts = [Fact("consignment", "", what, str(value)) for what, value in told.items()]
    facts += _judged(values)
    if (at := values.get("accepted_at")) is not None:
        facts.append(Fact("consignment", "", "accepted", at.isoformat()))
    if (freed := values.get("freed_at")) is not None:
        facts.append(Fact("consignment", "", "freed", freed.isoformat()))
    if (digest := values.get("delivery_digest")) is not None:
        where = f"{digest} {values.get('delivery_start')} {values.get('delivery_stop')}"
        facts.append(Fact("consignment", "", "delivery", where))
    return facts


def _judged(values: Mapping[str, Any]) -> Iterator[Fact]:
    """Write what the columns say of the signature; NULL is what nobody judged."""
    for what in ("intact", "valid", "trusted"):
        if (true := values.get(what)) is not None:
            yield Fact("consignment", "", what, "yes" if true else "no")
    for what in ("reasons", "certificate", "algorithm"):
        if (text := values.get(what)) is not None:
            yield Fact("consignment", "", what, text)


def _differences(records: Records) -> Iterator[Problem]:
    told: Counter[Fact] = told_by_journal(records)
    kept: Counter[Fact] = kept_elsewhere(records)
    for fact in told - kept:
        yield fact.table, f"only the journal says: {_shown(fact)}"
    for fact in kept - told:
        yield fact.table, f"the journal does not say: {_shown(fact)}"


def _shown(fact: Fact) -> str:
    return " ".join(f"{fact.key} {fact.what} {fact.value}".split())
