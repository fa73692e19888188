"""What clients send and keep: letters and notifiers as plain texts.

Texts stand here as a client's database holds them, base64 included; how each client
writes and reads them is in `boi`, `csharp` and `java`.
"""

from dataclasses import dataclass, field
from typing import Final

RECEIVE: Final = "ReceiveLetterNotifier"
ACCEPT: Final = "AcceptLetterNotifier"
REJECT: Final = "RejectLetterNotifier"
INVALID_LETTER: Final = "InvalidLetterNotifier"
INVALID_ACCEPT_ID: Final = "InvalidAcceptIDNotifier"

KINDS: Final = (RECEIVE, ACCEPT, REJECT, INVALID_LETTER, INVALID_ACCEPT_ID)
"""The names of the five notifiers on the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sends or receives."""

    given_name: str = ""
    family_name: str = ""
    job_title: str = ""
    ministry: str
    organization: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier letter."""

    number: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class File:
    """A file as it stands in the message."""

    mime_code: str
    base64: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter in a client's database."""

    number: str
    date: str
    subject: str
    secrecy: str = "001"
    speed: str = "001"
    sender: Party
    receiver: Party
    references: tuple[Reference, ...] = ()
    attachment_text: str = ""
    send_date: str
    description: str = ""
    main: File
    attachments: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """What one office tells another of a letter."""

    kind: str
    number: str
    accept_id: str = ""
    """Only in the two kinds that speak of a receiving number."""
    date: str
    subject: str
    accept_date: str = ""
    """Filled in by the node, as the next one."""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to something sent: it is in the node's hands."""

    process_id: str
    process_time: str
    notifier: Notifier | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """The head of the queue."""

    process_id: str
    process_time: str
    content: Letter | Notifier
