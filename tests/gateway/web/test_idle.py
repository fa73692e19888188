"""What polls of an empty inbox cost: old clients poll some twenty times per click."""

import asyncio
import gc
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from structlog.testing import capture_logs

from tests.eventually import eventually
from tests.gateway.web.conftest import CHIANG_MAI, MINISTRY, Caller
from tests.letters import a_letter, as_wire

POLLS = 10_000
AT_ONCE = 8


def written(data: Path) -> dict[str, tuple[int, int]]:
    """What the file system says of every file of the hub."""
    stats = {path.name: path.stat() for path in data.rglob("*") if path.is_file()}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note the statements of SQLite in this thread, where the store's are run."""
    seen: list[str] = []
    _trace(seen.append)
    try:
        yield seen
    finally:
        _trace(None)


def _trace(told: Callable[[str], None] | None) -> None:
    # By the driver itself: not all of them go through SQLAlchemy.
    for one in gc.get_objects():
        if isinstance(one, sqlite3.Connection):
            # What another thread opened, as the broker's writer, is not the store's.
            with suppress(sqlite3.ProgrammingError):
                one.set_trace_callback(told)


async def test_ten_thousand_idle_polls_write_nothing(caller: Caller) -> None:
    await caller.poll(CHIANG_MAI)
    # That it was made is an act, which is sealed when it begins to serve.
    await eventually((caller.data / "journal.head").exists, every=0.01)
    before = written(caller.data)

    async def poll_on() -> None:
        for _ in range(POLLS // AT_ONCE):
            answer = await caller.poll(CHIANG_MAI)
            assert answer.status == 200

    with capture_logs() as lines, statements() as ran:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(poll_on())

    assert written(caller.data) == before
    assert lines == []
    heads = [statement for statement in ran if "inbox_entry" in statement]
    assert POLLS == len(heads)
    assert all(statement.startswith("SELECT") for statement in ran)
    # Now and then the directory, and what the relay may have missed.
    assert len(ran) < POLLS + 200


async def test_reading_the_same_head_again_writes_nothing(caller: Caller) -> None:
    await caller.post(MINISTRY, as_wire(a_letter()))
    first = await caller.poll(CHIANG_MAI)

    async def read_on() -> bool:
        before = written(caller.data)
        # Fewer times than its client has patience for.
        for _ in range(8):
            assert (await caller.poll(CHIANG_MAI)).body == first.body
        return written(caller.data) == before

    # The relay may still be noting what it published.
    assert await read_on() or await read_on()
