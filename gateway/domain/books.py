"""Whether the books balance: what was taken into custody is found at its places.

The account has two sides from different records, never both from a state: on one
side the journal, on the other inboxes, outbox, registers and receipts (design 16.7).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a consignment is found, by records other than its journal."""

    ON_ITS_WAY = "on-its-way"
    """An open promise to route it."""
    IN_INBOX = "in-inbox"
    """Its entry waits in the receiver's inbox."""
    PARKED = "parked"
    """Its entry is parked: the receiver's system could not get past it."""
    WITH_ENDPOINT = "with-endpoint"
    """The receiver's system took its entry."""
    IN_REGISTER = "in-register"
    """It has a registration."""
    RETURNED = "returned"
    """It has a receipt that sends it back."""
    RECALLED = "recalled"
    """Its sender took it back, and the receiver has not answered."""
    DEAD = "dead"
    """A dead letter that was not replayed names it; nobody has it otherwise."""


class ReceiptPlace(StrEnum):
    """Where a receipt is found."""

    TOLD_NOBODY = "told-nobody"
    """Nobody is told of it, by rule."""
    ON_ITS_WAY = "on-its-way"
    """An open promise to notify."""
    WAITING = "waiting"
    """Its notifier waits in an inbox."""
    HELD = "held"
    """Its notifier lies beside the inbox of a system that cannot read it."""
    PARKED = "parked"
    """Its notifier is parked: the system of who is told could not get past it."""
    TAKEN = "taken"
    """The system of who is told took its notifier."""
    DEAD = "dead"
    """A dead letter that was not replayed names it; nobody has its notifier."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that does not add up, and the letter it concerns."""

    letter: str
    """Number and date; empty where no record says which letter it was."""
    consignment: str
    """The number its sender got, or where that is lost its id; empty for none."""
    table: str
    """Where it was found."""
    what: str


@dataclass(frozen=True, slots=True, order=True)
class RegisterAccount:
    """A register the hub keeps, in one year."""

    organization: str
    book: str
    year: int
    given: int
    """How many registrations have a serial of this book."""
    highest: int
    """The highest of them; without gap and twin it is `given`."""
    distinct: int
    last: int
    """What the book says was given last."""

    @property
    def in_balance(self) -> bool:
        """Whether the serials are 1 … `last`, each once."""
        return self.given == self.highest == self.distinct == self.last


@dataclass(frozen=True, slots=True)
class Account:
    """The two sides, for one receiver or for all."""

    taken: int
    """Consignments taken into custody, counted from the journal."""
    places: Mapping[Place, int]
    """Consignments found, counted from other records."""

    @property
    def in_balance(self) -> bool:
        """Whether all that was taken is found."""
        return self.taken == sum(self.places.values())


@dataclass(frozen=True, slots=True)
class Books:
    """The account, and every letter that does not add up."""

    receivers: Mapping[str, Account]
    """By the receiver's code."""
    receipts_made: int
    """Counted from the journal."""
    receipts: Mapping[ReceiptPlace, int]
    """Counted from receipts, promises and inboxes."""
    registers: tuple[RegisterAccount, ...]
    findings: tuple[Finding, ...]
    """Sorted by letter."""

    @property
    def taken(self) -> int:
        """All consignments ever taken into custody."""
        return sum(account.taken for account in self.receivers.values())

    @property
    def places(self) -> Mapping[Place, int]:
        """Where all of them are found."""
        found = Counter(dict.fromkeys(Place, 0))
        for account in self.receivers.values():
            found.update(account.places)
        return dict(found)

    @property
    def in_balance(self) -> bool:
        """Whether everything adds up and nothing was found."""
        return (
            not self.findings
            and all(account.in_balance for account in self.receivers.values())
            and self.receipts_made == sum(self.receipts.values())
            and all(register.in_balance for register in self.registers)
        )
