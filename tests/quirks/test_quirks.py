"""Each row of table F, and each line of I2 and I3, has a test of its name.

A test is named after its rows: `test_q_b9_…`, `test_i2_4_and_q_j17_…`. Those in
this folder are over HTTP; those of the pure layers stand in tests/envelopes.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PROTOCOL = TESTS.parent / "docs" / "protocol" / "ecms.md"

ROW = re.compile(r"^\| (Q-[ABCJ]\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)
ID = re.compile(r"q_[abcj]\d+|i[23]_\d+")

WITHOUT_ACTION = {
    "Q-B22": "old documents misspell a name that is right on the wire",
    "Q-C6": "an attachment text of `-` is a text",
    "Q-C25": "how the client stores a number that came is its own affair",
    "Q-C26": "the words it shows for an empty queue are its own",
    "Q-J5": "which file is the first is the sender's affair; the order is kept",
    "Q-J19": "dates that the client leaves out of what it sends never come",
}
"""Rows with a dash for an action, and why nothing has to be done."""

LINES = {"I2": 9, "I3": 3}
"""How many lines I2 and I3 have."""


def rows() -> dict[str, str]:
    """Return the rows of table F with their actions."""
    return dict(ROW.findall(PROTOCOL.read_text("utf-8")))


def named_in_tests() -> set[str]:
    """Return the ids that some test function is named after."""
    return {
        found
        for path in TESTS.rglob("test_*.py")
        for name in functions(path)
        for found in ID.findall(name)
    }


def functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef
        ) and node.name.startswith("test_"):
            yield node.name


def as_named(identity: str) -> str:
    return identity.lower().replace("-", "_").replace(".", "_")


NAMED = named_in_tests()
WITH_ACTION = [row for row, action in rows().items() if action.strip() != "–"]


def test_the_table_is_read_whole() -> None:
    found = rows()

    assert len(found) == 6 + 24 + 26 + 21
    dashes = {row for row, action in found.items() if action.strip() == "–"}
    assert dashes == set(WITHOUT_ACTION)


@pytest.mark.parametrize("row", WITH_ACTION)
def test_every_row_with_an_action_has_its_test(row: str) -> None:
    assert as_named(row) in NAMED


@pytest.mark.parametrize(
    "line", [f"{name}.{n}" for name, many in LINES.items() for n in range(1, many + 1)]
)
def test_every_line_of_i2_and_i3_has_its_test(line: str) -> None:
    assert as_named(line) in NAMED


def test_no_test_is_named_after_a_row_that_is_not_there() -> None:
    known = {as_named(row) for row in rows()}
    known |= {f"{n.lower()}_{i + 1}" for n, many in LINES.items() for i in range(many)}

    assert known >= NAMED


def test_i2_and_i3_have_as_many_lines_as_are_tested() -> None:
    text = PROTOCOL.read_text("utf-8")
    i2 = text[text.index("### I2.") : text.index("### I3.")]
    i3 = text[text.index("### I3.") :]

    assert len(re.findall(r"^\d+\. ", i2, re.MULTILINE)) == LINES["I2"]
    assert len(re.findall(r"^- ", i3, re.MULTILINE)) == LINES["I3"]
