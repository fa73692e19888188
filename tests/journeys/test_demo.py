"""The main job: a circular to many provinces, and one stamped number from each."""

import json
import os
import signal
import subprocess
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from gateway.bootstrap import DEMO_KEYS
from gateway.cli.demo_hub import HubProcess
from gateway.cli.demo_registers import HubRegisters
from gateway.domain.register import BANGKOK
from gateway.simulation import circular, csharp
from gateway.simulation.http import line
from gateway.simulation.ministry import Ministry, Sent
from gateway.simulation.net import Net, play
from gateway.simulation.provinces import PROVINCES, System, some
from gateway.simulation.signing import Signer
from tests.journeys.conftest import gateway


async def test_a_circular_to_nine_provinces(hub: HubProcess) -> None:
    """Three of each kind; C# confirms before it numbers, BOI never does."""
    steps: Counter[str] = Counter()

    def tell(step: str) -> None:
        steps[step] += 1

    returned = await play(
        Net(
            base=hub.base,
            provinces=some(9),
            signer=signer(hub),
            now=lambda: datetime.now(BANGKOK),
            register_at_hub=HubRegisters(hub.data, tell),
            tell=tell,
        )
    )

    assert all(one.complete for one in returned)
    by_hub = [r.numbers[0].accept_id for r in returned if not r.given]
    year = datetime.now(BANGKOK).year + 543
    assert by_hub == [f"1/{year}"] * 3
    assert steps == {
        "sent": 9,
        "saved": 6,
        "confirmed": 3,
        "numbered": 9,
        "arrived": 3,
        "returned": 9,
    }


async def test_a_ministry_that_starts_over_is_told_the_same(hub: HubProcess) -> None:
    """One letter with nine consignments, however often it is sent and signed."""
    first, again = await sent(hub), await sent(hub)

    assert {code: row.process_id for code, row in first.items()} == {
        code: row.process_id for code, row in again.items()
    }
    listed = gateway("letters", "list", "--json", "--data", str(hub.data))
    (letter,) = json.loads(listed.stdout)
    assert letter["number"] == circular.NUMBER


async def sent(hub: HubProcess) -> dict[str, Sent]:
    async with line(hub.base, circular.MINISTRY, csharp.CONTENT_TYPE) as own:
        ministry = Ministry(own, hub.base, signer(hub), lambda: datetime.now(BANGKOK))
        await ministry.send(some(9), lambda _step: None)
        return ministry.sent


def signer(hub: HubProcess) -> Signer:
    keys = hub.data / DEMO_KEYS / circular.MINISTRY
    return Signer.of_pem(
        keys.with_suffix(".key").read_bytes(), keys.with_suffix(".crt").read_bytes()
    )


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    return gateway("demo", "--json")


def test_the_demo_ends_with_75_numbers(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stderr
    told = json.loads(demo.stdout)

    assert told["adds_up"] is True
    assert told["numbers"] == told["taken"] == 75
    assert told["books_balance"] is True
    assert told["findings"] == []
    assert {p["organization"] for p in told["provinces"]} == {
        province.code for province in PROVINCES
    }
    assert all(len(p["numbers"]) == 1 for p in told["provinces"])
    assert Counter(p["system"] for p in told["provinces"]) == {
        System.CSHARP: 38,
        System.BOI: 13,
        System.NONE: 24,
    }


def test_the_demo_leaves_nothing_behind(demo: subprocess.CompletedProcess[str]) -> None:
    (folder,) = [Path(word) for word in demo.stderr.split() if "gateway-demo-" in word]

    assert not folder.exists()


def test_in_a_pipe_each_province_is_one_line_and_the_hub_can_stay(
    tmp_path: Path,
) -> None:
    kept = gateway("demo", "--keep", TMPDIR=str(tmp_path))
    folder = next(Path(w) for w in kept.stderr.split() if "gateway-demo-" in w)
    serving = json.loads((folder / "serve.json").read_text("utf-8"))

    try:
        assert kept.returncode == 0, kept.stderr
        rows = [line.split("\t") for line in kept.stdout.splitlines()[:75]]
        assert [row[1] for row in rows] == [province.name for province in PROVINCES]
        assert all(len(row) == 6 for row in rows)
        year = str(datetime.now(BANGKOK).year + 543)
        assert all(year in row[2] and year in row[3] for row in rows)
        assert serving["listen"] in kept.stderr
        tracked = gateway("letters", "track", circular.NUMBER, "--data", str(folder))
        assert tracked.returncode == 0, tracked.stderr
        assert "เชียงใหม่" in tracked.stdout
    finally:
        os.kill(serving["pid"], signal.SIGTERM)
