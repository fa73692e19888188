"""`gateway check`: is everything as it should be? It looks, and changes nothing."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import books_report, journal_report
from gateway.cli.errors import NotInOrder
from gateway.cli.journal_report import marks_in
from gateway.cli.options import DEFAULT_DATA, Data, Json, organization_code
from gateway.cli.progress import progress
from gateway.cli.session import ask
from gateway.domain.books import Books
from gateway.domain.continuity import Continuity

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_SOURCES: Final = {"COMMANDLINE": "command line", "ENVIRONMENT": "GATEWAY_DATA"}


class What(StrEnum):
    """What is looked at more closely."""

    BOOKS = "books"
    JOURNAL = "journal"
    RECEIPTS = "receipts"
    ENDPOINT = "endpoint"


def check(
    *,
    context: typer.Context,
    what: Annotated[
        What | None,
        typer.Argument(
            metavar="[books|journal|receipts|endpoint]",
            show_default=False,
            help="books: ตรวจบัญชีหนังสือทุกฉบับ / Account for every letter. "
            "journal: ตรวจความต่อเนื่องของบันทึก / Is the journal whole? "
            "receipts: ตรวจใบรับที่ลงนาม / Is every fact signed? "
            "endpoint: ตรวจเส้นทางถึงหน่วยงาน / Is the way to an office open?",
        ),
    ] = None,
    code: Annotated[
        OrganizationCode | None,
        typer.Argument(
            metavar="[ORGANIZATION]",
            parser=organization_code,
            show_default=False,
            help="รหัสหน่วยงาน ใช้กับ endpoint / Whose endpoint.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ตรวจระบบ / Check settings, storage and broker.

    gateway check books: ตรวจว่าหนังสือทุกฉบับอยู่ครบ ไม่ขาดไม่เกิน /
    whether every letter is found at exactly one place, and which is not.
    gateway check journal: ตรวจว่าบันทึกไม่ถูกตัด แก้ หรือแทรก /
    whether nothing was cut out of the journal, altered or put in.
    gateway check receipts: ตรวจว่าใบรับลงนามครบและลายมือชื่อถูกต้อง /
    whether every receipt is signed, and every signature holds.
    gateway check endpoint ORGANIZATION: เดินทีละขั้นถึงระบบของหน่วยงาน หยุดที่ขั้นที่ติด /
    the way to an office's system, step by step, up to the one that fails.
    """
    if what is What.ENDPOINT:
        _check_endpoint(code, data, as_json=as_json)
        return
    if code is not None:
        raise typer.BadParameter("ใช้กับ endpoint เท่านั้น / only behind endpoint")
    if what is What.BOOKS:
        _check_books(data, as_json=as_json)
        return
    if what is What.JOURNAL:
        _check_journal(data, as_json=as_json)
        return
    if what is What.RECEIPTS:
        _check_receipts(data, as_json=as_json)
        return
    # It knows every adapter, and is loaded only here.
    from gateway.cli import check_report  # noqa: PLC0415

    source = context.get_parameter_source("data")
    named = _SOURCES.get(source.name if source else "", "default")
    report = check_report.look(data, data_from=named)
    check_report.show(report, as_json=as_json)
    if not report.in_order:
        raise NotInOrder([line.error for line in report.lines if line.error])


def _check_books(data: Path, *, as_json: bool) -> None:
    with progress("ตรวจบัญชี / checking") as advance:
        books: Books = ask(data, lambda hub: hub.store.check_books(advance))
    books_report.show(books, as_json=as_json)
    if not books.in_balance:
        raise NotInOrder


def _check_journal(data: Path, *, as_json: bool) -> None:
    async def question(hub: "Hub") -> Continuity:
        # It knows every adapter, and is loaded only here.
        from gateway.bootstrap import head_file  # noqa: PLC0415

        # Read before: what is sealed meanwhile stands in the database only.
        outside = marks_in(head_file(hub.settings))
        return await hub.store.check_journal(outside, advance)

    with progress("ตรวจบันทึก / following the journal") as advance:
        found = ask(data, question)
    journal_report.show(found, data, as_json=as_json)
    if not found.is_whole:
        raise NotInOrder


def _check_endpoint(
    code: OrganizationCode | None, data: Path, *, as_json: bool
) -> None:
    if code is None:
        raise typer.BadParameter("ระบุรหัสหน่วยงาน / name an organization")
    # It loads aiohttp.
    from gateway.cli import check_endpoint  # noqa: PLC0415

    with progress("ตรวจเส้นทาง / on the way to the endpoint"):
        lines = ask(data, lambda hub: check_endpoint.look(hub, code))
    check_endpoint.show(code, lines, as_json=as_json)
    if not all(line.ok for line in lines):
        raise NotInOrder([line.error for line in lines if line.error])


def _check_receipts(data: Path, *, as_json: bool) -> None:
    # It loads cryptography.
    from gateway.cli import receipts_check  # noqa: PLC0415

    with progress("ตรวจใบรับ / verifying receipts") as advance:
        found = ask(data, lambda hub: receipts_check.look(hub, advance))
    receipts_check.show(found, as_json=as_json)
    if not found.in_order:
        raise NotInOrder
