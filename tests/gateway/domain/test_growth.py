from datetime import UTC, date, datetime

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain.growth import Grown, Month, full_on

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)
DAY = Grown(
    sender=OrganizationCode("1500200000"),
    letters=1,
    consignments=75,
    envelopes=300,
    files=700,
)


def test_months_are_those_of_bangkok() -> None:
    """The last evening of a month in London is the first of the next there."""
    assert Month.of(datetime(2026, 6, 30, 18, tzinfo=UTC)) == Month(2026, 7)
    assert Month(2026, 1).before(1) == Month(2025, 12)
    assert Month(2026, 1).before(13) == Month(2024, 12)
    assert Month(2025, 12).next == Month(2026, 1)
    assert Month(2026, 7).begins.astimezone(UTC).isoformat() == (
        "2026-06-30T17:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("grown", "days", "free", "full"),
    [
        ([DAY], 1, 10_000, date(2026, 7, 11)),
        ([DAY, DAY], 1, 10_000, date(2026, 7, 6)),
        ([DAY], 0.5, 10_000, date(2026, 7, 6)),
        ([DAY], 1, 0, date(2026, 7, 1)),
        ([], 90, 10_000, None),
        ([DAY], 0, 10_000, None),
        ([DAY], 90, 10**12, None),
    ],
)
def test_the_disk_is_full_when_what_is_free_is_used_up(
    grown: list[Grown], days: float, free: int, full: date | None
) -> None:
    """At the rate of late; nobody plans for a day in a hundred years."""
    assert full_on(grown, days, free, NOW) == full
