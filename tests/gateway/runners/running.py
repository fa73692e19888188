"""What the tests of the runners share: running one, and time that does not pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from tests.eventually import SOON


class Runs(Protocol):
    async def run(self) -> None: ...


class Pauses:
    """Time that passes at once; `seconds` tells how much of it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, stop: asyncio.Event, seconds: float) -> None:
        assert not stop.is_set()
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def running(runner: Runs, stop: asyncio.Event) -> AsyncIterator[None]:
    """Run it inside, tell it to stop at the end, and wait for it."""
    async with asyncio.timeout(SOON), asyncio.TaskGroup() as group:
        group.create_task(runner.run())
        try:
            yield
        finally:
            stop.set()
