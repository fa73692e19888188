import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.store.errors import ConcurrentChange, VaultDamaged
from gateway.web.addresses import Addresses
from gateway.web.door import Door
from gateway.web.errors import TemporarilyUnavailable
from gateway.web.limits import Limits, Room


async def test_who_finds_no_room_waits_for_it() -> None:
    room = Room(100)
    order: list[str] = []

    async def second() -> None:
        async with room.of(60, 5, who="b"):
            order.append("second")

    async with asyncio.TaskGroup() as group, room.of(60, 5, who="a"):
        group.create_task(second())
        await asyncio.sleep(0)
        order.append("first")

    assert order == ["first", "second"]


async def test_who_waits_too_long_may_come_again() -> None:
    room = Room(100)
    async with room.of(100, 5, who="a"):
        with pytest.raises(TemporarilyUnavailable):
            async with room.of(1, 0.01, who="b"):
                pass
    async with room.of(100, 0.01, who="a"):
        pass


async def test_what_fails_leaves_its_room() -> None:
    room = Room(100)
    with pytest.raises(ZeroDivisionError):
        async with room.of(100, 5, who="a"):
            raise ZeroDivisionError

    async with room.of(100, 0.01, who="a"):
        pass


async def test_one_organization_holds_half_of_the_room_at_most() -> None:
    room = Room(100)
    async with room.of(30, 5, who="a"), room.of(20, 5, who="a"):
        with pytest.raises(TemporarilyUnavailable):
            async with room.of(1, 0.01, who="a"):
                pass
        async with room.of(50, 0.01, who="b"):
            pass
    async with room.of(1, 0.01, who="a"):
        pass


async def test_a_request_larger_than_half_finds_room_alone() -> None:
    room = Room(100)
    async with room.of(100, 0.01, who="a"):
        pass


def a_door() -> Door:
    return Door(
        None,  # type: ignore[arg-type] # not asked by what is tested here
        gate=None,  # type: ignore[arg-type] # the same
        limits=Limits(1, 1),
        room=Room(1),
        addresses=Addresses(),
        seen=lambda _code, _at: None,
    )


class Verb:
    """Fails so many times."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error = error
        self.left = times
        self.runs = 0

    async def __call__(self) -> bytes:
        self.runs += 1
        if self.left:
            self.left -= 1
            raise self.error
        return b"done"


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_busy_store_is_asked_again(times: int) -> None:
    verb = Verb(ConcurrentChange(detail="SQLITE_BUSY"), times)

    with capture_logs() as lines:
        assert await a_door()._patiently(verb, "poll") == b"done"

    assert verb.runs == times + 1
    assert [line["event"] for line in lines] == ["request repeated"] * times


async def test_a_store_that_stays_busy_is_given_up() -> None:
    verb = Verb(ConcurrentChange(), 9)

    with pytest.raises(ConcurrentChange):
        await a_door()._patiently(verb, "poll")

    assert verb.runs == 4


async def test_what_no_repeat_will_help_is_not_repeated() -> None:
    verb = Verb(VaultDamaged(), 1)

    with pytest.raises(VaultDamaged):
        await a_door()._patiently(verb, "poll")

    assert verb.runs == 1
