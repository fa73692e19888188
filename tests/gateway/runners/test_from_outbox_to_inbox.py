"""Relay, broker, router and notifier with the real store, and what may go wrong."""

import asyncio
from collections import defaultdict

import pytest

from envelopes.letter import OrganizationCode
from envelopes.notifier import Notifier, NotifierKind
from gateway.domain.promise import Stage
from gateway.domain.receipts import ReceiptKind
from gateway.store.store import SqlStore
from gateway.workflow.notice import take_notice
from gateway.workflow.work import Work
from tests.doubles.broker import Failure, UnsteadyBroker
from tests.gateway.runners.moving import kept, letter_id, moving, send
from tests.letters import RECEIVER, SENDER


async def tell(work: Work, number: int) -> None:
    """Let the receiver say that a letter arrived, and at once that it has a number."""
    for kind, accept_id in (
        (NotifierKind.RECEIVED, None),
        (NotifierKind.REGISTERED, f"{number}"),
    ):
        notifier = Notifier(kind, letter_id(number), "", accept_id)
        await take_notice(work, RECEIVER, notifier, to="")


async def numbers_in(work: Work, organization: OrganizationCode) -> list[str]:
    """Return the letters that lie in an inbox, head first."""
    lines = await work.store.views.inbox(organization)
    return [line.letter.letter_id.number for line in lines]


async def test_each_letter_comes_into_its_inbox_once(
    work: Work, store: SqlStore, broker: UnsteadyBroker
) -> None:
    async with moving(work, broker):
        await send(work, 40)
        await kept(store, broker)

    expected = [letter_id(number).number for number in range(40)]
    assert sorted(await numbers_in(work, RECEIVER)) == sorted(expected)


@pytest.mark.parametrize("failure", Failure)
async def test_failures_of_the_broker_neither_lose_nor_double_a_letter(
    work: Work, store: SqlStore, broker: UnsteadyBroker, failure: Failure
) -> None:
    broker.fail(failure, times=3)

    async with moving(work, broker):
        await send(work, 10)
        await kept(store, broker)

    expected = [letter_id(number).number for number in range(10)]
    assert sorted(await numbers_in(work, RECEIVER)) == sorted(expected)
    assert await broker.dead(Stage.ROUTE) == 0


async def test_letters_wait_for_a_hub_that_was_stopped(
    work: Work, store: SqlStore, broker: UnsteadyBroker
) -> None:
    await send(work, 5)
    assert await numbers_in(work, RECEIVER) == []

    async with moving(work, broker):
        await kept(store, broker)

    assert len(await numbers_in(work, RECEIVER)) == 5


async def test_a_sender_reads_arrived_before_registered(
    work: Work, store: SqlStore, broker: UnsteadyBroker
) -> None:
    async with moving(work, broker):
        await send(work, 12)
        await kept(store, broker)
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(tell(work, number))
        await kept(store, broker)

    told: dict[str, list[ReceiptKind]] = defaultdict(list)
    for line in await work.store.views.inbox(SENDER):
        assert line.receipt is not None
        told[line.letter.letter_id.number].append(line.receipt.kind)
    in_order = [ReceiptKind.RECEIVED, ReceiptKind.REGISTERED]
    assert told == {letter_id(number).number: in_order for number in range(12)}
