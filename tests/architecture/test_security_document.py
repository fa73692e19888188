"""docs/security.md names controls and their tests: each test it names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", DOCUMENT)))
ROW = re.compile(r"^\|(?! ?-)(.*)\|$", re.MULTILINE)
EXCUSE = re.compile(r"does not apply, because \w+", re.IGNORECASE)


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def rows_under(heading: str) -> list[list[str]]:
    """Return the rows of the table under a heading, without its first line."""
    section = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in row.split("|")] for row in ROW.findall(section)]
    return rows[1:]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=str)
def test_a_test_that_is_named_is_there(file: str, test: str) -> None:
    assert (ROOT / file).is_file()
    assert not test or test in names_in(file)


def test_every_threat_names_its_control_its_default_and_its_test() -> None:
    rows = rows_under("Threats")

    assert len(rows) >= 30
    for row in rows:
        threat, control, default, proof = row[-4:]
        assert threat, row
        assert control, threat
        assert default, threat
        assert "`tests/" in proof or EXCUSE.search(proof), threat


def test_every_line_of_the_checklist_has_its_test_or_its_reason() -> None:
    rows = rows_under("Checklist")

    assert len(rows) >= 30
    for row in rows:
        line, proof = row[0], row[-1]
        assert "`tests/" in proof or EXCUSE.search(proof), line


def test_the_date_of_the_last_audit_stands_there() -> None:
    assert len(re.findall(r"^Last audit: .+$", DOCUMENT, re.MULTILINE)) == 1
