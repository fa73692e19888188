from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import (
    AddressForbidden,
    DeliveryError,
    EndpointBusy,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
)
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.schedule import (
    CIRCUIT,
    OPENS_AFTER,
    PACES,
    SUCCESS_EVERY,
    after_failure,
    after_refusal,
    after_success,
    ends_at,
    may_pass,
    next_attempt,
    pace_of,
    tries_one,
)
from schemas.codes import speed_codes
from tests.gateway.domain.values import CHIANG_MAI, NOON

AWAY = EndpointUnreachable()
MINUTE = timedelta(minutes=1)


def an_endpoint(**changes: object) -> Endpoint:
    facts: dict[str, object] = {"in_order": False, "url": "https://example.org/"}
    return Endpoint(
        organization=CHIANG_MAI,
        way=Way.WEBHOOK,
        changed_at=NOON,
        **(facts | changes),  # type: ignore[arg-type]
    )


def failed(endpoint: Endpoint, times: int) -> Endpoint:
    for _ in range(times):
        endpoint = after_failure(endpoint, AWAY, NOON, 0.0, next_at=NOON)
    return endpoint


def test_each_speed_of_the_list_has_a_pace() -> None:
    """A new code in the list needs a row in the table."""
    assert set(PACES) == set(speed_codes())


def test_the_more_urgent_the_sooner_and_the_sooner_given_up() -> None:
    """A sender of an urgent letter hears earlier that it does not get through."""
    paces = [PACES[code] for code in sorted(PACES)]

    for slower, faster in pairwise(paces):
        assert slower.first > faster.first
        assert slower.ceiling > faster.ceiling
        assert slower.deadline > faster.deadline


def test_what_is_in_no_list_is_in_no_hurry() -> None:
    """A code from elsewhere is treated as an ordinary letter's."""
    assert pace_of("999") is PACES["001"]


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (6, 900), (1000, 900)]
)
def test_each_delay_is_twice_the_one_before_up_to_the_ceiling(
    attempt: int, seconds: int
) -> None:
    """An ordinary letter is tried after half a minute, later every quarter hour."""
    at = next_attempt("001", attempt, AWAY, NOON, 0.0)

    assert at - NOON == timedelta(seconds=seconds)


@given(
    st.sampled_from(sorted(PACES)),
    st.integers(1, 10_000),
    st.floats(0, 1),
)
def test_jitter_takes_at_most_half_of_a_delay(
    speed: str, attempt: int, jitter: float
) -> None:
    """Whatever the jitter, the next attempt is neither at once nor late."""
    whole = next_attempt(speed, attempt, AWAY, NOON, 0.0) - NOON
    found = next_attempt(speed, attempt, AWAY, NOON, jitter) - NOON

    assert whole / 2 <= found <= whole <= PACES[speed].ceiling


def test_an_endpoint_that_asks_for_time_gets_it() -> None:
    """Retry-After counts for the parcel and for the endpoint."""
    busy = EndpointBusy(wait=3600)
    asked = NOON + timedelta(hours=1)

    assert next_attempt("004", 1, busy, NOON, 1.0) == asked
    endpoint = after_failure(an_endpoint(), busy, NOON, 0.0, next_at=asked)
    assert endpoint.closed_until == asked


def test_the_deadline_counts_from_the_latest_of_its_beginnings() -> None:
    """An operator who sets the record, or replays, gives the whole time again."""
    later = NOON + timedelta(days=3)

    assert ends_at("004", NOON, None) == NOON + timedelta(days=1)
    assert ends_at("004", NOON, later, None) == later + timedelta(days=1)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (EndpointUnreachable(), True),
        (EndpointSilent(), True),
        (EndpointBusy(), True),
        (AddressForbidden(), True),
        (EndpointRefused(), False),
    ],
)
def test_what_lies_with_the_endpoint_may_pass(
    error: DeliveryError, *, passes: bool
) -> None:
    """A letter is given up at once only where it is itself refused."""
    assert may_pass(error) is passes


def test_a_few_failures_leave_the_circuit_closed() -> None:
    """Where order does not matter, others go on after a failure or two."""
    endpoint = failed(an_endpoint(), OPENS_AFTER - 1)

    assert not endpoint.rests(NOON)
    assert endpoint.failures == OPENS_AFTER - 1
    assert endpoint.failing_since == NOON
    assert not tries_one(endpoint)


def test_the_circuit_opens_for_longer_each_time_up_to_its_ceiling() -> None:
    """A dead endpoint is asked ever more seldom, and every ten minutes at least."""
    opened = [failed(an_endpoint(), n) for n in range(OPENS_AFTER, OPENS_AFTER + 10)]

    rests = [e.closed_until - NOON for e in opened if e.closed_until]
    assert rests[0] == CIRCUIT.first
    assert rests[1] == 2 * CIRCUIT.first
    assert rests[-1] == CIRCUIT.ceiling
    assert len(rests) == 10


def test_after_its_rest_one_parcel_at_a_time_is_tried() -> None:
    """A circuit that is half open does not let all through at once."""
    endpoint = failed(an_endpoint(), OPENS_AFTER)

    assert endpoint.rests(NOON)
    assert not endpoint.rests(NOON + MINUTE)
    assert tries_one(endpoint)


def test_where_order_matters_any_failure_rests_it_until_the_next_attempt() -> None:
    """Nothing behind the one that failed is handed over before it."""
    at = NOON + MINUTE
    endpoint = after_failure(an_endpoint(in_order=True), AWAY, NOON, 0.0, next_at=at)

    assert endpoint.closed_until == at
    assert endpoint.rests(NOON)
    assert tries_one(an_endpoint(in_order=True))


def test_a_success_closes_the_circuit() -> None:
    """Then it is as if nothing had been."""
    endpoint = after_success(failed(an_endpoint(), 5), NOON)

    assert endpoint == an_endpoint(last_success_at=NOON)


def test_a_refusal_closes_the_circuit_and_is_remembered() -> None:
    """Who refuses a letter answers: others may go on."""
    endpoint = after_refusal(failed(an_endpoint(), 5), EndpointRefused())

    assert endpoint == an_endpoint(last_failure="endpoint-refused")


def test_success_after_success_is_written_once_a_minute() -> None:
    """A busy endpoint's row is not rewritten with each letter."""
    endpoint = an_endpoint(last_success_at=NOON)

    assert after_success(endpoint, NOON + SUCCESS_EVERY / 2) is endpoint
    later = after_success(endpoint, NOON + SUCCESS_EVERY)
    assert later.last_success_at == NOON + SUCCESS_EVERY


def test_a_success_does_not_wake_who_is_paused() -> None:
    """Only an operator ends a pause."""
    assert after_success(an_endpoint(paused_at=NOON), NOON).rests(NOON)
