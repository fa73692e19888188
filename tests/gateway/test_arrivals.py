import asyncio

from envelopes.letter import OrganizationCode
from gateway.arrivals import InProcessArrivals, SharedArrivals

CHIANG_MAI = OrganizationCode("1500200050")
TAK = OrganizationCode("1500200063")


async def test_where_nothing_is_announced_nobody_waits() -> None:
    arrivals = InProcessArrivals(30)
    arrivals.announce(TAK)

    async with asyncio.timeout(5):
        assert await arrivals.wait(CHIANG_MAI) is False


async def test_who_waits_is_woken_by_the_arrival() -> None:
    arrivals = InProcessArrivals(30)
    arrivals.announce(CHIANG_MAI)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = [group.create_task(arrivals.wait(CHIANG_MAI)) for _ in range(3)]
        await asyncio.sleep(0)
        arrivals.arrived(CHIANG_MAI)

    assert [task.result() for task in waiting] == [True, True, True]
    assert await arrivals.wait(CHIANG_MAI) is False


async def test_what_is_still_missing_is_waited_for() -> None:
    arrivals = InProcessArrivals(30)
    arrivals.announce(CHIANG_MAI)
    arrivals.announce(CHIANG_MAI)
    arrivals.arrived(CHIANG_MAI)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(arrivals.wait(CHIANG_MAI))
        await asyncio.sleep(0)
        assert not waiting.done()
        arrivals.arrived(CHIANG_MAI)

    assert waiting.result() is True


async def test_what_never_comes_is_not_waited_for_again_and_again() -> None:
    """One wait may pass until its commit is done, one until it is routed."""
    arrivals = InProcessArrivals(0.01)
    arrivals.announce(CHIANG_MAI)

    assert await arrivals.wait(CHIANG_MAI) is False
    assert arrivals.expects(CHIANG_MAI)
    assert await arrivals.wait(CHIANG_MAI) is False
    assert not arrivals.expects(CHIANG_MAI)


async def test_what_came_while_the_process_stood_still_has_come() -> None:
    """Time-out and arrival are found together; the arrival counts."""
    arrivals = InProcessArrivals(0.001)
    arrivals.announce(CHIANG_MAI)
    loop = asyncio.get_running_loop()
    waiting = loop.create_task(arrivals.wait(CHIANG_MAI))
    await asyncio.sleep(0)
    later = loop.time() + 0.002
    loop.call_at(later, arrivals.arrived, CHIANG_MAI)
    while loop.time() < later:
        pass

    assert await waiting is True


async def test_an_arrival_nobody_announced_is_nothing() -> None:
    arrivals = InProcessArrivals(30)

    arrivals.arrived(CHIANG_MAI)

    assert await arrivals.wait(CHIANG_MAI) is False


class Inbox:
    """An inbox that another process fills after some looks."""

    def __init__(self, after: int) -> None:
        self.looks = 0
        self._after = after

    async def lies(self, _organization: OrganizationCode) -> bool:
        self.looks += 1
        return self.looks > self._after


async def test_what_another_process_brings_is_found_by_looking() -> None:
    """Nobody says that it arrived; who waits finds it, and waits no second time."""
    inbox = Inbox(after=1)
    arrivals = SharedArrivals(30, inbox.lies)
    arrivals.announce(CHIANG_MAI)

    async with asyncio.timeout(5):
        assert await arrivals.wait(CHIANG_MAI) is True
        assert await arrivals.wait(CHIANG_MAI) is False
    assert inbox.looks == 2


async def test_what_this_process_brings_is_told_at_once() -> None:
    """An arrival here wakes who waits, without a look."""
    inbox = Inbox(after=0)
    arrivals = SharedArrivals(30, inbox.lies)
    arrivals.announce(CHIANG_MAI)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(arrivals.wait(CHIANG_MAI))
        await asyncio.sleep(0)
        arrivals.arrived(CHIANG_MAI)

    assert waiting.result() is True
    assert inbox.looks == 0


async def test_where_another_process_announced_nobody_looks() -> None:
    """A poll of an inbox for which nothing was taken here costs nothing."""
    inbox = Inbox(after=0)

    assert await SharedArrivals(30, inbox.lies).wait(TAK) is False
    assert inbox.looks == 0


async def test_what_no_process_brings_is_waited_for_once() -> None:
    """The longest wait is that of the setting."""
    inbox = Inbox(after=1000)
    arrivals = SharedArrivals(0.01, inbox.lies)
    arrivals.announce(CHIANG_MAI)

    async with asyncio.timeout(5):
        assert await arrivals.wait(CHIANG_MAI) is False
