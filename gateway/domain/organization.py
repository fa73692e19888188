"""Organizations and their certificates, as the directory knows them."""

from dataclasses import dataclass
from datetime import datetime

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import Signed


@dataclass(frozen=True, slots=True)
class Organization:
    """An office that takes part in the exchange."""

    code: OrganizationCode
    th_name: str
    en_name: str
    signing: Signed
    """`own`: its signature is demanded. `hosted`: the hub signs where none comes.
    `none`: carried unsigned, marked. One that comes is verified in all three."""
    active: bool = True
    iso_code: str = ""
    """`TH-50` for a provincial office; empty for others."""
    abbreviation: str = ""
    """As used in letter numbers: `ชม`."""
    dialect: str = "unknown"
    """The client generation its endpoint speaks (`envelopes.dialects`)."""
    dialect_by_hand: bool = False
    """Set by an operator, and not changed by what the endpoint sends."""
    never_deletes: bool = False
    """It answers letters and leaves them in its inbox (Q-J10)."""
    deleted_at: datetime | None = None
    """When its client was first seen to delete an entry of its inbox."""


@dataclass(frozen=True, slots=True)
class RegisteredCertificate:
    """A certificate that speaks for an organization."""

    organization: OrganizationCode
    der: bytes
    fingerprint: str
    """SHA-256 of the DER form, 64 hexadecimal digits."""
    not_before: datetime
    not_after: datetime
