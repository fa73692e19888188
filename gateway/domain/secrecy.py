"""Levels of secrecy: which are carried, and of which letters nothing is shown.

1. Levels are the codes of D1, ascending: 001 ปกติ, 002 ลับ, 003 ลับมาก,
   004 ลับที่สุด. Everything but 001 is secret, also what nobody knows, like the 005
   of one client (ลับเฉพาะบุคคล, Q-J21).
2. A hub carries up to its own level, by default 003 (saraban rule no. 4 of 2564
   excepts ลับที่สุด from the electronic way); an organization may have a lower one,
   which counts for what it sends and for what it receives. 004 and what nobody knows
   are never carried, whatever is written down as highest.
3. A hub without a key for secret letters carries 001 only.
4. Of a secret letter nobody but sender and receiver sees subject, persons or files;
   inside them, nobody but the secret registrars (นายทะเบียนข้อมูลข่าวสารลับ).
"""

from collections.abc import Iterable
from typing import Final, Protocol

from envelopes.letter import OrganizationCode

OPEN: Final = "001"
"""The level of a letter that may be shown."""

CARRIED: Final = (OPEN, "002", "003")
"""The levels that may be carried at all, ascending."""

_OPEN_ONLY: Final = 0


class Reader(Protocol):
    """A person of an organization, as the directory knows it."""

    @property
    def organization(self) -> OrganizationCode:
        """Where it belongs."""

    @property
    def secret_registrar(self) -> bool:
        """Whether it sees that organization's secret letters."""


def is_secret(level: str) -> bool:
    """Say whether a level hides a letter; a level nobody knows does."""
    return level != OPEN


def is_carried(level: str, highest: Iterable[str]) -> bool:
    """Say whether a letter of this level is carried where all of these are highest.

    Empty texts among `highest` set no level of their own; one that is no level that
    is carried stands for 001.
    """
    return level in CARRIED[: _most(highest) + 1]


def highest_carried(highest: Iterable[str]) -> str:
    """Return the highest level that is carried where all of these are highest."""
    return CARRIED[_most(highest)]


def may_see(
    level: str, parties: Iterable[OrganizationCode], reader: Reader | None
) -> bool:
    """Say whether subject, persons and files of a letter are shown to somebody.

    `parties` are the sender and the receiver of this copy; None is whoever has not
    said, or could not show, who he is.
    """
    if not is_secret(level):
        return True
    return (
        reader is not None
        and reader.secret_registrar
        and reader.organization in tuple(parties)
    )


def _most(highest: Iterable[str]) -> int:
    """Return the place of the lowest of these among the levels that are carried."""
    places = (
        CARRIED.index(one) if one in CARRIED else _OPEN_ONLY for one in highest if one
    )
    return min(places, default=_OPEN_ONLY)
