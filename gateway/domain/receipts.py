"""Which happening is told to whom, by which notifier.

1. What the receiver says is told to the sender; what the sender says of a number is
   told to the receiver.
2. That the endpoint took the letter is a receipt of custody and told to nobody by
   e-CMS: only the receiving office says that it received (protocol G18).
3. A confirmation that comes after the number tells the sender less than it knows:
   it is kept and not sent, since a C# sender would show the letter as only received.
4. Of a letter that was taken back, the sender is told a number that still came, and
   nothing else: a C# sender answers a rejection by freeing the number, which may be
   that of the letter sent anew (E3).
5. The same said again is the same receipt, answered with the same ProcessID, and
   never queued twice (Q-C12).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain.lifecycle import Happening, State


class ReceiptKind(StrEnum):
    """What a receipt proves."""

    CUSTODY = "custody"
    """The endpoint holds the bytes."""
    RECEIVED = "received"
    REGISTERED = "registered"
    RETURNED = "returned"
    RETURNED_AS_WRONG = "returned-as-wrong"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The stored fact a notifier reports."""

    id: UUID
    consignment: UUID
    kind: ReceiptKind
    process_id: str
    """What the teller's system got as answer."""
    told_by: OrganizationCode
    tells: OrganizationCode | None
    """Whose inbox its notifier goes to; None where nobody is told."""
    at: datetime
    accept_at: datetime
    """What AcceptDate says: its own time, but for a dispute that of the number (E2)."""
    number: str | None = None
    """The registration number it is about."""
    registration: UUID | None = None

    @property
    def notifier(self) -> NotifierKind | None:
        """The wire message that reports it."""
        return _NOTIFIERS[self.kind]


_NOTIFIERS: Final = {
    ReceiptKind.CUSTODY: None,
    ReceiptKind.RECEIVED: NotifierKind.RECEIVED,
    ReceiptKind.REGISTERED: NotifierKind.REGISTERED,
    ReceiptKind.RETURNED: NotifierKind.RETURNED,
    ReceiptKind.RETURNED_AS_WRONG: NotifierKind.WRONG_LETTER,
    ReceiptKind.DISPUTED: NotifierKind.WRONG_NUMBER,
}

KINDS: Final = {
    NotifierKind.RECEIVED: ReceiptKind.RECEIVED,
    NotifierKind.REGISTERED: ReceiptKind.REGISTERED,
    NotifierKind.RETURNED: ReceiptKind.RETURNED,
    NotifierKind.WRONG_LETTER: ReceiptKind.RETURNED_AS_WRONG,
    NotifierKind.WRONG_NUMBER: ReceiptKind.DISPUTED,
}

HAPPENINGS: Final = {
    ReceiptKind.CUSTODY: Happening.ENDPOINT_TOOK_IT,
    ReceiptKind.RECEIVED: Happening.RECEIVER_CONFIRMED,
    ReceiptKind.REGISTERED: Happening.NUMBER_GIVEN,
    ReceiptKind.RETURNED: Happening.RECEIVER_RETURNED,
    ReceiptKind.RETURNED_AS_WRONG: Happening.RECEIVER_CALLED_IT_WRONG,
    ReceiptKind.DISPUTED: Happening.NUMBER_DISPUTED,
}

_ABOUT_NUMBERS: Final = (ReceiptKind.REGISTERED, ReceiptKind.DISPUTED)


def said_before(
    receipts: Sequence[Receipt], kind: ReceiptKind, number: str | None
) -> Receipt | None:
    """Return the receipt that already says this, if there is one (rule 5).

    Numbers are a conversation: a number given, doubted, and given again is said
    anew, so of a number given only the last word about numbers counts as said
    before, and of a doubt the last word about that number: a doubt that is repeated
    after another number came is no new one.
    """
    if kind is ReceiptKind.DISPUTED:
        receipts = [r for r in receipts if r.number == number]
    if kind in _ABOUT_NUMBERS:
        said = [r for r in receipts if r.kind in _ABOUT_NUMBERS][-1:]
    else:
        said = list(receipts)
    return next((r for r in said if (r.kind, r.number) == (kind, number)), None)


def is_told(kind: ReceiptKind, state: State) -> bool:
    """Say whether somebody hears of it, by the state before it (rules 2 to 4)."""
    if kind is ReceiptKind.CUSTODY:
        return False
    if state is State.RECALLED:
        return kind is ReceiptKind.REGISTERED
    late = state in (State.REGISTERED, State.DISPUTED)
    return not (kind is ReceiptKind.RECEIVED and late)
