"""The journal as `check journal` found it: how far it is sealed, where it breaks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.cli import documents
from gateway.cli.errors import HeadUnreadable
from gateway.cli.screen import (
    GREEN,
    PLAIN,
    RED,
    Column,
    is_terminal,
    say,
    show_facts,
    show_json,
    show_table,
    tell,
)
from gateway.cli.thai import NEVER, thai_time
from gateway.domain.continuity import Break, Continuity, Mark
from gateway.headfile import HeadFile

_BREAKS: Final = (
    Column("ชุดที่", "Batch", right=True),
    Column("สิ่งที่ไม่ตรง", "What", fold=True),
    Column("รายการ", "Entry", fold=True),
)


def marks_in(file: HeadFile) -> list[Mark]:
    """Read the heads outside the database; raises `HeadUnreadable`."""
    try:
        return file.read()
    except (OSError, ValueError) as error:
        raise HeadUnreadable(f"{file.path}: {error}") from error


def show(found: Continuity, data: Path, *, as_json: bool) -> None:
    """Write how far the journal is sealed, then the breaks, then the verdict."""
    if as_json:
        show_json(_document(found))
        return
    show_facts(_facts(found))
    if found.breaks:
        show_table(_BREAKS, _rows(found.breaks), styles=[RED] * len(found.breaks))
    if not found.is_whole:
        say("บันทึกไม่ครบ / The journal is broken.", style=RED)
        tell(
            "หากเพิ่งกู้คืนจากสำรอง / After a restore from a backup, begin a new head: "
            f"gateway journal restart --data {data}"
        )
        return
    say(
        "บันทึกครบต่อเนื่อง / The journal is whole.", style=GREEN if is_terminal() else PLAIN
    )
    if found.batches and found.outside is None:
        tell(
            "ไม่มีหัวบันทึกนอกฐานข้อมูล จึงตรวจการตัดท้ายไม่ได้ / No head stands outside the "
            "database: nothing shows whether the end was cut off"
        )


def _facts(found: Continuity) -> Sequence[tuple[Column, object]]:
    return (
        (Column("ชุดที่ปิดผนึก", "Batches"), found.batches),
        (Column("รายการที่ปิดผนึก", "Sealed entries"), found.sealed),
        (Column("ท้ายที่ยังไม่ปิดผนึก", "Unsealed tail"), found.unsealed),
        (Column("หัวล่าสุด", "Newest head"), _mark(found.newest)),
        (Column("หัวนอกฐานข้อมูล", "Head outside"), _mark(found.outside)),
    )


def _mark(mark: Mark | None) -> str:
    if mark is None:
        return NEVER
    return f"{mark.number} · {thai_time(mark.sealed_at)} · {mark.head[:16]}"


def _rows(breaks: Sequence[Break]) -> list[tuple[object, ...]]:
    return [(one.batch or "-", one.what, one.entry or "-") for one in breaks]


def _document(found: Continuity) -> documents.Document:
    return {
        "whole": found.is_whole,
        "batches": found.batches,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "newest": _mark_document(found.newest),
        "outside": _mark_document(found.outside),
        "breaks": [
            {"batch": one.batch or None, "what": one.what, "entry": one.entry or None}
            for one in found.breaks
        ],
    }


def _mark_document(mark: Mark | None) -> documents.Document | None:
    if mark is None:
        return None
    return {
        "number": mark.number,
        "sealed_at": documents.moment(mark.sealed_at),
        "head": mark.head,
    }
