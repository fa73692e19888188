"""Which levels are carried, and to whom a letter is shown."""

from datetime import UTC, datetime

import pytest

from gateway.domain.organization import Person
from gateway.domain.secrecy import (
    CARRIED,
    OPEN,
    highest_carried,
    is_carried,
    is_secret,
    may_see,
)
from tests.gateway.domain.values import CHIANG_MAI, LOEI, MINISTRY

ODD = ("", " ", "1", "01", "001 ", " 001", "2", "๐๐๑", "๐๐๒", "x", "0001", "000", "-1")


@pytest.mark.parametrize("level", [*ODD, "002", "003", "004", "005", "999"])
def test_only_the_open_level_is_open(level: str) -> None:
    assert is_secret(level)
    assert not is_secret(OPEN)


@pytest.mark.parametrize("level", [*ODD, "004", "005", "999"])
@pytest.mark.parametrize("most", ["", "003", "004", "999", "x"])
def test_what_is_no_level_to_be_carried_never_is(level: str, most: str) -> None:
    assert not is_carried(level, [most])
    assert not is_carried(level, [])


@pytest.mark.parametrize(
    ("highest", "level"),
    [
        ((), "001"),
        (("",), "001"),
        (("", "", ""), "001"),
        (("003",), "003"),
        (("003", "", ""), "003"),
        (("003", "002", ""), "002"),
        (("003", "", "002"), "002"),
        (("002", "003", "003"), "002"),
        (("001", "003", "003"), "001"),
        (("003", "001", "003"), "001"),
        # What nobody knows as a level sets the lowest, never none.
        (("004",), "001"),
        (("003", "x", ""), "001"),
        (("003", "3", ""), "001"),
    ],
)
def test_the_lowest_of_the_highest_levels_counts(
    highest: tuple[str, ...], level: str
) -> None:
    assert highest_carried(highest) == level
    assert [one for one in CARRIED if is_carried(one, highest)] == list(
        CARRIED[: CARRIED.index(level) + 1]
    )


def person(*, registrar: bool, of: object = CHIANG_MAI) -> Person:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return Person(of, "สมศรี", registrar, at)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["002", "003", "004", "005", "", "1", "x"])
def test_a_secret_letter_is_shown_to_registrars_of_its_two_sides_only(
    level: str,
) -> None:
    parties = (MINISTRY, CHIANG_MAI)

    assert may_see(level, parties, person(registrar=True))
    assert may_see(level, parties, person(registrar=True, of=MINISTRY))
    assert not may_see(level, parties, person(registrar=False))
    assert not may_see(level, parties, person(registrar=True, of=LOEI))
    assert not may_see(level, parties, None)
    assert not may_see(level, (), person(registrar=True))


def test_an_open_letter_is_shown_to_everybody() -> None:
    assert may_see(OPEN, (MINISTRY, CHIANG_MAI), None)
    assert may_see(OPEN, (), person(registrar=False, of=LOEI))
