from datetime import date

import pytest

from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.admission import CHECKS, Arrival, admit, day_of, same_send
from gateway.domain.organization import Organization
from tests.gateway.domain.values import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    a_consignment,
    a_letter,
    an_organization,
)

TODAY = date(2026, 11, 20)
KNOWN = an_organization()


def arrival(
    *,
    door: OrganizationCode = MINISTRY,
    sender: Organization | None = KNOWN,
    receiver: Organization | None = KNOWN,
    letter_date: str = "2009-06-05",
    number: str = "มท 1/2",
    secrecy: str = "001",
) -> Arrival:
    letter = a_letter(date=letter_date, number=number, secrecy=secrecy)
    return Arrival(letter, door, sender, receiver, TODAY, carries="003")


def test_a_plain_letter_is_let_in() -> None:
    admit(arrival())


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        (arrival(sender=None), errors.SenderUnknown),
        (arrival(door=LOEI), errors.SenderNotOfThisDoor),
        (arrival(sender=an_organization(active=False)), errors.SenderSuspended),
        (arrival(receiver=None), errors.ReceiverUnknown),
        (arrival(receiver=an_organization(active=False)), errors.ReceiverUnknown),
        (arrival(number="\u200b"), errors.LetterUnknown),
        (arrival(letter_date="2026-11-22"), errors.DateInFuture),
        (arrival(letter_date="2569-11-22"), errors.DateInFuture),
        (arrival(secrecy="004"), errors.SecrecyNotCarried),
        (arrival(secrecy=""), errors.SecrecyNotCarried),
        (arrival(secrecy="1"), errors.SecrecyNotCarried),
    ],
)
def test_each_check_refuses_what_it_is_for(
    changed: Arrival, refusal: type[errors.Refusal]
) -> None:
    with pytest.raises(refusal):
        admit(changed)


def test_a_hub_that_says_nothing_carries_open_letters_only() -> None:
    said = arrival(secrecy="002")
    admit(said)

    with pytest.raises(errors.SecrecyNotCarried):
        admit(Arrival(said.letter, MINISTRY, KNOWN, KNOWN, TODAY))


def test_checks_are_numbered_in_their_order() -> None:
    starts = [check.__doc__.split(".")[0] for check in CHECKS if check.__doc__]
    assert starts == [str(number) for number in range(1, len(CHECKS) + 1)]


def test_old_dates_and_tomorrow_are_no_error() -> None:
    admit(arrival(letter_date="1999-01-01"))
    admit(arrival(letter_date="2026-11-21"))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2009-06-05", date(2009, 6, 5)),
        ("2552-06-05", date(2009, 6, 5)),
        (" 2009-06-05T10:00:00", date(2009, 6, 5)),
    ],
)
def test_days_are_read_in_both_eras(text: str, day: date) -> None:
    assert day_of(text) == day


def test_a_repeat_is_the_same_send_whatever_the_second() -> None:
    letter = a_letter()
    earlier = a_consignment()
    earlier.copy_digest = letter.copy_digest

    again = a_letter(send_date="2026-11-21T08:00:00", number="มท  ๐๒๑๐.๓/ว๑๗๙๕")

    assert same_send(again, earlier) is earlier


def test_a_repeat_with_its_date_in_the_other_era_is_the_same_send() -> None:
    letter = a_letter(date="2009-06-05")
    earlier = a_consignment()
    earlier.copy_digest = letter.copy_digest

    assert same_send(a_letter(date="2552-06-05T10:00:00"), earlier) is earlier


def test_the_same_number_with_other_content_is_taken() -> None:
    earlier = a_consignment()
    earlier.copy_digest = a_letter().copy_digest

    with pytest.raises(errors.NumberTaken):
        same_send(a_letter(subject="เรื่องอื่น"), earlier)


def test_copies_of_a_circular_are_one_letter_and_two_sends() -> None:
    one, other = a_letter(receiver=CHIANG_MAI), a_letter(receiver=LOEI)

    assert one.content_digest == other.content_digest
    assert one.copy_digest != other.copy_digest
