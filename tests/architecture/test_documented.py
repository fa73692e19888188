import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from gateway.telemetry import EVENTS
from gateway.web.answers import TOLD, description, told_as

ROOT = Path(__file__).parents[2]
KEBAB = re.compile(r"[a-z]+(-[a-z0-9]+)*")
THAI = re.compile(r"[\u0e00-\u0e7f]")


def _loaded() -> ModuleType:
    path = ROOT / "tools" / "make_reference.py"
    spec = importlib.util.spec_from_file_location("make_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _loaded()
ERRORS: list[type[Exception]] = REFERENCE.error_classes()


@pytest.mark.parametrize("name", REFERENCE.DOCUMENTS)
def test_a_generated_document_is_current(name: str) -> None:
    made = REFERENCE.DOCUMENTS[name]()

    assert (ROOT / "docs" / name).read_text("utf-8") == made, "make docs"


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_has_a_code_and_says_whose_move_it_is(kind: type[Exception]) -> None:
    assert KEBAB.fullmatch(kind.code)  # type: ignore[attr-defined]
    assert kind.temporary in (True, False)  # type: ignore[attr-defined]
    assert (kind.__doc__ or "").splitlines()[0].endswith(".")


def test_codes_are_told_apart() -> None:
    codes = [kind.code for kind in ERRORS]  # type: ignore[attr-defined]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_stands_in_the_documents(kind: type[Exception]) -> None:
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")

    assert f"| `{kind.code}` |" in text  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_a_peer_is_told_something_fit_for_it(kind: type[Exception]) -> None:
    told = told_as(kind)
    words = description(told)  # type: ignore[arg-type]

    assert issubclass(told, TOLD)
    assert THAI.search(words)
    assert re.search(r"\([A-Z].*[^.]\)$", words)


def emitted() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Find every call of `emit`: where, which event, with which keys."""
    for path in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "emit"
            ):
                assert isinstance(node.args[0], ast.Constant), path
                keys = frozenset(str(keyword.arg) for keyword in node.keywords)
                yield path.name, str(node.args[0].value), keys - {"error"}


def test_every_event_is_in_the_table_with_its_keys() -> None:
    calls = list(emitted())

    assert [
        call
        for call in calls
        if call[1] not in EVENTS or call[2] - EVENTS[call[1]].keys
    ] == []


def test_every_event_of_the_table_is_emitted_with_all_its_keys() -> None:
    used: dict[str, frozenset[str]] = {}
    for _, event, keys in emitted():
        used[event] = used.get(event, frozenset()) | keys

    assert used == {name: event.keys for name, event in EVENTS.items()}
