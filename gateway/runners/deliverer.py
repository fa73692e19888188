"""Takes up DELIVER: what is promised to push endpoints, each from a queue of its own.

1. Each endpoint's queue is emptied by itself: a slow or dead one delays no other. So
   is that of an endpoint that pulls now: what it was promised before is found void.
2. While an endpoint rests nothing of it is claimed. Who they are and how they fare is
   looked at once a second, and after each failure of this process.
3. Where order matters, and while a circuit is half open, one parcel at a time is
   claimed; else a few. Of several processes the broker lets one have a queue.
4. The call is made in no unit. What came of it is written down though others changed
   what is written meanwhile: only a process that dies hands over twice, and then the
   endpoint knows the parcel by its id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import SystemRandom
from typing import ClassVar, Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.delivery import Answer, DeliveryError
from gateway.domain.endpoint import Endpoint
from gateway.domain.promise import Stage, queue_of
from gateway.domain.schedule import tries_one
from gateway.ports import Handover
from gateway.runners.runner import (
    OVERTAKEN,
    Patience,
    Pause,
    Runner,
    code_of,
    error_of,
    is_temporary,
    pause,
    until,
)
from gateway.steps import passed
from gateway.workflow.deliver import Errand, Idle, prepare, whose_turn
from gateway.workflow.delivered import failed, taken
from gateway.workflow.give_up import give_up
from gateway.workflow.push import promise_waiting
from gateway.workflow.work import Work
from queues.broker import Broker

INTERVAL: Final = 1.0
"""Seconds between two looks at the endpoints."""
PREFETCH: Final = 4
"""Parcels on their way to one endpoint at once, where order does not matter."""

_OVERTAKEN: Final = "concurrent-change"

Jitter = Callable[[], float]
"""Returns anything from 0 to 1."""

any_jitter: Final[Jitter] = SystemRandom().random


class EndpointRests(Exception):
    """The endpoint is left alone now; its letters wait."""

    code: ClassVar[str] = "endpoint-rests"
    temporary: ClassVar[bool] = True
    thai: ClassVar[str] = "พักการส่งให้ปลายทางไว้ก่อน หนังสือรออยู่"


class Courier:
    """Hands over what promises say, and writes down what comes of it."""

    def __init__(
        self,
        work: Work,
        handover: Handover,
        *,
        jitter: Jitter = any_jitter,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._work = work
        self._handover = handover
        self._jitter = jitter
        self._failed = failed
        # Called after each failure: the endpoint may rest now.

    async def deliver_in_order(self, promise: UUID) -> None:
        """Keep a promise, after those before it in the inbox; raises `EndpointRests`.

        What no repeat will help is given up under the promise that it is about.
        """
        while (turn := await whose_turn(self._work, promise)) != promise:
            error = await error_of(self.deliver(turn))
            if error is not None and is_temporary(error):
                raise error
            if error is not None:
                await give_up(self._work, turn, error)
        await self.deliver(promise)

    async def deliver(self, promise: UUID) -> None:
        """Keep a promise; a kept one is a repeat. Raises `EndpointRests`."""
        errand = await prepare(self._work, promise)
        if errand is Idle.RESTS:
            self._failed()
            raise EndpointRests
        if isinstance(errand, Errand):
            await self._hand_over(errand)

    async def _hand_over(self, errand: Errand) -> None:
        passed("deliver:before-send")
        try:
            answer = await self._handover.hand_over(errand.endpoint, errand.parcel)
        except DeliveryError as error:
            passed("deliver:answered")
            await self._note_failure(errand, error)
        else:
            passed("deliver:answered")
            await self._note_success(errand, answer)

    async def _note_success(self, errand: Errand, answer: Answer) -> None:
        await _written(lambda: taken(self._work, errand.promise, answer))

    async def _note_failure(self, errand: Errand, error: DeliveryError) -> None:
        jitter = self._jitter()
        await _written(lambda: failed(self._work, errand.promise, error, jitter))
        self._failed()


async def _written(outcome: Callable[[], Awaitable[None]]) -> None:
    """Write down what came of a call, again where others changed what was read."""
    for left in reversed(range(OVERTAKEN * PREFETCH)):
        error = await error_of(outcome())
        if error is None:
            return
        if code_of(error) != _OVERTAKEN or not left:
            raise error


@dataclass(frozen=True, slots=True)
class _Manner:
    """How an endpoint's queue is emptied; where that changes, it is begun anew."""

    set_at: datetime
    pushes: bool
    in_order: bool
    one_at_a_time: bool

    @classmethod
    def of(cls, endpoint: Endpoint) -> "_Manner":
        return cls(
            endpoint.changed_at,
            endpoint.pushes,
            endpoint.in_order,
            tries_one(endpoint),
        )

    @property
    def prefetch(self) -> int:
        return 1 if self.one_at_a_time else PREFETCH


@dataclass(frozen=True, slots=True)
class _Running:
    """One endpoint's queue while it is emptied."""

    manner: _Manner
    over: asyncio.Event
    task: asyncio.Task[None]


class Deliverers:
    """Empties the queues of all endpoints, and of what has none any more."""

    name: Final = "deliverers"

    def __init__(
        self,
        work: Work,
        broker: Broker,
        handover: Handover,
        *,
        stop: asyncio.Event,
        jitter: Jitter = any_jitter,
        pause: Pause = pause,
    ) -> None:
        self._work = work
        self._broker = broker
        self._stop = stop
        self._pause = pause
        self._look = asyncio.Event()
        self._courier = Courier(work, handover, jitter=jitter, failed=self._look.set)
        self._patience = Patience(self.name, stop, pause=pause)
        self._running: dict[OrganizationCode, _Running] = {}
        self._promised: dict[OrganizationCode, datetime] = {}
        """As of when all that waits in an inbox was promised."""

    async def run(self) -> None:
        """Run until `stop` is set; what is being handed over then is finished first."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._of_none().run(), name=Stage.DELIVER.value)
            try:
                await self._patience.keep(partial(self._round, group))
            finally:
                for running in self._running.values():
                    running.over.set()

    async def _round(self, group: asyncio.TaskGroup) -> None:
        self._look.clear()
        endpoints = await self._work.store.endpoints()
        await self._begin_and_end(group, {e.organization: e for e in endpoints})
        await until(self._stop, self._next_look())

    async def _next_look(self) -> None:
        """Return when it is time to look again, or when something failed."""
        await until(self._look, self._pause(self._stop, INTERVAL))

    async def _begin_and_end(
        self, group: asyncio.TaskGroup, known: Mapping[OrganizationCode, Endpoint]
    ) -> None:
        now = self._work.clock.now()
        awake = {
            code: endpoint
            for code, endpoint in known.items()
            if not (endpoint.pushes and endpoint.rests(now))
        }
        for code, running in list(self._running.items()):
            endpoint = awake.get(code)
            if running.task.done():
                del self._running[code]
            elif endpoint is None or _Manner.of(endpoint) != running.manner:
                running.over.set()
        for code, endpoint in awake.items():
            if code not in self._running:
                await self._begin(group, endpoint)

    async def _begin(self, group: asyncio.TaskGroup, endpoint: Endpoint) -> None:
        code, manner = endpoint.organization, _Manner.of(endpoint)
        if endpoint.pushes and self._promised.get(code) != manner.set_at:
            # What came before it was set to push, and is not promised for any reason.
            await promise_waiting(self._work, code)
            self._promised[code] = manner.set_at
        over = asyncio.Event()
        runner = self._runner(queue_of(code), manner, over)
        task = group.create_task(runner.run(), name=runner.name)
        task.add_done_callback(lambda _: self._look.set())
        self._running[code] = _Running(manner, over, task)

    def _runner(self, queue: str, manner: _Manner, over: asyncio.Event) -> Runner:
        courier = self._courier
        return Runner(
            f"deliverer {queue.removeprefix(f'{Stage.DELIVER}.')}",
            self._broker,
            queue,
            courier.deliver_in_order if manner.in_order else courier.deliver,
            give_up=partial(give_up, self._work),
            stop=over,
            prefetch=manner.prefetch,
            pause=self._pause,
        )

    def _of_none(self) -> Runner:
        """Return the runner of what is promised to no endpoint of its own."""
        return Runner(
            "deliverer",
            self._broker,
            Stage.DELIVER,
            self._courier.deliver,
            give_up=partial(give_up, self._work),
            stop=self._stop,
            pause=self._pause,
        )
