"""How often one address may fail at the doors before it is turned away unheard.

1. An address has `FAILURES` to begin with, and gets one more every `EVERY` seconds.
2. Once they are used up it is turned away without any look-up, until the next one.
3. From an address at which a call was let in within the last hour nobody is turned
   away: an office behind the same proxy or gateway is not to be locked out by its
   neighbour. Secrets are too long to be guessed even so.
4. IPv6 addresses count by their /64, which is what one line usually has. Callers of
   whom nobody knows the address count as one.
5. What is remembered is bounded: of more addresses than `REMEMBERED`, those that have
   not been heard of for longest are forgotten.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeVar

from gateway.domain.access import IpAddress, net_of

FAILURES: Final = 20
EVERY: Final = 6.0
TRUSTED_FOR: Final = 3600.0
REMEMBERED: Final = 10_000

T = TypeVar("T")


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Throttle:
    """Failures and successes, by address."""

    __slots__ = ("_buckets", "_elapsed", "_remembered", "_trusted")

    def __init__(
        self, elapsed: Callable[[], float], *, remembered: int = REMEMBERED
    ) -> None:
        """Take a clock that counts seconds from any beginning."""
        self._elapsed = elapsed
        self._remembered = remembered
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._trusted: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: IpAddress | None) -> int:
        """Return how many seconds an address is turned away for; 0 for not at all."""
        bucket = self._buckets.get(net_of(address))
        if bucket is None or self.trusts(address):
            return 0
        left = self._left(bucket)
        return 0 if left >= 1 else ceil((1 - left) * EVERY)

    def trusts(self, address: IpAddress | None) -> bool:
        """Say whether a call from there was let in within the last hour."""
        at = self._trusted.get(net_of(address))
        return at is not None and self._elapsed() - at < TRUSTED_FOR

    def failed(self, address: IpAddress | None) -> None:
        """Note that a call from there was not let in."""
        key = net_of(address)
        bucket = self._buckets.get(key)
        left = FAILURES if bucket is None else self._left(bucket)
        self._buckets[key] = _Bucket(max(0.0, left - 1), self._elapsed())
        self._bound(self._buckets, key)

    def let_in(self, address: IpAddress | None) -> None:
        """Note that a call from there was let in."""
        key = net_of(address)
        self._buckets.pop(key, None)
        self._trusted[key] = self._elapsed()
        self._bound(self._trusted, key)

    def _left(self, bucket: _Bucket) -> float:
        return min(FAILURES, bucket.left + (self._elapsed() - bucket.at) / EVERY)

    def _bound(self, known: OrderedDict[str, T], key: str) -> None:
        known.move_to_end(key)
        if len(known) > self._remembered:
            known.popitem(last=False)
