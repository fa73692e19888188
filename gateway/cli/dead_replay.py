"""`gateway dead replay`: dead letters are planned to be sent back, and sent."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import dead_replay_look, replay_report
from gateway.cli.acting import By, NamedBy, Reason, RequiredReason, order
from gateway.cli.dead_choice import (
    CauseOption,
    EndpointOption,
    EverythingOption,
    IncidentOption,
    SinceOption,
    StageOption,
    UntilOption,
)
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.replay_found import (
    Found,
    Plan,
    document,
    find,
    found_of,
    known_as,
)
from gateway.cli.screen import nothing_here, say, show_json, tell
from gateway.cli.session import ask
from gateway.domain.replay import (
    FASTEST,
    RATE,
    SLOWEST,
    Replay,
    Verdict,
)
from gateway.domain.replay_plan import Choice

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(
    no_args_is_help=True, invoke_without_command=True, rich_markup_mode=None
)

Rate = Annotated[
    float,
    typer.Option(
        "--rate",
        min=SLOWEST,
        max=FASTEST,
        help="ฉบับต่อวินาทีต่อปลายทาง / Letters in a second for each endpoint.",
    ),
]


@app.callback()
def replay(
    context: typer.Context,
    *,
    incident: IncidentOption = None,
    cause: CauseOption = "",
    endpoint: EndpointOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    everything: EverythingOption = False,
    rate: Rate = RATE,
    by: By = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """วางแผนส่งซ้ำ ยังไม่ส่ง / Plan what is sent again; nothing is sent yet.

    ต้องเลือกอย่างน้อยหนึ่งอย่าง / At least one choice must be made. A plan is good for half
    an hour; `start` sends what it calls eligible.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        choice = Choice(
            incident=incident,
            cause=cause,
            endpoint=endpoint,
            stage=stage,
            since=since,
            until=until,
            everything=everything,
        )
    except ValueError as error:
        raise typer.BadParameter(
            "เลือกก่อน เช่น --incident ID หรือ --all / Choose, like --incident ID or --all"
        ) from error

    async def verb(hub: "Hub") -> Found | None:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.replay import plan  # noqa: PLC0415

        ordered = order("dead replay", by=by)
        made = await plan(hub.work, choice, ordered, rate=rate)
        return await found_of(hub, made) if made else None

    found = ask(data, verb)
    if found is not None:
        replay_report.show_plan(found, data, as_json=as_json)
    elif as_json:
        show_json(None)
    else:
        command = f"gateway dead list --all --data {data}"
        nothing_here(
            "ไม่มีรายการที่เลือก", "There is no dead letter of this choice", command
        )


@app.command("start")
def start_plan(
    *,
    plan: Plan,
    by: NamedBy,
    reason: RequiredReason,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            min=SLOWEST,
            max=FASTEST,
            help="ฉบับต่อวินาทีต่อปลายทาง แทนที่วางแผนไว้ / In place of the planned rate.",
        ),
    ] = None,
    even_if_stamped: Annotated[
        int | None,
        typer.Option(
            "--even-if-stamped",
            metavar="COUNT",
            min=1,
            help="ส่งฉบับที่ลงเลขรับแล้วด้วย บอกจำนวน / Also those with a number; how many.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="ไม่ต้องถาม / Do not ask again.")
    ] = False,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เริ่มส่งซ้ำตามแผน / Send what a plan calls eligible. There is no undo.

    ส่งแล้วเรียกคืนไม่ได้ / What was sent stays sent; what waits can be called off.
    """
    found = ask(data, lambda hub: find(hub, plan))
    if not yes:
        _confirm(found, even_if_stamped)

    async def verb(hub: "Hub") -> Replay:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.replay import start  # noqa: PLC0415

        ordered = order("dead replay start", by=by, reason=reason)
        return await start(
            hub.work,
            found.replay.id,
            ordered,
            rate=rate,
            even_if_stamped=even_if_stamped,
        )

    started = ask(data, verb)
    _say(replace(found, replay=started), as_json=as_json)
    tell(f"ติดตาม / Watch it: gateway dead replay watch {started.id} --data {data}")


@app.command("rate")
def change_rate(
    *,
    plan: Plan,
    rate: Annotated[
        float,
        typer.Argument(
            metavar="N",
            min=SLOWEST,
            max=FASTEST,
            help="ฉบับต่อวินาทีต่อปลายทาง / Letters in a second for each endpoint.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เปลี่ยนอัตราขณะกำลังส่ง / Have a replay go on faster or slower."""

    async def verb(hub: "Hub") -> Found:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.replay import set_rate  # noqa: PLC0415

        known = await known_as(hub, plan)
        ordered = order("dead replay rate", by=by, reason=reason)
        return await found_of(hub, await set_rate(hub.work, known.id, rate, ordered))

    _say(ask(data, verb), as_json=as_json)


@app.command("cancel")
def cancel_replay(
    *,
    plan: Plan,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ยกเลิกส่วนที่ยังไม่ส่ง / Call off what waits; what was sent stays sent."""

    async def verb(hub: "Hub") -> Found:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.replay import cancel  # noqa: PLC0415

        known = await known_as(hub, plan)
        ordered = order("dead replay cancel", by=by, reason=reason)
        return await found_of(hub, await cancel(hub.work, known.id, ordered))

    _say(ask(data, verb), as_json=as_json)


def _confirm(found: Found, even_if_stamped: int | None) -> None:
    """Repeat the numbers and ask; without a terminal `--yes` must be said."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("ไม่มีจอให้ยืนยัน / Nobody can be asked here: --yes")
    eligible, stamped = found.verdicts[Verdict.ELIGIBLE], even_if_stamped or 0
    held_back = found.verdicts.total() - eligible - stamped
    tell(replay_report.NO_UNDO)
    typer.confirm(
        f"ส่งซ้ำ {eligible + stamped} รายการ (ลงเลขรับแล้ว {stamped}) ไม่ส่ง {held_back} / "
        f"Send {eligible + stamped} again ({stamped} of them stamped), hold back "
        f"{held_back}?",
        abort=True,
        err=True,
    )


def _say(found: Found, *, as_json: bool) -> None:
    if as_json:
        show_json(document(found))
        return
    words = replay_report.PROGRESS[found.progress]
    say(f"{found.replay.id} {words}, {found.replay.rate:g}/s")


app.command("watch")(dead_replay_look.watch_replay)
app.command("report")(dead_replay_look.report_replay)
app.command("list")(dead_replay_look.list_replays)
