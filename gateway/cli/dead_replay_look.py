"""`gateway dead replay watch|report|list`: what became of what was planned."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import replay_report, replay_watch
from gateway.cli.errors import NotInOrder
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.replay_found import Found, Plan, find, known_as
from gateway.cli.screen import nothing_here, tell
from gateway.cli.session import ask
from gateway.domain import errors
from gateway.domain.replay import Progress
from gateway.ports import ReplayLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_NEWEST: Final = 20


def watch_replay(
    *,
    plan: Plan,
    data: Data = DEFAULT_DATA,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON บรรทัดละฉบับ / One JSON a line.")
    ] = False,
) -> None:
    """ติดตามจนจบ / Watch a replay until it ends; Ctrl-C leaves it alone.

    Exit code 1 where it stopped by itself.
    """

    async def watch(hub: "Hub") -> Found:
        known = await known_as(hub, plan)
        if known.stands(hub.work.clock.now()) in {Progress.PLANNED, Progress.EXPIRED}:
            raise errors.ReplayNotRunning(str(known.id))

        async def look() -> Found:
            return await find(hub, str(known.id))

        return await replay_watch.watch(look, as_json=as_json)

    if ask(data, watch).progress is Progress.STOPPED:
        tell(f"ดูเหตุ / Why: gateway dead replay report {plan} --data {data}")
        raise NotInOrder


def report_replay(
    *,
    plan: Plan,
    each: Annotated[
        bool, typer.Option("--each", help="ทีละฉบับ / Each letter on a line.")
    ] = False,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ผลการส่งซ้ำ / What became of a plan: done, failed again, not attempted."""
    found = ask(data, lambda hub: find(hub, plan))
    replay_report.show_report(found, each=each, as_json=as_json)


def list_replays(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """แผนและการส่งซ้ำล่าสุด / The newest plans and replays."""

    async def question(hub: "Hub") -> tuple[Sequence[ReplayLine], datetime]:
        return await hub.store.replays.newest(limit=_NEWEST), hub.work.clock.now()

    lines, now = ask(data, question)
    if lines or as_json:
        replay_report.show_list(lines, now, as_json=as_json)
    else:
        command = f"gateway dead list --data {data}"
        nothing_here("ยังไม่มีแผนส่งซ้ำ", "There is no plan yet", command)
