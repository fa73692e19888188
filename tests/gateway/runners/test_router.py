"""What one office sends another lies in its inbox as it came, whatever comes first."""

import asyncio
from datetime import timedelta
from uuid import UUID

from gateway.runners.router import InTurn
from gateway.store.store import SqlStore
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from tests.doubles.clock import START
from tests.gateway.runners.moving import letter_id
from tests.letters import RECEIVER, SENDER, a_letter, as_wire, document_in

FOREVER = START + timedelta(days=1000)


async def sent(work: Work, store: SqlStore, count: int) -> list[UUID]:
    """Take letters into custody one after the other; return their promises."""
    for number in range(count):
        document = document_in(as_wire(a_letter(id=letter_id(number))))
        await receive(work, SENDER, document)
    due = await store.outbox.due(FOREVER, limit=count)
    return sorted(promise.id for promise in due)


async def numbers(work: Work) -> list[str]:
    lines = await work.store.views.inbox(RECEIVER)
    return [line.letter.letter_id.number for line in lines]


def in_order(count: int) -> list[str]:
    return [letter_id(number).number for number in range(count)]


async def test_who_comes_first_brings_those_before_it(
    work: Work, store: SqlStore
) -> None:
    """Their own messages, which come later, are repeats."""
    promises = await sent(work, store, 4)
    route = InTurn(work)

    await route(promises[2])
    assert await numbers(work) == in_order(3)

    for promise in promises:
        await route(promise)
    assert await numbers(work) == in_order(4)


async def test_those_in_hand_at_once_wait_for_each_other(
    work: Work, store: SqlStore
) -> None:
    """Claimed in any order, by two runners that know nothing of each other."""
    promises = await sent(work, store, 12)
    first, second = InTurn(work), InTurn(work)

    async with asyncio.TaskGroup() as group:
        for promise in reversed(promises):
            group.create_task(first(promise))
        for promise in promises:
            group.create_task(second(promise))

    assert await numbers(work) == in_order(12)


async def test_others_are_not_waited_for(work: Work, store: SqlStore) -> None:
    """Only what is before it, from the same office to the same, is routed with it."""
    promises = await sent(work, store, 3)

    await InTurn(work)(promises[0])

    assert await numbers(work) == in_order(1)
