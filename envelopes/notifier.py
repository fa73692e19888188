"""The five notifiers: wire messages about a letter (B4, operations 2 to 6)."""

from dataclasses import dataclass, field
from enum import Enum

from envelopes.letter import LetterId, OrganizationCode


class NotifierKind(Enum):
    """What a notifier tells; the value is its element name on the wire."""

    RECEIVED = "ReceiveLetterNotifier"
    REGISTERED = "AcceptLetterNotifier"
    RETURNED = "RejectLetterNotifier"
    WRONG_LETTER = "InvalidLetterNotifier"
    WRONG_NUMBER = "InvalidAcceptIDNotifier"

    @property
    def carries_number(self) -> bool:
        """Whether AcceptID belongs to it.

        An empty one anywhere else would be read as an acceptance (I2.4).
        """
        return self in (NotifierKind.REGISTERED, NotifierKind.WRONG_NUMBER)

    @property
    def told_by_sender(self) -> bool:
        """Whether the letter's sender tells it; the other four the receiver tells."""
        return self is NotifierKind.WRONG_NUMBER


@dataclass(frozen=True, slots=True)
class Notifier:
    """A notifier as an endpoint sent it."""

    kind: NotifierKind
    letter_id: LetterId
    """Number and date as the endpoint wrote them: match by E2, never by equality."""
    subject: str = field(repr=False)
    """Need not be the letter's subject (Q-C20)."""
    accept_id: str | None = None
    """The registration number; None unless the kind carries one."""


@dataclass(frozen=True, slots=True)
class NotifierCopy:
    """A notifier as the hub answers or delivers it: complete, in the sender's words.

    Number, date and subject are the letter's own, character by character (I2.6),
    the date and office of acceptance are always there (Q-J17).
    """

    kind: NotifierKind
    letter_id: LetterId
    subject: str = field(repr=False)
    accept_id: str | None
    accept_date: str
    """`yyyy-MM-ddTHH:mm:ss`, Bangkok, no zone (C5)."""
    accept_organization: OrganizationCode
    """The letter's receiver, in all five kinds (E2)."""
