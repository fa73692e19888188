from datetime import UTC, datetime

import pytest

from gateway.domain.register import RegistrationNumber, buddhist_year


def test_an_offices_number_is_kept_as_written() -> None:
    number = RegistrationNumber.parse(" ส34128 ")

    assert (str(number), number.serial) == ("ส34128", None)


def test_a_number_of_the_hubs_book_names_its_year() -> None:
    number = RegistrationNumber.of_book(120, 2569)

    assert (str(number), number.serial) == ("120/2569", 120)


def test_an_empty_number_is_none() -> None:
    with pytest.raises(ValueError, match="empty"):
        RegistrationNumber.parse("  ")


def test_the_year_changes_at_midnight_in_bangkok() -> None:
    before = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    after = datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC)

    assert (buddhist_year(before), buddhist_year(after)) == (2569, 2570)
