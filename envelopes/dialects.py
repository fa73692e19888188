"""How known clients deviate, how each is told, and what a copy for it must be like.

One row per client generation (docs/protocol/ecms.md, sections B1, F and I). Each field
is one behaviour and names the rows of the quirk table it stands for; a new client is a
new row. A dialect says what an envelope looks like, never who sent it. What every
client needs alike (I2.1 to I2.8) has no field: `envelopes.answers` does it for all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from envelopes.notifier import NotifierCopy, NotifierKind
from schemas import names
from schemas.codes import mime_codes, mime_variants


class ListShape(Enum):
    """How the rows of ministry and organization lists stand in Body (I2.9)."""

    FLAT = "flat"
    """Each row is a list element of its own, directly in Body: both .NET clients."""
    NESTED = "nested"
    """The rows stand in one list element, as documented."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters, in UTF-16 units, that a client's columns hold; None for any number.

    Q-B13, I3. Dates need none: in their plain form they have at most 19.
    """

    number: int | None = None
    subject: int | None = None
    name: int | None = None
    """Given and family names, each."""
    job_title: int | None = None
    reference_number: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One client generation: how it writes, and what it can read.

    A field at its default is the behaviour of a client that follows the protocol.
    """

    name: str
    addressing: str = ""
    """The namespace of its wsa header elements (B1, Q-B1)."""
    destination: str = ""
    """The local name of its destination element: `to` or `To` (B1, Q-B1)."""
    message_id: str = ".*"
    """Regular expression of what stands in its MessageID, trimmed (Q-B2, Q-J2)."""

    repairs: bool = False
    """Its XML may hold bare `&` and `<`, which are to be escaped (Q-B6, Q-J6)."""
    undeclared_prefix: bool = False
    """Its status request uses SOAP-ENV without declaring it (Q-B16)."""

    reads: frozenset[NotifierKind] = frozenset(NotifierKind)
    """The notifiers it can take from its inbox; others wait in a side list (Q-B9)."""
    unmatched_characters: str = ""
    """A notifier whose number or subject holds one of these it never deletes.

    C# compares what it stored with the escaped text on the wire (Q-C10, I3).
    """
    patience: int = 60
    """Reads of a head without a deletion before it is set behind (F4.6, Q-C11)."""
    deletes: bool = True
    """Whether it ever deletes; else a letter it has answered is delivered (Q-J10)."""

    needs_every_element: bool = True
    """Its reading of a letter ends at the first element it misses (Q-B10, I2.5)."""
    reads_literally: bool = True
    """It finds elements by `ram:` and `rsm:`, a MIME code as the first attribute, and
    values as they stand: no comment, CDATA or blank around them (Q-B11, Q-C9, I2.2)."""
    strict_base64: bool = False
    """White space inside a file's base64 text breaks its decoder (Q-J16, C4)."""
    drops_blank_parts: bool = False
    """A blank reference or attachment blocks its queue (Q-B12, Q-J7)."""
    needs_in_references: frozenset[str] = frozenset()
    """Fields of `Reference` without which one blocks its queue (Q-B12, Q-J7)."""
    number_characters: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What must not stand in a reference's number, and what stands instead (Q-J7)."""
    reference_characters: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The same for each field of a reference (Q-J7)."""
    mime_codes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """MIME codes that it does not know, by those it knows instead (D3, Q-B13)."""
    mime_length: int | None = None
    """Characters that its column for MIME codes holds (Q-B13)."""
    needs_mime_codes: bool = False
    """A file without a MIME code blocks its queue, or is shown as another kind
    (Q-B12, D3); such codes are told from the content (Q-C24)."""
    lengths: Lengths = Lengths()
    """What its columns hold (Q-B13, I3)."""
    plain_dates: bool = False
    """Dates must be Gregorian, a letter's without a time and none with a zone
    (Q-B14, Q-C7, Q-J8)."""
    needs_ministry: bool = False
    """It takes a party's ministry as it stands, so that it must be one (Q-B5)."""
    expects_signature: bool = False
    """It reads ds:Signature, which C# never sends (C1, Q-C5)."""
    list_shape: ListShape = ListShape.NESTED
    """How lists are written for it (I2.9, Q-B20, Q-C22)."""

    def takes(self, copy: NotifierCopy) -> bool:
        """Say whether it reads and deletes such a notifier: only then is it queued."""
        words = f"{copy.letter_id.number}{copy.subject}"
        return copy.kind in self.reads and not any(
            character in words for character in self.unmatched_characters
        )


_OFFICE: Final = {
    extension: mime_codes()[extension] for extension in ("docx", "xlsx", "pptx")
}

BOI: Final = Dialect(
    name="boi",
    addressing=names.ADDRESSING_V1,
    destination="to",
    # Empty, but for one builder that left its placeholder (Q-B17).
    message_id=r"(XmlValue-\d+)?",
    repairs=True,
    undeclared_prefix=True,
    reads=frozenset(),
    # It polls twenty times a page view, whatever it gets (Q-B19).
    patience=60,
    drops_blank_parts=True,
    needs_in_references=frozenset({"number", "date"}),
    mime_codes={
        **mime_variants(),
        **{
            spelled: f"application/{extension}"
            for extension, official in _OFFICE.items()
            for spelled in (official, f"application/{extension}")
        },
    },
    mime_length=50,
    needs_mime_codes=True,
    lengths=Lengths(
        number=50, subject=255, name=100, job_title=255, reference_number=50
    ),
    plain_dates=True,
    needs_ministry=True,
    expects_signature=True,
    list_shape=ListShape.FLAT,
)
"""VB.NET, 2016-2017 (F1)."""

CSHARP: Final = Dialect(
    name="csharp",
    addressing=names.ADDRESSING,
    destination="To",
    unmatched_characters="&<>",
    # One poll per press of a button, of which every second is the wrong one (E3).
    patience=20,
    strict_base64=True,
    list_shape=ListShape.FLAT,
)
"""The development net's client of 2020 (F2)."""

JAVA: Final = Dialect(
    name="java",
    addressing=names.ADDRESSING,
    destination="To",
    # The organization's code. Other clients' numbers do not come near ten digits.
    message_id=r"\d{10}",
    repairs=True,
    patience=20,
    strict_base64=True,
    drops_blank_parts=True,
    needs_in_references=frozenset({"number", "date", "subject"}),
    number_characters={",": ";"},
    reference_characters={"|": "/"},
    mime_codes={
        **mime_variants(),
        mime_codes()["rar"]: "application/x-rar-compressed",
        "application/x-rar-compressed": "application/x-rar-compressed",
    },
    needs_mime_codes=True,
    plain_dates=True,
    needs_ministry=True,
)
"""The e-office client behind its wrapper, whose header is inferred (F3, G11)."""

JAVA_KEEPING: Final = replace(
    # Nothing on the wire tells it from the other: set by hand, or by its habit.
    JAVA,
    name="java-keeping",
    deletes=False,
)
"""The same with ECMSDELETEREQUEST=N: it never deletes (Q-J10)."""

V1_DOCUMENT: Final = Dialect(
    name="v1-document",
    addressing=names.ADDRESSING_V1,
    destination="to",
    message_id=".+",
    undeclared_prefix=True,
)
"""A client that follows the document of version 1, with its MessageID (B1, Q-B16)."""

UNKNOWN: Final = Dialect(
    name="unknown",
    undeclared_prefix=True,
)
"""Any other, and whoever has not called yet."""

DIALECTS: Final = (BOI, CSHARP, JAVA, JAVA_KEEPING, V1_DOCUMENT, UNKNOWN)

_TOLD_APART: Final = (BOI, V1_DOCUMENT, JAVA, CSHARP)
"""The rows that a header tells, the one with the narrower MessageID first."""


def dialect_of(addressing: str, destination: str, message_id: str = "") -> Dialect:
    """Return the dialect that writes such a header, or UNKNOWN.

    What stands in MessageID and in nothing else tells BOI from the document it was
    written after, and Java from C#.
    """
    for dialect in _TOLD_APART:
        if (dialect.addressing, dialect.destination) == (
            addressing,
            destination,
        ) and re.fullmatch(dialect.message_id, message_id, re.DOTALL):
            return dialect
    return UNKNOWN


def dialect_named(name: str) -> Dialect:
    """Return the row of this name; raises `ValueError` with the names there are."""
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise ValueError(f"no dialect is named {name!r}; there are {known}")
