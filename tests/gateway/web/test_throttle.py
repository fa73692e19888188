from ipaddress import ip_address

import pytest

from gateway.web.throttle import EVERY, FAILURES, TRUSTED_FOR, Throttle

ONE = ip_address("192.0.2.1")
OTHER = ip_address("192.0.2.2")


class Seconds:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def throttle(seconds: Seconds) -> Throttle:
    return Throttle(seconds)


def fail(throttle: Throttle, times: int = FAILURES) -> None:
    for _ in range(times):
        throttle.failed(ONE)


def test_failures_are_heard_until_they_are_used_up(throttle: Throttle) -> None:
    fail(throttle, FAILURES - 1)
    assert throttle.wait(ONE) == 0

    throttle.failed(ONE)
    assert throttle.wait(ONE) == EVERY
    assert throttle.wait(OTHER) == 0


def test_after_a_while_one_more_is_heard(throttle: Throttle, seconds: Seconds) -> None:
    fail(throttle)
    seconds.now += EVERY - 1
    assert throttle.wait(ONE) == 1
    seconds.now += 1
    assert throttle.wait(ONE) == 0

    throttle.failed(ONE)
    assert throttle.wait(ONE) == EVERY


def test_no_rest_gives_more_than_the_beginning(
    throttle: Throttle, seconds: Seconds
) -> None:
    fail(throttle)
    seconds.now += 100 * FAILURES * EVERY
    fail(throttle)

    assert throttle.wait(ONE) == EVERY


def test_who_was_let_in_is_locked_out_by_nobody_for_an_hour(
    throttle: Throttle, seconds: Seconds
) -> None:
    throttle.let_in(ONE)
    fail(throttle, 10 * FAILURES)
    seconds.now += TRUSTED_FOR - 1
    fail(throttle)
    assert throttle.trusts(ONE)
    assert throttle.wait(ONE) == 0

    seconds.now += 1
    assert not throttle.trusts(ONE)
    assert throttle.wait(ONE) > 0


def test_being_let_in_forgets_what_failed(throttle: Throttle) -> None:
    fail(throttle)
    throttle.let_in(ONE)

    assert throttle.wait(ONE) == 0


def test_ipv6_counts_by_line_and_ipv4_by_address(throttle: Throttle) -> None:
    for last in range(FAILURES):
        throttle.failed(ip_address(f"2001:db8::{last:x}:1"))

    assert throttle.wait(ip_address("2001:db8::ffff")) > 0
    assert throttle.wait(ip_address("2001:db8:0:1::1")) == 0


def test_callers_without_an_address_count_as_one(throttle: Throttle) -> None:
    for _ in range(FAILURES):
        throttle.failed(None)

    assert throttle.wait(None) > 0
    assert throttle.wait(ONE) == 0


def test_what_is_remembered_is_bounded(seconds: Seconds) -> None:
    throttle = Throttle(seconds, remembered=3)
    fail(throttle)
    for last in range(2):
        throttle.failed(ip_address(f"198.51.100.{last}"))
    assert throttle.wait(ONE) > 0

    throttle.failed(ip_address("198.51.100.9"))
    assert throttle.wait(ONE) == 0


def test_strangers_do_not_make_it_forget_who_was_let_in(seconds: Seconds) -> None:
    throttle = Throttle(seconds, remembered=3)
    throttle.let_in(ONE)
    for last in range(200):
        throttle.failed(ip_address(f"198.51.100.{last}"))

    assert throttle.trusts(ONE)
