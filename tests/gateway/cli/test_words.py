from enum import StrEnum

import pytest

from gateway.cli import books_report, words
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.consignment import Signed
from gateway.domain.lifecycle import Happening
from gateway.domain.receipts import ReceiptKind
from gateway.domain.register import NumberedBy


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (Happening, words.HAPPENINGS),
        (ReceiptKind, words.RECEIPTS),
        (NumberedBy, words.NUMBERED_BY),
        (Signed, words.SIGNING),
        (Place, books_report.PLACES),
        (ReceiptPlace, books_report.RECEIPT_PLACES),
    ],
)
def test_everything_has_thai_words(
    named: type[StrEnum], said: dict[StrEnum, str]
) -> None:
    assert set(said) == set(named)
    assert all(said.values())
