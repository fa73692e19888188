"""One province away, with thousands of letters waiting, comes back.

The letters are sent for real, and wait as they would after eight hours. Then the
province empties its inbox as fast as its client can, one message after another, or is
pushed to, while the others go on sending and polling at the pace they had. What counts
is that their answers take no longer than before.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tools.bench import letters
from tools.bench.cases import Measured, Post
from tools.bench.echo import webhook
from tools.bench.hub import Hub
from tools.bench.offices import Line, Times, emptied, poll

_LINES = 8
"""Connections that the other provinces share; each does one thing at a time."""

_EACH = 0.05
"""Seconds that a waiting letter takes its province at most: for as long as all of
them take, the others have letters to send."""
_LEAST = 5.0
_STARTING = 60.0
_GLANCE = 0.05
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a backlog, and what the others do meanwhile."""

    waiting: int
    rate: float
    """Letters and as many polls a second, of all the others together."""
    calm: float
    """Seconds that the others are watched for before the province comes back."""


Drain = Callable[[Times], Awaitable[int]]
"""Lets the province come back; returns how many letters it got."""


def pulled(hub: Hub, post: Post, plan: Plan, away: str) -> Measured:
    """Let a province that polls come back."""

    async def drain(times: Times) -> int:
        line = Line(hub.address)
        try:
            return await emptied(line, away, times)
        finally:
            line.close()

    _fill(hub, post, plan, away)
    return _measured(hub, post, plan, away, drain)


def pushed(hub: Hub, post: Post, plan: Plan, away: str) -> Measured:
    """Let a province come back to which the hub pushes; it was paused meanwhile."""
    with webhook() as (port, came):

        async def drain(times: Times) -> int:
            began = time.perf_counter()
            await asyncio.to_thread(_ordered, hub, "resume", away)
            while came.value < plan.waiting:
                if time.perf_counter() - began > plan.waiting * _EACH + _STARTING:
                    break
                await asyncio.sleep(_GLANCE)
            times.by_kind["whole"] = [time.perf_counter() - began]
            return int(came.value)

        place = f"http://127.0.0.1:{port}/"
        how = ("--network", "127.0.0.0/8", "--any-order")
        _ordered(hub, "set", away, "webhook", place, *how)
        _ordered(hub, "pause", away)
        _fill(hub, post, plan, away)
        return _measured(hub, post, plan, away, drain)


def _fill(hub: Hub, post: Post, plan: Plan, away: str) -> None:
    """Send what waits for the province, and see it lie in its inbox."""
    alone = Post(post.folder, post.senders, [away], made=post.made)
    file = alone.prepare("waiting", 4096, plan.waiting)
    alone.send(hub.address, file)
    file.unlink()
    post.made = alone.made
    hub.reaches(
        f"SELECT count(*) FROM inbox_entry WHERE organization = '{away}'",  # noqa: S608
        plan.waiting,
        _PATIENCE,
    )


def _measured(hub: Hub, post: Post, plan: Plan, away: str, drain: Drain) -> Measured:
    others = [code for code in post.receivers if code != away]
    meanwhile = Post(post.folder, post.senders, others, made=post.made)
    count = int(plan.rate * (plan.calm + plan.waiting * _EACH + _LEAST))
    file = meanwhile.prepare("meanwhile", 4096, count)
    post.made = meanwhile.made
    requests = letters.read(file)
    file.unlink()
    requests.reverse()
    work = _Others(hub.address, plan.rate, requests, others)
    return asyncio.run(_come_back(work, plan, drain))


async def _come_back(others: "_Others", plan: Plan, drain: Drain) -> Measured:
    before, during, own = Times(), Times(), Times()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(others.run(before, stop))
        await asyncio.sleep(plan.calm)
        stop.set()
    stop.clear()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(others.run(during, stop))
        taken = await drain(own)
        stop.set()
    seconds = time.perf_counter() - began
    return {
        "waiting": taken,
        "drained_seconds": seconds,
        "drained_per_second": taken / seconds,
        "others_per_second": 2 * plan.rate,
        "others_before_ms": before.quantiles(),
        "others_during_ms": during.quantiles(),
        "own_ms": own.quantiles(),
    }


def _ordered(hub: Hub, what: str, code: str, *words: str) -> None:
    """Give an operator's order about an endpoint."""
    command = [sys.executable, "-m", "gateway", "directory", "endpoint", what, code]
    subprocess.run(
        [
            *(*command, *words, "--data", str(hub.data)),
            *("--by", "bench", "--reason", "bench", "--json"),
        ],
        env={**os.environ, **hub.engine.settings},
        check=True,
        capture_output=True,
    )


class _Others:
    """The other provinces: letters and polls at an even pace."""

    def __init__(
        self, address: str, rate: float, requests: list[bytes], codes: Sequence[str]
    ) -> None:
        self._address = address
        self._rate = rate
        self._requests = requests
        self._codes = codes
        self._turn = 0

    async def run(self, times: Times, stop: asyncio.Event) -> None:
        """Go on until told to stop."""
        lanes = [self._lane(times, stop, number) for number in range(_LINES)]
        await asyncio.gather(*lanes)

    async def _lane(self, times: Times, stop: asyncio.Event, number: int) -> None:
        line = Line(self._address)
        distance = _LINES / self._rate
        due = time.perf_counter() + distance * number / _LINES
        try:
            while not stop.is_set():
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                due += distance
                if self._requests:
                    await times.of("letter", line, self._requests.pop())
                self._turn += 1
                code = self._codes[self._turn % len(self._codes)]
                await times.of("poll", line, poll(code))
        finally:
            line.close()
