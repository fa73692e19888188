import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from gateway.cli.main import app

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


def names(tree: typer.Typer, before: str = "") -> Iterator[str]:
    for command in tree.registered_commands:
        assert command.callback is not None
        yield f"{before}{command.name or command.callback.__name__}"
    for group in tree.registered_groups:
        assert group.typer_instance is not None
        yield f"{before}{group.name}"
        yield from names(group.typer_instance, f"{before}{group.name} ")


def test_the_document_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_DATA", raising=False)
    made = REFERENCE.reference()

    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == made, "make docs"


def test_every_command_stands_in_it() -> None:
    assert {*REFERENCE.COMMANDS} == {"", *names(app)}
