"""A replayer and a router beside the hub, in a process that may be told to die."""

import asyncio
import sys
from pathlib import Path

from gateway import steps
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.promise import Stage
from gateway.runners.replayer import Replayer
from gateway.workflow.route import route

LOOKS = 6


async def main(data: Path) -> None:
    """Carry on what replays go on, and route what they send."""
    steps.arm(demo=True)
    async with open_hub(load(data)) as hub:
        replayer = Replayer(hub.work, stop=asyncio.Event())
        for _ in range(LOOKS):
            await replayer.look()
            due = await hub.store.outbox.due(hub.work.clock.now(), limit=100)
            for promise in due:
                if promise.stage is Stage.ROUTE:
                    await route(hub.work, promise.id)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
