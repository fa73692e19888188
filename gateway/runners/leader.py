"""Lets a runner run in one process of the hub at a time.

Several processes would do the same work several times over, and undo all but one of
it. Which of them leads in a duty is settled by `leads`; the others ask again until it
is free. A process that loses the lead, because its connection broke, has its runner
end what it began: whatever runs here must be safe beside another of its kind.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from gateway.runners.runner import Pause, pause

INTERVAL: Final = 5.0
"""Seconds between two questions: nobody does the work of a process that died for as
long as that, and nobody waits for what one process at a time does."""


class Leads(Protocol):
    """What settles who leads."""

    async def leads(self, duty: str) -> bool:
        """Say whether this process leads in a duty, and take the lead if nobody has."""


class Led(Protocol):
    """A runner that is led."""

    async def run(self) -> None:
        """Run until told to stop; what was begun is finished first."""


class Leader:
    """Runs a runner while this process leads in its duty."""

    def __init__(
        self,
        name: str,
        make: Callable[[asyncio.Event], Led],
        store: Leads,
        *,
        stop: asyncio.Event,
        pause: Pause = pause,
    ) -> None:
        """Take what makes the runner; the event it is given tells it to stop."""
        self.name = name
        self._make = make
        self._store = store
        self._stop = stop
        self._pause = pause

    async def run(self) -> None:
        """Run until `stop` is set; raises what the runner ended with."""
        while not self._stop.is_set():
            if await self._store.leads(self.name):
                await self._lead()
            else:
                await self._pause(self._stop, INTERVAL)

    async def _lead(self) -> None:
        over = asyncio.Event()
        watching = asyncio.ensure_future(self._watch(over))
        try:
            await self._make(over).run()
            # One that has nothing to do here is not asked again and again.
            await over.wait()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, over: asyncio.Event) -> None:
        """Say that it is over when this process is to stop, or leads no more."""
        try:
            while not self._stop.is_set() and await self._store.leads(self.name):
                await self._pause(self._stop, INTERVAL)
        finally:
            over.set()
