"""A promise is kept once, or it stays open; a verb happens whole, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain.promise import Stage
from gateway.workflow.collect import confirm
from gateway.workflow.deliver import prepare
from gateway.workflow.notify import notify
from gateway.workflow.register import register
from gateway.workflow.route import route
from gateway.workflow.work import Work
from tests.gateway.workflow.hub import CHIANG_MAI, MINISTRY, Hub, patiently, to
from tests.stopping import stopped_at

T = TypeVar("T")

VERBS: dict[Stage, Callable[[Work, UUID], Awaitable[object]]] = {
    Stage.ROUTE: route,
    Stage.NOTIFY: notify,
    Stage.DELIVER: prepare,
}


@dataclass
class MeetingBench:
    """A workbench at which all must have arrived before any goes on."""

    barrier: asyncio.Barrier

    async def run(self, size: int, work: Callable[[], T]) -> T:
        del size
        await self.barrier.wait()
        return work()


async def promised(hub: Hub) -> UUID:
    """Return the one open promise."""
    [promise] = await hub.store.outbox.due(hub.clock.now(), limit=10)
    return promise.id


async def sent(hub: Hub) -> UUID:
    await hub.send(to(CHIANG_MAI))
    return await promised(hub)


async def told(hub: Hub) -> UUID:
    await hub.deliver(to(CHIANG_MAI))
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    return await promised(hub)


MADE = [(Stage.ROUTE, sent), (Stage.NOTIFY, told)]


@pytest.mark.parametrize(("stage", "make"), MADE)
async def test_keeping_a_promise_again_does_nothing(
    hub: Hub, stage: Stage, make: Callable[[Hub], Awaitable[UUID]]
) -> None:
    promise = await make(hub)
    await VERBS[stage](hub.work, promise)
    before = await hub.rows(), await hub.writes()
    hub.clock.advance(hours=1)

    await VERBS[stage](hub.work, promise)

    assert (await hub.rows(), await hub.writes()) == before


@pytest.mark.parametrize(("stage", "make"), MADE)
async def test_kept_by_several_at_once_it_is_kept_once(
    hub: Hub, stage: Stage, make: Callable[[Hub], Awaitable[UUID]]
) -> None:
    promise = await make(hub)
    before = await hub.counts()

    await asyncio.gather(
        *(patiently(lambda: VERBS[stage](hub.work, promise)) for _ in range(4))
    )

    after = await hub.counts()
    assert after["inbox_entry"] == before["inbox_entry"] + 1
    assert after["journal"] == before["journal"] + 1


async def test_a_copy_made_by_several_at_once_is_handed_on_once(hub: Hub) -> None:
    """All find the promise open, and make the copy before any of them keeps it."""
    promise = await sent(hub)
    together = replace(hub.work, bench=MeetingBench(asyncio.Barrier(3)))

    await asyncio.gather(
        *(patiently(lambda: route(together, promise)) for _ in range(3))
    )

    assert len(await hub.inbox(CHIANG_MAI)) == 1


@pytest.mark.parametrize(("stage", "make"), MADE)
async def test_one_that_fails_before_the_commit_stays_open(
    hub: Hub, stage: Stage, make: Callable[[Hub], Awaitable[UUID]]
) -> None:
    promise = await make(hub)
    before = await hub.rows()
    with stopped_at(f"{stage}:before-commit"):
        await VERBS[stage](hub.work, promise)

    assert await hub.rows() == before
    assert await promised(hub) == promise
    assert await hub.keep() == 1
    assert len(await hub.inbox(CHIANG_MAI)) == 1


@pytest.mark.parametrize(("stage", "make"), MADE)
async def test_one_that_fails_after_the_commit_is_kept(
    hub: Hub, stage: Stage, make: Callable[[Hub], Awaitable[UUID]]
) -> None:
    promise = await make(hub)
    with stopped_at(f"{stage}:after-commit"):
        await VERBS[stage](hub.work, promise)

    before = await hub.rows()
    await VERBS[stage](hub.work, promise)
    assert await hub.rows() == before
    assert await hub.keep() == 0


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_promise_nobody_made_is_passed_over(hub: Hub, stage: Stage) -> None:
    """A queue may be newer than a database that was restored."""
    before = await hub.rows()

    await VERBS[stage](hub.work, uuid4())

    assert await hub.rows() == before


Verb = Callable[[Hub], Awaitable[object]]


async def send(hub: Hub) -> object:
    return (await hub.send(to(CHIANG_MAI))).process_id


async def poll(hub: Hub) -> object:
    return await hub.head(CHIANG_MAI)


async def delete(hub: Hub) -> object:
    return await confirm(hub.work, CHIANG_MAI, (await entry_of(hub)))


async def notice(hub: Hub) -> object:
    return await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "1024")


async def enter(hub: Hub) -> object:
    return await register(hub.work, CHIANG_MAI, await entry_of(hub), by="สมศรี")


async def entry_of(hub: Hub) -> str:
    path = await hub.path(CHIANG_MAI)
    assert path.entry is not None
    return path.entry.process_id


async def nothing(_hub: Hub) -> None:
    """Prepare nothing."""


async def delivered(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))


async def shown(hub: Hub) -> None:
    await delivered(hub)
    await hub.head(CHIANG_MAI)


BEFORE: list[tuple[Verb, Verb, str]] = [
    (nothing, send, "receive:before-commit"),
    (delivered, poll, "look:before-commit"),
    (shown, delete, "confirm:before-commit"),
    (delivered, notice, "notice:before-commit"),
    (delivered, enter, "register:before-commit"),
]
AFTER: list[tuple[Verb, Verb, str]] = [
    (nothing, send, "receive:after-commit"),
    (delivered, poll, "look:before-answer"),
    (shown, delete, "confirm:after-commit"),
    (delivered, notice, "notice:after-commit"),
    (delivered, enter, "register:after-commit"),
]


@pytest.mark.parametrize(("prepare", "verb", "step"), BEFORE)
async def test_a_verb_stopped_before_its_commit_leaves_nothing(
    hub: Hub, prepare: Verb, verb: Verb, step: str
) -> None:
    await prepare(hub)
    rows = await hub.rows()
    with stopped_at(step):
        await verb(hub)

    assert await hub.rows() == rows
    assert not await hub.announced(MINISTRY)
    await verb(hub)
    assert await hub.rows() != rows


@pytest.mark.parametrize(("prepare", "verb", "step"), AFTER)
async def test_a_verb_stopped_after_its_commit_is_answered_when_asked_again(
    hub: Hub, prepare: Verb, verb: Verb, step: str
) -> None:
    await prepare(hub)
    with stopped_at(step):
        await verb(hub)
    rows = await hub.rows()

    answer = await verb(hub)

    assert answer == await verb(hub)
    assert await hub.rows() == rows


async def test_a_number_whose_unit_failed_is_given_to_the_next(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    with stopped_at("register:before-commit"):
        await hub.register(CHIANG_MAI)

    assert (await hub.register(CHIANG_MAI)).number.text == "1/2569"


@pytest.mark.parametrize(
    ("prepare", "verb", "whose"),
    [
        (nothing, send, CHIANG_MAI),
        (delivered, notice, MINISTRY),
        (delivered, enter, MINISTRY),
    ],
)
async def test_nobody_waits_for_what_was_cancelled(
    hub: Hub, prepare: Verb, verb: Verb, whose: OrganizationCode
) -> None:
    """Its commit may have been made or not; a poll does not wait to find out."""
    await prepare(hub)
    cancelled = asyncio.ensure_future(verb(hub))
    while not await hub.announced(whose):
        assert not cancelled.done()

    cancelled.cancel()
    await asyncio.wait([cancelled])

    # Where its commit was faster, what was announced is on its way.
    assert await hub.announced(whose) is not cancelled.cancelled()
    answer = await verb(hub)
    assert answer == await verb(hub)
