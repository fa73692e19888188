"""A demo hub in a process of its own, and clients that speak to it over HTTP."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.cli.demo_hub import HubProcess
from tests.journeys.brokers import embedded
from tests.journeys.callers import Net


def gateway(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the hub's command line."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def new_hub(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return what makes a fresh data directory of a demo hub."""
    template = tmp_path_factory.mktemp("hub") / "template"
    made = gateway("init", "--demo", "--data", str(template))
    assert made.returncode == 0, made.stderr

    def new() -> Path:
        data = tmp_path_factory.mktemp("hub") / "data"
        shutil.copytree(template, data)
        return data

    return new


@pytest.fixture(scope="module")
def hub(
    request: pytest.FixtureRequest, new_hub: Callable[[], Path]
) -> Iterator[HubProcess]:
    """A running hub; in the end its books have to balance.

    Its broker is the embedded one, unless the module asks for others (`ON_BROKERS`).
    """
    with getattr(request, "param", embedded)() as settings:
        process = HubProcess(new_hub())
        (process.data / "gateway.toml").write_text(settings, "utf-8")
        process.start()
        yield process
        process.stop()
        checked = gateway("check", "books", "--data", str(process.data))
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def net(hub: HubProcess) -> Net:
    """Offices of the hub that no other test of the module has used."""
    return Net(hub.base)
