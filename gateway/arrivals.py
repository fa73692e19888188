"""Who waits for what is on its way inside this process.

An announcement that is not followed by an arrival is forgotten in the end: a letter
whose routing is stuck must not slow down every later poll.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from envelopes.letter import OrganizationCode

GLANCE: Final = 0.05
"""Seconds between two looks into an inbox that another process may fill."""


KEPT: Final = 2
"""Longest waits for which an announcement is kept: it is made before the commit, which
may take as long as the routing after it that is waited for."""


@dataclass(slots=True)
class _Expected:
    """What one organization is to get."""

    until: float
    """By the clock of the event loop."""
    missing: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)


class InProcessArrivals:
    """Keeps one counter for each organization with something on its way."""

    __slots__ = ("_expected", "_wait")

    def __init__(self, wait: float) -> None:
        """Take the longest wait of a poll, in seconds."""
        self._wait = wait
        self._expected: dict[OrganizationCode, _Expected] = {}

    def announce(self, organization: OrganizationCode) -> None:
        """Something for this organization was taken into custody."""
        until = asyncio.get_running_loop().time() + KEPT * self._wait
        expected = self._expected.setdefault(organization, _Expected(until))
        expected.until = until
        expected.missing += 1

    def arrived(self, organization: OrganizationCode) -> None:
        """It lies in the inbox now; who waits looks again."""
        expected = self._expected.get(organization)
        if expected is None:
            return
        expected.missing -= 1
        expected.came.set()
        expected.came = asyncio.Event()
        if expected.missing == 0:
            del self._expected[organization]

    def expects(self, organization: OrganizationCode) -> bool:
        """Say whether something is announced that has not arrived."""
        return organization in self._expected

    def forget(self, organization: OrganizationCode) -> None:
        """It arrived, and nobody said so."""
        self._expected.pop(organization, None)

    async def wait(
        self, organization: OrganizationCode, most: float | None = None
    ) -> bool:
        """Wait for the next arrival; False at once if nothing is announced.

        `most` are seconds, where they are to be fewer than of other waits.
        """
        expected = self._expected.get(organization)
        if expected is None:
            return False
        loop = asyncio.get_running_loop()
        until = loop.time() + (self._wait if most is None else most)
        came = expected.came
        try:
            async with asyncio.timeout_at(min(expected.until, until)):
                await came.wait()
        except TimeoutError:
            if came.is_set():
                # The process stood still, and both were found when it went on.
                return True
            if self._expected.get(organization) is expected and (
                expected.until <= loop.time()
            ):
                del self._expected[organization]
            return False
        return True


class SharedArrivals:
    """The same where other processes of the hub may bring what this one announced.

    They say nothing to each other: who waits looks for itself, now and then. What
    another process took into custody nobody waits for here; the next poll finds it.
    """

    __slots__ = ("_lies", "_own", "_wait")

    def __init__(
        self, wait: float, lies: Callable[[OrganizationCode], Awaitable[bool]]
    ) -> None:
        """Take the longest wait of a poll, in seconds, and what looks into an inbox."""
        self._wait = wait
        self._lies = lies
        self._own = InProcessArrivals(wait)

    def announce(self, organization: OrganizationCode) -> None:
        """Something for this organization was taken into custody."""
        self._own.announce(organization)

    def arrived(self, organization: OrganizationCode) -> None:
        """It lies in the inbox now; who waits looks again."""
        self._own.arrived(organization)

    async def wait(self, organization: OrganizationCode) -> bool:
        """Wait for the next arrival; False at once if nothing is announced."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._wait
        while (rest := until - loop.time()) > 0 and self._own.expects(organization):
            if await self._own.wait(organization, most=min(GLANCE, rest)):
                return True
            if await self._lies(organization):
                self._own.forget(organization)
                return True
        return False
