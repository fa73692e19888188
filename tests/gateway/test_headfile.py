import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.continuity import Mark
from gateway.headfile import HeadFile

MARKS = [Mark(n, datetime(2026, 6, n, 12, tzinfo=UTC), f"{n:064}") for n in (3, 4)]


def test_where_there_is_no_file_nothing_stands(tmp_path: Path) -> None:
    assert HeadFile(tmp_path / "journal.head").read() == []


def test_what_was_written_is_read_and_is_its_owners(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "journal.head")

    file.write(MARKS)

    assert file.read() == MARKS
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["journal.head"]


def test_a_later_write_takes_its_place(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "journal.head")
    file.write(MARKS)

    file.write(MARKS[1:])

    assert file.read() == MARKS[1:]


def test_what_is_no_head_is_told(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "journal.head")
    file.path.write_text("rubbish\n")

    with pytest.raises(ValueError, match="a mark is"):
        file.read()


def test_what_is_set_aside_is_kept_and_never_overwritten(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "journal.head")
    file.write(MARKS)

    aside = file.set_aside("old")

    assert aside is not None
    assert HeadFile(aside).read() == MARKS
    assert file.read() == []
    assert file.set_aside("old") is None

    file.write(MARKS[:1])
    with pytest.raises(FileExistsError):
        file.set_aside("old")
    assert file.read() == MARKS[:1]
