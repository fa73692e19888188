"""Pulls, deletions, letters, notifiers and look-ups, as they are asked for."""

from dataclasses import dataclass, field

from lxml import etree

from envelopes.letter import LetterId, OrganizationCode
from envelopes.notifier import Notifier, NotifierKind
from schemas.codes import CodeList


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A GovernmentDocument as it came: a tree that nobody has vouched for yet.

    Only `envelopes.signature` turns it into a part a Letter can be read from.
    """

    tree: etree._Element = field(repr=False)
    """The rsm:GovernmentDocument element, inside the envelope it came in."""
    source: bytes = field(repr=False)
    """The whole envelope, byte for byte as it was parsed."""
    came: bytes = field(default=b"", repr=False)
    """The whole envelope, byte for byte as it came: what the vault keeps.

    `source`, but for an envelope that could not be parsed without a repair.
    """

    def __post_init__(self) -> None:
        if not self.came:
            object.__setattr__(self, "came", self.source)

    @property
    def repaired(self) -> bool:
        """Whether what was parsed is not what came; nobody can have signed it."""
        return self.source is not self.came and self.source != self.came


@dataclass(frozen=True, slots=True)
class SendLetter:
    """Operation 1: take this letter."""

    document: Document


@dataclass(frozen=True, slots=True)
class SendNotifier:
    """Operations 2 to 6: tell the other side."""

    notifier: Notifier


@dataclass(frozen=True, slots=True)
class Poll:
    """Operation 7: show the head of my inbox."""


@dataclass(frozen=True, slots=True)
class DeleteEntry:
    """Operation 8: I have it, take it out of my inbox."""

    process_id: str
    """Trimmed; may be empty, unknown or another's, and the answer is the same."""


@dataclass(frozen=True, slots=True)
class DeleteLetter:
    """Operation 9: free this letter's number, so that it can be sent anew."""

    letter_id: LetterId
    sender: OrganizationCode
    receiver: OrganizationCode


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Operation 10: let this entry of my inbox come once more."""

    kind: NotifierKind | None
    """The notifier asked for; None for the letter itself."""
    letter_id: LetterId
    sender: OrganizationCode
    """The letter's sender, whoever asks."""
    receiver: OrganizationCode


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Operation 11: how far are the letters I sent?"""


@dataclass(frozen=True, slots=True)
class AskTime:
    """Operation 12: what time is it?"""


@dataclass(frozen=True, slots=True)
class AskMinistries:
    """Operation 13: which ministries are there?"""


@dataclass(frozen=True, slots=True)
class AskOrganizations:
    """Operation 14: who can be written to?"""


@dataclass(frozen=True, slots=True)
class AskCodes:
    """Operations 15 to 17: which codes may stand in a letter?"""

    codes: CodeList


Request = (
    SendLetter
    | SendNotifier
    | Poll
    | DeleteEntry
    | DeleteLetter
    | AskAgain
    | AskStatus
    | AskTime
    | AskMinistries
    | AskOrganizations
    | AskCodes
)
