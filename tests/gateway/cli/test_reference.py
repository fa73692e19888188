import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def _loaded() -> ModuleType:
    path = ROOT / "tools" / "make_cli_reference.py"
    spec = importlib.util.spec_from_file_location("make_cli_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _loaded()


def test_the_document_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_DATA", raising=False)
    made = REFERENCE.reference()

    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == made, "make docs"


def test_every_command_stands_in_it() -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    found = list(REFERENCE.commands())

    assert {"", "init", "check", "directory access add", "keys secrecy new"} < {*found}
    assert [name for name in found if f"## `gateway {name}".rstrip() not in text] == []
