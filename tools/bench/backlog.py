"""One province away, with thousands of letters waiting, comes back.

The letters are sent for real, and wait as they would after eight hours; then the
province empties its inbox as fast as its client can, over some connections, while the
other provinces go on sending and polling at the pace they had before. What counts is
that their answers take no longer than before.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tools.bench import letters
from tools.bench.cases import Measured, Post, settled
from tools.bench.hub import Hub
from tools.bench.offices import Line, Times, emptied, poll

_LINES = 8
"""Connections that the other provinces share; each does one thing at a time."""

_EACH = 0.05
"""Seconds that a waiting letter takes its province at most: for as long as all of
them take, the others have letters to send."""
_LEAST = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a backlog, and what the others do meanwhile."""

    waiting: int
    rate: float
    """Letters and as many polls a second, of all the others together."""
    calm: float
    """Seconds that the others are watched for before the province comes back."""


def pulled(hub: Hub, post: Post, plan: Plan, away: str) -> Measured:
    """Let a province that polls come back."""
    others = [code for code in post.receivers if code != away]
    back = Post(post.folder, post.senders, [away], made=post.made)
    waiting = back.prepare("waiting", 4096, plan.waiting)
    back.send(hub.address, waiting)
    waiting.unlink()
    post.made = back.made
    settled(hub)
    meanwhile = Post(post.folder, post.senders, others, made=post.made)
    count = int(plan.rate * (plan.calm + plan.waiting * _EACH + _LEAST))
    file = meanwhile.prepare("meanwhile", 4096, count)
    post.made = meanwhile.made
    requests = letters.read(file)
    file.unlink()
    return asyncio.run(_come_back(hub.address, plan, requests, others, away))


async def _come_back(
    address: str, plan: Plan, requests: list[bytes], others: Sequence[str], away: str
) -> Measured:
    before, during, own = Times(), Times(), Times()
    stop = asyncio.Event()
    requests.reverse()
    others_at_work = _Others(address, plan.rate, requests, others)
    async with asyncio.TaskGroup() as group:
        group.create_task(others_at_work.run(before, stop))
        await asyncio.sleep(plan.calm)
        stop.set()
    stop.clear()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(others_at_work.run(during, stop))
        line = Line(address)
        taken = await emptied(line, away, own)
        line.close()
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
