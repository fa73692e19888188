"""Levels of secrecy: which are carried, and of which letters nothing is shown.

1. Levels are the codes of D1, ascending: 001 ปกติ, 002 ลับ, 003 ลับมาก,
   004 ลับที่สุด. Everything above 001 is secret.
2. A hub carries up to its own level, by default 003 (saraban rule no. 4 of 2564
   excepts ลับที่สุด from the electronic way); an organization may have a lower one,
   which counts for what it sends and for what it receives.
3. A hub without a key for secret letters carries 001 only.
4. Of a secret letter nobody but sender and receiver sees subject, persons or files;
   inside them, nobody but the secret registrars (นายทะเบียนข้อมูลข่าวสารลับ).
"""

from collections.abc import Iterable
from typing import Final

OPEN: Final = "001"
"""The level of a letter that may be shown."""

LEVELS: Final = (OPEN, "002", "003", "004")


def is_secret(level: str) -> bool:
    """Say whether a level hides a letter; a level nobody knows does."""
    return level != OPEN


def is_carried(level: str, highest: Iterable[str]) -> bool:
    """Say whether a letter of this level is carried where all of these are highest.

    Empty texts among `highest` set no level of their own.
    """
    return all(level <= most for most in highest if most)
