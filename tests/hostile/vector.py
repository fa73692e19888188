"""What a hostile vector is: its name, what is wrong with it, its bytes, its verdict.

1. `Refused`: this error code, at this HTTP status; no row and no file has changed.
2. `Carried`: taken, and one field comes out with exactly these characters.
3. `Unmoved`: answered, and nothing has changed: a repeat, a deletion of nothing.
4. `Spoken`: answered below the envelope, by an HTTP status or by hanging up (0).

A vector is made from its name alone, so that it is the same in every build.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from tests.hostile.offices import MINISTRY


class Kind(StrEnum):
    """What is wrong, in classes of five to thirty."""

    WRAPPING = "wrapping"
    REFERENCES = "references"
    TRANSFORMS = "transforms"
    ALGORITHMS = "algorithms"
    CERTIFICATES = "certificates"
    DTD = "dtd"
    OUTSIDE = "outside"
    SIZE = "size"
    ENCODING = "encoding"
    NAMESPACES = "namespaces"
    BASE64 = "base64"
    ACCESS = "access"
    PARTIES = "parties"
    NOTIFIERS = "notifiers"
    IN_SUBJECT = "injection-subject"
    IN_NUMBER = "injection-number"
    IN_FIELDS = "injection-fields"
    HTTP = "http"


MEANINGS: Final[Mapping[Kind, str]] = {
    Kind.WRAPPING: "A valid signature over one letter, another letter beside it",
    Kind.REFERENCES: "What the signature points at is doubtful, or not the letter",
    Kind.TRANSFORMS: "What is digested is not what stands there",
    Kind.ALGORITHMS: "A method too weak, of another key, or of no key",
    Kind.CERTIFICATES: "The signer is not who may sign here now",
    Kind.DTD: "A document type, entities and their bombs",
    Kind.OUTSIDE: "Something is to be fetched from elsewhere",
    Kind.SIZE: "Much of something",
    Kind.ENCODING: "Bytes that are other characters than they seem",
    Kind.NAMESPACES: "Names that look like ours",
    Kind.BASE64: "Files that are no base64, or strange base64",
    Kind.ACCESS: "The caller is not who it says",
    Kind.PARTIES: "Sender, receiver and door do not fit each other",
    Kind.NOTIFIERS: "Something is said of a letter in other hands",
    Kind.IN_SUBJECT: "A subject that means something to another program",
    Kind.IN_NUMBER: "The same in a number",
    Kind.IN_FIELDS: "The same in every other text",
    Kind.HTTP: "What is wrong lies below the envelope",
}

SIGNATURES: Final = frozenset(
    {
        Kind.WRAPPING,
        Kind.REFERENCES,
        Kind.TRANSFORMS,
        Kind.ALGORITHMS,
        Kind.CERTIFICATES,
    }
)
"""The classes about what was signed, and by whom."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is refused with this code, and nothing is kept."""

    code: str
    status: int = 200

    def __str__(self) -> str:
        return f"refused: `{self.code}`"


@dataclass(frozen=True, slots=True)
class Carried:
    """It is carried as plain text, and harmless wherever it appears."""

    text: str = ""
    """What the receiver reads, character by character; empty: nothing is compared."""
    at: str = "Subject"
    """Path of the element it reads it in, below the letter; `/@x` for an attribute."""

    def __str__(self) -> str:
        return "carried as text"


@dataclass(frozen=True, slots=True)
class Unmoved:
    """It is answered without an error, and nothing changes."""

    def __str__(self) -> str:
        return "answered, changes nothing"


@dataclass(frozen=True, slots=True)
class Spoken:
    """It is answered by HTTP alone, and nothing changes."""

    statuses: tuple[int, ...]
    """Any of these; 0 where the connection is closed without an answer."""

    def __str__(self) -> str:
        words = [str(status) if status else "hung up" for status in self.statuses]
        return f"HTTP {' or '.join(words)}"


Verdict: TypeAlias = Refused | Carried | Unmoved | Spoken


@dataclass(frozen=True, slots=True)
class Vector:
    """One attempt."""

    name: str
    kind: Kind
    wrong: str
    """What is wrong, in one line."""
    content: bytes = field(repr=False)
    """The body; for `raw` ones everything that is written on the connection."""
    verdict: Verdict
    door: str = MINISTRY
    headers: tuple[tuple[str, str], ...] = ()
    raw: bool = False

    @property
    def file(self) -> str:
        """The name of its file, where vectors are written as files."""
        return f"{self.kind}/{self.name}.{'http' if self.raw else 'xml'}"


def of_class(kind: Kind, vectors: Iterable[Vector]) -> list[Vector]:
    """Return those of one class."""
    return [vector for vector in vectors if vector.kind is kind]
