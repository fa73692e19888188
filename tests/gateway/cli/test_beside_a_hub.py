import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.main import main


def test_commands_work_while_a_hub_serves_the_same_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "hub")
    assert main(["init", "--demo", "--data", data]) == 0
    capsys.readouterr()
    command = ["serve", "--listen", "127.0.0.1:0", "--json", "--data", data]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "gateway", *command],
            stdout=subprocess.PIPE,
            stderr=log,
        ) as hub,
    ):
        try:
            assert hub.stdout is not None
            address = json.loads(hub.stdout.readline())["address"]

            assert main(["check", "--json", "--data", data]) == 0
            report = json.loads(capsys.readouterr().out)
            serving = next(c for c in report["checks"] if c["name"] == "serving")
            assert serving["found"] == f"{address}, process {hub.pid}"
            assert main(["directory", "list", "--data", data]) == 0
            assert len(capsys.readouterr().out.splitlines()) == 76
            assert main(["check", "books", "--data", data]) == 0
            twin = subprocess.run(
                [sys.executable, "-m", "gateway", *command],
                capture_output=True,
                text=True,
                check=False,
            )
            assert twin.returncode == 2
            assert "another process serves" in twin.stdout

            hub.send_signal(signal.SIGTERM)
            assert hub.wait(15) == 0
        finally:
            hub.kill()


def test_who_stops_reading_gets_no_traceback(tmp_path: Path) -> None:
    data = str(tmp_path / "hub")
    assert main(["init", "--demo", "--data", data]) == 0
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "gateway", "directory", "list", "--data", data],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert done.stderr == ""
    assert done.returncode == 1
