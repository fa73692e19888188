"""How an organization shows at the door that it is itself.

1. Who has no access is let in nowhere: a new organization is closed.
2. Where networks are given, a caller comes from one of them.
3. Where proofs are given (a secret in the path, HTTP Basic, a certificate for
   access), a caller shows one of them; one of any kind is enough, so that a client
   can go from one to the next without a day on which it is refused.
4. Networks alone let in, for clients that can show nothing. But not where a proof
   was in force at any time since that network was entered: a proof that ends shuts
   the door, it never opens it wider. Enter the network again to say so.
5. An access that is over, and a certificate that is not valid or revoked at the time
   of the call, count for nothing.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.certificates import Standing, registered_for, standing
from gateway.domain.organization import Purpose, RegisteredCertificate

IpAddress: TypeAlias = IPv4Address | IPv6Address
IpNetwork: TypeAlias = IPv4Network | IPv6Network

SECRET_BITS: Final = 130
"""Bits of a secret: nobody guesses it, so that a fast digest of it is enough."""

_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without the letters that are taken for digits, and without `u`."""
_LOOK_ALIKE: Final = str.maketrans("ilo", "110")
_BITS: Final = 5
_CALLERS: Final = 1_024
"""Addresses that are kept read."""
_NET: Final = 64
"""Bits of an IPv6 address that its holder chooses."""
_WIDEST: Final = 8
"""The shortest prefix of a network: `10.0.0.0/8` is one."""


class AccessKind(StrEnum):
    """What a caller shows, besides a certificate."""

    PATH = "path-secret"
    """A secret in the path of its address."""
    BASIC = "basic"
    """HTTP Basic; the user is the organization's code."""
    NETWORK = "network"
    """It calls from an address in this network."""


class Verdict(StrEnum):
    """Whether a caller is let in, and why not: for the log and the journal alone."""

    LET_IN = "let-in"
    NO_ACCESS = "no-access"
    """Nothing that counts is entered, or nobody has this address."""
    OTHER_NETWORK = "other-network"
    NOTHING_SHOWN = "nothing-shown"
    WRONG = "wrong"
    """What was shown is not the organization's, or is over."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a caller shows of itself."""

    address: IpAddress | None = None
    """Where it calls from; None where nobody can say."""
    path_secret: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    certificate: str = ""
    """SHA-256 of the certificate it has proven in TLS, 64 hexadecimal digits."""

    @property
    def shows_nothing(self) -> bool:
        """Whether it offers no proof at all."""
        return not (self.path_secret or self.user or self.password or self.certificate)


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that was not let in. What was shown stands nowhere in it."""

    peer: str
    """Where it came from, IPv6 by its /64; empty where nobody can say."""
    organization: OrganizationCode | None
    """Whose door it named, whether there is such a one or not."""
    reason: str
    at: datetime


def judged(
    organization: OrganizationCode,
    accesses: Sequence[Access],
    certificates: Iterable[RegisteredCertificate],
    shown: Shown,
    at: datetime,
) -> Verdict:
    """Say whether a caller is let in at an organization's door; the rules are above.

    `accesses` and `certificates` are all that were ever entered for it.
    """
    entrances = registered_for(Purpose.ACCESS, certificates)
    counting = [access for access in accesses if access.counts(at)]
    networks = [a for a in counting if a.kind is AccessKind.NETWORK]
    around = [a for a in networks if _lies_in(shown.address, a.value)]
    proofs = [a for a in counting if a.kind is not AccessKind.NETWORK]
    valid = [c for c in entrances if standing(c, at) is Standing.VALID]
    if networks and not around:
        return Verdict.OTHER_NETWORK
    if _is_proven(organization, proofs, valid, shown):
        return Verdict.LET_IN
    if any(not _was_proof(accesses, entrances, a.added_at, at) for a in around):
        return Verdict.LET_IN
    if not (proofs or valid):
        return Verdict.NO_ACCESS
    return Verdict.NOTHING_SHOWN if shown.shows_nothing else Verdict.WRONG


def is_open(
    accesses: Sequence[Access],
    certificates: Iterable[RegisteredCertificate],
    at: datetime,
) -> bool:
    """Say whether there is any caller that would be let in."""
    entrances = registered_for(Purpose.ACCESS, certificates)
    if any(standing(one, at) is Standing.VALID for one in entrances):
        return True
    return any(
        access.kind is not AccessKind.NETWORK
        or not _was_proof(accesses, entrances, access.added_at, at)
        for access in accesses
        if access.counts(at)
    )


def _is_proven(
    organization: OrganizationCode,
    proofs: Iterable[Access],
    certificates: Iterable[RegisteredCertificate],
    shown: Shown,
) -> bool:
    password = shown.password if _is(organization, shown.user) else ""
    offered = {AccessKind.PATH: shown.path_secret, AccessKind.BASIC: password}
    secrets = [
        hmac.compare_digest(digest_of(offered[proof.kind]), proof.value)
        for proof in proofs
        if offered[proof.kind]
    ]
    return any(secrets) or any(
        hmac.compare_digest(shown.certificate, one.fingerprint) for one in certificates
    )


def _is(organization: OrganizationCode, user: str) -> bool:
    try:
        return OrganizationCode.parse(user) == organization
    except ValueError:
        return False


def _was_proof(
    accesses: Iterable[Access],
    certificates: Iterable[RegisteredCertificate],
    since: datetime,
    at: datetime,
) -> bool:
    """Whether a proof was in force at any time from one to the other."""
    ends = [a.ends_at for a in accesses if a.kind is not AccessKind.NETWORK]
    ends += [
        min(c.not_after, c.revoked_at) if c.revoked_at else c.not_after
        for c in certificates
        if c.not_before <= at
    ]
    return any(end is None or end > since for end in ends)


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a secret, however its letters were typed."""
    typed = secret.lower().translate(_LOOK_ALIKE)
    return hashlib.sha256(typed.encode("utf-8", "replace")).hexdigest()


def secret_of(number: int) -> str:
    """Write `SECRET_BITS` random bits as a secret."""
    places = range(0, SECRET_BITS, _BITS)
    return "".join(_LETTERS[number >> place & 31] for place in places)


@lru_cache(_CALLERS)
def address_of(text: str) -> IpAddress | None:
    """Read an address as systems write it; None where it is none.

    An IPv4 address inside an IPv6 one is that IPv4 address; a zone is left out. Each
    request asks for its caller's, so what was read is kept.
    """
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or IPv6Address(int(found))
    return found


def net_of(address: IpAddress | None) -> str:
    """Write what an address counts as: IPv6 by its /64; empty where it is unknown."""
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> _NET << _NET)}/{_NET}"
    return str(address or "")


def network_of(text: str) -> IpNetwork:
    """Read a network; raises `ValueError`, its text fit for who wrote it."""
    try:
        found = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(_meant(text)) from error
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped:
        raise ValueError("write an IPv4 network as one: 10.1.0.0/16")
    if found.prefixlen < _WIDEST:
        raise ValueError("that is nearly everybody: give a secret instead")
    return found


def _meant(text: str) -> str:
    try:
        return f"did you mean {ip_network(text.strip(), strict=False)}?"
    except ValueError:
        return "write a network, like 10.1.0.0/16 or 2001:db8::/48"


def _lies_in(address: IpAddress | None, network: str) -> bool:
    return address is not None and address in ip_network(network)
