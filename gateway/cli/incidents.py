"""`gateway incidents`: what goes wrong, a line for each cause, with what mends it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

from gateway.cli import dead_report, documents
from gateway.cli.acting import NamedBy, RequiredReason, order
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.screen import (
    RED,
    Column,
    nothing_here,
    say,
    show_facts,
    show_json,
    show_table,
)
from gateway.cli.session import ask
from gateway.cli.thai import NEVER, ago, thai_time
from gateway.cli.words import STAGES
from gateway.domain import errors
from gateway.domain.incident import Incident
from gateway.domain.remedies import command_for, mending_of
from gateway.domain.replay_plan import Choice
from gateway.ports import DeadLine, IncidentLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

MOST: Final = 20
"""Dead letters that `show` names."""

_COLUMNS: Final = (
    Column("เหตุขัดข้อง", "Incident"),
    Column("สาเหตุ", "Cause"),
    Column("ขั้นตอน", "Stage", least=120),
    Column("ปลายทาง", "Endpoint"),
    Column("ครั้ง", "Failures", right=True),
    Column("งานค้าง", "Dead", right=True),
    Column("เริ่ม", "Since", least=160),
    Column("ล่าสุด", "Latest", least=130),
    Column("วิธีแก้", "What mends it", fold=True, least=140),
    Column("คำสั่งถัดไป", "Next", fold=True, least=90),
    Column("ปิด", "Closed", fold=True, least=170),
)

IncidentId = Annotated[
    UUID,
    typer.Argument(metavar="ID", help="รหัสจาก incidents list / Its id in that list."),
]


@app.callback()
def incidents() -> None:
    """เหตุขัดข้อง / All failures of one cause, with the one action that mends it."""


@app.command("list")
def list_incidents(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="รวมที่ปิดแล้ว / Closed ones too.")
    ] = False,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เหตุขัดข้องที่ยังเปิดอยู่ / What goes wrong now, the latest first."""

    async def question(hub: "Hub") -> tuple[datetime, Sequence[IncidentLine]]:
        views = hub.store.views.dead
        return hub.work.clock.now(), await views.incidents(closed=everything)

    now, lines = ask(data, question)
    if as_json:
        show_json([_document(line) for line in lines])
    elif not lines:
        command = f"gateway check --data {data}"
        nothing_here("ไม่มีเหตุขัดข้อง", "Nothing goes wrong", command)
    else:
        show_table(
            _COLUMNS,
            [_row(line, now) for line in lines],
            styles=[RED if line.incident.is_open else "" for line in lines],
        )


@app.command("show")
def show_incident(
    *, incident: IncidentId, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """เหตุขัดข้องหนึ่งเหตุ / One incident, what mends it, and its newest dead letters."""

    async def question(hub: "Hub") -> tuple[Incident, Sequence[DeadLine]]:
        views = hub.store.views.dead
        found = await views.incident(incident)
        if found is None:
            raise errors.IncidentUnknown(str(incident))
        choice = Choice(incident=incident)
        return found, await views.lines(choice, settled=True, limit=MOST)

    found, lines = ask(data, question)
    if as_json:
        newest = [dead_report.line_document(line) for line in lines]
        show_json({**dead_report.incident_document(found), "newest": newest})
        return
    show_facts(_facts(found))
    if lines:
        dead_report.show_lines(lines)


@app.command("close")
def close_by_hand(
    *,
    incident: IncidentId,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ปิดเหตุขัดข้อง / Say that its cause is mended; the next failure opens a new one.

    งานค้างยังอยู่ ส่งซ้ำด้วย dead replay / Its dead letters stay, to be replayed.
    """

    async def verb(hub: "Hub") -> Incident:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.settle import close_incident  # noqa: PLC0415

        ordered = order("incidents close", by=by, reason=reason)
        return await close_incident(hub.work, incident, order=ordered)

    closed = ask(data, verb)
    if as_json:
        show_json(dead_report.incident_document(closed))
    else:
        say(f"ปิดเหตุขัดข้องแล้ว / The incident is closed: {closed.cause}")


def _row(line: IncidentLine, now: datetime) -> Sequence[object]:
    incident = line.incident
    return (
        incident.id,
        incident.cause,
        STAGES[incident.stage],
        incident.endpoint or NEVER,
        incident.count,
        line.dead_letters,
        thai_time(incident.first_at),
        ago(now - incident.last_at),
        mending_of(incident.cause).thai,
        command_for(incident),
        _closed(incident),
    )


def _closed(incident: Incident) -> str:
    if incident.closed_at is None:
        return NEVER
    return f"{thai_time(incident.closed_at)} {incident.closed_why}".strip()


def _facts(incident: Incident) -> list[tuple[Column, object]]:
    mending = mending_of(incident.cause)
    return [
        (Column("เหตุขัดข้อง", "Incident"), incident.id),
        (Column("สาเหตุ", "Cause"), incident.cause),
        (Column("ขั้นตอน", "Stage"), f"{STAGES[incident.stage]} ({incident.stage})"),
        (Column("ปลายทาง", "Endpoint"), incident.endpoint or NEVER),
        (Column("ครั้ง", "Failures"), incident.count),
        (Column("ครั้งแรก", "First"), thai_time(incident.first_at)),
        (Column("ล่าสุด", "Latest"), thai_time(incident.last_at)),
        (Column("ปิด", "Closed"), _closed(incident)),
        (Column("วิธีแก้", "What mends it"), f"{mending.thai} / {mending.english}"),
        (Column("คำสั่งถัดไป", "Next"), command_for(incident)),
        (
            Column("เมื่อแก้แล้ว", "Once mended"),
            f"gateway dead replay --incident {incident.id}",
        ),
    ]


def _document(line: IncidentLine) -> documents.Document:
    return {
        **dead_report.incident_document(line.incident),
        "open_dead_letters": line.dead_letters,
    }
