"""Which client generation writes such a header."""

import pytest

from envelopes.dialects import (
    BOI,
    CSHARP,
    DIALECTS,
    JAVA,
    UNKNOWN,
    V1_DOCUMENT,
    Dialect,
    dialect_named,
    dialect_of,
)
from schemas import names


@pytest.mark.parametrize(
    ("dialect", "message_id"),
    [
        (BOI, ""),
        (BOI, "XmlValue-01"),
        (V1_DOCUMENT, "mid://20160122.101112345@noname"),
        (V1_DOCUMENT, "1"),
        (CSHARP, ""),
        (CSHARP, "418"),
        (CSHARP, "Test"),
        (CSHARP, "ข้อความทดสอบ ระบบ"),
        (CSHARP, "สอง\nบรรทัด"),
        (CSHARP, "12345"),
        (JAVA, "1999900001"),
    ],
)
def test_a_dialect_is_known_by_its_header(dialect: Dialect, message_id: str) -> None:
    found = dialect_of(dialect.addressing, dialect.destination, message_id)

    assert found is dialect


@pytest.mark.parametrize("message_id", ["", "418", "1999900001"])
@pytest.mark.parametrize(
    ("addressing", "destination"),
    [
        (names.ADDRESSING, "to"),
        (names.ADDRESSING_V1, "To"),
        ("", ""),
        (names.ADDRESSING, "TO"),
    ],
)
def test_a_mixture_is_nobodys(
    addressing: str, destination: str, message_id: str
) -> None:
    assert dialect_of(addressing, destination, message_id) is UNKNOWN


def test_each_row_is_found_by_its_name() -> None:
    assert [dialect_named(dialect.name) for dialect in DIALECTS] == list(DIALECTS)
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)

    with pytest.raises(ValueError, match="there are boi, csharp, java"):
        dialect_named("BOI")


def test_rows_can_be_kept_in_sets() -> None:
    assert len(set(DIALECTS)) == len(DIALECTS)
