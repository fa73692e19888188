"""When what an endpoint did not take is tried again, and when it is left alone.

1. What may pass is tried again: a letter's speed says after how long, each time twice
   as long as before, up to its ceiling. Jitter takes up to half of a delay away, so
   that what failed together does not come back together.
2. It is given up where the next attempt would come after its deadline. That is counted
   from when it came to lie ready for the endpoint, or from when a person last set the
   endpoint's record or replayed it, whichever is latest: nobody's letters are given up
   for the time in which an operator had the endpoint rest.
3. What does not pass by itself is given up at once, but for an address that the
   record does not allow: an operator mends the record, and no letter is to blame.
4. After `OPENS_AFTER` failures in a row the circuit is open: nothing is handed over for
   a while that grows likewise. Then one parcel at a time is tried, and what an endpoint
   answers at all, be it a refusal, closes the circuit.
5. Where letters must keep their order, any failure leaves the endpoint alone until the
   next attempt, so that nothing overtakes. Where it asks for time, it gets it.

| speed | first delay | ceiling | deadline |
|---|---|---|---|
| 001 ปกติ | 30 s | 15 min | 5 days |
| 002 ด่วน | 15 s | 10 min | 3 days |
| 003 ด่วนมาก | 10 s | 5 min | 2 days |
| 004 ด่วนที่สุด | 5 s | 2 min | 1 day |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.delivery import AddressForbidden, DeliveryError
from gateway.domain.endpoint import Endpoint

OPENS_AFTER: Final = 3
"""Failures in a row after which an endpoint is left alone (rule 4)."""
FACTOR: Final = 2
SUCCESS_EVERY: Final = timedelta(minutes=1)
"""How often it is written down that an endpoint goes on taking what it gets."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How soon, how seldom at most, and until when something is tried."""

    first: timedelta
    ceiling: timedelta
    deadline: timedelta = timedelta.max

    def delay(self, times: int, jitter: float) -> timedelta:
        """Return how long to wait after so many failures; `jitter` is 0 to 1."""
        # Not beyond what the ceiling needs: the power would grow without end.
        grown = self.first * FACTOR ** min(max(times - 1, 0), 20)
        delay: timedelta = min(grown, self.ceiling) * (1 - jitter / 2)
        return delay


PACES: Final[Mapping[str, Pace]] = {
    "001": Pace(timedelta(seconds=30), timedelta(minutes=15), timedelta(days=5)),
    "002": Pace(timedelta(seconds=15), timedelta(minutes=10), timedelta(days=3)),
    "003": Pace(timedelta(seconds=10), timedelta(minutes=5), timedelta(days=2)),
    "004": Pace(timedelta(seconds=5), timedelta(minutes=2), timedelta(days=1)),
}
"""By the code of the speed (`schemas/codelists/speed.csv`)."""

CIRCUIT: Final = Pace(timedelta(seconds=30), timedelta(minutes=10))
"""How long a circuit stays open."""


def pace_of(speed: str) -> Pace:
    """Return the pace of a speed; of one that is in no list, the slowest."""
    return PACES.get(speed, PACES["001"])


def may_pass(error: DeliveryError) -> bool:
    """Say whether another attempt may help (rule 3)."""
    return error.temporary or isinstance(error, AddressForbidden)


def next_attempt(
    speed: str, attempt: int, error: DeliveryError, now: datetime, jitter: float
) -> datetime:
    """Return when to try again after this attempt, counted from 1, has failed."""
    delay = pace_of(speed).delay(attempt, jitter)
    return now + max(delay, _asked(error))


def ends_at(speed: str, *since: datetime | None) -> datetime:
    """Return the deadline, counted from the latest of these times (rule 2)."""
    return max(at for at in since if at is not None) + pace_of(speed).deadline


def after_failure(
    endpoint: Endpoint,
    error: DeliveryError,
    now: datetime,
    jitter: float,
    *,
    next_at: datetime,
) -> Endpoint:
    """Return how an endpoint fares after a failure that may pass (rules 4 and 5)."""
    failures = endpoint.failures + 1
    rests = [endpoint.closed_until or now, now + _asked(error)]
    if failures >= OPENS_AFTER:
        rests.append(now + CIRCUIT.delay(failures - OPENS_AFTER + 1, jitter))
    if endpoint.in_order:
        rests.append(next_at)
    until = max(rests)
    return replace(
        endpoint,
        failures=failures,
        failing_since=endpoint.failing_since or now,
        closed_until=until if until > now else None,
        last_failure=error.code,
    )


def after_refusal(endpoint: Endpoint, error: DeliveryError) -> Endpoint:
    """Return how an endpoint fares that answers, and does not take this one."""
    return replace(
        endpoint,
        failures=0,
        failing_since=None,
        closed_until=None,
        last_failure=error.code,
    )


def after_success(endpoint: Endpoint, now: datetime) -> Endpoint:
    """Return how an endpoint fares that took something.

    The same one where nothing is to be written: a busy endpoint's row would be
    rewritten with each letter.
    """
    last = endpoint.last_success_at
    fares_well = not (endpoint.failures or endpoint.last_failure)
    if fares_well and last is not None and now - last < SUCCESS_EVERY:
        return endpoint
    return replace(
        endpoint,
        failures=0,
        failing_since=None,
        closed_until=None,
        last_failure="",
        last_success_at=now,
    )


def tries_one(endpoint: Endpoint) -> bool:
    """Say whether one parcel at a time is handed over (rules 4 and 5)."""
    return endpoint.in_order or endpoint.failures >= OPENS_AFTER


def _asked(error: DeliveryError) -> timedelta:
    return timedelta(seconds=max(error.wait or 0.0, 0.0))
