"""What is answered is durable, also where it was another's doing.

Units are committed in groups: a repeat that runs in the group of the first time sees
what that one wrote before it is committed, and must not answer with it yet.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from sqlalchemy import func, select

from envelopes.letter import Attachment, LetterId
from envelopes.notifier import NotifierKind
from gateway.store.errors import StoreUnavailable
from gateway.store.tables import Row
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Hub, to

LARGE = Attachment("application/pdf", Random(2).randbytes(100_000))
OTHER = LetterId("มท 0211/7", "2026-06-05")
PATIENCE = 30.0
CYCLES = 50
"""Turns of the event loop, until who can do nothing but wait does so."""

in_groups = pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
"""Elsewhere nothing is seen by anybody before it is durable."""


async def committed(hub: Hub, table: str) -> int:
    """Count what a crash would leave at this moment."""
    counted = select(func.count()).select_from(Row.metadata.tables[table])
    return int((await hub.store.reading.execute(counted)).scalar_one())


async def twice_behind_another(
    hub: Hub, verb: Callable[[], Awaitable[object]], table: str
) -> list[int]:
    """Do something twice in one group; return what was durable at each answer.

    A first send is being committed meanwhile, and is held there until both wait to
    run in the group after it.
    """

    async def do() -> int:
        await verb()
        return await committed(hub, table)

    with held_sync() as (reached, go_on):
        first = asyncio.create_task(hub.send(to(LOEI, OTHER, main=LARGE)))
        assert await asyncio.to_thread(reached.wait, PATIENCE)
        both = [asyncio.create_task(do()) for _ in range(2)]
        for _ in range(CYCLES):
            await asyncio.sleep(0)
        go_on.set()
        await first
        return await asyncio.gather(*both)


@contextmanager
def held_sync() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Have the disk sync nothing until told to go on; tell when that begins."""
    reached, go_on = threading.Event(), threading.Event()
    sync = os.fsync

    def held(descriptor: int) -> None:
        reached.set()
        assert go_on.wait(PATIENCE)
        sync(descriptor)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", held)
        try:
            yield reached, go_on
        finally:
            go_on.set()


@in_groups
async def test_a_repeated_send_is_answered_when_the_first_is_durable(
    hub: Hub,
) -> None:
    assert await twice_behind_another(
        hub, lambda: hub.send(to(CHIANG_MAI)), "consignment"
    ) == [2, 2]


@in_groups
async def test_a_repeated_notice_is_answered_when_the_first_is_durable(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))

    assert await twice_behind_another(
        hub,
        lambda: hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "1024"),
        "receipt",
    ) == [1, 1]


@in_groups
async def test_a_number_is_shown_when_it_is_durable(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    assert await twice_behind_another(
        hub, lambda: hub.register(CHIANG_MAI), "registration"
    ) == [1, 1]


@in_groups
async def test_a_repeated_delete_is_answered_when_the_first_is_durable(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    shown = await hub.head(CHIANG_MAI)

    assert await twice_behind_another(
        hub, lambda: hub.confirm(CHIANG_MAI, shown.process_id), "receipt"
    ) == [1, 1]


@in_groups
async def test_a_head_is_shown_when_that_is_durable(hub: Hub) -> None:
    """Else its reader's delete would not count after a crash."""
    await hub.deliver(to(CHIANG_MAI))
    before = await committed(hub, "journal")

    seen = await twice_behind_another(hub, lambda: hub.head(CHIANG_MAI), "journal")

    assert seen == [before + 2] * 2


async def test_nobody_is_told_of_custody_where_the_disk_failed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError("the disk is gone")

    before = await hub.rows()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        letters = [to(LOEI, main=LARGE), *[to(CHIANG_MAI, main=LARGE)] * 2]
        answers = await asyncio.gather(*map(hub.send, letters), return_exceptions=True)

    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    assert await hub.rows() == before
    assert not await hub.announced(CHIANG_MAI)

    custody = await hub.deliver(to(CHIANG_MAI, main=LARGE))
    assert not custody.repeated
