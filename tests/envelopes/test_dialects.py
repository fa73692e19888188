"""Which client generation writes such a header."""

import pytest

from envelopes.dialects import BOI, CSHARP, UNKNOWN, Dialect, dialect_of
from schemas import names


@pytest.mark.parametrize("dialect", [BOI, CSHARP])
def test_a_dialect_is_known_by_its_destination(dialect: Dialect) -> None:
    assert dialect_of(dialect.addressing, dialect.destination) is dialect


@pytest.mark.parametrize(
    ("addressing", "destination"),
    [
        (names.ADDRESSING, "to"),
        (names.ADDRESSING_V1, "To"),
        ("", ""),
        (names.ADDRESSING, "TO"),
    ],
)
def test_a_mixture_is_nobodys(addressing: str, destination: str) -> None:
    assert dialect_of(addressing, destination) is UNKNOWN
