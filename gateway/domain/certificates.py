"""Which of an organization's certificates are in force, for what, and until when.

1. A certificate is in force from its first moment to its last, both included.
2. One that is revoked is in force for nothing from that moment on, and never again.
3. It counts for the purposes it is registered for, and for no other.
4. Two may be in force at once: that is how one takes the other's place.
5. A letter is judged as of its receipt, once. What is in custody is not judged
   again: a certificate revoked later, or known to be revoked later, stops nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.domain.organization import Purpose, RegisteredCertificate

_BETWEEN: Final = timedelta(seconds=1)
"""Certificates count seconds: one may begin in the second after another's last."""


class Standing(StrEnum):
    """Whether a certificate is in force."""

    VALID = "valid"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends, or has ended, and what that means."""

    certificate: RegisteredCertificate
    purpose: Purpose
    at: datetime
    """When it ends: its last moment, or when it was revoked."""
    stops: bool
    """Whether no other one follows it: its organization stops on that day."""


def standing(certificate: RegisteredCertificate, at: datetime) -> Standing:
    """Say whether a certificate is in force at this time, and if not, why."""
    if certificate.revoked_at is not None and certificate.revoked_at <= at:
        return Standing.REVOKED
    if at < certificate.not_before:
        return Standing.NOT_YET
    return Standing.EXPIRED if certificate.not_after < at else Standing.VALID


def registered_for(
    purpose: Purpose, certificates: Iterable[RegisteredCertificate]
) -> list[RegisteredCertificate]:
    """Return those that are registered for a purpose (rule 3)."""
    return [one for one in certificates if purpose in one.purposes]


def judged_already(
    certificates: Iterable[RegisteredCertificate],
) -> list[RegisteredCertificate]:
    """Return them as they were before any was revoked (rule 5).

    For reading again what was judged when it came. Time alone would not do: another
    process may revoke in the second in which this one still takes letters by it.
    """
    return [replace(one, revoked_at=None, revoked_why="") for one in certificates]


def covered_until(
    certificates: Sequence[RegisteredCertificate], purpose: Purpose, at: datetime
) -> datetime | None:
    """Return until when one after the other is in force; None where none is now."""
    count = [one for one in registered_for(purpose, certificates) if not one.revoked_at]
    until: datetime | None = None
    while True:
        moment = at if until is None else until + _BETWEEN
        ends = [
            one.not_after for one in count if one.not_before <= moment <= one.not_after
        ]
        if not ends:
            return until
        until = max(ends)


def endings(
    certificates: Sequence[RegisteredCertificate],
    at: datetime,
    within: timedelta,
) -> list[Ending]:
    """Return what ends within a time, and what has ended without a successor.

    Of an organization's own certificates; the soonest first.
    """
    found: list[Ending] = []
    for purpose in Purpose:
        own = registered_for(purpose, certificates)
        until = covered_until(own, purpose, at)
        if until is None:
            found += _last(own, purpose, at)
            continue
        found += [
            Ending(one, purpose, one.not_after, stops=one.not_after == until)
            for one in own
            if standing(one, at) is Standing.VALID and one.not_after <= at + within
        ]
    return sorted(found, key=lambda ending: ending.at)


def _last(
    own: Sequence[RegisteredCertificate], purpose: Purpose, at: datetime
) -> list[Ending]:
    """Return the one after which nothing was in force any more, if it ran out.

    Where it was revoked nobody has to be told: that was said to who revoked it, and
    revoking what is not needed any more ends the reminders.
    """
    begun = [one for one in own if one.not_before <= at]
    ended = sorted(begun, key=lambda o: min(o.revoked_at or o.not_after, o.not_after))
    return [
        Ending(one, purpose, one.not_after, stops=True)
        for one in ended[-1:]
        if one.revoked_at is None
    ]


@dataclass(frozen=True, slots=True)
class Vouch:
    """What the authorities say of a certificate; nothing at all: they vouch for it."""

    taken_back: str = ""
    """Why it is revoked: `crl keyCompromise`, or `chain keyCompromise` where that is
    said of the only authority between it and a root."""
    missing: str = ""
    """Why no chain leads to a root: an authority expired, or is not in the folder."""
