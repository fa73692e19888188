"""One letter on the screen: its facts and journal, or the path of every receiver."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Final

from gateway.cli import documents, endpoint_report, judgement_report
from gateway.cli.reading import NOTHING, Seen
from gateway.cli.screen import (
    GREEN,
    PLAIN,
    RED,
    Column,
    is_terminal,
    say,
    show_facts,
    show_table,
    width,
)
from gateway.cli.thai import NEVER, letter_day, thai_day, thai_hour, thai_time
from gateway.cli.words import (
    ASIDE,
    HAPPENINGS,
    NUMBERED_BY,
    RECEIPTS,
    WITHHELD,
    actor_of,
    is_hidden,
    short_name,
    subject_of,
)
from gateway.domain.consignment import LetterFacts
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import MEANINGS, State
from gateway.domain.register import BANGKOK
from gateway.ports import Path
from schemas import codes
from schemas.errors import CodeUnknown

WIDE: Final = 112
"""Columns of a terminal on which all of a path fits into one line."""

_TRACK: Final = (
    Column("ผู้รับ", "Receiver"),
    Column("สถานะ", "State", fold=True),
    Column("เข้าศูนย์", "In", least=100),
    Column("ถึงกล่อง", "Inbox", least=WIDE),
    Column("เปิดดู", "Seen", least=100),
    Column("ดึงไป", "Taken"),
    Column("เลขรับ", "Number"),
    Column("ลงรับเมื่อ", "Registered"),
    Column("ออกเลขโดย", "By"),
    Column("รอใคร", "Turn"),
)
_BESIDE: Final = (
    Column("กล่องของ", "Inbox of"),
    Column("สถานะ", "Standing", fold=True),
    Column("นำส่ง", "Brings"),
    Column("รหัสรายการ", "ProcessID", least=100),
    Column("ผู้รับ", "Receiver"),
)
_JOURNAL: Final = (
    Column("เมื่อ", "At"),
    Column("ผู้รับ", "Receiver"),
    Column("เหตุการณ์", "Happening", fold=True),
    Column("โดย", "By"),
    Column("สถานะหลังจากนั้น", "State after", fold=True),
)
_RED: Final = (
    State.RETURNED,
    State.RETURNED_AS_WRONG,
    State.DISPUTED,
    State.FAILED,
)


def by_letter(paths: Sequence[Path]) -> list[list[Path]]:
    """Part the paths by letter: several letters may have the same number."""
    grouped = groupby(paths, lambda path: path.consignment.letter.id)
    return [list(group) for _, group in grouped]


def as_documents(
    paths: Sequence[Path], seen: Seen = NOTHING
) -> list[documents.Document]:
    """Say for programs all that is known of each letter.

    `seen`: the consignments of which everything is shown though they are secret.
    """
    return [
        {
            **documents.letter(
                group[0].consignment.letter, seen=_any_seen(group, seen)
            ),
            "consignments": [
                documents.path(path, seen=path.consignment.id in seen) for path in group
            ],
        }
        for group in by_letter(paths)
    ]


def _any_seen(paths: Sequence[Path], seen: Seen) -> bool:
    """Whether the letter itself is shown: it is the same in all its copies."""
    return any(path.consignment.id in seen for path in paths)


def show_track(paths: Sequence[Path], seen: Seen = NOTHING) -> None:
    """Write where each receiver's copy is, a row for each, and what that comes to.

    On a terminal a moment of the day of sending is shown by its hour alone.
    """
    letter = paths[0].consignment.letter
    day = _day(paths[0].consignment.accepted_at)
    rows = [_track_row(path, day if is_terminal() else None) for path in paths]
    if not is_terminal():
        show_table(_TRACK, rows)
        _show_aside(paths)
        endpoint_report.show_failures(paths)
        return
    say(f"{letter.letter_id.number}  ลงวันที่ {letter_day(letter.letter_id.date)}")
    say(f"{subject_of(letter, seen=_any_seen(paths, seen))}")
    say(f"ส่งเมื่อ / sent {thai_day(day)}")
    show_table(_TRACK, rows, styles=[_style(path) for path in paths])
    states = Counter(path.consignment.state for path in paths)
    for state, number in states.items():
        say(f"{number:5}  {MEANINGS[state].thai} / {MEANINGS[state].english}")
    say(f"{len(paths):5}  ผู้รับทั้งหมด / receivers")
    _show_aside(paths)
    endpoint_report.show_failures(paths)


def _show_aside(paths: Sequence[Path]) -> None:
    """Write which entries lie beside an inbox: what their systems do not see."""
    rows = [
        (
            entry.organization,
            f"อยู่ในรายการข้างกล่อง {ASIDE[entry.standing]}",
            _brings(path, entry),
            entry.process_id,
            short_name(path.receiver),
        )
        for path in paths
        for entry in [*filter(None, [path.entry]), *path.notifier_entries]
        if entry.standing in ASIDE
    ]
    if rows:
        show_table(_BESIDE, rows)


def _brings(path: Path, entry: InboxEntry) -> str:
    receipts = {receipt.id: receipt for receipt in path.receipts}
    return RECEIPTS[receipts[entry.receipt].kind] if entry.receipt else "หนังสือ"


def show_letter(paths: Sequence[Path], seen: Seen = NOTHING) -> None:
    """Write a letter's facts, its files, and what happened to all its copies."""
    letter = paths[0].consignment.letter
    show_facts(_facts(letter, paths, seen))
    show_journal(paths, seen)


def show_journal(paths: Sequence[Path], seen: Seen = NOTHING) -> None:
    """Write what happened to all copies of a letter, oldest first."""
    letter = paths[0].consignment.letter
    entries = sorted(
        ((entry, path) for path in paths for entry in path.journal),
        key=lambda pair: (pair[0].at, pair[1].receiver.code, pair[0].number),
    )
    rows = [
        (
            thai_time(entry.at),
            short_name(path.receiver),
            HAPPENINGS[entry.happening],
            actor_of(entry.actor, letter, seen=path.consignment.id in seen),
            MEANINGS[entry.state].thai,
        )
        for entry, path in entries
    ]
    show_table(_JOURNAL, rows)


def _track_row(path: Path, day: date | None) -> Sequence[object]:
    entry = path.entry
    meaning = MEANINGS[path.consignment.state]
    last = path.registrations[-1] if path.registrations else None
    steps = (
        path.consignment.accepted_at,
        entry.queued_at if entry else None,
        entry.shown_at if entry else None,
        entry.taken_at if entry else None,
    )
    return (
        short_name(path.receiver),
        meaning.thai,
        *(thai_hour(at, day) if day else thai_time(at) for at in steps),
        last.number.text if last else NEVER,
        thai_hour(last.at if last else None, day)
        if day and width() < WIDE
        else thai_time(last.at if last else None),
        NUMBERED_BY[last.numbered_by] if last else NEVER,
        meaning.turn.thai,
    )


def _facts(
    letter: LetterFacts, paths: Sequence[Path], seen: Seen
) -> list[tuple[Column, object]]:
    is_seen = _any_seen(paths, seen)
    facts: list[tuple[Column, object]] = [
        (Column("เลขที่", "Number"), letter.letter_id.number),
        (Column("ลงวันที่", "Dated"), letter_day(letter.letter_id.date)),
        (Column("เรื่อง", "Subject"), subject_of(letter, seen=is_seen)),
        (Column("จาก", "Sender"), letter.sender),
        (Column("ชั้นความลับ", "Secrecy"), _level(letter.secrecy, letter.speed)[0]),
        (Column("ความเร็ว", "Speed"), _level(letter.secrecy, letter.speed)[1]),
        (Column("ผู้รับ", "Receivers"), len(paths)),
        *judgement_report.facts_of([path.consignment for path in paths]),
    ]
    if is_hidden(letter, seen=is_seen):
        return [*facts, (Column("แฟ้ม", "Files"), WITHHELD)]
    files = [("หนังสือ", "Main letter", letter.main)] if letter.main else []
    files += [("สิ่งที่ส่งมาด้วย", "Attachment", file) for file in letter.attachments]
    return facts + [
        (
            Column(thai, english),
            f"{file.mime_code or NEVER} {file.size:,} bytes sha256:{file.digest}",
        )
        for thai, english, file in files
    ]


def _level(secrecy: str, speed: str) -> tuple[str, str]:
    try:
        return codes.secrecy(secrecy).thai, codes.speed(speed).thai
    except CodeUnknown:
        return secrecy, speed


def _style(path: Path) -> str:
    state = path.consignment.state
    if MEANINGS[state].green:
        return GREEN
    return RED if state in _RED else PLAIN


def _day(at: datetime) -> date:
    return at.astimezone(BANGKOK).date()
