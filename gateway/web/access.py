"""Who is let in at which door: settled before anything of the request is read.

1. A hub made by `init --demo` lets in callers on this machine, and nobody else.
2. It lets in no request that somebody passed on: a proxy on this machine would make
   the whole world look like this machine.
3. Any other hub lets in whom `gateway/domain/access.py` admits, and nobody where
   nothing is entered.
4. Who fails too often is turned away unheard (`throttle.py`).

A refusal is the same whether the organization exists or not, to the byte and to what
can be timed, so that nobody can ask the door who takes part.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.domain.access import Denial, IpAddress, Verdict, judged, net_of
from gateway.ports import Clock, Store
from gateway.web.caller import Caller
from gateway.web.errors import AccessDenied, TooManyFailures
from gateway.web.throttle import Throttle

Denied = Callable[[Denial], None]
"""Notes that a call was not let in; must cost nothing."""

_REFUSED_AFTER: Final = 0.05
"""Seconds from a call to its refusal, however quickly the directory has answered."""

_THROTTLED: Final = "too-many-failures"


class Gate:
    """Lets in, or raises."""

    __slots__ = ("_clock", "_demo", "_denied", "_store", "_throttle")

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        demo: bool,
        throttle: Throttle,
        denied: Denied,
    ) -> None:
        self._store = store
        self._clock = clock
        self._demo = demo
        self._throttle = throttle
        self._denied = denied

    async def settle(self, caller: Caller, named: OrganizationCode | None) -> None:
        """Let a caller in at the door it named.

        Raises `AccessDenied`, or `TooManyFailures`.
        """
        if self._demo:
            self._settle_demo(caller, named)
        else:
            await self._settle(caller, named)

    def _settle_demo(self, caller: Caller, named: OrganizationCode | None) -> None:
        address = caller.shown.address
        reason = ""
        if caller.passed_on:
            reason = f"forwarding header {caller.passed_on}"
        elif address is None or not address.is_loopback:
            reason = "not from this machine"
        if reason:
            self._note(address, named, reason)
            raise AccessDenied(detail=reason)

    async def _settle(self, caller: Caller, named: OrganizationCode | None) -> None:
        address = caller.shown.address
        if seconds := self._throttle.wait(address):
            self._note(address, named, _THROTTLED)
            raise TooManyFailures(seconds)
        loop = asyncio.get_running_loop()
        until = loop.time() + _REFUSED_AFTER
        verdict = await self._verdict(caller, named)
        if verdict is Verdict.LET_IN:
            self._throttle.let_in(address)
            return
        # An old client shows its password only once it was asked: that is no denial.
        waits = verdict is Verdict.NOTHING_SHOWN and self._throttle.trusts(address)
        if not waits:
            self._throttle.failed(address)
            self._note(address, named, verdict)
        await asyncio.sleep(until - loop.time())
        raise AccessDenied(detail=verdict, challenge=True)

    async def _verdict(self, caller: Caller, named: OrganizationCode | None) -> Verdict:
        if named is None:
            return Verdict.NO_ACCESS
        return judged(
            named,
            await self._store.accesses(named),
            await self._store.certificates(named),
            caller.shown,
            self._clock.now(),
        )

    def _note(
        self, address: IpAddress | None, named: OrganizationCode | None, reason: str
    ) -> None:
        self._denied(Denial(net_of(address), named, reason, self._clock.now()))
