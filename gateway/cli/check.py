"""`gateway check`: is everything as it should be? It looks, and changes nothing."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway.cli import books_report
from gateway.cli.errors import NotInOrder
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.session import ask
from gateway.domain.books import Books

_SOURCES: Final = {"COMMANDLINE": "command line", "ENVIRONMENT": "GATEWAY_DATA"}


class What(StrEnum):
    """What is looked at more closely."""

    BOOKS = "books"


def check(
    *,
    context: typer.Context,
    what: Annotated[
        What | None,
        typer.Argument(
            metavar="[books]",
            show_default=False,
            help="books: ตรวจบัญชีหนังสือทุกฉบับ / Account for every letter.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ตรวจระบบ / Check settings, storage and broker.

    gateway check books: ตรวจว่าหนังสือทุกฉบับอยู่ครบ ไม่ขาดไม่เกิน /
    whether every letter is found at exactly one place, and which is not.
    """
    if what is What.BOOKS:
        _check_books(data, as_json=as_json)
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
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        bar = progress.add_task("ตรวจบัญชี / checking", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        books: Books = ask(data, lambda hub: hub.store.check_books(advance))
    books_report.show(books, as_json=as_json)
    if not books.in_balance:
        raise NotInOrder
