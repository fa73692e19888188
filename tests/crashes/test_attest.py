"""A notary killed between signing and keeping: each fact ends with one receipt."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.bootstrap import open_hub
from gateway.cli import receipts_check
from gateway.cli.receipts_check import Checked
from gateway.config import load
from gateway.steps import VARIABLE
from tests.crashes.unsteady import Unsteady
from tests.doubles.clock import HandClock
from tests.gateway.store.hub import CHIANG_MAI, CIRCULAR, LOEI, Hub, to

Make = Callable[[Sequence[str]], Unsteady]
NOTARY = Path(__file__).with_name("notary.py")


def attest(data: Path, stop: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({VARIABLE: stop} if stop else {})}
    return subprocess.run(
        [sys.executable, NOTARY, data],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


async def checked(data: Path) -> Checked:
    async with open_hub(load(data)) as hub:
        return await receipts_check.look(hub, lambda _done, _total: None)


@pytest.mark.parametrize(
    ("stop", "kept"), [("attest:signed#1", 0), ("attest:after-commit#1", 2)]
)
async def test_a_restart_goes_on_where_it_died(
    unsteady: Make, stop: str, kept: int
) -> None:
    data = unsteady([]).data
    async with open_hub(load(data)) as opened:
        hub = Hub(opened.work, opened.store, HandClock())
        for receiver in (CHIANG_MAI, LOEI):
            await hub.send(to(receiver, CIRCULAR), signed=False)

    died = attest(data, stop)
    between = await checked(data)
    again = attest(data)
    after = await checked(data)
    done = attest(data)

    assert died.returncode == -signal.SIGKILL
    assert (between.backlog.made, between.backlog.waiting) == (kept, 2 - kept)
    assert (again.returncode, again.stdout) == (0, f"{2 - kept}\n"), again.stderr
    assert (after.backlog.made, after.backlog.waiting) == (2, 0)
    assert after.findings == []
    assert done.stdout == "0\n"
