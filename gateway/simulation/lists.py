"""What clients learn by asking: rows of lists, codes, statuses, the time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MinistryRow:
    """A ministry in a client's table."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An organization in a client's table."""

    code: str
    name: str
    """In Thai."""
    url: str
    """What goes into `wsa:To` of what is written to it."""
    english_name: str = ""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """How far a letter is, as its sender's node says."""

    process_id: str
    number: str
    status: str


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code and what it means: of secrecy, of speed, of a kind of file."""

    value: str
    meaning: str
