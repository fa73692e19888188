"""`gateway letters`: what is in the hub's custody, and how far it came."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents, letter_report
from gateway.cli.errors import NoSuchLetter
from gateway.cli.options import DEFAULT_DATA, Data, Json, Number, organization_code
from gateway.cli.reading import NOTHING, Copy, Reader, Seen, read_as
from gateway.cli.screen import Column, nothing_here, show_json, show_table
from gateway.cli.session import ask, known
from gateway.cli.thai import letter_day, thai_time
from gateway.cli.words import subject_of
from gateway.domain.lifecycle import State
from gateway.ports import LetterLine, Path

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS = (
    Column("เลขที่", "Number"),
    Column("ลงวันที่", "Dated", least=90),
    Column("เรื่อง", "Subject", fold=True),
    Column("จาก", "From", fold=True, least=110),
    Column("ผู้รับ", "Receivers", right=True),
    Column("ลงเลขรับ", "Registered", right=True),
    Column("ส่งคืน", "Returned", right=True, least=110),
    Column("เข้าศูนย์เมื่อ", "In custody", least=100),
)
_RETURNED = (State.RETURNED, State.RETURNED_AS_WRONG)

Receiver = Annotated[
    OrganizationCode | None,
    typer.Option(
        "--receiver",
        metavar="ORGANIZATION",
        parser=organization_code,
        help="เฉพาะผู้รับรายนี้ / This receiver only.",
    ),
]

Whose = Annotated[
    OrganizationCode | None,
    typer.Option(
        "--organization",
        metavar="ORGANIZATION",
        parser=organization_code,
        help="หน่วยงานของผู้อ่าน ใช้คู่กับ --by / Whose secret registrar reads.",
    ),
]


@app.command("list")
def list_letters(
    *,
    data: Data = DEFAULT_DATA,
    limit: Annotated[
        int, typer.Option(min=1, help="จำนวนมากที่สุด / At most so many.")
    ] = 50,
    as_json: Json = False,
) -> None:
    """หนังสือล่าสุดในศูนย์กลาง / The newest letters, newest first."""
    lines = ask(data, lambda hub: hub.store.views.letters(limit=limit))
    if as_json:
        show_json([_document(line) for line in lines])
    elif not lines:
        nothing_here("ยังไม่มีหนังสือ", "No letters yet", "gateway demo --keep")
    else:
        show_table(_COLUMNS, [_row(line) for line in lines])


@app.command("show")
def show_letter(
    *,
    number: Number,
    data: Data = DEFAULT_DATA,
    receiver: Receiver = None,
    organization: Whose = None,
    by: Reader = "",
    as_json: Json = False,
) -> None:
    """หนังสือหนึ่งฉบับ แฟ้ม และบันทึกเหตุการณ์ / A letter, its files and journal."""
    found, seen = _found(
        data, "letters show", number, receiver, reader_of(organization, by)
    )
    if as_json:
        show_json(letter_report.as_documents(found, seen))
        return
    for paths in letter_report.by_letter(found):
        letter_report.show_letter(paths, seen)


@app.command("track")
def track_letter(
    *,
    number: Number,
    data: Data = DEFAULT_DATA,
    receiver: Receiver = None,
    organization: Whose = None,
    by: Reader = "",
    as_json: Json = False,
) -> None:
    """หนังสือถึงไหนแล้ว รอใคร / How far each receiver's copy came, and whose turn."""
    found, seen = _found(
        data, "letters track", number, receiver, reader_of(organization, by)
    )
    if as_json:
        show_json(letter_report.as_documents(found, seen))
        return
    for paths in letter_report.by_letter(found):
        letter_report.show_track(paths, seen)


def reader_of(
    organization: OrganizationCode | None, by: str
) -> tuple[OrganizationCode, str] | None:
    """Return who reads and for whom; None where nobody is named."""
    if organization is None and not by.strip():
        return None
    if organization is None or not by.strip():
        raise typer.BadParameter(
            "ใช้คู่กัน / they go together", param_hint="--organization, --by"
        )
    return organization, by


def _found(
    data: Data,
    what: str,
    number: str,
    receiver: OrganizationCode | None,
    reader: tuple[OrganizationCode, str] | None,
) -> tuple[Sequence[Path], Seen]:
    return ask(data, lambda hub: find(hub, what, number, receiver, reader))


async def find(
    hub: "Hub",
    what: str,
    number: str,
    receiver: OrganizationCode | None,
    reader: tuple[OrganizationCode, str] | None,
) -> tuple[Sequence[Path], Seen]:
    """Find what has this number, and which of it the reader may see.

    `what` is the command. Raises `NoSuchLetter`, `NotASecretRegistrar`.
    """
    paths = await numbered(hub, number)
    if receiver is not None:
        paths = [path for path in paths if path.receiver.code == receiver]
    if not paths:
        raise NoSuchLetter(number)
    if reader is None:
        return paths, NOTHING
    organization, by = reader
    await known(hub, organization)
    copies = [
        Copy(path.consignment.id, path.consignment.letter, path.receiver.code)
        for path in paths
    ]
    return paths, await read_as(
        hub, what, copies, organization=organization, by=by, demanded=True
    )


async def numbered(hub: "Hub", number: str) -> Sequence[Path]:
    """Find a number as it was typed, or without the word that stands before it.

    On paper it is ที่, and people type what they read; some systems send it along.
    """
    found = await hub.store.views.paths(number)
    bare = number.strip().removeprefix("ที่")
    return found or (await hub.store.views.paths(bare) if bare.strip() else found)


def _row(line: LetterLine) -> Sequence[object]:
    letter = line.letter
    return (
        letter.letter_id.number,
        letter_day(letter.letter_id.date),
        subject_of(letter),
        line.sender.th_name,
        sum(line.states.values()),
        line.states.get(State.REGISTERED, 0),
        sum(line.states.get(state, 0) for state in _RETURNED),
        thai_time(line.first_accepted_at),
    )


def _document(line: LetterLine) -> documents.Document:
    return {
        **documents.letter(line.letter),
        "sender": documents.organization(line.sender),
        "first_accepted_at": documents.moment(line.first_accepted_at),
        "states": dict(line.states),
    }
