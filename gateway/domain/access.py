"""How an organization shows at the door that it is itself.

1. Who has no access is let in nowhere: a new organization is closed.
2. Where networks are given, a caller comes from one of them.
3. Where proofs are given (a secret in the path, HTTP Basic, a certificate for
   access), a caller shows one of them; one of any kind is enough, so that a client
   can go from one to the next without a day on which it is refused.
4. Networks alone let in, for clients that can show nothing.
5. An access that is over, and a certificate that is not valid or revoked at the time
   of the call, count for nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from envelopes.letter import OrganizationCode


class AccessKind(StrEnum):
    """What a caller shows, besides a certificate."""

    PATH = "path-secret"
    """A secret in the path of its address."""
    BASIC = "basic"
    """HTTP Basic; the user is the organization's code."""
    NETWORK = "network"
    """It calls from an address in this network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One way in for one organization. A secret itself is kept nowhere."""

    id: UUID
    organization: OrganizationCode
    kind: AccessKind
    value: str
    """SHA-256 of the secret, 64 hexadecimal digits; or a network: `10.1.0.0/16`."""
    added_at: datetime
    ends_at: datetime | None = None
    """From when on it counts for nothing; None for no end."""

    def counts(self, at: datetime) -> bool:
        """Say whether it counts at this time."""
        return self.ends_at is None or at < self.ends_at
