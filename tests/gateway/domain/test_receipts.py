from uuid import uuid4

import pytest

from envelopes.notifier import NotifierKind
from gateway.domain.lifecycle import State
from gateway.domain.receipts import (
    HAPPENINGS,
    KINDS,
    Receipt,
    ReceiptKind,
    is_told,
    said_before,
)
from tests.gateway.domain.values import CHIANG_MAI, MINISTRY, NOON


def a_receipt(kind: ReceiptKind, number: str | None = None) -> Receipt:
    return Receipt(
        id=uuid4(),
        consignment=uuid4(),
        kind=kind,
        process_id="1",
        told_by=CHIANG_MAI,
        tells=MINISTRY,
        at=NOON,
        accept_at=NOON,
        number=number,
    )


def test_every_notifier_makes_a_receipt_that_is_reported_by_it() -> None:
    assert set(KINDS) == set(NotifierKind)
    assert all(a_receipt(KINDS[kind]).notifier is kind for kind in NotifierKind)


def test_every_receipt_has_its_happening() -> None:
    assert set(HAPPENINGS) == set(ReceiptKind)


def test_custody_is_told_to_nobody() -> None:
    assert a_receipt(ReceiptKind.CUSTODY).notifier is None
    assert not is_told(ReceiptKind.CUSTODY, State.WAITING)


def test_the_same_said_again_is_said_before() -> None:
    returned = a_receipt(ReceiptKind.RETURNED)

    assert said_before([returned], ReceiptKind.RETURNED, None) is returned
    assert said_before([returned], ReceiptKind.RECEIVED, None) is None


def test_another_number_is_said_anew() -> None:
    given = a_receipt(ReceiptKind.REGISTERED, "1")

    assert said_before([given], ReceiptKind.REGISTERED, "1") is given
    assert said_before([given], ReceiptKind.REGISTERED, "2") is None


def test_a_number_insisted_on_after_a_dispute_is_said_anew() -> None:
    given = a_receipt(ReceiptKind.REGISTERED, "1")
    doubted = a_receipt(ReceiptKind.DISPUTED, "1")

    assert said_before([given, doubted], ReceiptKind.REGISTERED, "1") is None
    assert said_before([given, doubted], ReceiptKind.DISPUTED, "1") is doubted


def test_a_doubt_repeated_after_a_correction_was_said_before() -> None:
    given = a_receipt(ReceiptKind.REGISTERED, "1")
    doubted = a_receipt(ReceiptKind.DISPUTED, "1")
    corrected = a_receipt(ReceiptKind.REGISTERED, "2")
    insisted = a_receipt(ReceiptKind.REGISTERED, "1")
    said = [given, doubted, corrected]

    assert said_before(said, ReceiptKind.DISPUTED, "1") is doubted
    assert said_before(said, ReceiptKind.DISPUTED, "2") is None
    assert said_before([*said, insisted], ReceiptKind.DISPUTED, "1") is None


@pytest.mark.parametrize(
    ("state", "told"),
    [(State.DELIVERED, True), (State.REGISTERED, False), (State.DISPUTED, False)],
)
def test_a_confirmation_after_the_number_is_not_sent(
    state: State, *, told: bool
) -> None:
    assert is_told(ReceiptKind.RECEIVED, state) is told


@pytest.mark.parametrize("kind", ReceiptKind)
def test_of_a_letter_taken_back_only_a_number_is_told(kind: ReceiptKind) -> None:
    """A C# sender answers a rejection by freeing the number, perhaps the new one's."""
    assert is_told(kind, State.RECALLED) is (kind is ReceiptKind.REGISTERED)
