"""Clerks in a process that is killed, for offices without a system of their own.

They enter letters in the hub's books; what stands in a book at the end is what its
office holds.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.register import Book, buddhist_year
from gateway.simulation.letter import Letter
from gateway.steps import VARIABLE
from tests.matrix.engines import Site
from tests.matrix.traffic import Counts, Seen

_GLANCE = 0.2


class Clerks:
    """Registers in a process of its own, started again whenever it died."""

    def __init__(self, site: Site, stops: tuple[str, ...]) -> None:
        self._site = site
        self.stops = list(stops)
        self.deaths: list[str] = []

    async def __call__(self, seen: Seen, counts: Counts) -> None:
        """Register until cancelled; then read what stands in the books."""
        codes = sorted({lane.receiver for lane in seen.lanes})
        try:
            while True:
                await self._work(codes)
        finally:
            for code in codes:
                seen.received[code] = await self._book(code, seen)
                counts.received += len(seen.received[code])

    async def _work(self, codes: list[str]) -> None:
        """Run one process until it dies, or until cancelled."""
        stop = self.stops.pop(0) if self.stops else ""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.matrix.clerk", self._site.data, *codes),
            env={**os.environ, **({VARIABLE: stop} if stop else {})},
        )
        try:
            if await process.wait() != -signal.SIGKILL:
                raise RuntimeError(f"the clerk ended with {process.returncode}")
            self.deaths.append(stop)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        # One that does not start is not to be started without a pause.
        await asyncio.sleep(_GLANCE)

    async def _book(self, code: str, seen: Seen) -> list[tuple[str, Letter]]:
        sent = {x.number: x for lane in seen.lanes for x in lane.letters}
        year = buddhist_year(datetime.now(UTC))
        office = OrganizationCode.parse(code)
        async with open_hub(load(self._site.data)) as hub:
            lines = await hub.store.views.register(office, Book.RECEIVED, year)
        return [
            (str(x.registration.id), sent[x.letter.letter_id.number]) for x in lines
        ]
