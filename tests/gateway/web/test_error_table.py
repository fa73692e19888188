"""The table of error codes is closed, and its texts are safe for every client."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from gateway.web.answers import description, told_as
from gateway.web.error_table import REMEDIES

TOOL = Path(__file__).parents[3] / "tools" / "make_reference.py"
UNSAFE = set("|=&<>")


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


KINDS: list[type[Exception]] = _loaded().error_classes()
TOLD = [kind for kind in KINDS if told_as(kind) is kind]


def test_every_error_class_has_its_row_and_every_row_its_class() -> None:
    assert {kind.code for kind in KINDS} == set(REMEDIES)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", TOLD)
def test_what_is_told_breaks_no_client(kind: type[Exception]) -> None:
    """Java splits at bars and equals signs, C# shows markup as it stands (I2.1)."""
    code, words = kind.code, description(kind)  # type: ignore[attr-defined]

    assert code.strip()
    assert kind.thai.strip()  # type: ignore[attr-defined]
    assert not UNSAFE & set(code + words)


@pytest.mark.parametrize("code", REMEDIES)
def test_every_row_says_whose_move_it_is_and_what_helps(code: str) -> None:
    remedy = REMEDIES[code]

    assert remedy.what.strip()
    assert not UNSAFE & set(remedy.what)
    assert not remedy.what.endswith(".")
