"""`gateway registers`: the books in which letters got their numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import documents
from gateway.cli.options import DEFAULT_DATA, Data, Json, Organization
from gateway.cli.options import year as year_option
from gateway.cli.reading import Copy, Reader, Seen, read_as
from gateway.cli.screen import Column, nothing_here, show_json, show_table
from gateway.cli.session import ask, known
from gateway.cli.thai import letter_day, thai_time
from gateway.cli.words import NUMBERED_BY, WITHHELD, is_hidden, subject_of
from gateway.domain.register import Book, buddhist_year
from gateway.ports import RegisterLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: Final = (
    Column("เลขรับ", "Number"),
    Column("ลงรับเมื่อ", "Registered at"),
    Column("ออกเลขโดย", "Numbered by", least=100),
    Column("ผู้ลงรับ", "By"),
    Column("เลขที่", "Letter"),
    Column("ลงวันที่", "Dated", least=110),
    Column("จาก", "From", fold=True, least=130),
    Column("เรื่อง", "Subject", fold=True),
)


@app.callback()
def registers() -> None:
    """ทะเบียนหนังสือ / Registers."""


@app.command("show")
def show_register(
    organization: Organization,
    *,
    data: Data = DEFAULT_DATA,
    year: Annotated[
        int | None,
        typer.Option(
            metavar="YEAR",
            parser=year_option,
            help="ปี พ.ศ. / The Buddhist year; this year where none is given.",
        ),
    ] = None,
    by: Reader = "",
    as_json: Json = False,
) -> None:
    """ทะเบียนหนังสือรับของปีหนึ่ง / The book of received letters of one year."""

    async def question(hub: "Hub") -> tuple[int, Sequence[RegisterLine], Seen]:
        await known(hub, organization)
        wanted = year or buddhist_year(hub.work.clock.now())
        lines = await hub.store.views.register(organization, Book.RECEIVED, wanted)
        copies = [
            Copy(x.registration.consignment, x.letter, organization) for x in lines
        ]
        seen = await read_as(
            hub, "registers show", copies, organization=organization, by=by
        )
        return wanted, lines, seen

    wanted, lines, seen = ask(data, question)
    if as_json:
        show_json([_document(line, seen) for line in lines])
    elif not lines:
        nothing_here(
            f"ยังไม่มีรายการในทะเบียนปี {wanted}",
            f"Nothing in the book of {wanted}",
            f"gateway inbox list {organization} --data {data}",
        )
    else:
        show_table(_COLUMNS, [_row(line, seen) for line in lines])


def _row(line: RegisterLine, seen: Seen) -> Sequence[object]:
    registration, letter = line.registration, line.letter
    is_seen = registration.consignment in seen
    by = registration.by or "-"
    return (
        registration.number.text,
        thai_time(registration.at),
        NUMBERED_BY[registration.numbered_by],
        WITHHELD if registration.by and is_hidden(letter, seen=is_seen) else by,
        letter.letter_id.number,
        letter_day(letter.letter_id.date),
        line.sender.th_name,
        subject_of(letter, seen=is_seen),
    )


def _document(line: RegisterLine, seen: Seen) -> documents.Document:
    is_seen = line.registration.consignment in seen
    return {
        **documents.registration(line.registration, line.letter, seen=is_seen),
        "letter": documents.letter(line.letter, seen=is_seen),
        "sender": documents.organization(line.sender),
    }
