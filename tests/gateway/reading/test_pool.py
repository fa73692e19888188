import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from structlog.testing import capture_logs

from envelopes.errors import MalformedEnvelope, SignatureMissing
from gateway.reading import child as reading_child
from gateway.reading import pool as reading_pool
from gateway.reading import wire
from gateway.reading.child import MOST
from gateway.reading.pool import LEAST, ReadingPool
from gateway.web.errors import TemporarilyUnavailable
from gateway.workflow.reading import Asked, Told, tell
from tests.asked import OWN, POLL, asked
from tests.eventually import eventually
from tests.letters import a_letter, as_wire

ENDED = "reading process ended"
LONG = 30.0
"""Seconds in which a process surely is ready, whatever else the machine does."""


def a_request() -> Asked:
    return asked(as_wire(a_letter(), signed_by=OWN))


@asynccontextmanager
async def a_pool(count: int = 1) -> AsyncIterator[ReadingPool]:
    async with ReadingPool(count) as pool:
        await eventually(lambda: pool.ready == count, within=LONG, every=0.01)
        yield pool


async def halted(pool: ReadingPool, *requests: Asked) -> list[asyncio.Task[object]]:
    """Have a pool of one read, and its process stand still meanwhile."""
    (process,) = pool.processes
    os.kill(process, signal.SIGSTOP)
    tasks: list[asyncio.Task[object]] = [
        asyncio.create_task(pool.read(request)) for request in requests
    ]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in tasks)
    return tasks


def is_gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2]
    except FileNotFoundError:
        return True
    return state.split()[0] == "Z"


async def test_what_is_read_there_is_what_would_be_read_here() -> None:
    async with a_pool(2) as pool:
        requests = [a_request(), asked(POLL), asked(as_wire(a_letter()))]
        told = await asyncio.gather(*map(pool.read, requests * 20))
        with pytest.raises(MalformedEnvelope) as refused:
            await pool.read(asked(b"<no"))

    signed, poll, unsigned = told[:3]
    assert (signed, poll) == (tell(requests[0]), tell(requests[1]))
    assert unsigned is not None
    assert isinstance(unsigned.asks, SignatureMissing)
    assert all(answer == signed for answer in told[::3])
    assert refused.value.detail.startswith("libxml2 error")


async def test_what_is_small_or_large_is_read_here() -> None:
    pool = ReadingPool(1)
    assert not pool.takes(LEAST), "none is ready"
    async with a_pool() as pool:
        sizes = (LEAST - 1, LEAST, MOST - 1, MOST)
        assert [pool.takes(size) for size in sizes] == [False, True, True, False]
    assert not pool.takes(LEAST)


@contextmanager
def stopped(pool: ReadingPool) -> Iterator[None]:
    """Have its processes stand still."""
    for process in pool.processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in pool.processes:
            os.kill(process, signal.SIGCONT)


async def test_many_at_once_are_read_and_too_many_are_not_taken() -> None:
    async with a_pool() as pool:
        tasks = []
        # Else it might answer as fast as it is asked.
        with stopped(pool):
            while pool.takes(LEAST):
                assert len(tasks) < 1000
                tasks.append(asyncio.create_task(pool.read(a_request())))
                await asyncio.sleep(0)
        told = await asyncio.gather(*tasks)

        assert all(isinstance(one, Told) for one in told)
        assert pool.takes(LEAST)


async def test_a_process_that_is_killed_in_mid_letter_loses_nothing() -> None:
    with capture_logs() as log:
        async with a_pool() as pool:
            (process,) = pool.processes
            request = a_request()
            tasks = await halted(pool, request, a_request())
            os.kill(process, signal.SIGKILL)
            first, second = await asyncio.gather(*tasks)
            await eventually(lambda: pool.ready == 1, within=LONG, every=0.01)
            assert process not in pool.processes
            assert isinstance(await pool.read(a_request()), Told)

    assert first == tell(request), "another process read it"
    assert second is None, "nobody was there to read it: it is read here"
    (said,) = [line for line in log if line["event"] == ENDED]
    assert (said["process"], said["status"]) == (process, -signal.SIGKILL)


async def test_others_take_over_what_a_killed_one_was_given() -> None:
    async with a_pool(2) as pool:
        halted_one, _ = pool.processes
        os.kill(halted_one, signal.SIGSTOP)
        tasks = [asyncio.create_task(pool.read(a_request())) for _ in range(12)]
        await asyncio.sleep(0.1)
        os.kill(halted_one, signal.SIGKILL)

        assert all(isinstance(told, Told) for told in await asyncio.gather(*tasks))


async def test_a_letter_that_ends_two_processes_is_not_read_here() -> None:
    async with a_pool() as pool:
        (first,) = pool.processes
        (task,) = await halted(pool, a_request())
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: bool(pool.processes) and pool.processes != [first])
        (second,) = pool.processes
        os.kill(second, signal.SIGKILL)

        with pytest.raises(TemporarilyUnavailable):
            await task
        await eventually(lambda: pool.ready == 1, within=LONG, every=0.01)


async def test_a_process_that_stands_still_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading_child, "STUCK", 0.2)
    monkeypatch.setattr(reading_pool, "_GLANCE", 0.05)
    async with a_pool() as pool:
        (task,) = await halted(pool, a_request())

        assert isinstance(await task, Told)


async def test_without_processes_all_is_read_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with capture_logs() as log:
        async with ReadingPool(1) as pool:
            await eventually(lambda: bool(log))
            assert not pool.takes(LEAST)

    assert log[0]["event"] == "reading process not started"
    assert log[0]["detail"] == "No such file or directory"


async def test_one_that_never_becomes_ready_is_not_started_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with capture_logs() as log:
        async with ReadingPool(1):
            await eventually(lambda: bool(log))
            await asyncio.sleep(0.3)

    assert [line["event"] for line in log] == [ENDED]


async def test_a_mistake_of_ours_is_made_again_here() -> None:
    request = a_request()
    wrong = Asked(request.body, request.limits, "no dialect", request.given, request.at)
    async with a_pool() as pool:
        assert await pool.read(wrong) is None
        assert pool.ready == 1


@pytest.mark.parametrize(
    "said", [wire.answer(None), b"\0\0\0\1x", b"\xff\xff\xff\xff", b"\0" * 4]
)
async def test_one_that_says_what_it_never_says_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """As a process might that what it reads has taken over."""
    script = tmp_path / "evil"
    script.write_text(EVIL.format(python=sys.executable, said=wire.READY + said))
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    with capture_logs() as log:
        async with ReadingPool(1):
            if said.strip(b"\0"):
                await eventually(lambda: bool(log), within=LONG)
                assert log[0] == {
                    "event": ENDED,
                    "log_level": "warning",
                    "process": log[0]["process"],
                    "status": -signal.SIGKILL,
                }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_to_the_whole_group_do_not_end_it(number: int) -> None:
    async with a_pool() as pool:
        (process,) = pool.processes
        os.kill(process, number)

        assert isinstance(await pool.read(a_request()), Told)
        assert pool.processes == [process]


@dataclass(frozen=True)
class Seen:
    """What the system says of a process."""

    files: dict[int, str]
    environment: bytes
    name: str
    command: bytes

    @classmethod
    def of(cls, process: int) -> Self:
        place = Path(f"/proc/{process}")
        return cls(
            {int(one.name): str(one.readlink()) for one in (place / "fd").iterdir()},
            (place / "environ").read_bytes(),
            (place / "comm").read_text("ascii").strip(),
            (place / "cmdline").read_bytes(),
        )


@pytest.fixture
def inheritable() -> Iterator[int]:
    """A file that a careless child would inherit."""
    with Path("/dev/null").open("rb") as file:
        os.set_inheritable(file.fileno(), 1)  # type: ignore[arg-type]
        yield file.fileno()


async def test_it_has_nothing_of_the_hub(
    monkeypatch: pytest.MonkeyPatch, inheritable: int
) -> None:
    monkeypatch.setenv("PGPASSFILE", "/secret")
    monkeypatch.setenv("GATEWAY_DATA", "/secret")
    async with a_pool() as pool:
        seen = Seen.of(pool.processes[0])

    assert seen.files.keys() <= {0, 1, 2}
    assert inheritable not in seen.files
    assert seen.files[0].startswith("socket:")
    assert b"secret" not in seen.environment
    assert seen.name == "gateway-reading"
    assert b"gateway.reading.process" in seen.command


async def test_they_end_with_the_pool() -> None:
    async with a_pool(2) as pool:
        processes = pool.processes

    assert all(map(is_gone, processes))


EVIL = """#!{python} -I
import socket, time
connection = socket.socket(fileno=0)
connection.sendall({said!r})
time.sleep(60)
"""

PARENT = """
import asyncio
from gateway.reading.pool import ReadingPool

async def main():
    async with ReadingPool(2) as pool:
        while pool.ready < 2:
            await asyncio.sleep(0.01)
        print(*pool.processes, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_they_end_with_a_hub_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        processes = [int(word) for word in parent.stdout.readline().split()]
        assert len(processes) == 2
        parent.kill()

    deadline = time.monotonic() + 5
    while not all(map(is_gone, processes)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
