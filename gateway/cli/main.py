"""`gateway NOUN VERB`: all commands, and what their ends mean to who called them.

The only place where an error becomes an exit code: 0 done, 1 refused or failed,
2 wrong settings or usage, 3 temporary, try again. Commands import what they need
when they run: `gateway --help` waits for no database and no server.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Final, NoReturn

import typer
from typer.exceptions import TyperException

from gateway import tracebacks
from gateway.cli import (
    archive,
    broker,
    bundle,
    check,
    database,
    dead,
    directory,
    inbox,
    incidents,
    journal,
    keys,
    letters,
    receipts,
    registers,
    retention,
    spoken,
    storage,
    tail,
)
from gateway.cli.errors import CommandError, NotInOrder
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.screen import show_json

DONE: Final = 0
REFUSED: Final = 1
WRONG_USE: Final = 2
TEMPORARY: Final = 3
INTERRUPTED: Final = 130
"""As shells say it: ended by Ctrl-C."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def gateway() -> None:
    """ศูนย์กลางแลกเปลี่ยนหนังสือราชการ / The document exchange gateway.

    ผลลัพธ์ออกทาง stdout ข้อความอื่นทาง stderr / Data goes to standard output, all
    else to standard error; in a pipe each row is one line, its cells parted by tabs.

    Exit codes: 0 done, 1 refused or failed, 2 wrong settings or usage,
    3 temporary, try again.

    เริ่มต้น / To begin: gateway init --demo --data ./demo
    """


@app.command()
def init(
    *,
    data: Data = DEFAULT_DATA,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="สป.มท. และ 75 จังหวัด เปิดเฉพาะเครื่องนี้ / The ministry and 75 "
            "provinces with throw-away keys, open to this machine only.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """สร้างศูนย์กลาง / Make a hub in an empty or missing folder."""
    from gateway.cli import serve as verbs  # noqa: PLC0415

    verbs.init(data, demo=demo, as_json=as_json)


@app.command()
def serve(
    *,
    data: Data = DEFAULT_DATA,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="ที่อยู่ที่เปิดรับ / Where to listen, in place of the setting.",
        ),
    ] = None,
    door_only: Annotated[
        bool,
        typer.Option(
            "--door-only",
            help="เปิดประตูอย่างเดียว / The door alone: `gateway work` does the rest, "
            "in processes of its own (PostgreSQL and RabbitMQ).",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """เปิดให้บริการ / Serve until SIGTERM or Ctrl-C, then drain.

    มีได้หลายโพรเซสบน PostgreSQL และ RabbitMQ / On PostgreSQL and RabbitMQ several may
    serve one hub, from one data directory or from several machines.
    """
    from gateway.cli import serve as verbs  # noqa: PLC0415

    verbs.serve(data, listen=listen, door_only=door_only, as_json=as_json)


@app.command()
def work(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """ทำงานเบื้องหลัง / Do a hub's work without a door, until SIGTERM or Ctrl-C.

    มีได้หลายโพรเซส / As many as there is work for, beside `gateway serve`, on one machine
    or on several; for a hub on PostgreSQL and RabbitMQ.
    """
    from gateway.cli import work as verbs  # noqa: PLC0415

    verbs.work(data, as_json=as_json)


@app.command()
def demo(
    *,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="เปิดศูนย์กลางค้างไว้ / Leave the hub running at the end."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """สาธิต / One circular to 75 provinces, 75 numbers back.

    ใช้โฟลเดอร์ของตนเองทุกครั้ง / Each run has a fresh folder of its own.
    """
    from gateway.cli import demo as verbs  # noqa: PLC0415

    if not verbs.demo(keep=keep, as_json=as_json):
        raise NotInOrder


app.add_typer(directory.app, name="directory", help="หน่วยงาน / Who takes part.")
letters.app.command("bundle")(bundle.bundle_letter)
app.add_typer(letters.app, name="letters", help="หนังสือ / Letters in custody.")
app.add_typer(inbox.app, name="inbox", help="กล่องขาเข้า / What waits for whom.")
app.add_typer(registers.app, name="registers", help="ทะเบียน / Books of numbers.")
app.add_typer(receipts.app, name="receipts", help="ใบรับ / What can be proved.")
app.add_typer(incidents.app, name="incidents", help="เหตุขัดข้อง / What goes wrong.")
app.add_typer(dead.app, name="dead", help="งานค้าง / Work that was given up.")
app.add_typer(journal.app, name="journal", help="บันทึก / Who did what, and when.")
app.add_typer(keys.app, name="keys", help="กุญแจของศูนย์กลาง / The hub's own keys.")
app.add_typer(
    database.app, name="database", help="ฐานข้อมูล / The tables of this version."
)
app.add_typer(broker.app, name="broker", help="คิวงาน / The queues between runners.")
app.add_typer(archive.app, name="archive", help="ชุดเก็บถาวร / Plain files to keep.")
app.add_typer(
    retention.app, name="retention", help="อายุการเก็บ / How long letters stay."
)
app.command()(check.check)
app.command()(tail.tail)
app.command()(storage.storage)


def run() -> NoReturn:
    """Run the command of this process, and end it with the command's exit code."""
    tracebacks.install()
    for stream in (sys.stdout, sys.stderr):
        # Names are Thai whatever the terminal's locale says.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    raise SystemExit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run a command, say what went wrong, and return its exit code."""
    try:
        app(args=list(arguments), prog_name="gateway", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        _explain(error, arguments)
        return WRONG_USE
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our lines has enough of them; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except families() as error:
        _explain(error, arguments)
        return exit_code(error)
    return DONE


def families() -> tuple[type[Exception], ...]:
    """Return what commands may end with; loaded only once one has ended badly."""
    from envelopes.errors import EnvelopeError  # noqa: PLC0415
    from gateway.config import SettingsError  # noqa: PLC0415
    from gateway.domain.errors import Refusal  # noqa: PLC0415
    from gateway.keys.change import KeyNotChanged  # noqa: PLC0415
    from gateway.keys.holder import SignerUnavailable  # noqa: PLC0415
    from gateway.store.errors import StoreError  # noqa: PLC0415
    from queues.errors import QueueError  # noqa: PLC0415

    return (
        CommandError,
        EnvelopeError,
        KeyNotChanged,
        OSError,
        QueueError,
        Refusal,
        SettingsError,
        SignerUnavailable,
        StoreError,
    )


def exit_code(error: Exception) -> int:
    """Return what an error means to who called: whose move is it?"""
    from gateway.config import SettingsError  # noqa: PLC0415

    if isinstance(error, NotInOrder) and error.causes:
        codes = {exit_code(cause) for cause in error.causes}
        return next(c for c in (WRONG_USE, REFUSED, TEMPORARY) if c in codes)
    if isinstance(error, SettingsError):
        return WRONG_USE
    return TEMPORARY if getattr(error, "temporary", False) else REFUSED


def _explain(error: Exception, arguments: Sequence[str]) -> None:
    if "--json" not in arguments:
        spoken.say(error, arguments)
    elif not isinstance(error, NotInOrder):
        # Where something is not in order, its report was the one document.
        show_json(spoken.as_document(error, arguments))
