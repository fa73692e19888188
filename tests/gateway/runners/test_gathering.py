"""What comes while a batch is handled is the next batch; one by itself fails alone."""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

import pytest

from gateway.runners.gathering import Gathering
from tests.eventually import SOON

MESSAGES = [UUID(int=number) for number in range(1, 6)]


class Batches:
    """Does batches when it is told to, and remembers them."""

    def __init__(self) -> None:
        self.batches: list[list[UUID]] = []
        self.alone: list[UUID] = []
        self.not_done: set[UUID] = set()
        self.error: Exception | None = None
        self.go_on = asyncio.Event()

    async def together(self, messages: Sequence[UUID]) -> Collection[UUID]:
        self.batches.append(list(messages))
        await self.go_on.wait()
        if self.error:
            raise self.error
        return set(messages) - self.not_done

    async def by_itself(self, message: UUID) -> None:
        self.alone.append(message)
        if message == MESSAGES[1]:
            raise ValueError(message)


@pytest.fixture
def batches() -> Batches:
    return Batches()


@pytest.fixture
def gathering(batches: Batches) -> Gathering:
    return Gathering(batches.together, batches.by_itself)


async def outcomes(handled: Sequence[asyncio.Future[None]]) -> list[object]:
    async with asyncio.timeout(SOON):
        return await asyncio.gather(*handled, return_exceptions=True)


async def briefly() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def handle(
    gathering: Gathering, messages: Sequence[UUID]
) -> list[asyncio.Future[None]]:
    return [asyncio.ensure_future(gathering(message)) for message in messages]


async def test_what_comes_meanwhile_is_the_next_batch(
    gathering: Gathering, batches: Batches
) -> None:
    first = handle(gathering, MESSAGES[:2])
    await briefly()
    later = handle(gathering, MESSAGES[2:])
    await briefly()
    assert batches.batches == [MESSAGES[:2]]

    batches.go_on.set()

    assert await outcomes(first + later) == [None] * 5
    assert batches.batches == [MESSAGES[:2], MESSAGES[2:]]
    assert batches.alone == []


async def test_a_lone_one_waits_for_nobody_also_after_others(
    gathering: Gathering, batches: Batches
) -> None:
    batches.go_on.set()
    for message in MESSAGES:
        await gathering(message)
    assert batches.batches == [[message] for message in MESSAGES]


async def test_what_a_batch_did_not_do_is_handled_by_itself(
    gathering: Gathering, batches: Batches
) -> None:
    batches.go_on.set()
    batches.not_done = {MESSAGES[3]}
    assert await outcomes(handle(gathering, MESSAGES)) == [None] * 5
    assert batches.alone == [MESSAGES[3]]


async def test_where_a_batch_fails_each_ends_as_it_does_alone(
    gathering: Gathering, batches: Batches
) -> None:
    batches.go_on.set()
    batches.error = RuntimeError("of the batch")

    ended = await outcomes(handle(gathering, MESSAGES[:3]))

    assert [type(one) for one in ended] == [type(None), ValueError, type(None)]
    assert batches.alone == MESSAGES[:3]


async def test_the_same_message_twice_is_in_a_batch_once(
    gathering: Gathering, batches: Batches
) -> None:
    batches.go_on.set()
    assert await outcomes(handle(gathering, [MESSAGES[0]] * 2)) == [None] * 2
    assert batches.batches == [[MESSAGES[0]]]


async def test_one_that_is_cancelled_takes_nobody_with_it(
    gathering: Gathering, batches: Batches
) -> None:
    handled = handle(gathering, MESSAGES[:3])
    await briefly()
    handled[0].cancel()
    await briefly()
    batches.go_on.set()

    ended = await outcomes(handled)

    assert isinstance(ended[0], asyncio.CancelledError)
    assert ended[1:] == [None, None]
    await gathering(MESSAGES[4])
    assert batches.batches[-1] == [MESSAGES[4]]
