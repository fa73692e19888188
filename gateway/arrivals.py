"""Who waits for what is on its way inside this process.

An announcement that is not followed by an arrival within the wait is forgotten: a
letter whose routing is stuck must not slow down every later poll.
"""

import asyncio
from dataclasses import dataclass, field

from envelopes.letter import OrganizationCode


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
        until = asyncio.get_running_loop().time() + self._wait
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

    async def wait(self, organization: OrganizationCode) -> bool:
        """Wait for the next arrival; False at once if nothing is announced."""
        expected = self._expected.get(organization)
        if expected is None:
            return False
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(
                min(expected.until, loop.time() + self._wait)
            ):
                await expected.came.wait()
        except TimeoutError:
            if self._expected.get(organization) is expected and (
                expected.until <= loop.time()
            ):
                del self._expected[organization]
            return False
        return True
