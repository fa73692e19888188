"""`gateway demo`: one circular to 75 provinces, and 75 stamped numbers back.

A real hub in a process of its own, the net played over real HTTP, the registers of
the offices without a system kept by the hub. Everything lies in a folder of its own,
which is removed at the end unless it is to be kept or something did not add up.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway.bootstrap import DEMO_KEYS, init, open_hub
from gateway.cli.demo_hub import HubDied, HubProcess
from gateway.cli.demo_registers import HubRegisters
from gateway.cli.demo_report import Result, for_programs, show
from gateway.cli.screen import RED, show_json, tell
from gateway.config import load
from gateway.domain.register import BANGKOK
from gateway.simulation import circular
from gateway.simulation.errors import SimulationError
from gateway.simulation.http import PATH
from gateway.simulation.net import Net, first_of, play
from gateway.simulation.provinces import PROVINCES, Province, System
from gateway.simulation.signing import Signer

_PATIENCE: Final = 30.0
"""Seconds for which clients repeat what got no answer: a killed hub can come back."""
_LIMIT: Final = 120.0
_GLANCE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of the progress, and the step of the play that moves it."""

    step: str
    words: str
    total: int


def bars(provinces: Sequence[Province]) -> tuple[Bar, ...]:
    """Return the lines of the progress."""
    systems = sum(1 for p in provinces if p.system is not System.NONE)
    return (
        Bar("sent", "สป.มท. ส่งหนังสือ", len(provinces)),
        Bar("saved", "ระบบจังหวัดรับหนังสือ", systems),
        Bar("numbered", "ลงเลขรับ", len(provinces)),
        Bar("returned", "เลขรับกลับถึง สป.มท.", len(provinces)),
    )


def demo(*, keep: bool = False, as_json: bool = False) -> bool:
    """Play the net on a fresh hub; return whether all adds up.

    The table goes to standard output, progress and errors to standard error. With
    `keep` the hub goes on running, and the last lines say where.
    """
    started = time.monotonic()
    hub = HubProcess(Path(tempfile.mkdtemp(prefix="gateway-demo-")))
    result: Result | None = None
    try:
        result = _play(hub, started)
        show_json(for_programs(result)) if as_json else show(result)
    except (HubDied, SimulationError) as error:
        _say_what_failed(hub, error)
        if as_json:
            show_json({"adds_up": False, "error": str(error)})
    finally:
        adds_up = result is not None and result.adds_up
        _leave(hub, running=keep and result is not None, data=keep or not adds_up)
    return adds_up


def _leave(hub: HubProcess, *, running: bool, data: bool) -> None:
    """Leave the hub running or not, and its data there or not.

    A hub that somebody else started again after it died is somebody else's.
    """
    if running or (hub.ended and hub.serving):
        _say_what_next(hub)
        return
    hub.stop()
    if data:
        tell(f"เก็บไว้ให้ดู / Kept for looking at: {hub.data}")
    else:
        shutil.rmtree(hub.data, ignore_errors=True)


def _play(hub: HubProcess, started: float) -> Result:
    tell(f"ศูนย์กลางใหม่ / A fresh hub: {hub.data}")
    asyncio.run(init(load(hub.data), demo=True))
    hub.start()
    tell(f"เปิดรับที่ / It listens on: {hub.base}")
    provinces = PROVINCES
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
    ) as progress:
        lines = {
            bar.step: progress.add_task(bar.words, total=bar.total)
            for bar in bars(provinces)
        }

        def note(step: str) -> None:
            if step in lines:
                progress.advance(lines[step])

        net = Net(
            base=hub.base,
            provinces=provinces,
            signer=_signer(hub.data),
            now=lambda: datetime.now(BANGKOK),
            register_at_hub=HubRegisters(hub.data, note),
            tell=note,
            patience=_PATIENCE,
            limit=_LIMIT,
        )
        return asyncio.run(_play_and_check(hub, net, started))


async def _play_and_check(hub: HubProcess, net: Net, started: float) -> Result:
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_say_if_it_ends(hub))
            returned = await play(net)
            watching.cancel()
    except* SimulationError as several:
        raise first_of(several) from several
    async with open_hub(load(hub.data)) as opened:
        books = await opened.store.check_books()
    return Result(returned=returned, books=books, seconds=time.monotonic() - started)


async def _say_if_it_ends(hub: HubProcess) -> None:
    """Tell how to bring back a hub that was killed; its clients wait for it."""
    while not hub.ended:  # noqa: ASYNC110 - a process sets no event
        await asyncio.sleep(_GLANCE)
    again = f"gateway serve --data {hub.data} --listen {hub.address}"
    tell("ศูนย์กลางหยุดทำงาน / The hub has ended.", style=RED)
    tell(f"ระบบของหน่วยงานส่งซ้ำ {_PATIENCE:.0f} วินาที / Its clients repeat for so long.")
    tell(f"เปิดใหม่ / Start it again: {again}")


def _signer(data: Path) -> Signer:
    """Take the ministry's throw-away key, which `init --demo` made."""
    keys = data / DEMO_KEYS
    return Signer.of_pem(
        (keys / f"{circular.MINISTRY}.key").read_bytes(),
        (keys / f"{circular.MINISTRY}.crt").read_bytes(),
    )


def _say_what_failed(hub: HubProcess, error: Exception) -> None:
    tell(f"สาธิตไม่จบ / The demo did not come to its end: {error}", style=RED)
    if hub.ended:
        tell("ศูนย์กลางหยุดทำงาน / The hub has ended. The end of its log:")
    tell(hub.log_tail())


def _say_what_next(hub: HubProcess) -> None:
    data = hub.data
    node = PATH.format(organization="1500200050")
    for line in (
        "",
        f"ศูนย์กลางยังเปิดอยู่ที่ / The hub goes on running: {hub.base}",
        f"ข้อมูลอยู่ที่ / Its data: {data}",
        "ลองต่อ / Try next:",
        f'  gateway letters track "{circular.NUMBER}" --data {data}',
        f"  gateway registers show 1500200013 --data {data}",
        f"  gateway inbox list 1500200050 --data {data}",
        f"  gateway check books --data {data}",
        f"เชียงใหม่สำหรับระบบเดิม / Chiang Mai's node for an old client: {hub.base}{node}",
        f"เลิกใช้ / Stop and remove it: kill {hub.serving}; rm -r {data}",
    ):
        tell(line)
