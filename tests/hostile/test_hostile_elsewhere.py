"""Every vector gets the same verdict where other processes read what comes."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.reading import pool as reading_pool
from gateway.reading.pool import ReadingPool
from tests.eventually import eventually
from tests.hostile import judge
from tests.hostile.corpus import corpus
from tests.hostile.hub import new_template
from tests.hostile.judge import Outcome, Trap

VECTORS = [vector for vector in corpus() if not vector.raw]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """What came of each."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
            patch.delenv(name)
        patch.setattr(reading_pool, "LEAST", 0)
        yield asyncio.run(_hold(tmp_path_factory.mktemp("hostile")))


async def _hold(folder: Path) -> dict[str, Outcome]:
    await new_template(folder / "template")
    trap, readers = Trap(), ReadingPool(1)
    async with (
        trap.listening(),
        judge.court(
            folder / "template", folder / "hub", trap, readers=readers
        ) as court,
    ):
        await eventually(lambda: readers.ready == 1, within=30, every=0.01)
        (process,) = readers.processes
        outcomes = {vector.name: await court.try_on(vector) for vector in VECTORS}
        assert readers.processes == [process], "none of them ends a process"
    assert not trap.visits
    return outcomes


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file)
def test_a_vector_gets_its_verdict(
    outcomes: dict[str, Outcome], vector: judge.Vector
) -> None:
    assert judge.complaints(vector, outcomes[vector.name]) == []
