from datetime import UTC, datetime
from uuid import UUID

import pytest

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.consignment import LetterFacts
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import State
from gateway.domain.retention import (
    FINAL,
    Ending,
    Kind,
    Reason,
    Retention,
    ends_at,
    keeps_bytes,
    keeps_out_of_archive,
    kind_of,
    years_of,
)

MINISTRY = OrganizationCode("1500200000")
LOEI = OrganizationCode("1500200042")
THEN = datetime(2026, 7, 1, 2, tzinfo=UTC)
DAY_BEFORE = datetime(2036, 6, 30, 2, tzinfo=UTC)
DAY = datetime(2036, 7, 1, 2, tzinfo=UTC)


def a_letter(
    number: str = "มท 1", subject: str = "เรื่อง", secrecy: str = "001"
) -> LetterFacts:
    return LetterFacts(
        id=UUID(int=1),
        sender=MINISTRY,
        letter_id=LetterId(number, "2026-06-05"),
        subject=subject,
        secrecy=secrecy,
        speed="001",
        content_digest="0" * 64,
        main=None,
        attachments=(),
    )


def an_ending(**changes: object) -> Ending:
    known: dict[str, object] = {
        "letter": a_letter(),
        "receiver": LOEI,
        "state": State.REGISTERED,
        "last_at": THEN,
        "letter_lies": Standing.TAKEN,
        "receipts_lie": (Standing.TAKEN, Standing.HELD),
        "open_work": 0,
    }
    return Ending(**(known | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (a_letter(), Kind.OPEN),
        (a_letter(secrecy="002"), Kind.SECRET),
        (a_letter(number=" ทดสอบ 1"), Kind.TEST),
        (a_letter(subject="(ทดสอบระบบ) ก"), Kind.TEST),
        (a_letter(number="ทดสอบ 1", secrecy="002"), Kind.SECRET),
    ],
)
def test_each_letter_is_of_one_kind(letter: LetterFacts, kind: Kind) -> None:
    """A secret letter stays one, whatever it tries out."""
    assert kind_of(letter) is kind


def test_ten_years_where_nothing_is_set() -> None:
    """An organization's own rule counts before the hub's, and that before the ten."""
    hubs = Retention(organization=None, kind=Kind.OPEN, years=5)
    own = Retention(organization=LOEI, kind=Kind.OPEN, years=20)

    assert years_of([], LOEI, Kind.OPEN) == 10
    assert years_of([own, hubs], LOEI, Kind.OPEN) == 20
    assert years_of([own, hubs], MINISTRY, Kind.OPEN) == 5
    assert years_of([own, hubs], LOEI, Kind.TEST) == 10


@pytest.mark.parametrize("years", [0, -1, 201])
def test_a_retention_nobody_means_is_none(years: int) -> None:
    """Nothing goes at once, and nothing stays for millennia."""
    with pytest.raises(ValueError, match="between"):
        Retention(organization=None, kind=Kind.OPEN, years=years)


def test_years_are_those_of_the_calendar() -> None:
    """Leap days do not shorten them; what ended on one ends on the first of March."""
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)

    assert ends_at(THEN, 10) == DAY
    assert ends_at(leap, 1).date().isoformat() == "2029-03-01"
    assert ends_at(leap, 4).date().isoformat() == "2032-02-29"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"letter": a_letter(secrecy="003")}, Reason.SECRET),
        ({"state": State.WAITING}, Reason.NOT_FINAL),
        ({"state": State.FAILED}, Reason.NOT_FINAL),
        ({"open_work": 1}, Reason.ON_ITS_WAY),
        ({"letter_lies": Standing.WAITING}, Reason.IN_INBOX),
        ({"letter_lies": Standing.PARKED}, Reason.IN_INBOX),
        ({"letter_lies": None, "state": State.RECALLED}, None),
        ({"receipts_lie": (Standing.WAITING,)}, Reason.RECEIPT_OPEN),
        ({"receipts_lie": (Standing.PARKED,)}, Reason.RECEIPT_OPEN),
        ({"receipts_lie": (None,)}, Reason.RECEIPT_OPEN),
        ({"receipts_lie": ()}, None),
    ],
)
def test_what_is_not_at_its_end_is_not_archived(
    changes: dict[str, object], reason: Reason | None
) -> None:
    """Each rule by itself keeps a letter out, and so keeps its bytes."""
    ending = an_ending(**changes)

    assert keeps_out_of_archive(ending) is reason
    assert keeps_bytes(ending, (), DAY) is reason


def test_bytes_stay_until_the_longer_retention_is_over() -> None:
    """Sender's and receiver's both have to be over."""
    ending = an_ending()
    longer = Retention(organization=LOEI, kind=Kind.OPEN, years=11)

    assert keeps_bytes(ending, (), DAY_BEFORE) is Reason.TOO_YOUNG
    assert keeps_bytes(ending, (), DAY) is None
    assert keeps_bytes(ending, (longer,), DAY) is Reason.TOO_YOUNG


def test_no_state_in_which_somebody_must_act_on_delivery_is_final() -> None:
    """What failed waits for an operator, and keeps its bytes."""
    assert State.FAILED not in FINAL
    assert State.WAITING not in FINAL
    assert State.DISPUTED not in FINAL
