"""A notary beside the hub, in a process of its own, which may be told to die."""

import asyncio
import sys
from pathlib import Path

from gateway import steps
from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.runners.notary import Notary


async def main(data: Path) -> None:
    """Sign what has no receipt yet."""
    steps.arm(demo=True)
    async with open_hub(load(data)) as hub:
        print(await Notary(hub.work, stop=asyncio.Event()).look())  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
