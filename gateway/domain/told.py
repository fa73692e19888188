"""What the journal of a consignment means for the other tables.

Most happenings say one thing that stays true. What is said of an inbox entry does
not: it is shown, taken, asked for again, parked, and back; the journal is followed to
its end, and the last word counts.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.agreement import consignments_taken
from gateway.domain.consignment import AS_SIGNED, Entry
from gateway.domain.deadletter import Settled
from gateway.domain.facts import (
    LETTER,
    MOVED,
    ROUTE,
    Fact,
    Records,
    at_text,
    attempted,
    deliveries_made,
    delivery_kept,
    given_up,
    queued,
)
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Stage
from gateway.domain.receipts import HAPPENINGS, ReceiptKind


@dataclass(frozen=True, slots=True)
class _Step:
    """What a happening does to the inbox entry that it names."""

    begins: str = ""
    ends: tuple[str, ...] = ()
    moves: bool = False


_TAKEN: Final = _Step("taken", ends=("parked", "held"))
_STEPS: Final[Mapping[Happening, _Step]] = {
    Happening.ENTRY_SHOWN: _Step("shown"),
    Happening.NOTIFIER_SHOWN: _Step("shown"),
    Happening.ENDPOINT_TOOK_IT: _TAKEN,
    Happening.NOTIFIER_TAKEN: _TAKEN,
    Happening.SENDER_RECALLED: _TAKEN,
    Happening.ENTRY_ASKED_AGAIN: _Step(ends=("taken", "set behind")),
    Happening.ENTRY_SET_BEHIND: _Step("set behind", moves=True),
    Happening.ENTRY_PARKED: _Step("parked"),
    Happening.ENTRY_CAME_BACK: _Step(ends=("parked", "set behind"), moves=True),
    Happening.ENTRY_HELD: _Step("held"),
    Happening.ENTRY_RELEASED: _Step(ends=("held",)),
    Happening.WORK_GIVEN_UP: _Step("parked"),
    Happening.NOTIFIER_GIVEN_UP: _Step("parked"),
    Happening.DELIVERY_RESUMED: _Step(ends=("parked", "set behind"), moves=True),
    Happening.NOTIFIER_RESUMED: _Step(ends=("parked", "set behind"), moves=True),
}
_SETTLING: Final = {
    Happening.OPERATOR_REPLAYED: Settled.REPLAYED,
    Happening.DELIVERY_RESUMED: Settled.REPLAYED,
    Happening.NOTIFIER_RESUMED: Settled.REPLAYED,
    Happening.DEAD_LETTER_DISCARDED: Settled.DISCARDED,
    Happening.DEAD_LETTER_OVERTAKEN: Settled.OVERTAKEN,
}
_HANDED_OVER: Final = (Happening.ENDPOINT_TOOK_IT, Happening.NOTIFIER_TAKEN)
_KINDS: Final = {
    **{happening: kind for kind, happening in HAPPENINGS.items()},
    Happening.NUMBER_CORRECTED: ReceiptKind.REGISTERED,
}
_FREEING: Final = (Happening.SENDER_RECALLED, Happening.NUMBER_FREED)


def told_by_journal(records: Records) -> Counter[Fact]:
    """Return what must stand in the other tables, by the journal and the receipts."""
    telling = _Telling(next(iter(consignments_taken(records.journal)), ""))
    for entry in records.journal:
        telling.hear(entry)
    made = [
        Fact("promise", str(receipt.id), "made", at_text(receipt.at))
        for receipt in records.receipts
        if receipt.tells is not None
    ]
    return Counter([*telling.facts, *telling.standings(), *made])


@dataclass(slots=True)
class _Telling:
    """A journal, as far as it was heard."""

    receiver: str
    facts: list[Fact] = field(default_factory=list)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    """What is true of each inbox entry now, and since when."""
    in_custody: bool = False

    def standings(self) -> list[Fact]:
        """Return what is true of the inbox entries."""
        return [
            Fact("inbox_entry", entry, what, at)
            for entry, true in self.entries.items()
            for what, at in true.items()
        ]

    def hear(self, entry: Entry) -> None:
        """Take in one journal entry."""
        if entry.happening in _FREEING:
            at = at_text(entry.at)
            self.facts.append(Fact("consignment", "", "freed", at))
        if dead_letter := entry.facts.get("dead_letter"):
            self._of_dead_letter(entry, dead_letter)
        self._of_delivery(entry)
        self._of_happening(entry)

    def _of_happening(self, entry: Entry) -> None:
        """Take in what each happening alone means."""
        at, facts = at_text(entry.at), entry.facts
        inbox_entry = facts.get("entry", "")
        match entry.happening:
            case Happening.LETTER_ACCEPTED:
                self._accepted(entry)
            case Happening.ROUTE_CHOSEN:
                where = (facts.get(k, "") for k in ("delivery", "start", "stop"))
                self._kept(ROUTE, at)
                self.facts += queued(inbox_entry, LETTER, self.receiver, at)
                self.facts.append(
                    Fact("consignment", "", "delivery", " ".join(where)),
                )
            case Happening.NOTIFIER_QUEUED:
                receipt = facts.get("receipt", "")
                self._kept(receipt, at)
                self.facts += queued(inbox_entry, receipt, facts.get("for", ""), at)
            case Happening.BYTES_PURGED:
                archive = facts.get("archive", "")
                self.facts.append(Fact("archived", archive, "purged", at))
            case Happening.COPY_FITTED:
                dialect, copy = facts.get("dialect", ""), facts.get("copy", "")
                self.facts.append(Fact("fitted_copy", dialect, "copy", copy))
            case Happening.ENDPOINT_TOOK_IT if not self.in_custody:
                # Fetched again because it was asked for, it is proven already.
                self.in_custody = True
                self.facts.append(Fact("receipt", "", ReceiptKind.CUSTODY, at))
                self._stands(inbox_entry, _TAKEN, at)
            case happening if happening in _STEPS:
                self._stands(inbox_entry, _STEPS[happening], at)
            case happening if happening in _KINDS:
                self._answered(entry)

    def _accepted(self, entry: Entry) -> None:
        at = at_text(entry.at)
        self.facts += [
            Fact("consignment", "", what, value)
            for what, value in entry.facts.items()
            # The vault shows these: what came is no XML until it is repaired, and
            # what went on stands where the delivery says.
            if what not in ("repaired", AS_SIGNED)
        ]
        self.facts += [
            Fact("consignment", "", "accepted", at),
            Fact("consignment", "", "sender", entry.actor),
            Fact("promise", ROUTE, "made", at),
        ]

    def _of_dead_letter(self, entry: Entry, dead_letter: str) -> None:
        """Take in what became of work that was given up: set aside, or taken up anew.

        A fact named for a stage says which promise was kept by it, or made anew.
        """
        at, facts = at_text(entry.at), entry.facts
        settled = _SETTLING.get(entry.happening)
        self.facts.append(Fact("dead_letter", dead_letter, settled or "made", at))
        made_or_kept = "made" if settled else "kept"
        if Stage.ROUTE in facts:
            self.facts.append(Fact("promise", ROUTE, made_or_kept, at))
        if Stage.NOTIFY in facts:
            receipt = facts.get("receipt", "")
            self.facts.append(Fact("promise", receipt, made_or_kept, at))
        if settled is None:
            stage = next((stage for stage in Stage if stage in facts), "")
            self.facts += given_up(
                dead_letter,
                stage,
                facts.get(stage, ""),
                facts.get("cause", ""),
                facts.get("for", ""),
            )

    def _of_delivery(self, entry: Entry) -> None:
        """Take in what was promised to a push endpoint, and what came of it."""
        at, facts = at_text(entry.at), entry.facts
        for made in deliveries_made(entry):
            self.facts.append(Fact("promise", made, "made", at))
        if kept := delivery_kept(entry):
            self._kept(kept, at)
            # Whom a letter is handed over to has seen it by that.
            if entry.happening in _HANDED_OVER and (name := facts.get("entry")):
                self.entries.setdefault(name, {}).setdefault("shown", at)
        if number := facts.get("attempt"):
            promise, outcome = facts.get(Stage.DELIVER, ""), facts.get("cause", "taken")
            self.facts += attempted(promise, number, outcome, at)

    def _kept(self, promise: str, at: str) -> None:
        self.facts.append(Fact("promise", promise, "kept", at))

    def _stands(self, inbox_entry: str, step: _Step, at: str) -> None:
        if not inbox_entry:
            return
        true = self.entries.setdefault(inbox_entry, {})
        if step.begins:
            true[step.begins] = at
        for what in step.ends:
            true.pop(what, None)
        if step.moves:
            true[MOVED] = ""

    def _answered(self, entry: Entry) -> None:
        """Take in what an answer of receiver or sender means."""
        at = at_text(entry.at)
        number = entry.facts.get("number", "")
        receipt = entry.facts.get("receipt", "")
        self.facts += [
            Fact("receipt", receipt, _KINDS[entry.happening], at),
            Fact("receipt", receipt, "number", number.strip()),
        ]
        if registration := entry.facts.get("registration"):
            numbered_by = entry.facts.get("numbered_by", "")
            self.facts += [
                Fact("receipt", receipt, "registration", registration),
                Fact("registration", registration, "number", number),
                Fact("registration", registration, numbered_by, at),
            ]
        if inbox_entry := entry.facts.get("entry"):
            self._stands(inbox_entry, _TAKEN, at)
            # A clerk who registers a letter nobody looked at has seen it by that.
            self.entries[inbox_entry].setdefault("shown", at)
