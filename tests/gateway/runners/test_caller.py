"""The caller empties queues, one call at a time for each node, and stops when told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from envelopes import answers
from gateway.runners.caller import Caller
from gateway.transport.node_queue import HttpNodeQueues
from tests.doubles.clock import START
from tests.doubles.endpoint import an_endpoint, silent
from tests.eventually import eventually
from tests.gateway.transport.parcels import a_handover
from tests.gateway.workflow.conftest import hub, tables
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to
from tests.gateway.workflow.test_call import Calling
from tests.letters import a_document

__all__ = ["hub", "tables"]


@pytest.fixture
async def calling(hub: Hub) -> AsyncIterator[Calling]:
    """A hub that calls the ministry's node, which keeps three letters."""
    async with an_endpoint() as node, a_handover(clock=hub.clock) as handover:
        calling = Calling(hub, node, HttpNodeQueues(handover, 1024 * 1024))
        await calling.set()
        for number, receiver in enumerate((CHIANG_MAI, LOEI, NAN)):
            letter = a_document(to(receiver))
            answer = answers.inbox_letter(f"q{number}", START, letter)
            node.queue.append((f"q{number}", answer))
        yield calling


async def _no_pause(stop: asyncio.Event, _seconds: float) -> None:
    """Go on at once, but let others have their turn."""
    if not stop.is_set():
        await asyncio.sleep(0.01)


def _caller(calling: Calling, stop: asyncio.Event) -> Caller:
    return Caller(
        calling.hub.work, calling.queues, stop=stop, interval=30, pause=_no_pause
    )


async def test_all_that_is_kept_is_fetched(calling: Calling) -> None:
    """Until the queue is empty, and again when there is something new."""
    stop = asyncio.Event()
    running = asyncio.create_task(_caller(calling, stop).run())
    await eventually(lambda: not calling.node.queue, every=0.01)
    calling.keeps(CHIANG_MAI)
    await eventually(lambda: not calling.node.queue, every=0.01)
    stop.set()
    await running

    assert await calling.hub.keep() == 3


async def test_a_stop_does_not_wait_for_the_network(calling: Calling) -> None:
    """A node that never answers holds nothing up; its queue stays as it is."""
    calling.node.behave = silent
    stop = asyncio.Event()
    running = asyncio.create_task(_caller(calling, stop).run())
    await eventually(lambda: bool(calling.node.arrived), every=0.01)
    stop.set()
    async with asyncio.timeout(0.2):
        await running

    assert len(calling.node.queue) == 3
    assert (await calling.record(MINISTRY)).failures == 0
