"""Where an organization is reached, and how it fares.

1. An organization without an endpoint of its own pulls: it empties its inbox itself.
2. A push endpoint's inbox is emptied by the hub on its behalf: what lies in it is
   handed over in the order of its places, and taken out when the endpoint has it.
   So the way can change while letters wait, and nothing is routed again.
3. A paused endpoint, and one whose circuit is open, is left alone; letters for it are
   accepted and wait.
4. Private networks are reached only where the endpoint's record names them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from envelopes.letter import OrganizationCode


class Way(StrEnum):
    """How an inbox is emptied."""

    PULL = "pull"
    """By the organization's client."""
    ECMS = "ecms"
    """By the hub, which sends to another node's e-CMS address as a client does."""
    WEBHOOK = "webhook"
    """By the hub, which posts signed JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How one organization is reached."""

    organization: OrganizationCode
    way: Way
    url: str = ""
    """Whole; empty for PULL."""
    networks: tuple[str, ...] = ()
    """Private networks in which its address may lie, as `10.1.0.0/16`; none else are
    reached (rule 4)."""
    user: str = ""
    """For HTTP Basic; empty for none."""
    password_file: str = ""
    """File with its password, relative to the data directory. Never the password."""
    in_order: bool = True
    """Whether it needs letters of one sender in their order. Then one is handed over
    at a time, and none overtakes one that is tried again."""
    polled: bool = False
    """Whether the hub also empties the queue that the other node keeps for it."""
    replays: bool = False
    """Whether dead letters of a cause are replayed by themselves once it is mended."""
    paused_at: datetime | None = None
    """Since when an operator has it left alone."""
    failures: int = 0
    """Temporary failures in a row."""
    failing_since: datetime | None = None
    """When the first of them was."""
    closed_until: datetime | None = None
    """Until when nothing is handed over, after failures: the circuit is open."""
    last_failure: str = ""
    """Code of the latest failure; empty after a success."""
    last_success_at: datetime | None = None
    changed_at: datetime
    """When its record was last set by an operator."""

    @property
    def pushes(self) -> bool:
        """Whether the hub hands over."""
        return self.way is not Way.PULL

    def rests(self, now: datetime) -> bool:
        """Whether it is left alone now (rule 3)."""
        closed = self.closed_until is not None and self.closed_until > now
        return self.paused_at is not None or closed
