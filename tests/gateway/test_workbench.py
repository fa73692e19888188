import threading

import pytest
import structlog

from gateway.telemetry import context
from gateway.workbench import ThreadBench


@pytest.mark.parametrize(("size", "inline"), [(9, True), (10, False), (11, False)])
async def test_large_work_is_done_in_a_thread(size: int, *, inline: bool) -> None:
    with ThreadBench(threshold=10, threads=1) as bench:
        worker = await bench.run(size, threading.current_thread)

    assert (worker is threading.current_thread()) is inline


async def test_what_fails_in_a_thread_fails_here() -> None:
    with (
        ThreadBench(threshold=0, threads=1) as bench,
        pytest.raises(ZeroDivisionError),
    ):
        await bench.run(1, lambda: 1 // 0)


async def test_a_thread_knows_the_context_of_its_request() -> None:
    with ThreadBench(threshold=0, threads=1) as bench, context(message_id="7"):
        bound = await bench.run(1, structlog.contextvars.get_contextvars)

    assert bound == {"message_id": "7"}
