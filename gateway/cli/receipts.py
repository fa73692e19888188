"""`gateway receipts`: what can be proved of a letter, and whether a proof holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import receipts_report
from gateway.cli.errors import NotInOrder
from gateway.cli.letters import Receiver, Whose, find, reader_of
from gateway.cli.options import DEFAULT_DATA, Data, Json, Number
from gateway.cli.reading import Reader, Seen
from gateway.cli.screen import show_json
from gateway.cli.session import ask
from gateway.domain import errors
from gateway.domain.evidence import SignedReceipt
from gateway.ports import Path

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Certificates = Annotated[
    list[File],
    typer.Option(
        "--certificate",
        metavar="HUB.crt",
        help="ใบรับรองของศูนย์กลาง ได้มาทางอื่นที่เชื่อถือได้ ระบุได้หลายใบ / The hub's "
        "certificate, from where you trust; several may be given.",
    ),
]
_NO_FILES: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A letter's consignments and their signed receipts."""

    paths: Sequence[Path]
    seen: Seen
    signed: Mapping[UUID, Sequence[SignedReceipt]]
    certificates: Mapping[str, bytes]
    """The hub's, DER by fingerprint, as far as these receipts are signed by them."""


@app.command("show")
def show_receipts(
    *,
    number: Number,
    data: Data = DEFAULT_DATA,
    receiver: Receiver = None,
    organization: Whose = None,
    by: Reader = "",
    as_json: Json = False,
) -> None:
    """ใบรับของหนังสือ ลงนามแล้วหรือยัง / A letter's receipts, signed or not yet."""
    reader = reader_of(organization, by)
    found = ask(
        data, lambda hub: _found(hub, "receipts show", number, receiver, reader)
    )
    rows = receipts_report.lines(found.paths, found.signed, found.seen)
    if as_json:
        show_json([receipts_report.as_document(row) for row in rows])
    else:
        receipts_report.show(rows)


@app.command("export")
def export_receipts(
    *,
    number: Number,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FOLDER|-",
            help="โฟลเดอร์ปลายทาง หรือ - คือ stdout บรรทัดละใบ / Where to; - writes "
            "a receipt a line to standard output.",
        ),
    ],
    data: Data = DEFAULT_DATA,
    receiver: Receiver = None,
    organization: Whose = None,
    by: Reader = "",
    as_json: Json = False,
) -> None:
    """ส่งออกใบรับที่ลงนามแล้ว พร้อมใบรับรอง / Write signed receipts into files.

    ใบรับหนึ่งใบต่อแฟ้ม ตรวจสอบได้โดยไม่ต้องมีศูนย์กลาง / One file each, with the
    hub's certificate; they are verified without a hub.
    """
    from gateway.cli import receipts_files  # noqa: PLC0415 - loads cryptography

    reader = reader_of(organization, by)
    found = ask(
        data, lambda hub: _found(hub, "receipts export", number, receiver, reader)
    )
    hidden = [p for p in found.paths if not _is_shown(p, found.seen)]
    if hidden:
        raise errors.NotASecretRegistrar(number)
    files = receipts_files.files(found.paths, found.signed, found.certificates)
    if out == "-":
        receipts_files.write_lines(files, as_json=as_json)
    else:
        receipts_files.write_folder(files, File(out), as_json=as_json)
    receipts_report.tell_waiting(found.paths, found.signed)


@app.command("verify")
def verify_receipts(
    *,
    files: Annotated[
        list[File],
        typer.Argument(metavar="FILE…", help="แฟ้มใบรับ / Receipts, one a file."),
    ],
    certificate: Certificates,
    letter: Annotated[
        list[File],
        typer.Option(
            "--letter",
            metavar="ENVELOPE.xml",
            help="ซองที่ส่ง หรือคำตอบที่ได้รับ / What was sent, or the answer that "
            "brought it: is the receipt about it?",
        ),
    ] = list(_NO_FILES),  # noqa: B006 - Typer copies it
    file: Annotated[
        list[File],
        typer.Option(
            "--file",
            metavar="FILE",
            help="แฟ้มของหนังสือ / A file of the letter: is the receipt about it?",
        ),
    ] = list(_NO_FILES),  # noqa: B006 - Typer copies it
    as_json: Json = False,
) -> None:
    """ตรวจใบรับ โดยไม่ต้องมีศูนย์กลาง / What receipts prove; needs no hub.

    แฟ้มของ --letter และ --file ต้องตรงกับใบรับทุกใบ / Each of these files must be
    what every receipt is about.
    """
    from gateway.cli import receipts_verified  # noqa: PLC0415 - loads cryptography

    if not receipts_verified.verify(
        files, certificate, letters=letter, parts=file, as_json=as_json
    ):
        raise NotInOrder


def _is_shown(path: Path, seen: Seen) -> bool:
    consignment = path.consignment
    return not consignment.letter.is_secret or consignment.id in seen


async def _found(
    hub: "Hub",
    what: str,
    number: str,
    receiver: OrganizationCode | None,
    reader: tuple[OrganizationCode, str] | None,
) -> Found:
    paths, seen = await find(hub, what, number, receiver, reader)
    signed = await hub.store.evidence.of([path.consignment.id for path in paths])
    known = {c.fingerprint: c.der for c in await hub.store.hub_certificates()}
    in_use = hub.work.signer.certificate
    known.setdefault(in_use.fingerprint, in_use.der)
    named = {one.certificate for receipts in signed.values() for one in receipts}
    return Found(
        paths, seen, signed, {name: known[name] for name in named if name in known}
    )
