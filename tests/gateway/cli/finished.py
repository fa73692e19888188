"""A hub for commands on which one letter has come to its end, and two have not."""

import asyncio
from pathlib import Path

from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.workflow.collect import confirm, look
from tests.gateway.store.hub import MINISTRY


def finish(data: Path) -> None:
    """Let the sender of the circular fetch all that it is told."""

    async def fetch() -> None:
        async with open_hub(load(data)) as hub:
            while shown := await look(hub.work, MINISTRY):
                await confirm(hub.work, MINISTRY, shown.process_id)

    asyncio.run(fetch())
