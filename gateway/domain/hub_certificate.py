"""A certificate of the hub's own, as it is remembered after its key is gone."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCertificate:
    """Verifies what the hub signed while it was in use."""

    der: bytes = field(repr=False)
    fingerprint: str
    """SHA-256 of `der`, 64 hexadecimal digits."""
    not_before: datetime
    not_after: datetime
    in_use_from: datetime
    in_use_until: datetime | None = None
    """None while the hub signs with it."""
