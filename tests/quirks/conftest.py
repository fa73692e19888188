"""A hub in this process for the tests of one file, and rows that can be changed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
import structlog

from envelopes import dialects
from envelopes.dialects import Dialect
from gateway.bootstrap import init
from gateway.config import load
from gateway.reading import pool as reading_pool
from gateway.reading.pool import ReadingPool
from tests.doubles.clock import HandClock
from tests.eventually import eventually
from tests.journeys.exchange import BEGIN, Exchange, exchange

SwitchOff = Callable[..., None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Exchange]:
    """A hub whose offices are handed out one by one, each to one test.

    `READERS` of a module is how many processes read for it whatever comes.
    """
    data = tmp_path_factory.mktemp("quirks") / "data"
    await init(load(data), demo=True, clock=HandClock(BEGIN))
    readers = ReadingPool(count := getattr(request.module, "READERS", 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_pool, "LEAST", 0)
        async with exchange(data, readers) as made:
            await eventually(lambda: readers.ready == count, within=30, every=0.01)
            yield made
    structlog.reset_defaults()


@pytest.fixture
def switch_off(monkeypatch: pytest.MonkeyPatch) -> SwitchOff:
    """Return what gives a row other values, until the test ends."""

    def switch(row: Dialect, **values: object) -> None:
        changed = replace(row, **values)  # type: ignore[arg-type]
        for name in ("DIALECTS", "_TOLD_APART"):
            rows = getattr(dialects, name)
            found = tuple(changed if r.name == row.name else r for r in rows)
            monkeypatch.setattr(dialects, name, found)

    return switch
