"""`gateway demo` while somebody kills its hub, and starts it again by hand."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GATEWAY = (sys.executable, "-m", "gateway")


def begun(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a demo whose fresh folder lies in `folder`."""
    return subprocess.Popen(
        (*GATEWAY, "demo", "--json"),
        env={**os.environ, "TMPDIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo_ends_with_75_numbers_all_the_same(tmp_path: Path) -> None:
    demo = begun(tmp_path)
    data, serving = hub_at_work(tmp_path)

    os.kill(serving["pid"], signal.SIGKILL)
    again = subprocess.Popen(
        (*GATEWAY, "serve", "--data", str(data), "--listen", serving["listen"]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    out, told = demo.communicate()
    still_there = again.poll() is None
    again.terminate()
    again.wait()

    assert demo.returncode == 0, told
    assert json.loads(out)["numbers"] == 75
    assert f"gateway serve --data {data}" in told
    # It is not the demo's to stop.
    assert still_there
    assert data.exists()


def test_a_hub_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    demo = begun(tmp_path, GATEWAY_STOP_AT="nowhere")
    out, told = demo.communicate()

    assert demo.returncode == 1
    assert json.loads(out)["adds_up"] is False
    assert "GATEWAY_STOP_AT" in told
    assert "Kept for looking at" in told
    (kept,) = tmp_path.glob("gateway-demo-*")
    assert (kept / "hub.log").exists()


def hub_at_work(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Wait until the demo's hub has taken some letters."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for log in folder.glob("gateway-demo-*/hub.log"):
            if log.read_text("utf-8").count("letter accepted") > 9:
                serving = json.loads((log.parent / "serve.json").read_text("utf-8"))
                return log.parent, serving
    raise AssertionError("the hub took no letters")
