"""Waiting for what happens by itself, without guessing how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable

SOON = 5.0
"""Seconds after which it has failed."""


async def eventually(
    fact: Callable[[], bool | Awaitable[bool]],
    *,
    within: float = SOON,
    every: float = 0,
) -> None:
    """Ask until the fact is true; `every` so many seconds where sockets are involved.

    Raises `TimeoutError` where it does not become true.
    """
    async with asyncio.timeout(within):
        while True:
            answer = fact()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(every)
