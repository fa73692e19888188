"""A runner that is led runs in one process at a time, and ends with the lead."""

import asyncio

import pytest

from gateway.runners.leader import Leader
from gateway.store.database import Alone
from tests.eventually import eventually
from tests.gateway.runners.running import running


class Lead:
    """One lead, taken and lost by hand."""

    def __init__(self) -> None:
        self.is_ours = True
        self.asked = 0

    async def leads(self, duty: str) -> bool:
        assert duty == "clerk"
        self.asked += 1
        return self.is_ours


class Clerk:
    """A runner that waits until it is told to stop."""

    name = "clerk"

    def __init__(self, over: asyncio.Event, runs: list[str]) -> None:
        self._over = over
        self._runs = runs

    async def run(self) -> None:
        self._runs.append("began")
        await self._over.wait()
        self._runs.append("ended")


async def soon(stop: asyncio.Event, seconds: float) -> None:
    """Let others have their turn; nobody waits for seconds here."""
    del stop, seconds
    await asyncio.sleep(0)


async def test_the_runner_runs_while_this_process_leads() -> None:
    """It begins with the lead, ends where that is lost, and begins anew."""
    lead, runs, stop = Lead(), list[str](), asyncio.Event()
    leader = Leader(
        "clerk", lambda over: Clerk(over, runs), lead, stop=stop, pause=soon
    )

    async with running(leader, stop):
        await eventually(lambda: runs == ["began"])
        lead.is_ours = False
        await eventually(lambda: runs == ["began", "ended"])
        asked = lead.asked
        await eventually(lambda: lead.asked > asked + 3)
        assert runs == ["began", "ended"]
        lead.is_ours = True
        await eventually(lambda: runs == ["began", "ended", "began"])

    assert runs == ["began", "ended", "began", "ended"]


async def test_what_the_runner_ends_with_is_raised() -> None:
    """An error that is nobody's move ends the process, as it does without a lead."""

    class Broken:
        async def run(self) -> None:
            raise KeyError("broken")

    stop = asyncio.Event()
    leader = Leader("clerk", lambda _over: Broken(), Lead(), stop=stop)

    with pytest.raises(KeyError):
        await leader.run()


async def test_one_that_has_nothing_to_do_is_left_alone() -> None:
    """A runner that returned is not begun again as long as the lead lasts."""

    class Idle:
        def __init__(self) -> None:
            runs.append("began")

        async def run(self) -> None:
            return

    runs: list[str] = []
    lead, stop = Lead(), asyncio.Event()
    leader = Leader("clerk", lambda _over: Idle(), lead, stop=stop, pause=soon)

    async with running(leader, stop):
        await eventually(lambda: lead.asked > 5)

    assert runs == ["began"]


async def test_a_process_alone_leads() -> None:
    """On a database that is a file nobody else is asked."""
    assert await Alone().leads("clerk")
