"""The benchmark runs, and says what it promises; never how fast anything is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.bench import durable, engines
from tools.bench.generator import quantile
from tools.bench.page import page, size_of
from tools.bench.syncs import built

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


def run(folder: Path, engine: str) -> dict[str, Any]:
    subprocess.run(
        [
            *(sys.executable, "-m", "tools.bench", "--quick"),
            *("--engine", engine, "--out", str(folder)),
        ],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    return json.loads((folder / "bench.json").read_text("utf-8"))


def expect_all(report: dict[str, Any], name: str) -> None:
    found = report["engines"][name]
    for one in found["accept"]:
        assert one["accepted_per_second"] >= one["in_inbox_per_second"] > 0
        assert one["hub_processor_ms_until_settled"] > 0
    assert found["circular"]["files_kept"] == 4
    for way in ("pull", "push"):
        assert found["backlog"][way]["waiting"] >= 12
        assert {"letter", "poll"} == set(found["backlog"][way]["others_during_ms"])
    assert [one["letters"] for one in found["memory"]] == [1, 2]
    assert found["round_trips"]["letters"] == 8
    assert found["paced"]["receipt_signed_ms"]["p50"] > 0
    assert any(name.startswith("gateway") for name in found["profile"]["packages"])
    assert all(one["found"] == one["expected"] for one in report["durable"])
    assert {"parse", "verify", "commit"} <= set(report["blocks"][0]["ms"])


@pytest.mark.timeout(600)
def test_everything_is_measured_on_files(tmp_path: Path) -> None:
    """Each case runs on the embedded engine, and the page has all its chapters."""
    report = run(tmp_path, "embedded")

    expect_all(report, engines.EMBEDDED)
    assert report["command"] == "python -m tools.bench --quick --engine embedded"
    assert (tmp_path / "bench.md").read_text("utf-8") == page(report)
    if built(tmp_path) is not None:
        assert report["engines"][engines.EMBEDDED]["slow"]["syncs_per_letter"] > 0


def test_settings_that_do_not_sync_end_it() -> None:
    """A setting that is off is an error, and not a remark beside good numbers."""
    off = durable.Setting("PostgreSQL: fsync", "off", "on")
    on = durable.Setting("PostgreSQL: fsync", "on", "on")

    with pytest.raises(durable.NotDurableError):
        durable.all_on([on, off])

    assert durable.all_on([on]) == [on]


def test_quantiles_are_values_that_were_measured() -> None:
    """A quantile is one of the values, never one between two of them."""
    values = [float(n) for n in range(100)]

    assert quantile(values, 0.5) == 50.0
    assert quantile(values, 0.99) == 99.0
    assert quantile([3.0], 0.99) == 3.0


def test_sizes_are_written_as_one_reads_them() -> None:
    """Bytes are told in the unit that needs few digits."""
    assert [size_of(n) for n in (4096, 102400, 1 << 20)] == [
        "4 KiB",
        "100 KiB",
        "1 MiB",
    ]
