from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain.certificates import (
    Standing,
    covered_until,
    endings,
    judged_already,
    registered_for,
    standing,
)
from gateway.domain.organization import Purpose, RegisteredCertificate

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SIGNATURE = Purpose.SIGNATURE


def lasting(
    begins: int, ends: int, *purposes: Purpose, revoked: int | None = None
) -> RegisteredCertificate:
    """Return a certificate from a day to a day, counted from now."""
    der = f"{begins} {ends} {purposes}".encode()
    return RegisteredCertificate(
        OrganizationCode("1500200050"),
        der,
        der.hex(),
        NOW + begins * DAY,
        NOW + ends * DAY,
        frozenset(purposes or {SIGNATURE}),
        revoked_at=None if revoked is None else NOW + revoked * DAY,
    )


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (lasting(-1, 1), Standing.VALID),
        (lasting(0, 1), Standing.VALID),
        (lasting(-1, 0), Standing.VALID),
        (lasting(1, 2), Standing.NOT_YET),
        (lasting(-2, -1), Standing.EXPIRED),
        (lasting(-1, 1, revoked=0), Standing.REVOKED),
        (lasting(-1, 1, revoked=1), Standing.VALID),
        (lasting(-2, -1, revoked=-2), Standing.REVOKED),
        (lasting(1, 2, revoked=0), Standing.REVOKED),
    ],
)
def test_standing(certificate: RegisteredCertificate, expected: Standing) -> None:
    assert standing(certificate, NOW) is expected


def test_a_certificate_counts_for_its_purposes_alone() -> None:
    both = lasting(-1, 1, *Purpose)
    access = lasting(-1, 1, Purpose.ACCESS)

    assert registered_for(SIGNATURE, [both, access]) == [both]


def test_what_is_judged_already_was_not_revoked() -> None:
    certificate = lasting(-1, 1, revoked=0)

    assert judged_already([certificate]) == [replace(certificate, revoked_at=None)]


@pytest.mark.parametrize(
    ("certificates", "until"),
    [
        ([], None),
        ([lasting(-2, -1)], None),
        ([lasting(1, 2)], None),
        ([lasting(-1, 5)], 5),
        ([lasting(-1, 5), lasting(3, 9)], 9),
        ([lasting(3, 9), lasting(-1, 5)], 9),
        ([lasting(-1, 5), lasting(6, 9)], 5),
        ([lasting(-1, 5), lasting(-1, 9, revoked=0)], 5),
        ([lasting(-1, 5), lasting(3, 9, Purpose.ACCESS)], 5),
        ([lasting(-1, 5), lasting(4, 9), lasting(8, 20)], 20),
    ],
)
def test_one_after_the_other_until_a_gap(
    certificates: Sequence[RegisteredCertificate], until: int | None
) -> None:
    expected = None if until is None else NOW + until * DAY

    assert covered_until(certificates, SIGNATURE, NOW) == expected


def test_one_may_begin_in_the_second_after_the_other() -> None:
    first = lasting(-1, 5)
    second = replace(lasting(6, 9), not_before=first.not_after + SECOND)
    late = replace(second, not_before=first.not_after + 2 * SECOND)

    assert covered_until([first, second], SIGNATURE, NOW) == second.not_after
    assert covered_until([first, late], SIGNATURE, NOW) == first.not_after


class TestEndings:
    def soon(
        self, *certificates: RegisteredCertificate
    ) -> list[tuple[int, bool, Purpose]]:
        return [
            ((ending.at - NOW) // DAY, ending.stops, ending.purpose)
            for ending in endings(certificates, NOW, 60 * DAY)
        ]

    def test_nothing_ends_where_nothing_is(self) -> None:
        assert self.soon() == []

    def test_what_ends_later_is_not_named(self) -> None:
        assert self.soon(lasting(-1, 61)) == []

    def test_the_last_day_counts(self) -> None:
        assert self.soon(lasting(-1, 60)) == [(60, True, SIGNATURE)]

    def test_what_another_follows_stops_nobody(self) -> None:
        assert self.soon(lasting(-1, 5), lasting(3, 400)) == [(5, False, SIGNATURE)]

    def test_what_another_follows_after_a_gap_stops(self) -> None:
        assert self.soon(lasting(-1, 5), lasting(7, 400)) == [(5, True, SIGNATURE)]

    def test_who_has_stopped_is_named_once(self) -> None:
        found = self.soon(lasting(-9, -5), lasting(-9, -3), lasting(-9, 9, revoked=-4))

        assert found == [(-3, True, SIGNATURE)]

    def test_what_was_revoked_was_told_to_who_revoked_it(self) -> None:
        assert self.soon(lasting(-9, 90, revoked=-4)) == []

    def test_one_revoked_after_the_others_ended_is_the_last(self) -> None:
        assert self.soon(lasting(-9, -5), lasting(-9, 9, revoked=-3)) == []

    def test_one_that_ran_out_before_it_was_revoked_needs_no_reminder(self) -> None:
        assert self.soon(lasting(-9, -5, revoked=-1)) == []

    def test_who_waits_for_the_next_one_has_stopped(self) -> None:
        assert self.soon(lasting(-9, -5), lasting(5, 90)) == [(-5, True, SIGNATURE)]

    def test_one_to_come_stops_nobody_who_has_not_begun(self) -> None:
        assert self.soon(lasting(5, 90)) == []

    def test_what_expired_long_ago_and_was_followed_is_not_named(self) -> None:
        assert self.soon(lasting(-90, -5), lasting(-9, 90)) == []

    def test_each_purpose_ends_by_itself(self) -> None:
        found = self.soon(lasting(-1, 30), lasting(-1, 10, Purpose.ACCESS))

        assert found == [(10, True, Purpose.ACCESS), (30, True, SIGNATURE)]

    def test_one_for_both_ends_for_both(self) -> None:
        found = self.soon(lasting(-1, 10, *Purpose), lasting(-1, 400))

        assert sorted(found) == [(10, False, SIGNATURE), (10, True, Purpose.ACCESS)]
