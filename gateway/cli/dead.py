"""`gateway dead`: work that was given up, why, and what mends it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from gateway.cli import dead_replay, dead_report
from gateway.cli.acting import NamedBy, RequiredReason, order
from gateway.cli.dead_choice import (
    CauseOption,
    EndpointOption,
    IncidentOption,
    SinceOption,
    StageOption,
    UntilOption,
)
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.screen import nothing_here, say, show_json
from gateway.cli.session import ask
from gateway.domain import errors
from gateway.domain.replay_plan import Choice, verdict_on
from gateway.ports import DeadGroup, DeadLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dead_replay.app, name="replay")

DeadLetterId = Annotated[
    UUID,
    typer.Argument(
        metavar="ID", help="รหัสงานค้างจาก dead list --each / Its id in that list."
    ),
]


@app.callback()
def dead() -> None:
    """งานค้าง / Work that no retry helps, set aside with its reason.

    หาสาเหตุ แก้สาเหตุ แล้วส่งซ้ำ / Find the cause, mend it, then replay.
    """


@app.command("list")
def list_dead(
    *,
    each: Annotated[
        bool, typer.Option("--each", help="ทีละรายการ / One line for each.")
    ] = False,
    incident: IncidentOption = None,
    cause: CauseOption = "",
    endpoint: EndpointOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="รวมที่จัดการแล้ว / Settled ones too."),
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="จำนวนมากที่สุดของ --each / At most so many.")
    ] = 50,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """งานค้างแยกตามสาเหตุ / What was given up: a line for each cause, the latest first.

    แต่ละบรรทัดบอกวิธีแก้หนึ่งอย่าง / Each line names the one action that mends it.
    """
    choice = Choice(
        incident=incident,
        cause=cause,
        endpoint=endpoint,
        stage=stage,
        since=since,
        until=until,
        everything=True,
    )
    if each:
        _list_each(data, choice, settled=everything, limit=limit, as_json=as_json)
    else:
        _list_folded(data, choice, settled=everything, as_json=as_json)


def _list_each(
    data: Path, choice: Choice, *, settled: bool, limit: int, as_json: bool
) -> None:
    async def question(hub: "Hub") -> Sequence[DeadLine]:
        views = hub.store.views.dead
        return await views.lines(choice, settled=settled, limit=limit)

    lines = ask(data, question)
    if as_json:
        show_json([dead_report.line_document(line) for line in lines])
    elif not lines:
        _nothing(data)
    else:
        dead_report.show_lines(lines)


def _list_folded(data: Path, choice: Choice, *, settled: bool, as_json: bool) -> None:
    async def question(hub: "Hub") -> Sequence[DeadGroup]:
        return await hub.store.views.dead.groups(choice, settled=settled)

    groups = ask(data, question)
    if as_json:
        show_json([dead_report.group_document(group) for group in groups])
    elif not groups:
        _nothing(data)
    else:
        dead_report.show_groups(groups)


def _nothing(data: Path) -> None:
    command = f"gateway incidents list --data {data}"
    nothing_here("ไม่มีงานค้าง", "No dead letter", command)


@app.command("show")
def show_dead(
    *, dead_letter: DeadLetterId, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """งานค้างหนึ่งรายการ / One dead letter: its letter, its attempts, what mends it."""
    found = ask(data, lambda hub: _whole(hub, dead_letter))
    if as_json:
        show_json(dead_report.whole_document(found))
    else:
        dead_report.show_whole(found)


async def _whole(hub: "Hub", dead_letter: UUID) -> dead_report.Whole:
    views = hub.store.views
    dead = await views.dead.dead_letter(dead_letter)
    if dead is None:
        raise errors.DeadLetterUnknown(str(dead_letter))
    [path] = await views.paths_of([dead.consignment])
    endpoint = await hub.store.organization(dead.endpoint)
    if endpoint is None:
        raise errors.OrganizationUnknown(dead.endpoint.text)
    attempts = await views.dead.attempts(dead.consignment)
    mine = [one for one in attempts if dead.entry in {None, one.entry}]
    async with hub.store.unit() as unit:
        [candidate] = await unit.replays.candidates([dead_letter])
    verdict = verdict_on(candidate, hub.work.clock.now())
    return dead_report.Whole(dead, path, endpoint, mine, verdict)


@app.command("discard")
def discard_dead(
    *,
    dead_letters: Annotated[
        list[UUID],
        typer.Argument(
            metavar="ID...", help="รหัสงานค้างจาก dead list --each / Their ids there."
        ),
    ],
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เลิกส่งงานค้าง / Decide that nothing more is tried with a dead letter.

    หนังสือยังคงเป็น "ส่งไม่สำเร็จ" ย้อนกลับไม่ได้ / The letter stays failed; this cannot be
    undone.
    """

    async def verb(hub: "Hub") -> None:
        # The verb brings telemetry with it, which only this command needs.
        from gateway.workflow.settle import discard  # noqa: PLC0415

        await _are_open(hub, dead_letters)
        ordered = order("dead discard", by=by, reason=reason)
        for dead_letter in dead_letters:
            await discard(hub.work, dead_letter, by=by, order=ordered)

    ask(data, verb)
    if as_json:
        show_json({"discarded": [str(dead_letter) for dead_letter in dead_letters]})
    else:
        say(f"เลิกส่ง {len(dead_letters)} รายการแล้ว / Nothing more is tried with them")


async def _are_open(hub: "Hub", dead_letters: Sequence[UUID]) -> None:
    """Refuse all where one is not there, or settled, before anything is changed."""
    for dead_letter in dead_letters:
        found = await hub.store.views.dead.dead_letter(dead_letter)
        if found is None:
            raise errors.DeadLetterUnknown(str(dead_letter))
        if not found.is_open:
            raise errors.DeadLetterSettled(str(dead_letter))
