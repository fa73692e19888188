"""Register, Registration, the next number.

1. Numbers run 1, 2, 3 … per organization, register and Buddhist calendar year, in
   Bangkok time, without a gap and without a twin (saraban §3).
2. A number once given is never reused; a corrected registration is a new one that
   names the one it replaces.
3. An office that numbers itself reports free text, kept exactly as it came.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from envelopes.letter import OrganizationCode

BANGKOK: Final = timezone(timedelta(hours=7), "Asia/Bangkok")
"""Thailand keeps one time all year, and has since 1920."""

_BUDDHIST_OFFSET: Final = 543


class Book(StrEnum):
    """A register of an organization."""

    RECEIVED = "received"
    """ทะเบียนหนังสือรับ"""


class NumberedBy(StrEnum):
    """Who gave the number."""

    HUB = "hub"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class RegistrationNumber:
    """The number under which a register entered a letter, as its office writes it.

    Offices write what they like (`1024`, `๑๐๒๔/๒๕๖๙`, `ส34128`); only the hub's
    own books promise a serial.
    """

    text: str
    serial: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a number as written, or raise `ValueError` where there is none."""
        if not (written := text.strip()):
            raise ValueError("a registration number is empty")
        return cls(written)

    @classmethod
    def of_book(cls, serial: int, year: int) -> Self:
        """Write a number of a book the hub keeps: `120/2569`."""
        return cls(f"{serial}/{year}", serial)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The entry of a letter in a register."""

    id: UUID
    consignment: UUID
    organization: OrganizationCode
    book: Book
    year: int
    """Buddhist calendar year of the time of entry in Bangkok."""
    number: RegistrationNumber
    numbered_by: NumberedBy
    by: str = field(repr=False)
    """The person where one is known, else empty: e-CMS names nobody."""
    at: datetime
    replaces: UUID | None = None
    """The registration whose number this one corrects."""


def buddhist_year(at: datetime) -> int:
    """Return the Buddhist calendar year of a moment, in Bangkok."""
    return at.astimezone(BANGKOK).year + _BUDDHIST_OFFSET
