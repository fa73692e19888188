import pytest

from envelopes.notifier import NotifierKind
from gateway.domain.matching import about, same_day
from tests.gateway.domain.values import (
    CHIANG_MAI,
    LOEI,
    MINISTRY,
    a_consignment,
    a_notifier,
)


@pytest.mark.parametrize(
    "written",
    [
        "มท 0210.3/ว 1795",
        "  มท 0210.3/ว 1795 ",
        "มท 0210.3/ว1795",
        "มท ๐๒๑๐.๓/ว ๑๗๙๕",
    ],
)
def test_a_letter_is_found_however_its_number_is_typed(written: str) -> None:
    consignment = a_consignment()

    assert about(a_notifier(number=written), [consignment], to="") is consignment


def test_a_number_that_was_escaped_twice_is_found() -> None:
    """Q-C17: the raw inner XML of what the client got comes back."""
    consignment = a_consignment(number="A&B 1/2")

    assert about(a_notifier(number="A&amp;B 1/2"), [consignment], to="") is consignment


def test_an_exact_number_goes_before_a_similar_one() -> None:
    similar, exact = a_consignment(number="มท 1/๒"), a_consignment(number="มท 1/2")

    assert about(a_notifier(number="มท 1/2"), [exact, similar], to="") is exact


def test_another_day_is_another_letter() -> None:
    assert about(a_notifier(date="2009-06-06"), [a_consignment()], to="") is None


def test_the_day_counts_and_not_what_stands_behind_it() -> None:
    assert same_day("2009-06-05T08:00:00", "2009-06-05")
    assert same_day("2552-06-05", "2009-06-05")
    assert same_day("nonsense", "nonsense")
    assert not same_day("nonsense", "2009-06-05")


def test_of_several_senders_the_one_in_wsa_to_is_meant() -> None:
    ministry, other = a_consignment(sender=MINISTRY), a_consignment(sender=LOEI)
    to = f"http://hub.example/ecms/{MINISTRY}/ecms-ws01/service2"

    assert about(a_notifier(), [ministry, other], to=to) is ministry


def test_of_a_circular_the_receiver_in_wsa_to_is_disputed() -> None:
    chiang_mai, loei = a_consignment(receiver=CHIANG_MAI), a_consignment(receiver=LOEI)
    dispute = a_notifier(NotifierKind.WRONG_NUMBER, accept_id="1")

    found = about(dispute, [chiang_mai, loei], to=f"/ecms/{CHIANG_MAI}/")

    assert found is chiang_mai


def test_then_the_subject_and_then_the_latest_decides() -> None:
    first = a_consignment(sender=MINISTRY, subject="หนึ่ง")
    second = a_consignment(sender=LOEI, subject="สอง")

    assert about(a_notifier(subject="หนึ่ง"), [first, second], to="") is first
    assert about(a_notifier(subject="อื่น"), [first, second], to="") is second


def test_q_b13_a_number_cut_to_a_column_is_found() -> None:
    """BOI's column holds 50 characters: its copy ends such a number with `…`."""
    consignment = a_consignment(number="มท 0210.3/ว " + "1" * 60)

    cut = consignment.letter.letter_id.number[:49] + "…"

    assert about(a_notifier(number=cut), [consignment], to="") is consignment
    assert about(a_notifier(number="…"), [consignment], to="") is None
