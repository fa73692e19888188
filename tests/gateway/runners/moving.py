"""Letters that are moved by relay and runners, for tests of what they do together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from envelopes.letter import LetterId
from gateway.domain.promise import Stage
from gateway.ports import Handover
from gateway.runners.deliverer import Deliverers
from gateway.runners.notifier import notifier
from gateway.runners.relay import Relay
from gateway.runners.router import router
from gateway.runners.runner import pause
from gateway.store.outbox import due
from gateway.store.store import SqlStore
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from queues.broker import Broker
from tests.doubles.clock import START
from tests.eventually import SOON, eventually
from tests.letters import SENDER, a_letter, as_wire, document_in


async def briefly(stop: asyncio.Event, seconds: float) -> None:
    """Let a hundredth of the time pass."""
    await pause(stop, seconds / 100)


@asynccontextmanager
async def moving(
    work: Work, broker: Broker, endpoints: Handover | None = None
) -> AsyncIterator[None]:
    """Run relay, router and notifier inside, and drain them at the end.

    And deliverers, where there are endpoints to hand over to.
    """
    stop = asyncio.Event()
    relay = Relay(work.store.outbox, broker, work.clock, stop=stop)
    async with asyncio.timeout(2 * SOON), asyncio.TaskGroup() as group:
        group.create_task(relay.run())
        group.create_task(router(work, broker, stop=stop).run())
        group.create_task(notifier(work, broker, stop=stop).run())
        if endpoints is not None:
            deliverers = Deliverers(
                work, broker, endpoints, stop=stop, jitter=lambda: 0.0, pause=briefly
            )
            group.create_task(deliverers.run())
        try:
            yield
        finally:
            stop.set()


def letter_id(number: int) -> LetterId:
    return LetterId(f"มท 0210.3/{number}", "2026-11-20")


async def send(work: Work, count: int) -> None:
    """Take so many letters into custody, all at once."""
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            document = document_in(as_wire(a_letter(id=letter_id(number))))
            group.create_task(receive(work, SENDER, document))


async def kept(store: SqlStore, broker: Broker) -> None:
    """Wait until every promise is kept and no message waits."""
    forever = START + timedelta(days=1000)

    async def are_kept() -> bool:
        waiting = [await broker.waiting(stage) for stage in Stage]
        # Not by the outbox: asking it is a look of the relay, which would not wake.
        return not any(waiting) and not await due(store.reading, forever, limit=1)

    await eventually(are_kept)
