"""The offices without a system: a clerk registers their letter in the hub's books."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.bootstrap import Hub, open_hub
from gateway.config import load
from gateway.domain.inbox import Carries
from gateway.domain.register import Book, buddhist_year
from gateway.simulation.provinces import Province
from gateway.store.errors import StoreError
from gateway.workflow.register import register

CLERK: Final = "นางสาวสมมุติ ทะเบียนดี"
"""Who enters the letters of these offices; invented."""

_GLANCE: Final = 0.1


class HubRegisters:
    """Registers by the same verb as `gateway inbox register`, beside the serving hub.

    It works on the data directory in a process of its own, and goes on while the hub
    is down: what it promises waits for the hub's next start. A clerk who begins again
    gives no second number.
    """

    def __init__(self, data: Path, tell: Callable[[str], None]) -> None:
        self._data = data
        self._tell = tell

    async def __call__(self, provinces: Sequence[Province]) -> None:
        """Enter the letter of each office, once it lies in its inbox."""
        async with open_hub(load(self._data)) as hub:
            for province in provinces:
                await self._register(hub, OrganizationCode.parse(province.code))
                self._tell("numbered")

    async def _register(self, hub: Hub, office: OrganizationCode) -> None:
        while True:
            try:
                if await self._entered(hub, office):
                    return
            except StoreError as error:
                if not error.temporary:
                    raise
            await asyncio.sleep(_GLANCE)

    async def _entered(self, hub: Hub, office: OrganizationCode) -> bool:
        for line in await hub.store.views.inbox(office):
            if line.entry.carries is Carries.LETTER:
                await register(hub.work, office, line.entry.process_id, by=CLERK)
                return True
        year = buddhist_year(hub.work.clock.now())
        return bool(await hub.store.views.register(office, Book.RECEIVED, year))
