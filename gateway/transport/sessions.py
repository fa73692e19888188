"""Sessions with endpoints: one each, kept while what it was opened with is in force."""

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp

from envelopes.letter import OrganizationCode
from gateway.domain.delivery import AddressForbidden
from gateway.domain.endpoint import Endpoint
from gateway.domain.reach import Reach, Target, networks_of
from gateway.transport.connecting import Lookup, connector, system_lookup
from gateway.transport.credentials import Credentials

# Nothing of the field reads them, and the fewer there are the better.
_NOT_SENT: Final = ("Accept", "User-Agent")
_HEAD: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class _Open:
    """A session, and what it was opened with."""

    opened_with: tuple[object, ...]
    session: aiohttp.ClientSession


class Sessions:
    """Keeps a session for each endpoint, so that its connections are used again."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        demo: bool = False,
        lookup: Lookup = system_lookup,
    ) -> None:
        self.credentials = credentials
        self.lookup = lookup
        self._demo = demo
        self._open: dict[OrganizationCode, _Open] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def reach_of(self, endpoint: Endpoint) -> tuple[Target, Reach]:
        """Return where an endpoint is and what may be reached for it.

        Raises `AddressForbidden` where its address is none, or is one written out
        that may not be reached: it would pass no resolver.
        """
        try:
            target = Target.parse(endpoint.url)
            networks = networks_of(endpoint.networks)
        except ValueError as error:
            raise AddressForbidden(str(error)) from error
        reach = Reach(networks, is_https=target.is_https, loopback=self._demo)
        if target.literal is not None and (why := reach.why_not(target.literal)):
            raise AddressForbidden(why)
        return target, reach

    def of(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        """Return the session of an endpoint, another one where its record changed.

        Raises `AddressForbidden`, or `CredentialsMissing`.
        """
        _, reach = self.reach_of(endpoint)
        context = self.credentials.context()
        opened_with = (endpoint.url, reach, context)
        known = self._open.get(endpoint.organization)
        if known is not None and known.opened_with == opened_with:
            return known.session
        if known is not None:
            self._let_go(known.session)
        session = aiohttp.ClientSession(
            connector=connector(reach, self.lookup, context),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_SENT,
            # What is compressed unasked is not opened.
            auto_decompress=False,
            trust_env=False,
            max_line_size=_HEAD,
            max_field_size=_HEAD,
        )
        self._open[endpoint.organization] = _Open(opened_with, session)
        return session

    async def close(self) -> None:
        """Close all connections."""
        for known in self._open.values():
            self._let_go(known.session)
        self._open.clear()
        if self._closing:
            await asyncio.wait(self._closing)

    def _let_go(self, session: aiohttp.ClientSession) -> None:
        task = asyncio.ensure_future(session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
