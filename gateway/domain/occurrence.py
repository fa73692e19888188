"""Occurrences: one stream of what happens in the hub, for who watches it.

| what | told when |
|---|---|
| a line of a journal | it is committed |
| an act | it is committed |
| an incident | it is opened, and when it is closed |

Of a secret letter an occurrence has the number, the offices and the state; what its
journal says beside that is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.act import Act
from gateway.domain.consignment import Entry
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import Happening, State
from gateway.domain.secrecy import is_secret

WRONG: Final = frozenset(
    {
        Happening.DELIVERY_FAILED,
        Happening.NOTIFIER_FAILED,
        Happening.WORK_GIVEN_UP,
        Happening.NOTIFIER_GIVEN_UP,
        Happening.ENTRY_PARKED,
        Happening.RECEIVER_RETURNED,
        Happening.RECEIVER_CALLED_IT_WRONG,
        Happening.NUMBER_DISPUTED,
    }
)
"""What somebody has to look at."""

DENIED: Final = "access denied"
"""The act of a caller who was not let in."""

_SAID: Final = ("number", "dialect", "attempt", "cause", "outcome")
"""Facts of a journal that tell a person something, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The consignment that something happened to, as far as it is shown."""

    consignment: UUID
    number: str
    number_key: str
    """The number as it is looked up."""
    secrecy: str
    sender: OrganizationCode
    receiver: OrganizationCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One thing that happened."""

    key: str
    """Names it for good: the same one is never told under two keys."""
    at: datetime
    what: Entry | Act | Incident
    about: About | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to look at it."""
        if isinstance(self.what, Entry):
            return self.what.happening in WRONG
        if isinstance(self.what, Act):
            return self.what.what == DENIED
        return self.what.is_open

    @property
    def is_secret(self) -> bool:
        """Whether it is about a secret letter."""
        return self.about is not None and is_secret(self.about.secrecy)

    @property
    def facts(self) -> Mapping[str, str]:
        """What its journal says that tells a person something; none where secret."""
        if not isinstance(self.what, Entry) or self.is_secret:
            return {}
        facts = self.what.facts
        return {name: facts[name] for name in _SAID if facts.get(name)}

    @property
    def parties(self) -> tuple[OrganizationCode, ...]:
        """Whom it concerns."""
        parties = (self.about.sender, self.about.receiver) if self.about else ()
        if isinstance(self.what, Act) and self.what.organization:
            return (*parties, self.what.organization)
        if isinstance(self.what, Incident) and self.what.endpoint:
            return (*parties, self.what.endpoint)
        return parties


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants to see; all of it has to hold."""

    organization: OrganizationCode | None = None
    state: State | None = None
    number_key: str = ""
    only_wrong: bool = False
    since: datetime | None = None

    def takes(self, one: Occurrence) -> bool:
        """Say whether an occurrence is to be shown."""
        return (
            (self.since is None or one.at >= self.since)
            and (not self.only_wrong or one.is_wrong)
            and (self.organization is None or self.organization in one.parties)
            and (self.state is None or self._in_state(one))
            and (not self.number_key or self._has_number(one))
        )

    def _in_state(self, one: Occurrence) -> bool:
        return isinstance(one.what, Entry) and one.what.state is self.state

    def _has_number(self, one: Occurrence) -> bool:
        return one.about is not None and one.about.number_key == self.number_key
