"""Nothing goes without an archive that is whole, known, and of its time."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import open_hub
from gateway.cli.acting import order
from gateway.cli.archive_purging import Purged, count, known_archive, remove
from gateway.cli.main import main
from gateway.config import load
from tests.cli.test_scripts import hub, made  # noqa: F401 - fixtures
from tests.doubles.clock import HandClock
from tests.gateway.cli.finished import finish
from tests.gateway.store.hub import CIRCULAR

ORDERED = ["--by", "สมศรี", "--reason", "ครบอายุ"]
KEPT = Path("kept")
PURGE = ["archive", "purge", str(KEPT), *ORDERED, "--json"]


@pytest.fixture
def archived(hub: Path) -> Path:  # noqa: F811
    """A hub whose one finished letter lies in an archive."""
    finish(hub)
    until = ["--until", "2569-07-01", "--to", str(KEPT)]
    assert main(["archive", "make", *until, *ORDERED]) == 0
    return hub


def purge(capsys: pytest.CaptureFixture[str], *more: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*PURGE, *more]) == code
    return json.loads(capsys.readouterr().out)


def test_what_is_too_young_stays(
    archived: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten years are not over: it is counted, and nothing is removed."""
    assert purge(capsys, "--yes") == {
        "archive": _archive(capsys)["id"],
        "done": True,
        "letters": 0,
        "purged_before": 0,
        "kept": {"too-young": 1},
        "bytes_given_back": 0,
    }
    assert main(["letters", "bundle", CIRCULAR.number, "--receiver", "1500200050"]) == 0
    assert archived


def _archive(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["archive", "list", "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out)[0])


def test_an_archive_that_is_not_whole_lets_nothing_go(
    archived: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is verified each time, and the first problem is told."""
    next(KEPT.rglob("request.xml")).write_bytes(b"<x/>")

    error = purge(capsys, "--yes", code=1)["error"]

    assert error["code"] == "archive-damaged"
    assert "request.xml" in error["where"]
    assert archived


def test_an_archive_that_the_hub_does_not_know_lets_nothing_go(
    archived: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where it is whole by its own list."""
    shutil.rmtree(KEPT / "certificates")
    sums = KEPT / "SHA256SUMS"
    kept = [line for line in sums.read_text().splitlines() if "certif" not in line]
    sums.write_text("\n".join(kept) + "\n")

    assert main(["archive", "verify", str(KEPT)]) == 0
    assert purge(capsys, "--yes", code=1)["error"]["code"] == "archive-unknown"
    assert archived


def _in_time(data: Path, *, yes: bool) -> Purged:
    """Do what the command does, in a year in which the retention is over."""

    async def purged() -> Purged:
        clock = HandClock(datetime(2037, 1, 1, tzinfo=UTC))
        async with open_hub(load(data), clock=clock) as opened:
            known = await known_archive(opened, KEPT, _nobody)
            if not yes:
                return await count(opened, known)
            by = order("archive purge", by="สมศรี", reason="ครบอายุ")
            return await remove(opened, known, by, _nobody)

    return asyncio.run(purged())


def _nobody(done: int, total: int) -> None:
    del done, total


def test_when_its_time_is_over_it_is_counted_then_removed(
    archived: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The journal, the numbers and the books stay; the archive has the rest."""
    assert _in_time(archived, yes=False).letters == 1
    assert _archive(capsys)["purged"] == 0

    assert _in_time(archived, yes=True).letters == 1
    again = _in_time(archived, yes=True)

    assert (again.letters, again.before) == (0, 1)
    assert _archive(capsys)["purged"] == 1
    assert main(["check", "books"]) == 0
    assert main(["check", "journal"]) == 0
    capsys.readouterr()
    assert main(["letters", "track", CIRCULAR.number]) == 0
    assert "๑๐๒๔/๒๕๖๙" in capsys.readouterr().out
    assert main(["letters", "show", CIRCULAR.number]) == 0
    assert "ลบเนื้อหาแล้ว" in capsys.readouterr().out
    assert main(["journal", "list", "--limit", "1", "--json"]) == 0
    [act] = json.loads(capsys.readouterr().out)
    assert (act["what"], act["name"]) == ("archive purge", "สมศรี")
    assert main(["archive", "verify", str(KEPT)]) == 0


def test_who_asks_for_purged_bytes_is_led_to_the_archive(
    archived: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no damage, and the next command says where to look."""
    _in_time(archived, yes=True)
    capsys.readouterr()

    bundle = ["letters", "bundle", CIRCULAR.number, "--receiver", "1500200050"]
    assert main(bundle) == 1
    assert "Try: gateway archive list" in capsys.readouterr().err
