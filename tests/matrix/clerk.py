"""A clerk in a process of its own, who stops where `GATEWAY_STOP_AT` says.

    python -m tests.matrix.clerk DATA OFFICE …

Enters each letter that comes into these offices' inboxes in the hub's own books,
by the verb of `gateway inbox register`, until it is killed.
"""

import asyncio
import sys
from pathlib import Path

from envelopes.letter import OrganizationCode
from gateway import steps
from gateway.bootstrap import Hub, open_hub
from gateway.cli.demo_registers import CLERK
from gateway.config import load
from gateway.domain.inbox import Carries
from gateway.store.errors import StoreError
from gateway.workflow.register import register

_GLANCE = 0.1


async def main(data: Path, codes: list[str]) -> None:
    """Work until killed; what another process did meanwhile is looked at again."""
    async with open_hub(load(data)) as hub:
        while True:
            for code in codes:
                try:
                    await enter_all(hub, OrganizationCode.parse(code))
                except StoreError as error:
                    if not error.temporary:
                        raise
            await asyncio.sleep(_GLANCE)


async def enter_all(hub: Hub, office: OrganizationCode) -> None:
    """Enter what waits in one inbox."""
    for line in await hub.store.views.inbox(office):
        if line.entry.carries is Carries.LETTER:
            await register(hub.work, office, line.entry.process_id, by=CLERK)


if __name__ == "__main__":
    steps.arm(demo=True)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
