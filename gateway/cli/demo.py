"""`gateway demo`: one circular to 75 provinces, and 75 stamped numbers back.

A real hub in a process of its own, the net played over real HTTP, the registers of
the offices without a system kept by the hub. Everything lies in a folder of its own,
which is removed at the end unless it is to be kept or something did not add up.
"""

import asyncio
import json
import shutil
import sys
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
from gateway.cli.demo_report import PIPED_WIDTH, Result, for_programs, show
from gateway.config import load
from gateway.domain.register import BANGKOK
from gateway.simulation import circular
from gateway.simulation.errors import SimulationError
from gateway.simulation.http import PATH
from gateway.simulation.net import Net, play
from gateway.simulation.provinces import PROVINCES, Province, System
from gateway.simulation.signing import Signer
from gateway.store.books import check_books

_PATIENCE: Final = 10.0
_LIMIT: Final = 60.0


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
    told = Console(stderr=True)
    data = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    hub = HubProcess(data)
    kept = keep
    try:
        result = _play(hub, told, started)
    except (HubDied, SimulationError, OSError) as error:
        kept = True
        _say_what_failed(hub, error, told)
        hub.stop()
        return False
    else:
        _show(result, as_json=as_json)
        if keep:
            _say_what_next(hub, told)
        else:
            hub.stop()
        if not result.adds_up:
            kept = True
            told.print(f"Kept for looking at: {data}", soft_wrap=True)
        return result.adds_up
    finally:
        if not kept:
            hub.kill()
            shutil.rmtree(data, ignore_errors=True)


def _play(hub: HubProcess, told: Console, started: float) -> Result:
    told.print(f"A fresh hub in {hub.data} …", soft_wrap=True, highlight=False)
    asyncio.run(init(load(hub.data), demo=True))
    hub.start()
    told.print(f"It listens on {hub.base}", highlight=False)
    provinces = PROVINCES
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=told,
    ) as progress:
        lines = {
            bar.step: progress.add_task(bar.words, total=bar.total)
            for bar in bars(provinces)
        }

        def tell(step: str) -> None:
            if step in lines:
                progress.advance(lines[step])

        net = Net(
            base=hub.base,
            provinces=provinces,
            signer=_signer(hub.data),
            now=lambda: datetime.now(BANGKOK),
            register_at_hub=HubRegisters(hub.data, tell),
            tell=tell,
            patience=_PATIENCE,
            limit=_LIMIT,
        )
        return asyncio.run(_play_and_check(hub, net, started))


async def _play_and_check(hub: HubProcess, net: Net, started: float) -> Result:
    returned = await play(net)
    async with open_hub(load(hub.data)) as opened:
        books = await check_books(opened.store.reading, opened.store.vault)
    return Result(returned=returned, books=books, seconds=time.monotonic() - started)


def _signer(data: Path) -> Signer:
    """Take the ministry's throw-away key, which `init --demo` made."""
    keys = data / DEMO_KEYS
    return Signer.of_pem(
        (keys / f"{circular.MINISTRY}.key").read_bytes(),
        (keys / f"{circular.MINISTRY}.crt").read_bytes(),
    )


def _show(result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(for_programs(result), ensure_ascii=False))  # noqa: T201
        return
    piped = not sys.stdout.isatty()
    show(result, Console(width=PIPED_WIDTH if piped else None))


def _say_what_failed(hub: HubProcess, error: Exception, told: Console) -> None:
    told.print(f"The demo did not come to its end: {error}", soft_wrap=True)
    if hub.ended:
        told.print("The hub has ended. The end of its log:")
    told.print(hub.log_tail(), soft_wrap=True, markup=False, highlight=False)
    told.print(f"Kept for looking at: {hub.data}", soft_wrap=True)


def _say_what_next(hub: HubProcess, told: Console) -> None:
    data = hub.data
    for line in (
        "",
        f"The hub goes on running on {hub.base}, process {hub.pid}.",
        f"Its data lies in {data}. Try next:",
        f'  gateway letters track "{circular.NUMBER}" --data {data}',
        f"  gateway registers show 1500200013 --data {data}",
        f"  gateway inbox list 1500200050 --data {data}",
        f"  gateway check books --data {data}",
        f"An old client finds Chiang Mai's node at {hub.base}"
        + PATH.format(organization="1500200050"),
        f"Stop it: kill {hub.pid}; then remove it: rm -r {data}",
    ):
        told.print(line, soft_wrap=True, markup=False, highlight=False)
