"""A demo hub that is killed and comes back, while its clients go on."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, open_hub
from gateway.cli.demo_registers import CLERK
from gateway.config import load
from gateway.domain.organization import Person
from gateway.simulation.provinces import PROVINCES
from tests.crashes.unsteady import Unsteady


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("template") / "data"
    asyncio.run(init(load(data), demo=True))
    asyncio.run(_appoint(data))
    return data


async def _appoint(data: Path) -> None:
    """Let the clerk of the offices without a system see secret letters too."""
    async with open_hub(load(data)) as hub, hub.store.unit() as unit:
        for province in PROVINCES:
            code, at = OrganizationCode(province.code), hub.work.clock.now()
            await unit.persons.enter(Person(code, CLERK, True, at))  # noqa: FBT003 - what it is
        await unit.commit()


@pytest.fixture
def unsteady(template: Path, tmp_path: Path) -> Callable[[Sequence[str]], Unsteady]:
    """Make a hub that dies at steps; its data directory is fresh."""

    def make(stops: Sequence[str]) -> Unsteady:
        data = tmp_path / "data"
        shutil.copytree(template, data)
        return Unsteady(data, list(stops))

    return make


def no_word(_step: str) -> None:
    """Hear of a step, and do nothing."""
