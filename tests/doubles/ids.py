"""Identities that are the same in every run of a test."""

from datetime import datetime
from itertools import count
from typing import Final
from uuid import UUID

_VERSION_AND_VARIANT: Final = 0x7000_8000_0000_0000_0000


class CountedIds:
    """Counts: the first id, the second id, each behind those before it."""

    def __init__(self) -> None:
        self._count = count(1)

    def new(self) -> UUID:
        """Return the next id, a UUIDv7 in form, with the count for its time."""
        return UUID(int=next(self._count) << 80 | _VERSION_AND_VARIANT)

    def process_id(self, at: datetime) -> str:
        """Return the time and the next count, digits only."""
        return f"{at:%Y%m%d%H%M%S}{next(self._count):06d}"
