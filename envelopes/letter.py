"""Letter, Party, Attachment, Reference: the correspondence itself, immutable.

A Letter is a value read from a signed part, or from a part marked as unsigned
(`envelopes.signature`); nothing here knows how it travels.
Texts are exactly as their sender wrote them, trimmed of surrounding white space:
offices write numbers as they like, and nothing is "repaired" (Q-A1).
"""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from envelopes.plain_dates import plain_day

_OLD_LENGTH: Final = 5
_LENGTH: Final = 10
_NUMBERS: Final = 1_024
"""Numbers whose normalised form is remembered; each is asked for at every step."""


@dataclass(frozen=True, slots=True, order=True)
class OrganizationCode:
    """An organization's code: ten digits (v2) or five (v1), ministry first (D4)."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a code of ten digits, or of five, which names the office itself.

        A v1 code is the v2 code of the office without its five zeros (D4:
        11008 became 1100800000), so both are one organization here.
        """
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("an organization code has digits only")
        if len(digits) == _OLD_LENGTH:
            digits += "0" * (_LENGTH - _OLD_LENGTH)
        if len(digits) != _LENGTH:
            raise ValueError("an organization code has 10 digits, or 5 (v1)")
        return cls(digits)

    @property
    def ministry(self) -> str:
        """The two digits of the ministry; every client cuts them off like this (D4)."""
        return self.text[:2]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class LetterId:
    """The sender's number and date: the pair identifies a letter (saraban §2)."""

    number: str
    date: str
    """As written; only its first ten characters, `yyyy-MM-dd`, count (Q-J20)."""

    @property
    def key(self) -> tuple[str, str]:
        """The normalised number and the Gregorian day: duplicates are found by it.

        The same day in the other era is the same day (Q-C7).
        """
        return normalised_number(self.number), plain_day(self.date.strip())[:10]

    def __str__(self) -> str:
        return f"{self.number} ({self.date})"


@dataclass(frozen=True, slots=True)
class Party:
    """A person in an office. Any text but the organization may be empty (Q-J3).

    Texts of a letter stand in no `repr`: that is how they would come into a log.
    """

    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    job_title: str = field(repr=False)
    ministry: str = field(repr=False)
    """As written; BOI writes the organization's code here (Q-B5): never relied on."""
    organization: OrganizationCode


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its MIME code as written, which may be empty (Q-B7, Q-C24)."""

    mime_code: str
    content: bytes = field(repr=False)
    digest: str = field(init=False)
    """SHA-256 of the decoded content, as 64 hexadecimal digits."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.content).hexdigest())


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier letter this one answers; blank ones were never entered (Q-C3)."""

    number: str = field(repr=False)
    date: str
    subject: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """One copy of a letter, as its sender wrote it for one receiver (C1)."""

    id: LetterId
    subject: str = field(repr=False)
    secrecy: str
    """Three digits, `001` to `005`; a single digit on the wire is padded (Q-C23)."""
    speed: str
    """Three digits, `001` to `004`."""
    sender: Party
    receiver: Party
    references: tuple[Reference, ...]
    attachment_text: str = field(repr=False)
    """สิ่งที่ส่งมาด้วย as text; `-` and empty are common (Q-C6)."""
    send_date: str
    """The second of sending as written: it differs at every press of the button."""
    description: str = field(repr=False)
    main: Attachment | None
    """None where the sender sent no main letter at all (Q-B7)."""
    attachments: tuple[Attachment, ...]

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The main letter, if there is one, and then the attachments, in order."""
        return ((self.main,) if self.main else ()) + self.attachments

    @property
    def content_digest(self) -> str:
        """SHA-256 over what makes this letter this letter, in hexadecimal.

        Its values and the digests of its files, without SendDate and signature, and
        without the receiver: the copies of a circular are one letter. Number, date
        and subject count as they are written, since the sender's own text is what
        is echoed to it.
        """
        own_text = self.id.number, self.id.date, self.subject
        return _digest("letter", [*own_text, *map(_spaced_once, self._content)])

    @property
    def copy_digest(self) -> str:
        """SHA-256 of content and receiver, in hexadecimal: equal for repeats of a send.

        Without white space, and with the number in its normalised form: the same
        send typed anew is the same send.
        """
        receiver = self.receiver.organization.text, *_person(self.receiver)
        values = (*self.id.key, self.subject, *receiver, *self._content)
        return _digest("copy", map(_spaced_once, values))

    @property
    def _content(self) -> tuple[str, ...]:
        return (
            self.sender.organization.text,
            self.secrecy,
            self.speed,
            *_person(self.sender),
            str(len(self.references)),
            *(text for r in self.references for text in (r.number, r.date, r.subject)),
            self.attachment_text,
            self.description,
            self.main.mime_code if self.main else "",
            self.main.digest if self.main else "",
            *(
                text
                for file in self.attachments
                for text in (file.mime_code, file.digest)
            ),
        )


@lru_cache(_NUMBERS)
def normalised_number(text: str) -> str:
    """Return a letter's number in the one form used for search and duplicates.

    Thai digits become Arabic ones, white space and zero-width characters go,
    decomposed SARA AM is composed after its tone mark, case is folded
    (saraban §2). Never shown and never sent.
    """
    return "".join(folded(text).split())


def folded(text: str) -> str:
    """Fold Thai text so that texts which look alike compare alike."""
    text = unicodedata.normalize("NFC", text).translate(_FOLD)
    for tone in _TONES:
        text = text.replace(f"{_NIKHAHIT}{tone}{_SARA_AA}", f"{tone}{_SARA_AM}")
    text = text.replace(f"{_NIKHAHIT}{_SARA_AA}", _SARA_AM)
    return text.replace("เเ", "แ").casefold()


_NIKHAHIT: Final = "\u0e4d"
_SARA_AA: Final = "\u0e32"
_SARA_AM: Final = "\u0e33"
_TONES: Final = "\u0e48\u0e49\u0e4a\u0e4b"
_FOLD: Final = {
    **{ord(thai): str(value) for value, thai in enumerate("๐๑๒๓๔๕๖๗๘๙")},
    **dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)),
}


def _person(party: Party) -> tuple[str, ...]:
    return party.given_name, party.family_name, party.job_title


def _spaced_once(text: str) -> str:
    return " ".join(text.split())


def _digest(what: str, values: Iterable[str]) -> str:
    # A length before each value keeps two lists apart whatever stands in them.
    told_apart = "".join(f"{len(value)}:{value}" for value in (what, *values))
    return hashlib.sha256(told_apart.encode("utf-8", "surrogatepass")).hexdigest()
