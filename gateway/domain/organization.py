"""Organizations and their certificates, as the directory knows them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    secrecy: str = ""
    """The highest level of secrecy it sends and receives; empty: the hub's own."""
    weak_signatures: bool = False
    """Whether it may sign by RSA-SHA1, as clients of before 2010 do (C3)."""


class Purpose(StrEnum):
    """What a certificate is registered for."""

    SIGNATURE = "signature"
    """It speaks for the organization in letters."""
    ACCESS = "access"
    """It lets the organization's client in at its door (TLS)."""


@dataclass(frozen=True, slots=True)
class RegisteredCertificate:
    """A certificate of an organization. It is never removed, only revoked."""

    organization: OrganizationCode
    der: bytes
    fingerprint: str
    """SHA-256 of the DER form, 64 hexadecimal digits."""
    not_before: datetime
    not_after: datetime
    purposes: frozenset[Purpose] = frozenset({Purpose.SIGNATURE})
    revoked_at: datetime | None = None
    """From when on it speaks for nobody: when the hub was told, never earlier."""
    revoked_why: str = ""
    """`crl`, or what the operator said."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of an organization, as an operator entered it."""

    organization: OrganizationCode
    name: str
    """As given with `--by`, its blanks single."""
    secret_registrar: bool
    """Whether it sees its organization's secret letters."""
    added_at: datetime
