"""How often the head of an inbox was read and not deleted, as this process saw it.

Counted in memory, since old clients poll all day and looking is to change nothing;
a process that ends forgets, and its clients' patience begins anew.
"""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.inbox import Carries, sooner

_MOST: Final = 10_000
"""Entries that are remembered; the one not read for longest is forgotten first."""


class Reads:
    """Counts the reads of entries since they got their place."""

    def __init__(self) -> None:
        self._counts: OrderedDict[UUID, int] = OrderedDict()
        self._left: dict[OrganizationCode, int] = {}

    def of(self, entry: UUID) -> int:
        """Return how often it was read."""
        return self._counts.get(entry, 0)

    def note(self, entry: UUID) -> None:
        """Count one more read."""
        self._counts[entry] = self.of(entry) + 1
        self._counts.move_to_end(entry)
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)

    def forget(self, entry: UUID) -> None:
        """Begin anew: it left its place."""
        self._counts.pop(entry, None)

    def leave(self, organization: OrganizationCode, carries: Carries) -> None:
        """Note that a client could not get past an entry."""
        if carries is Carries.NOTIFIER:
            self._left[organization] = self._left.get(organization, 0) + 1

    def patience(
        self, organization: OrganizationCode, carries: Carries, patience: int
    ) -> int:
        """Return how often this client may read an entry before it goes on."""
        if carries is Carries.LETTER:
            return patience
        return sooner(patience, self._left.get(organization, 0))
