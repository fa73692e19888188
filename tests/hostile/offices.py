"""Who takes part in the hub that vectors are sent to, and who only pretends to."""

import functools
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from tests.hostile.keys import Signer, certified, ec_key, rsa_key

MINISTRY: Final = "1500200000"
"""Hosted: the hub signs where it does not; its own signature is taken."""
LANDS: Final = "1500300000"
"""Must sign."""
HEALTH: Final = "2100200000"
"""Is carried unsigned."""
CLOSED: Final = "1500400000"
"""Suspended."""
OLD: Final = "1500500000"
"""Must sign, and may do so by RSA-SHA1."""
CHIANG_MAI: Final = "1500200050"
"""Receives."""
LOEI: Final = "1500200042"
"""Takes part too: the office whose key a thief would have."""
FAR: Final = "1500600000"
"""Is let in from its own network alone."""
FAR_NETWORK: Final = "10.0.0.0/8"
KEYED: Final = "1500700000"
"""Is let in by a secret, or by its certificate."""
KEYED_SECRET: Final = "tests-know-this"
ALSO_KEYED: Final = "1500800000"
"""Another one that is let in by a secret."""
OTHER_SECRET: Final = "tests-know-that"
NOBODY: Final = "9900200000"
"""In no directory."""

NOW: Final = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
"""When everything happens."""
REVOKED_AT: Final = datetime(2026, 6, 1, tzinfo=UTC)

_LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
_LATER: Final = datetime(2030, 1, 1, tzinfo=UTC)


@functools.cache
def lands() -> Signer:
    """The certificate of the office that must sign, P-256."""
    return certified(ec_key("lands"), "lands")


@functools.cache
def lands_rsa() -> Signer:
    """Another one of the same office, RSA."""
    return certified(rsa_key("lands"), "lands rsa")


@functools.cache
def lands_expired() -> Signer:
    """One that ended."""
    end = datetime(2026, 11, 20, tzinfo=UTC)
    key = ec_key("lands expired")
    return certified(key, "lands expired", not_before=_LONG_AGO, not_after=end)


@functools.cache
def lands_early() -> Signer:
    """One that has not begun."""
    start = datetime(2026, 11, 22, tzinfo=UTC)
    key = ec_key("lands early")
    return certified(key, "lands early", not_before=start, not_after=_LATER)


@functools.cache
def lands_revoked() -> Signer:
    """One that was revoked."""
    return certified(ec_key("lands revoked"), "lands revoked")


@functools.cache
def lands_weak() -> Signer:
    """One whose RSA key is too short, which somebody put into the table by hand."""
    return certified(rsa_key("lands weak", 1024), "lands weak")


@functools.cache
def lands_curve() -> Signer:
    """One on a curve nobody offers, put there by hand likewise."""
    return certified(ec_key("lands curve", ec.SECP256K1()), "lands curve")


@functools.cache
def old() -> Signer:
    """The certificate of the office that may sign by RSA-SHA1."""
    return certified(rsa_key("old"), "old")


@functools.cache
def keyed() -> Signer:
    """The certificate that lets an office in."""
    return certified(ec_key("keyed"), "keyed")


@functools.cache
def loei() -> Signer:
    """The certificate of another office."""
    return certified(ec_key("loei"), "loei")


@functools.cache
def stranger() -> Signer:
    """A certificate that nobody registered."""
    return certified(ec_key("stranger"), "stranger")
