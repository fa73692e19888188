"""The time of this machine, and identities nobody else has."""

import secrets
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from gateway.domain.register import BANGKOK
from gateway.ports import Clock
from gateway.steps import behind

_RANDOM_BITS: Final = 74
_LOW_BITS: Final = 62
_LOW_MASK: Final = (1 << _LOW_BITS) - 1
_STEP_BITS: Final = 32
_DIGITS: Final = 10**12


class SystemClock:
    """The clock of this machine; a demo hub's may be told to be behind (`steps`)."""

    __slots__ = ()

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC) - behind()


class Identities:
    """UUIDv7 (RFC 9562) and wire numbers. Used by one thread."""

    __slots__ = ("_clock", "_last")

    def __init__(self, clock: Clock, *, after: UUID | None = None) -> None:
        """Take what every id is to sort behind: made before this process, if any.

        The clock may have been set back since.
        """
        self._clock = clock
        self._last = _payload(after) if after else 0

    def new(self) -> UUID:
        """Return an id that sorts behind all this process made, to the bit.

        Within one millisecond, or where the clock went back, a random step is added
        to the last one (RFC 9562, 6.2 method 2).
        """
        milliseconds = int(self._clock.now().timestamp() * 1000)
        fresh = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        later = self._last + 1 + secrets.randbits(_STEP_BITS)
        self._last = max(fresh, later)
        return _version_7(self._last)

    def process_id(self, at: datetime) -> str:
        """Return 14 digits of the time in Bangkok and 12 random ones."""
        second = at.astimezone(BANGKOK).strftime("%Y%m%d%H%M%S")
        return f"{second}{secrets.randbelow(_DIGITS):012}"


def _payload(made: UUID) -> int:
    """Return what `_version_7` made an id of."""
    time, middle, low = made.int >> 80, made.int >> 64 & 0xFFF, made.int & _LOW_MASK
    return (time << 12 | middle) << _LOW_BITS | low


def _version_7(value: int) -> UUID:
    """Spread 48 bits of time and 74 others around version and variant."""
    high, low = value >> _LOW_BITS, value & _LOW_MASK
    time, middle = high >> 12, high & 0xFFF
    return UUID(int=time << 80 | 0x7 << 76 | middle << 64 | 0b10 << 62 | low)
