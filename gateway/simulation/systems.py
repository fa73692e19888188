"""What the simulated systems have in common: outcomes of a press, letters kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    Letter,
    Notifier,
)


class Outcome(StrEnum):
    """What a press of a button came to."""

    EMPTY = "empty"
    """Nothing was there."""
    SAVED = "saved"
    """The head was kept and deleted, or kept where this client never deletes."""
    STUCK = "stuck"
    """The head stays where it is: this button, or this client, cannot take it."""


class Told(StrEnum):
    """What one side knows of a letter from the other."""

    NOTHING = "nothing"
    RECEIVED = "received"
    NUMBERED = "numbered"
    REJECTED = "rejected"
    WRONG = "wrong"
    DOUBTED = "doubted"


TELLS = {
    RECEIVE: Told.RECEIVED,
    ACCEPT: Told.NUMBERED,
    REJECT: Told.REJECTED,
    INVALID_LETTER: Told.WRONG,
    INVALID_ACCEPT_ID: Told.DOUBTED,
}
"""What each notifier makes known."""

Address = Callable[[str], str]
"""Where a client's directory says that an organization's node is; empty for nowhere."""


@dataclass(slots=True)
class Kept:
    """A letter in a client's database, sent or received."""

    letter: Letter
    process_id: str
    told: Told = Told.NOTHING
    """What its other side has told of it, or what was told to the other side."""
    accept_id: str = ""
    heard: list[Notifier] = field(default_factory=list)
    """The notifiers that came of it, in their order."""


def about(kind: str, letter: Letter, accept_id: str = "") -> Notifier:
    """Return what is told of a letter in its own words."""
    return Notifier(
        kind=kind,
        number=letter.number,
        accept_id=accept_id,
        date=letter.date,
        subject=letter.subject,
    )
