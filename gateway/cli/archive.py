"""`gateway archive`: letters as plain files, which are read without the hub."""

import shlex
from collections.abc import Sequence
from datetime import date
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import documents
from gateway.cli.acting import NamedBy, RequiredReason, order
from gateway.cli.errors import NotInOrder
from gateway.cli.options import DEFAULT_DATA, Data, Json, day
from gateway.cli.progress import progress
from gateway.cli.screen import (
    GREEN,
    PLAIN,
    RED,
    Column,
    is_terminal,
    nothing_here,
    say,
    show_json,
    show_table,
    tell,
)
from gateway.cli.session import ask
from gateway.cli.thai import letter_day, thai_time
from gateway.domain.archive import Archive
from gateway.domain.retention import Reason

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.cli.archive_making import Made
    from gateway.cli.archive_purging import Purged

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

REASONS: Final = {
    Reason.NOT_FINAL: "ยังไม่ถึงที่สุด / not at its end",
    Reason.ON_ITS_WAY: "ยังมีงานค้าง / something is still to be done",
    Reason.IN_INBOX: "ยังอยู่ในกล่องขาเข้า / still in an inbox",
    Reason.RECEIPT_OPEN: "ผู้ส่งยังไม่รับใบแจ้ง / its sender has no receipt yet",
    Reason.TOO_YOUNG: "ยังไม่ครบอายุการเก็บ / its retention is not over",
    Reason.SECRET: "หนังสือลับไม่เก็บเป็นแฟ้มธรรมดา / secret: not into plain files",
    Reason.NOT_ARCHIVED: "ไม่อยู่ในชุดเก็บถาวร / in no archive",
    Reason.CHANGED: "เปลี่ยนแปลงหลังจัดเก็บ / changed since it was archived",
}

_COLUMNS: Final = (
    Column("ชุด", "Archive"),
    Column("จัดทำเมื่อ", "Made"),
    Column("ถึงวันที่", "Until"),
    Column("หนังสือ", "Letters", right=True),
    Column("ไบต์", "Bytes", right=True),
    Column("ลบแล้ว", "Purged", right=True),
    Column("ลายนิ้ว", "SHA-256 of SHA256SUMS", fold=True, least=110),
)

Place = Annotated[
    File,
    typer.Argument(metavar="PLACE", help="โฟลเดอร์ของชุด / The archive's folder."),
]


@app.callback()
def archive() -> None:
    """ชุดเก็บถาวร / Archives: plain files with an index and digests."""


@app.command("make")
def make_archive(
    *,
    until: Annotated[
        date,
        typer.Option(
            "--until",
            metavar="DATE",
            parser=day,
            help="ถึงวันที่ เช่น 2559-12-31 / What came up to this day, either era.",
        ),
    ],
    to: Annotated[
        File,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="โฟลเดอร์ใหม่ / A folder that is not there yet.",
        ),
    ],
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """จัดทำชุดเก็บถาวร / Write what has come to its end into plain files.

    เฉพาะที่ยังไม่อยู่ในชุดใด ทำไม่จบไม่เหลือสิ่งใด / What is in no archive yet; it is there
    whole or not at all. Secret letters stay in the hub.
    """
    ordered = order("archive make", by=by, reason=reason)

    async def verb(hub: "Hub") -> "Made":
        # It brings telemetry and the codec with it, which only this command needs.
        from gateway.cli.archive_making import make  # noqa: PLC0415

        return await make(hub, to, until, ordered, advance)

    with progress("จัดทำ / writing") as advance:
        made = ask(data, verb)
    found = made.archive
    if as_json:
        left = {why.value: number for why, number in made.left.items()}
        document = _document(found, 0) if found else None
        show_json({"archive": document, "folder": str(to), "left_out": left})
        return
    for why, number in made.left.items():
        tell(f"{number:,} {REASONS[why]}")
    if found is None:
        nothing_here("ไม่มีหนังสือที่จะเก็บ", "Nothing to archive", "gateway archive list")
        return
    say(f"เขียนแล้ว / Written: {to}, {found.letters:,} letters, {found.size:,} bytes")
    say(f"ลายนิ้ว / SHA-256 of SHA256SUMS: {found.digest}")
    tell(f"ลองใช้ / Try: gateway archive verify {to}")


@app.command("verify")
def verify_archive(*, place: Place, as_json: Json = False) -> None:
    """ตรวจชุดเก็บถาวร / Is it whole and as it was? Needs no hub."""
    from gateway.cli.archive_verified import verify  # noqa: PLC0415

    with progress("ตรวจ / verifying") as advance:
        found = verify(place, advance)
    if as_json:
        show_json(
            {
                "whole": found.is_whole,
                "digest": found.digest,
                "files": found.files,
                "letters": found.letters,
                "problems": list(found.problems),
            }
        )
    else:
        for problem in found.problems:
            say(f"✗ {problem}", style=RED)
        say(f"ลายนิ้ว / SHA-256 of SHA256SUMS: {found.digest}")
        counted = f"{found.letters:,} letters, {found.files:,} files"
        verdict = (
            "ครบและไม่ถูกแก้ไข / whole and as it was"
            if found.is_whole
            else "ไม่ครบหรือถูกแก้ไข / NOT AS IT WAS"
        )
        green = GREEN if is_terminal() and found.is_whole else PLAIN
        say(f"{verdict}: {counted}", style=green if found.is_whole else RED)
    if not found.is_whole:
        raise NotInOrder


@app.command("purge")
def purge_archive(
    *,
    place: Place,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="ลบจริง ย้อนกลับไม่ได้ / Do it. There is no way back."),
    ] = False,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ลบเนื้อหาที่เก็บถาวรแล้ว / Remove the bytes of archived letters from the hub.

    ตรวจชุดก่อนเสมอ บันทึกและเลขรับยังอยู่ / The archive is verified first. Only letters
    whose retention is over go; journals, numbers and receipts stay. Without --yes it
    is only counted.
    """
    ordered = order("archive purge", by=by, reason=reason)

    async def verb(hub: "Hub") -> "Purged":
        # It brings telemetry and the codec with it, which only this command needs.
        from gateway.cli.archive_purging import (  # noqa: PLC0415
            count,
            known_archive,
            remove,
        )

        known = await known_archive(hub, place, advance)
        if not yes:
            return await count(hub, known)
        return await remove(hub, known, ordered, advance)

    with progress("ตรวจและลบ / verifying, removing") as advance:
        found = ask(data, verb)
    if as_json:
        show_json(
            {
                "archive": str(found.archive.id),
                "done": yes,
                "letters": found.letters,
                "purged_before": found.before,
                "kept": {why.value: number for why, number in found.kept.items()},
                "bytes_given_back": found.size,
            }
        )
        return
    for why, number in found.kept.items():
        tell(f"{number:,} {REASONS[why]}")
    if found.before:
        tell(f"{found.before:,} ลบไปก่อนแล้ว / were purged before")
    if yes:
        say(f"ลบแล้ว / Purged: {found.letters:,} letters")
        return
    say(f"จะลบ / Would be purged: {found.letters:,} letters")
    if found.letters:
        again = f"gateway archive purge {shlex.quote(str(place))} --yes --by NAME"
        tell(f"ลองใช้ / Try: {again} --reason TEXT --data {shlex.quote(str(data))}")


@app.command("list")
def list_archives(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """ชุดที่จัดทำแล้ว / Which archives were made, and what was purged of them."""

    async def question(hub: "Hub") -> Sequence[tuple[Archive, int]]:
        from gateway.store.archives import StoredArchives  # noqa: PLC0415

        return await StoredArchives(hub.store.reading).all()

    found = ask(data, question)
    if as_json:
        show_json([_document(one, purged) for one, purged in found])
    elif not found:
        command = (
            "gateway archive make --until DATE --to FOLDER --by NAME --reason TEXT"
        )
        nothing_here("ยังไม่มีชุดเก็บถาวร", "No archive yet", command)
    else:
        show_table(_COLUMNS, [_row(one, purged) for one, purged in found])


def _row(one: Archive, purged: int) -> Sequence[object]:
    return (
        one.id,
        thai_time(one.made_at),
        letter_day(one.until),
        f"{one.letters:,}",
        f"{one.size:,}",
        f"{purged:,}",
        one.digest,
    )


def _document(one: Archive, purged: int) -> documents.Document:
    return {
        "id": str(one.id),
        "made_at": documents.moment(one.made_at),
        "until": one.until,
        "letters": one.letters,
        "bytes": one.size,
        "purged": purged,
        "digest": one.digest,
    }
