"""Live, ready, and why not.

`/health/live` says that the process answers; `/health/ready` that it can take
letters into custody, which it can without a broker: a broker that is away is a
problem that is told, and the hub stays ready. Both are open to whoever reaches the
address and say nothing about letters or organizations.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from gateway.telemetry import counts
from gateway.web.answers import told_as

Check = Callable[[], Awaitable[object]]
"""Returns where all is well, and raises what is wrong otherwise."""

PATIENCE: Final = 5.0
"""Seconds after which a check counts as failed."""


class Health:
    """Answers both questions."""

    __slots__ = ("_beside", "_needed")

    def __init__(
        self, needed: Mapping[str, Check], beside: Mapping[str, Check] | None = None
    ) -> None:
        """Take what must be well for the hub to be ready, by name, and what may not."""
        self._needed = needed
        self._beside = beside or {}

    async def live(self, _request: web.Request) -> web.Response:
        """Say that the process answers."""
        return web.json_response({"live": True})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether letters can be taken, and what is not well, by its code."""
        needed, beside = await _problems(self._needed), await _problems(self._beside)
        return web.json_response(
            {
                "ready": not needed,
                "problems": needed | beside,
                "counted": dict(counts()),
            },
            status=503 if needed else 200,
        )


async def _problems(checks: Mapping[str, Check]) -> dict[str, str]:
    """Ask all at once: one that waits in vain keeps nobody else waiting."""
    codes = await asyncio.gather(*(_problem(check) for check in checks.values()))
    return {
        name: code for name, code in zip(checks, codes, strict=True) if code is not None
    }


async def _problem(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return "timed-out"
    except Exception as error:  # noqa: BLE001 - whatever it is, the hub is not ready
        return str(getattr(told_as(type(error)), "code", "internal-error"))
    return None
