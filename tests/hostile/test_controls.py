"""Each control is needed: without it, its vectors do not get their verdict."""

import asyncio
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from envelopes.trust import read_certificate
from gateway import telemetry
from gateway.cli.main import main
from tests.hostile import judge
from tests.hostile.controls import CONTROLS, Control
from tests.hostile.corpus import corpus
from tests.hostile.hub import new_template
from tests.hostile.making import number_of
from tests.hostile.screens import Terminal, controls
from tests.hostile.vector import Carried, Kind, Vector

BY_NAME = {control.name: control for control in CONTROLS}
VECTORS = {vector.name: vector for vector in corpus()}
PATIENCE = 20.0
SHORT = 1.5
"""For what is slow by itself: with its control off it would be waited for."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("controls") / "template"
    asyncio.run(new_template(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Forget the certificates that were read while a control was off."""
    read_certificate.cache_clear()
    yield
    read_certificate.cache_clear()


def test_every_vector_of_a_control_is_there() -> None:
    for control in CONTROLS:
        assert control.vectors
        for name in control.vectors:
            assert name in VECTORS, (control.name, name)
        for other in control.beside:
            assert control.name in BY_NAME[other].beside or other in BY_NAME


async def found(
    off: list[Control], template: Path, data: Path
) -> tuple[dict[str, list[str]], str]:
    """Try the vectors of the first control; return complaints, and the log."""
    vectors = [VECTORS[name] for name in off[0].vectors]
    flags: dict[str, object] = {}
    if any(vector.raw for vector in vectors):
        flags |= judge.tight()
    for control in off:
        flags |= control.flags
    log = io.StringIO()
    telemetry.configure("json", "debug", log)
    sow = any(v.kind in (Kind.PARTIES, Kind.NOTIFIERS) for v in vectors)
    trap = judge.Trap()
    complaints = {}
    async with (
        trap.listening(),
        judge.court(template, data, trap, sow=sow, **flags) as court,
    ):
        for vector in vectors:
            try:
                async with asyncio.timeout(SHORT if vector.raw else PATIENCE):
                    outcome = await court.try_on(vector)
            except TimeoutError:
                complaints[vector.name] = ["no answer"]
            else:
                complaints[vector.name] = judge.complaints(vector, outcome)
    return complaints, log.getvalue()


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_control_is_needed(
    control: Control, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = [control]
    if control.beside:
        with monkeypatch.context() as patch:
            switch_off(alone, patch)
            complaints, _ = asyncio.run(found(alone, template, tmp_path / "alone"))
        assert not any(map(kept, complaints.values())), complaints
    off = [control, *(BY_NAME[name] for name in control.beside)]
    with monkeypatch.context() as patch:
        switch_off(off, patch)
        complaints, log = asyncio.run(found(off, template, tmp_path / "hub"))
        structlog.reset_defaults()
        match control.fails:
            case "answer":
                failed = complaints
            case "log":
                failed = {name: controls(log) for name in control.vectors}
            case "screen":
                failed = {
                    name: on_screen(VECTORS[name], tmp_path / "hub", patch)
                    for name in control.vectors
                }
    assert all(failed.values()), failed


def switch_off(off: list[Control], patch: pytest.MonkeyPatch) -> None:
    for control in off:
        for target, replacement in control.off:
            patch.setattr(target, replacement)


def kept(complaints: list[str]) -> bool:
    """Whether anything was taken, or changed."""
    return any("no error" in text or "kept" in text for text in complaints)


def on_screen(vector: Vector, data: Path, patch: pytest.MonkeyPatch) -> list[str]:
    """Return what steers the terminal that shows a letter."""
    patch.setenv("NO_COLOR", "1")
    patch.setenv("TERM", "dumb")
    assert isinstance(vector.verdict, Carried)
    in_number = vector.kind is Kind.IN_NUMBER
    number = vector.verdict.text if in_number else number_of(vector.name)
    terminal = Terminal()
    with contextlib.redirect_stdout(terminal):
        main(["letters", "track", "--data", str(data), "--", number])
    return controls(terminal.getvalue())
