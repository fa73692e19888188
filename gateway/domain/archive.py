"""Archives: letters as plain files outside the hub, and what the hub knows of them.

1. An archive is written once, whole, and never added to.
2. The hub keeps which letters are in it, each with the number of lines its journal had
   then, and the digest of the archive's own list of files: with it the hub knows the
   archive again, wherever it lies by then.
3. Only what is in an archive that was verified just now may be purged.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """One archive."""

    id: UUID
    made_at: datetime
    until: str
    """Gregorian `yyyy-MM-dd`: what came up to the end of this day is in it."""
    letters: int
    """How many letters for one receiver each."""
    size: int
    """Bytes of all its files."""
    digest: str
    """SHA-256 of its `SHA256SUMS`, 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A letter for one receiver in one archive."""

    archive: UUID
    consignment: UUID
    entries: int
    """How many lines its journal had."""
    purged_at: datetime | None = None
    """When its bytes were removed because of it."""
