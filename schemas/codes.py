"""The code lists: secrecy, speed, MIME.

They are tables D1 to D3 of docs/protocol/ecms.md, kept in `codelists/`, one CSV per
list. MIME codes are only names for files: any other is carried as it came (Q-C24).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Final

from schemas.errors import CodeUnknown

_DIGITS: Final = 3


class CodeList(Enum):
    """A list of codes that a client can ask for (B4, operations 15 to 17)."""

    SECRECY = "secrecy"
    SPEED = "speed"
    MIME = "mime"


@dataclass(frozen=True, slots=True)
class Code:
    """A code and what it means."""

    value: str
    """Three digits."""
    thai: str
    english: str


def secrecy(text: str) -> Code:
    """Return the level of secrecy; a single digit is padded (D1, Q-C23).

    Raises `CodeUnknown`.
    """
    return _find(secrecy_codes(), text)


def speed(text: str) -> Code:
    """Return the level of speed; a single digit is padded (D2, Q-C23).

    Raises `CodeUnknown`.
    """
    return _find(speed_codes(), text)


@cache
def secrecy_codes() -> Mapping[str, Code]:
    """Return the levels of secrecy by code, ascending (D1, Q-J21)."""
    return _levels("secrecy.csv")


@cache
def speed_codes() -> Mapping[str, Code]:
    """Return the levels of speed by code, ascending (D2)."""
    return _levels("speed.csv")


@cache
def mime_codes() -> Mapping[str, str]:
    """Return MIME codes by file extension, which has no dot and is lower-case (D3)."""
    return {row["extension"]: row["code"] for row in _rows("mime.csv")}


def extension_of(mime_code: str) -> str | None:
    """Return the usual extension of such a file, or None for a code nobody lists.

    Spellings that only some clients use are known as well (D3, last columns).
    """
    written = mime_code.strip().lower()
    return _extensions().get(mime_variants().get(written, written))


@cache
def mime_variants() -> Mapping[str, str]:
    """Return listed MIME codes by the spellings that only some clients use (D3)."""
    return {row["variant"]: row["code"] for row in _rows("mime_variants.csv")}


@cache
def _extensions() -> Mapping[str, str]:
    """The first extension in the list is the usual one: jpg and not jpeg."""
    extensions: dict[str, str] = {}
    for extension, code in mime_codes().items():
        extensions.setdefault(code, extension)
    return extensions


def _find(codes: Mapping[str, Code], text: str) -> Code:
    try:
        return codes[text.strip().rjust(_DIGITS, "0")]
    except KeyError as error:
        raise CodeUnknown from error


def _levels(name: str) -> Mapping[str, Code]:
    return {
        row["code"]: Code(row["code"], row["thai"], row["english"])
        for row in _rows(name)
    }


def _rows(name: str) -> list[dict[str, str]]:
    """Read a list; the package may lie in a zip, so it is asked for, not opened."""
    text = (resources.files("schemas") / "codelists" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
