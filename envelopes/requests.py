"""Pulls, deletions, letters and notifiers, as they are asked for."""

from dataclasses import dataclass, field

from lxml import etree

from envelopes.notifier import Notifier


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A GovernmentDocument as it came: a tree that nobody has vouched for yet.

    Only `envelopes.signature` turns it into a part a Letter can be read from.
    """

    tree: etree._Element = field(repr=False)
    """The rsm:GovernmentDocument element, inside the envelope it came in."""
    source: bytes = field(repr=False)
    """The whole envelope, byte for byte."""


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


Request = SendLetter | SendNotifier | Poll | DeleteEntry
