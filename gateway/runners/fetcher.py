"""Fetches what other nodes keep for the hub, one entry of each at a time.

1. Each node has a task of its own: a slow one delays no other.
2. It is asked as long as it has something, and then again after the interval; one
   that rests, or is no longer polled, is looked at as often.
3. What is asked of the network is given up when the hub stops: it lies where it lay.
   What is being taken in is finished first.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, TypeVar

from envelopes.letter import OrganizationCode
from gateway.domain.endpoint import Endpoint
from gateway.domain.fetching import Fetched, Tries
from gateway.ports import NodeQueues
from gateway.runners.runner import (
    Patience,
    Pause,
    code_of,
    error_of,
    is_temporary,
    pause,
    until,
)
from gateway.telemetry import emit
from gateway.workflow.fetch import Outcome, fetch, is_fetched_from
from gateway.workflow.work import Work

T = TypeVar("T")


class Fetcher:
    """Empties the queues of nodes."""

    name: Final = "fetcher"

    def __init__(
        self,
        work: Work,
        queues: NodeQueues,
        *,
        stop: asyncio.Event,
        interval: float,
        pause: Pause = pause,
    ) -> None:
        """Take the seconds between two questions to a node that had nothing."""
        self._work = work
        self._queues = _Stoppable(queues, stop)
        self._stop = stop
        self._interval = interval
        self._pause = pause
        self._tries = Tries()
        self._patience = Patience(self.name, stop, pause=pause)
        self._known: set[OrganizationCode] = set()

    async def run(self) -> None:
        """Run until `stop` is set."""
        self._known.clear()
        async with asyncio.TaskGroup() as group:
            await self._patience.keep(lambda: self._look(group))

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Begin with the nodes that were not there before."""
        async with self._work.store.unit() as unit:
            endpoints = await unit.endpoints.all()
        wanted = {one.organization for one in endpoints if is_fetched_from(one)}
        for code in wanted - self._known:
            self._known.add(code)
            group.create_task(self._keep_fetching(code), name=f"{self.name} {code}")
        await self._pause(self._stop, self._interval)

    async def _keep_fetching(self, code: OrganizationCode) -> None:
        while not self._stop.is_set():
            error = await error_of(self.empty(code))
            if error is not None:
                emit(
                    "fetching failed",
                    error=None if is_temporary(error) else error,
                    organization=code,
                    code=code_of(error),
                )
            await self._pause(self._stop, self._interval)

    async def empty(self, code: OrganizationCode) -> None:
        """Ask a node as long as it has something; raises what one entry ends in."""
        outcome = Outcome.TAKEN
        while outcome is Outcome.TAKEN and not self._stop.is_set():
            outcome = await fetch(self._work, self._queues, self._tries, code)


@dataclass(frozen=True, slots=True)
class _Stoppable:
    """Queues of nodes whose network is given up when the hub stops."""

    queues: NodeQueues
    stop: asyncio.Event

    async def head(self, endpoint: Endpoint) -> Fetched | None:
        return await self._unless_stopped(self.queues.head(endpoint))

    async def delete(self, endpoint: Endpoint, process_id: str) -> None:
        await self._unless_stopped(self.queues.delete(endpoint, process_id))

    async def give_back(self, endpoint: Endpoint, fetched: Fetched) -> None:
        await self._unless_stopped(self.queues.give_back(endpoint, fetched))

    async def _unless_stopped(self, asked: Awaitable[T]) -> T:
        answers: list[T] = []

        async def ask() -> None:
            answers.append(await asked)

        await until(self.stop, ask())
        if not answers:
            # It ends the task of this node, as though it had been cancelled.
            raise asyncio.CancelledError
        return answers[0]
