"""Connections to endpoints: each address is checked when it is connected to.

A name is resolved for each new connection, and refused where any of its addresses is
not to be reached: one that is a public address now and a private one in a moment (DNS
rebinding) has nothing to gain, since what was checked is what is connected to. An
address written in place of a name passes no resolver, so the one place that every
connection passes is the last to ask: where its socket is made.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Final, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.domain.access import IpAddress
from gateway.domain.delivery import AddressForbidden
from gateway.domain.reach import Reach

Lookup: TypeAlias = Callable[[str], Awaitable[Sequence[IpAddress]]]
"""Returns the addresses of a name; raises `OSError` where it has none."""

PER_ENDPOINT: Final = 6
"""Connections to one endpoint: four parcels at once, its queue, and one to spare."""
IDLE: Final = 4.0
"""Seconds that a connection is kept for the next parcel: less than the five after
which common servers close one, which would look like a lost answer."""

LOOKUP: Final = 10.0
"""Seconds that the system has to resolve a name."""

_AddressInfo: TypeAlias = tuple[
    socket.AddressFamily | int,
    socket.SocketKind | int,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]


async def system_lookup(name: str) -> Sequence[IpAddress]:
    """Ask the system for the addresses of a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [ip_address(str(info[4][0])) for info in found]


def check(reach: Reach, addresses: Sequence[IpAddress]) -> None:
    """Raise `AddressForbidden` where one of these is not to be reached."""
    for address in addresses:
        if why := reach.why_not(address):
            raise AddressForbidden(why)


class CheckedSockets:
    """Makes sockets to addresses that may be reached, and none to others."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    def __call__(self, info: _AddressInfo) -> socket.socket:
        """Make the socket; raises `AddressForbidden`."""
        family, kind, protocol, _, place = info
        check(self._reach, [ip_address(str(place[0]))])
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


class CheckedResolver(AbstractResolver):
    """Resolves names for aiohttp."""

    def __init__(self, lookup: Lookup, reach: Reach) -> None:
        self._lookup = lookup
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return all addresses of a name; raises `AddressForbidden`, or `OSError`."""
        del family
        async with asyncio.timeout(LOOKUP):
            found = list(dict.fromkeys(await self._lookup(host)))
        check(self._reach, found)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=family_of(address),
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Do nothing: nothing is open."""


def family_of(address: IpAddress) -> socket.AddressFamily:
    """Return the family of an address."""
    return socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004


def connector(
    reach: Reach, lookup: Lookup, context: ssl.SSLContext
) -> aiohttp.TCPConnector:
    """Make what opens connections to one endpoint."""
    return aiohttp.TCPConnector(
        ssl=context,
        resolver=CheckedResolver(lookup, reach),
        socket_factory=CheckedSockets(reach),
        # Each new connection is checked by what the name resolves to then.
        use_dns_cache=False,
        # One after the other: of several at once aiohttp would tell no error apart.
        happy_eyeballs_delay=None,
        limit=PER_ENDPOINT,
        keepalive_timeout=IDLE,
    )
