"""An archive is read without the hub, and every change to it is found."""

import csv
import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from tests.cli.test_scripts import SECRET, hub, made  # noqa: F401 - fixtures
from tests.gateway.cli.finished import finish
from tests.gateway.store.hub import CHIANG_MAI, CIRCULAR, LOEI

ORDERED = ["--by", "สมศรี", "--reason", "ครบปี"]
MAKE = ["archive", "make", "--until", "2569-07-01", "--to", "kept", *ORDERED]
KEPT = Path("kept")


@pytest.fixture
def finished(hub: Path) -> Path:  # noqa: F811
    """A hub with one letter that came to its end, one that waits, and a secret one."""
    finish(hub)
    return hub


def make(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert main([*MAKE, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def verified(capsys: pytest.CaptureFixture[str], place: Path = KEPT) -> dict[str, Any]:
    capsys.readouterr()
    code = main(["archive", "verify", str(place), "--json"])
    found = dict(json.loads(capsys.readouterr().out))
    assert code == (0 if found["whole"] else 1)
    return found


def test_what_is_at_its_end_is_archived_and_the_rest_is_told(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What waits and what is secret stays out, each with its reason."""
    made_now = make(capsys)

    assert made_now["archive"]["letters"] == 1
    assert made_now["left_out"] == {"not-final": 1, "secret": 1}
    found = verified(capsys)
    assert found["whole"]
    assert found["digest"] == made_now["archive"]["digest"]
    assert found["letters"] == 1
    assert finished


def test_it_is_read_without_the_hub(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain files: the envelope as it came, the files, the journal, an index."""
    make(capsys)
    shutil.rmtree(finished)

    with (KEPT / "index.csv").open(encoding="utf-8-sig", newline="") as file:
        head, row = csv.reader(file)
    assert head[0] == "เลขที่ number"
    assert row[0] == CIRCULAR.number
    assert row[9] == "๑๐๒๔/๒๕๖๙"
    folder = KEPT / row[-1]
    assert {path.name for path in folder.iterdir()} >= {
        *("request.xml", "delivered.xml", "letter.json", "journal.csv", "receipts")
    }
    letter = json.loads((folder / "letter.json").read_bytes())
    request = (folder / "request.xml").read_bytes()
    assert (
        hashlib.sha256(request).hexdigest()
        == (letter["consignment"]["envelope_digest"])
    )
    for name, file_ in zip(letter["kept_as"], letter["files"], strict=True):
        content = (KEPT / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file_["digest"]
    assert "ลงเลขรับ" in (folder / "journal.csv").read_text("utf-8")
    assert CIRCULAR.number in (KEPT / "index.html").read_text("utf-8")
    tool = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(tool, cwd=KEPT, check=False).returncode == 0


def test_a_receipt_in_it_is_verified_with_the_certificate_in_it(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is proved stays proved."""
    make(capsys)
    [certificate] = KEPT.glob("certificates/*.crt")
    receipts = sorted(KEPT.glob("letters/**/*.receipt.json"))
    [request] = KEPT.glob("letters/**/request.xml")

    assert receipts
    given = ["--certificate", str(certificate), "--letter", str(request)]
    assert main(["receipts", "verify", *map(str, receipts), *given]) == 0
    assert finished


def test_nothing_of_a_secret_letter_is_in_it(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An archive is plain files: a secret letter stays in the hub."""
    make(capsys)

    everything = b"".join(p.read_bytes() for p in KEPT.rglob("*") if p.is_file())
    assert SECRET.number.encode() not in everything
    assert LOEI.text.encode() not in everything
    assert CHIANG_MAI.text.encode() in everything
    assert finished


CHANGES: dict[str, Callable[[Path], object]] = {
    "altered": lambda place: _one(place, "request.xml").write_bytes(b"<x/>"),
    "removed": lambda place: _one(place, "journal.csv").unlink(),
    "added": lambda place: (place / "letters" / "new.txt").write_text("x"),
    "linked": lambda place: (place / "passwd").symlink_to("/etc/passwd"),
    "cut": lambda place: _cut(place / "SHA256SUMS"),
    "outside": lambda place: _add_line(place, "../hub.db"),
    "twice": lambda place: _again(place / "SHA256SUMS"),
    "another letter": lambda place: _listed_anew(place, "request.xml", b"<x/>"),
    "another file": lambda place: _listed_anew(place, "letter.json", b"{}"),
    "no mark": lambda place: _listed_anew(place, "archive.json", b"{}"),
}
"""What somebody may do to an archive, also with a new list of files."""


def _one(place: Path, name: str) -> Path:
    return next(place.rglob(name))


def _cut(file: Path) -> None:
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))


def _again(file: Path) -> None:
    text = file.read_text()
    file.write_text(text + text.splitlines(keepends=True)[0])


def _add_line(place: Path, name: str) -> None:
    with (place / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  {name}\n")


def _listed_anew(place: Path, name: str, content: bytes) -> None:
    """Change a file, and the list with it."""
    file = _one(place, name)
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(content)
    sums = place / "SHA256SUMS"
    after = hashlib.sha256(content).hexdigest()
    sums.write_text(sums.read_text().replace(before, after))


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(
    finished: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    """Altered, removed, added, linked, or listed anew: it is told."""
    make(capsys)
    CHANGES[change](KEPT)

    found = verified(capsys)

    assert not found["whole"]
    assert found["problems"]
    assert finished


def test_what_is_archived_is_not_archived_again(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next archive has what came to its end since; one of nothing is none."""
    make(capsys)
    again = ["more" if part == "kept" else part for part in MAKE]

    assert main(again) == 0
    assert "Nothing to archive" in capsys.readouterr().err
    assert not Path("more").exists()
    assert not Path("more.part").exists()
    assert finished


def test_an_archive_is_whole_or_not_there(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was half done is done anew, and nothing is mixed with what is there."""
    Path("kept.part").mkdir()
    (Path("kept.part") / "NOT-COMPLETE.txt").touch()
    (Path("kept.part") / "rest").touch()

    make(capsys)

    assert not Path("kept.part").exists()
    assert not (KEPT / "rest").exists()
    assert main(MAKE) == 1
    assert "File exists" in capsys.readouterr().err
    assert finished


def test_what_cannot_be_read_leaves_no_archive(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged letter stops it: an archive never has holes."""
    with closing(sqlite3.connect(finished / "hub.db")) as database, database:
        database.execute("UPDATE envelope SET skeleton = x'00'")

    assert main(MAKE) == 1
    assert "Try: gateway check books" in capsys.readouterr().err
    assert not KEPT.exists()
    assert not Path("kept.part").exists()


def test_archives_are_listed(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the digest by which one is known again, wherever it lies."""
    assert main(["archive", "list"]) == 0
    assert "gateway archive make" in capsys.readouterr().err
    made_now = make(capsys)

    assert main(["archive", "list", "--json"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert listed == made_now["archive"]
    assert listed["purged"] == 0
    assert main(["check", "books"]) == 0
    capsys.readouterr()
    assert main(["journal", "list", "--json", "--limit", "1"]) == 0
    [act] = json.loads(capsys.readouterr().out)
    assert (act["what"], act["name"], act["why"]) == ("archive make", "สมศรี", "ครบปี")
    assert act["after"]["digest"] == listed["digest"]
    assert finished
