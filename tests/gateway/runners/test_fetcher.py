"""The fetcher empties queues of nodes, and stops when told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import structlog
from structlog.testing import capture_logs

from envelopes import answers
from gateway.runners.fetcher import Fetcher
from gateway.transport.node_queue import HttpNodeQueues
from tests.doubles.clock import START
from tests.doubles.endpoint import an_endpoint, silent
from tests.eventually import eventually
from tests.gateway.transport.parcels import a_handover
from tests.gateway.workflow.conftest import hub
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, NAN, Hub, to
from tests.gateway.workflow.test_fetch import Fetching
from tests.letters import a_document

__all__ = ["hub"]


@pytest.fixture
async def fetching(hub: Hub) -> AsyncIterator[Fetching]:
    """A hub that fetches from the ministry's node, which keeps three letters."""
    async with an_endpoint() as node, a_handover(clock=hub.clock) as handover:
        fetching = Fetching(hub, node, HttpNodeQueues(handover, 1024 * 1024))
        await fetching.set()
        for number, receiver in enumerate((CHIANG_MAI, LOEI, NAN)):
            letter = a_document(to(receiver))
            answer = answers.inbox_letter(f"q{number}", START, letter)
            node.queue.append((f"q{number}", answer))
        yield fetching


async def _no_pause(stop: asyncio.Event, _seconds: float) -> None:
    """Go on at once, but let others have their turn."""
    if not stop.is_set():
        await asyncio.sleep(0.01)


def _fetcher(fetching: Fetching, stop: asyncio.Event) -> Fetcher:
    return Fetcher(
        fetching.hub.work, fetching.queues, stop=stop, interval=30, pause=_no_pause
    )


async def test_all_that_is_kept_is_fetched(fetching: Fetching) -> None:
    """Until the queue is empty, and again when there is something new."""
    stop = asyncio.Event()
    running = asyncio.create_task(_fetcher(fetching, stop).run())
    await eventually(lambda: not fetching.node.queue, every=0.01)
    fetching.keeps(CHIANG_MAI)
    await eventually(lambda: not fetching.node.queue, every=0.01)
    stop.set()
    await running

    assert await fetching.hub.keep() == 3


async def test_a_stop_does_not_wait_for_the_network(fetching: Fetching) -> None:
    """A node that never answers holds nothing up; its queue stays as it is."""
    fetching.node.behave = silent
    stop = asyncio.Event()
    running = asyncio.create_task(_fetcher(fetching, stop).run())
    await eventually(lambda: bool(fetching.node.arrived), every=0.01)
    stop.set()
    async with asyncio.timeout(0.2):
        await running

    assert len(fetching.node.queue) == 3
    assert (await fetching.record(MINISTRY)).failures == 0


async def test_what_goes_wrong_with_one_is_told_and_tried_again(
    fetching: Fetching,
) -> None:
    """A mistake of ours ends neither the runner nor the letter."""
    stop = asyncio.Event()
    broken = HttpNodeQueues(fetching.queues.handover, most="x")  # type: ignore[arg-type]
    fetcher = Fetcher(
        fetching.hub.work, broken, stop=stop, interval=30, pause=_no_pause
    )
    with capture_logs() as logs:
        structlog.configure()
        running = asyncio.create_task(fetcher.run())
        await eventually(
            lambda: any(log["event"] == "fetching failed" for log in logs), every=0.01
        )
        stop.set()
        await running

    assert len(fetching.node.queue) == 3
