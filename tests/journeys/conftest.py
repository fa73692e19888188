"""A demo hub in a process of its own, and clients that speak to it over HTTP."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TypeAlias

import pytest

from gateway.cli.demo_hub import HubProcess
from gateway.config import FILE
from tests import postgresql
from tests.conftest import DATABASES
from tests.journeys.brokers import embedded
from tests.journeys.callers import Net

Fresh: TypeAlias = Callable[[], AbstractContextManager[Path]]
"""Makes a data directory of a demo hub that nobody has used."""

on_every_database = pytest.mark.parametrize(
    "fresh", DATABASES, indirect=True, scope="module"
)
"""Runs the journeys of a module on a hub on each database."""


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


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Path]:
    """Make a demo hub on a PostgreSQL server; gives its data directory."""
    with postgresql.empty() as name:
        url, data = postgresql.url_of(name), folder / "data"
        made = gateway(
            *("init", "--demo", "--data", str(data)), GATEWAY_DATABASE_URL=url
        )
        assert made.returncode == 0, made.stderr
        (data / FILE).write_text(f'database_url = "{url}"\n', "utf-8")
        yield data


@pytest.fixture(scope="module")
def fresh(
    request: pytest.FixtureRequest,
    new_hub: Callable[[], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Fresh:
    """Return what makes a fresh hub, on the database `on_every_database` asks for."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return lambda: nullcontext(new_hub())
    return lambda: on_postgresql(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def hub(request: pytest.FixtureRequest, fresh: Fresh) -> Iterator[HubProcess]:
    """A running hub; in the end its books have to balance.

    Its broker is the embedded one, unless the module asks for others (`ON_BROKERS`).
    """
    with fresh() as data, getattr(request, "param", embedded)() as settings:
        with (data / FILE).open("a", encoding="utf-8") as file:
            file.write(settings)
        process = HubProcess(data)
        process.start()
        yield process
        process.stop()
        checked = gateway("check", "books", "--data", str(process.data))
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def net(hub: HubProcess) -> Net:
    """Offices of the hub that no other test of the module has used."""
    return Net(hub.base)
