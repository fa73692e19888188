import asyncio

from envelopes.letter import OrganizationCode
from gateway.arrivals import InProcessArrivals

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


async def test_what_never_comes_is_waited_for_once() -> None:
    arrivals = InProcessArrivals(0.01)
    arrivals.announce(CHIANG_MAI)

    assert await arrivals.wait(CHIANG_MAI) is False
    assert not arrivals._expected


async def test_an_arrival_nobody_announced_is_nothing() -> None:
    arrivals = InProcessArrivals(30)

    arrivals.arrived(CHIANG_MAI)

    assert await arrivals.wait(CHIANG_MAI) is False
