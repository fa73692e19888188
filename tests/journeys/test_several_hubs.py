"""Several processes of one hub, on one machine and on two, over real HTTP."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.config import FILE
from gateway.presence import running
from gateway.simulation.letter import ACCEPT, Letter, Notifier
from tests import rabbit
from tests.journeys.callers import Net
from tests.journeys.conftest import gateway, on_postgresql
from tests.processes import Process

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data directory of a demo hub on PostgreSQL and RabbitMQ."""
    with rabbit.fresh() as broker, on_postgresql(tmp_path) as made:
        with (made / FILE).open("a", encoding="utf-8") as file:
            file.write(f'broker_url = "{broker.url}"\n')
        yield made
        checked = gateway("check", "books", "--data", str(made))
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    """What ends all processes of a test."""
    with ExitStack() as stack:
        yield stack


def started(stack: ExitStack, data: Path, *command: str) -> Process:
    process = Process(data, *command)
    stack.callback(process.kill)
    process.start()
    return process


async def exchange(sending: str, receiving: str) -> None:
    """A letter goes in by one door and out by another; its number comes back."""
    there, here = Net(sending), Net(receiving)
    sender, receiver = there.pair()
    elsewhere = here.office(receiver.code)
    letter = there.letter(sender, receiver)
    await sender.send(letter)

    pulled = await elsewhere.take()

    assert pulled.content == letter
    await elsewhere.notify(ACCEPT, letter, "1/2569")
    told = (await here.office(sender.code).take()).content
    assert isinstance(told, Notifier)
    assert told.accept_id == "1/2569"


async def test_doors_and_workers_of_one_directory(
    data: Path, processes: ExitStack
) -> None:
    """Two doors without runners and a worker serve one hub; each ends by itself."""
    first = started(processes, data, "serve", "--door-only")
    second = started(processes, data, "serve", "--door-only")
    worker = started(processes, data, "work")

    await exchange(first.base, second.base)

    assert {one["pid"] for one in running(data).values()} == {
        first.pid,
        second.pid,
        worker.pid,
    }
    told = gateway("check", "--json", "--data", str(data))
    serving = next(
        one for one in json.loads(told.stdout)["checks"] if one["name"] == "serving"
    )
    assert str(worker.pid) in serving["found"]
    upgrade = gateway("database", "upgrade", "--data", str(data), "--by", "สมศรี")
    assert upgrade.returncode == 2, upgrade.stdout
    assert "another process serves" in upgrade.stderr
    assert [process.stop() for process in (worker, second, first)] == [0, 0, 0]
    assert running(data) == {}


async def test_without_a_worker_letters_wait(data: Path, processes: ExitStack) -> None:
    """A door alone takes letters into custody; who comes later moves them."""
    door = started(processes, data, "serve", "--door-only")
    net = Net(door.base)
    sender, receiver = net.pair()
    letters = [net.letter(sender, receiver) for _ in range(3)]
    for letter in letters:
        await sender.send(letter)
    assert await receiver.poll() is None

    started(processes, data, "work")

    pulled = [(await receiver.take()).content for _ in letters]
    assert all(isinstance(one, Letter) for one in pulled)
    assert {one.number for one in pulled if isinstance(one, Letter)} == {
        letter.number for letter in letters
    }


async def test_two_machines(data: Path, processes: ExitStack, tmp_path: Path) -> None:
    """A second machine has a data directory of its own: keys, settings, the vault."""
    other = tmp_path / "other"
    shutil.copytree(data, other, ignore=shutil.ignore_patterns("vault", "serve*"))
    if (data / "vault").exists():
        (other / "vault").symlink_to(data / "vault")
    first = started(processes, data, "serve")
    second = started(processes, other, "serve")

    await asyncio.gather(
        exchange(first.base, second.base), exchange(second.base, first.base)
    )
