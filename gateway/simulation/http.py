"""A client's line to its node: one URL, one Content-Type, POST and nothing else.

What got no answer is sent again, unchanged, until the client's patience ends: that is
how a press of the button that ended in an error is repeated by its user.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from gateway.simulation.errors import ClientBroken, HubUnreachable

PATH: Final = "/ecms/{organization}/ecms-ws01/service2"
"""Where an organization's node is found on the hub."""

_PER_HOST: Final = 2
"""Connections the .NET clients keep to one host (I1)."""
_PAUSE: Final = 0.05
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """Posts to one organization's node as the old clients do (A3, I1)."""

    session: aiohttp.ClientSession
    url: str
    patience: float
    """Seconds after which an unanswered message is given up."""

    async def post(self, message: str) -> str:
        """Send a message until it is answered, and return the answer's text."""
        deadline = asyncio.get_running_loop().time() + self.patience
        while True:
            try:
                return await self._post(message)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise HubUnreachable(self.url) from error
            await asyncio.sleep(_PAUSE)

    async def _post(self, message: str) -> str:
        async with self.session.post(
            self.url, data=io.BytesIO(message.encode()), expect100=True
        ) as response:
            if response.status != _OK:
                # C# takes only 200; both lose the text of a 4xx or 5xx.
                raise ClientBroken(f"HTTP {response.status} from {self.url}")
            return (await response.read()).decode()


@asynccontextmanager
async def line(
    base: str, organization: str, content_type: str, *, patience: float = 60
) -> AsyncIterator[Line]:
    """Open a line of an organization to its node at `base`, such as `http://…:8080`."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_PER_HOST),
        timeout=aiohttp.ClientTimeout(total=100),
        headers={"Content-Type": content_type},
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        raise_for_status=False,
    ) as session:
        yield Line(session, base + PATH.format(organization=organization), patience)
