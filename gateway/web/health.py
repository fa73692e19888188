"""Live, ready, and why not.

`/health/live` says that the process answers; `/health/ready` that it can take
letters into custody. Both are open to whoever reaches the address and say nothing
about letters or organizations.
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

    __slots__ = ("_checks",)

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Take what must be well for the hub to be ready, by name."""
        self._checks = checks

    async def live(self, _request: web.Request) -> web.Response:
        """Say that the process answers."""
        return web.json_response({"live": True})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether all is well, and what is not, by its code."""
        problems = {
            name: code
            for name, check in self._checks.items()
            if (code := await _problem(check)) is not None
        }
        return web.json_response(
            {"ready": not problems, "problems": problems, "counted": dict(counts())},
            status=503 if problems else 200,
        )


async def _problem(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return "timed-out"
    except Exception as error:  # noqa: BLE001 - whatever it is, the hub is not ready
        return str(getattr(told_as(type(error)), "code", "internal-error"))
    return None
