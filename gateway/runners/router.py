"""Takes up ROUTE: consignments in custody, on their way to an endpoint.

What one office sends another is routed in the order in which it came, whatever the
order of the queue: after a death some of it comes later, when its relay's claim or its
message returns. What is not in the queue yet is routed by who comes behind it.

Letters are routed in batches, which is what most of them need (decision 37). One that
needs more, those behind it, and all of a batch that failed, are routed by themselves:
letters of different offices side by side.
"""

import asyncio
from functools import partial
from typing import Final
from uuid import UUID

from gateway.domain.promise import Stage
from gateway.runners.gathering import Gathering
from gateway.runners.runner import Runner, error_of, is_temporary
from gateway.workflow.give_up import give_up
from gateway.workflow.route import route, route_together
from gateway.workflow.work import Work
from queues.broker import Broker

_AT_A_TIME: Final = 64
"""Letters that came before, looked at in one question."""


class InTurn:
    """Routes a letter after those that its sender sent the same receiver before."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._in_hand: dict[UUID, asyncio.Event] = {}

    async def __call__(self, promise: UUID) -> None:
        """Keep a promise, and first those before it; a kept one is a repeat."""
        if other := self._in_hand.get(promise):
            await other.wait()
        done = self._in_hand[promise] = asyncio.Event()
        try:
            await self._route_before(promise)
            await route(self._work, promise)
        finally:
            self._in_hand.pop(promise, None)
            done.set()

    async def _route_before(self, promise: UUID) -> None:
        """Return when nothing that came before is to be waited for any more.

        What cannot be routed is not waited for: who claims it sets it aside.
        """
        tried: set[UUID] = set()
        while before := await self._before(promise, tried):
            in_hand = [one for one in before if one in self._in_hand]
            if in_hand:
                # It waits for those before it, too.
                await self._in_hand[in_hand[-1]].wait()
                continue
            tried.add(before[0])
            error = await error_of(self(before[0]))
            if error is not None and is_temporary(error):
                raise error

    async def _before(self, promise: UUID, tried: set[UUID]) -> list[UUID]:
        views = self._work.store.views
        found = await views.unrouted_before(promise, limit=_AT_A_TIME)
        return [one for one in found if one not in tried]


def router(work: Work, broker: Broker, *, stop: asyncio.Event) -> Runner:
    """Return the runner that routes."""
    return Runner(
        "router",
        broker,
        Stage.ROUTE,
        Gathering(partial(route_together, work), InTurn(work)),
        give_up=partial(give_up, work),
        stop=stop,
    )
