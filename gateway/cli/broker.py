"""`gateway broker`: the queues between the runners, made and looked at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from gateway.cli.acting import By, Reason, note
from gateway.cli.documents import Document
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.screen import RED, Column, say, show_json, show_table
from gateway.cli.session import ask
from queues.errors import UnknownQueue

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from queues.broker import Broker

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: Final = (
    Column("คิว", "Queue"),
    Column("รออยู่", "Waiting"),
    Column("กันไว้", "Set aside"),
)
_NOT_THERE: Final = "ยังไม่มี / not there: gateway broker declare"


@dataclass(frozen=True, slots=True)
class _Line:
    """One queue; counts are None where it is not declared."""

    queue: str
    waiting: int | None
    dead: int | None


@app.callback()
def broker() -> None:
    """คิวงาน / The queues between the hub's runners."""


@app.command("declare")
def declare(
    *,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """สร้างคิวที่ยังไม่มี / Make the queues that are not there yet.

    เปลี่ยนคิวที่มีอยู่แล้วไม่ได้ / What is there is never changed: a queue that was made in
    another way is an error.
    """

    async def verb(hub: "Hub") -> list[_Line]:
        # It knows every adapter, and is loaded only here.
        from gateway.bootstrap import open_broker, queues_of  # noqa: PLC0415

        queues = await queues_of(hub)
        async with open_broker(hub.settings) as opened:
            for queue in queues:
                await opened.declare(queue)
            lines = [await _counted(opened, queue) for queue in queues]
        async with hub.store.unit() as unit:
            after = {"broker": hub.settings.broker_url, "queues": " ".join(queues)}
            await note(hub, unit, "broker declare", by=by, reason=reason, after=after)
            await unit.commit()
        return lines

    lines = ask(data, verb)
    if as_json:
        show_json([_document(line) for line in lines])
    else:
        names = ", ".join(line.queue for line in lines)
        say(f"มีคิวครบแล้ว / All queues are there: {names}")


@app.command("show")
def show(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """จำนวนงานในแต่ละคิว / What lies in each queue.

    ที่กันไว้จะเข้าบัญชีงานค้างภายในหนึ่งนาที / What is set aside becomes a dead letter within
    a minute while the hub works: gateway dead list. Of RabbitMQ, what other processes
    have claimed is not counted.
    """

    async def question(hub: "Hub") -> list[_Line]:
        from gateway.bootstrap import (  # noqa: PLC0415 - as above
            broker_place,
            open_broker,
            queues_of,
        )

        queues = await queues_of(hub)
        if broker_place(hub.settings) is None:
            return [_Line(queue, None, None) for queue in queues]
        async with open_broker(hub.settings) as opened:
            return [await _counted(opened, queue) for queue in queues]

    lines = ask(data, question)
    if as_json:
        show_json([_document(line) for line in lines])
        return
    show_table(
        _COLUMNS,
        [_row(line) for line in lines],
        styles=[RED if line.dead or line.waiting is None else "" for line in lines],
    )


async def _counted(opened: "Broker", queue: str) -> _Line:
    try:
        return _Line(queue, await opened.waiting(queue), await opened.dead(queue))
    except UnknownQueue:
        return _Line(queue, None, None)


def _row(line: _Line) -> tuple[str, str, str]:
    if line.waiting is None:
        return line.queue, _NOT_THERE, ""
    return line.queue, str(line.waiting), str(line.dead)


def _document(line: _Line) -> Document:
    return {
        "queue": line.queue,
        "declared": line.waiting is not None,
        "waiting": line.waiting,
        "dead": line.dead,
    }
