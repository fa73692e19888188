"""Which client generation writes such a header."""

import ast
import inspect
import re
from dataclasses import fields

import pytest

from envelopes import dialects
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


def test_each_field_names_the_rows_it_stands_for() -> None:
    tree = ast.parse(inspect.getsource(dialects))
    row = next(
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "Dialect"
    )
    words = {
        statement.target.id: ast.unparse(following)
        for statement, following in zip(row.body, row.body[1:], strict=False)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(following, ast.Expr)
    }

    for field in fields(Dialect):
        if field.name != "name":
            assert re.search(r"Q-[ABCJ]\d|I[23]|F4", words[field.name]), field.name
