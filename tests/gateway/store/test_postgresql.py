"""What PostgreSQL says, in our words; and two processes at work on one database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from envelopes.dialects import BOI, CSHARP
from envelopes.letter import Attachment, LetterId
from envelopes.notifier import NotifierKind
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Stage
from gateway.domain.register import Book
from gateway.store.errors import ConcurrentChange, StoreError, StoreUnavailable
from gateway.store.store import SqlStore, open_store
from gateway.workflow.collect import confirm, look
from gateway.workflow.register import register
from gateway.workflow.route import route
from tests import postgresql
from tests.doubles.ids import CountedIds
from tests.gateway.store.values import CHIANG_MAI, START, a_registration, keep
from tests.gateway.store.values import with_directory as directory_of
from tests.gateway.workflow.hub import LOEI, MINISTRY, NAN, Hub, a_hub, patiently, to

pytestmark = pytest.mark.postgresql

T = TypeVar("T")

LARGE = Attachment("application/pdf", bytes(range(256)) * 400)


@pytest.fixture
async def stores(
    postgresql_url: str, tmp_path: Path
) -> AsyncIterator[Sequence[SqlStore]]:
    """Two processes, one database and one vault."""
    async with (
        open_store(tmp_path, database=postgresql_url, elapsed=lambda: 0.0) as one,
        open_store(tmp_path, database=postgresql_url, elapsed=lambda: 0.0) as other,
    ):
        yield one, other


@pytest.fixture
async def hubs(stores: Sequence[SqlStore]) -> Sequence[Hub]:
    """Two hubs at work on one database."""
    one = await a_hub(stores[0], wait=0.0)
    other = Hub(replace(one.work, store=stores[1]), stores[1], one.clock)
    return one, other


async def all_of(*verbs: Callable[[], Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*(patiently(verb) for verb in verbs)))


async def fails(store: SqlStore, statement: str, **values: object) -> StoreError:
    async with store.unit() as unit:
        with pytest.raises(StoreError) as raised:
            await unit.connection.execute(text(statement), values)
    return raised.value


async def test_each_error_says_whether_to_try_again(
    stores: Sequence[SqlStore],
) -> None:
    store = stores[0]
    await store.note_facts({"a": "secret"})

    twin = await fails(store, "INSERT INTO hub VALUES (:n, :v)", n="a", v="s3c")
    wrong = await fails(store, "SELECT nonsense FROM hub")
    empty = await fails(store, "INSERT INTO hub VALUES ('b', NULL)")
    late = await fails(store, "SELECT pg_cancel_backend(pg_backend_pid())")

    assert isinstance(twin, ConcurrentChange)
    assert isinstance(late, StoreUnavailable)
    assert type(wrong) is type(empty) is StoreError
    assert "s3c" not in f"{twin} {twin.detail}"
    assert "(a)" not in twin.detail
    assert "hub_pkey" in twin.detail


async def test_every_commit_is_synced(stores: Sequence[SqlStore]) -> None:
    shown = await stores[0].reading.execute(text("SHOW synchronous_commit"))

    assert shown.scalar_one() == "on"


async def test_a_server_that_is_not_there_is_time_s_move(tmp_path: Path) -> None:
    url = f"postgresql://postgres@/nothing?host={tmp_path}"

    with pytest.raises(StoreUnavailable):
        async with open_store(tmp_path, database=url):
            pass


async def test_after_the_server_dropped_all_connections_work_goes_on(
    stores: Sequence[SqlStore], postgresql_url: str
) -> None:
    """As a restart does: who has a unit open is told, and all come back."""
    store = stores[0]
    await store.note_facts({"before": "yes"})
    async with store.unit() as unit:
        await unit.connection.execute(text("SELECT 1"))
        postgresql.run(
            postgresql_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        with pytest.raises(StoreUnavailable):
            await unit.connection.execute(text("SELECT 1"))

    assert (await store.facts())["before"] == "yes"

    async def note() -> None:
        await store.note_facts({"after": "yes"})

    for _ in range(3):
        try:
            await note()
            break
        except StoreUnavailable:
            continue
    assert (await store.facts())["after"] == "yes"


async def test_a_unit_that_was_cancelled_takes_nothing_with_it(
    stores: Sequence[SqlStore],
) -> None:
    begun = asyncio.Event()

    async def forever() -> None:
        async with stores[0].unit() as unit:
            await unit.connection.execute(text("INSERT INTO hub VALUES ('x', 'y')"))
            begun.set()
            await unit.connection.execute(text("SELECT pg_sleep(60)"))

    task = asyncio.create_task(forever())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await stores[0].facts() == {}
    await stores[0].note_facts({"x": "z"})


async def test_two_processes_give_numbers_without_gap_and_twin(
    stores: Sequence[SqlStore],
) -> None:
    await directory_of(stores[0])
    ids = CountedIds()

    async def take(n: int) -> None:
        async with stores[n % 2].unit() as unit:
            number = LetterId(str(n), "2552-06-05")
            consignment = await keep(unit, ids, number)
            serial = await unit.registers.next_number(CHIANG_MAI, Book.RECEIVED, 2569)
            await unit.registers.add(
                a_registration(ids, consignment.id, serial, CHIANG_MAI, 2569)
            )
            if n % 7 == 0:
                raise LookupError
            await unit.commit()

    numbers = range(1, 85)
    outcomes = await asyncio.gather(
        *(patiently(partial(take, n)) for n in numbers),
        return_exceptions=True,
    )

    failed = [o for o in outcomes if o is not None]
    assert {type(o) for o in failed} == {LookupError}
    lines = await stores[1].views.register(CHIANG_MAI, Book.RECEIVED, 2569)
    serials = sorted(line.registration.number.serial or 0 for line in lines)
    assert serials == list(range(1, 84 - 12 + 1))


async def test_one_send_at_two_processes_is_one_consignment(
    hubs: Sequence[Hub],
) -> None:
    letter = to(CHIANG_MAI, main=LARGE)

    answers = await asyncio.gather(*(hubs[n % 2].send(letter) for n in range(12)))

    assert len({answer.process_id for answer in answers}) == 1
    assert [answer.repeated for answer in answers].count(False) == 1
    assert (await hubs[0].counts())["consignment"] == 1
    assert (await hubs[1].keep()) == 1
    assert (await hubs[1].books()).in_balance


async def test_copies_of_a_circular_at_two_processes_are_one_letter(
    hubs: Sequence[Hub],
) -> None:
    receivers = [CHIANG_MAI, LOEI, NAN]

    await asyncio.gather(
        *(h.send(to(receiver, main=LARGE)) for receiver in receivers for h in hubs)
    )

    counts = await hubs[0].counts()
    assert (counts["letter"], counts["file"]) == (1, counts["letter_file"])
    assert counts["consignment"] == len(receivers)
    await hubs[0].keep()
    assert (await hubs[1].books()).in_balance


async def test_what_two_processes_keep_take_and_enter_happens_once(
    hubs: Sequence[Hub],
) -> None:
    number = 12
    for n in range(number):
        await hubs[0].send(to(CHIANG_MAI, LetterId(f"มท 1/{n}", "2026-06-05")))
    due = await hubs[0].store.outbox.due(hubs[0].clock.now(), limit=100)
    routes = [p.id for p in due if p.stage is Stage.ROUTE]

    await all_of(*(partial(route, h.work, p) for p in routes for h in hubs))
    entries = await hubs[1].inbox(CHIANG_MAI)
    assert len(entries) == number

    async def take_head(hub: Hub) -> None:
        if shown := await look(hub.work, CHIANG_MAI):
            await confirm(hub.work, CHIANG_MAI, shown.process_id)

    async def enter(hub: Hub, process_id: str) -> None:
        await register(hub.work, CHIANG_MAI, process_id, by="สมศรี")

    await all_of(
        *(
            partial(enter, h, e.process_id)
            for e in entries[number // 2 :]
            for h in hubs
        ),
        *(partial(take_head, h) for _ in range(number) for h in hubs),
    )
    while await hubs[0].inbox(CHIANG_MAI):
        await all_of(*(partial(take_head, h) for h in hubs))

    counts = await hubs[0].counts()
    assert counts["registration"] == number // 2
    books = await hubs[1].books()
    assert books.in_balance, books.findings
    [account] = books.registers
    assert account.given == account.last == number // 2


async def test_two_processes_seal_each_line_once(hubs: Sequence[Hub]) -> None:
    for n in range(6):
        await hubs[0].send(to(CHIANG_MAI, LetterId(f"มท 1/{n}", "2026-06-05")))

    async def seals(hub: Hub) -> None:
        while await hub.store.seal_journal(START):
            await hub.send(to(CHIANG_MAI, LetterId("มท 2/1", "2026-06-05")))

    await all_of(*(lambda h=h: seals(h) for h in [*hubs] * 3))  # type: ignore[misc]

    continuity = await hubs[1].store.check_journal(())
    assert continuity.is_whole, continuity.breaks
    assert continuity.unsealed == 0
    await hubs[0].keep()


async def test_what_is_held_while_the_dialect_changes_comes_back(
    hubs: Sequence[Hub],
) -> None:
    """Who holds it and who brings it back see each other, whoever is first."""
    one, other = hubs
    for n in range(8):
        number = LetterId(f"มท 3/{n}", "2026-06-05")
        await one.speaks(MINISTRY, BOI)
        await one.deliver(to(CHIANG_MAI, number))
        await one.take(CHIANG_MAI)
        await one.tell(CHIANG_MAI, NotifierKind.RECEIVED, about=number)

        await asyncio.gather(one.keep(), other.speaks(MINISTRY, CSHARP))

        assert await one.store.views.aside(MINISTRY) == []
        await other.take(MINISTRY)


async def test_an_error_that_comes_of_reading_two_moments_is_time_s_move(
    hubs: Sequence[Hub],
) -> None:
    one, other = hubs
    await one.deliver(to(CHIANG_MAI))
    [entry] = await one.inbox(CHIANG_MAI)

    async def reads_two_moments() -> None:
        async with one.store.unit() as unit:
            await unit.inboxes.find(CHIANG_MAI, entry.process_id)
            await other.take(CHIANG_MAI)
            consignment = await unit.consignments.get(entry.consignment)
            consignment.record(Happening.ROUTE_CHOSEN, START, actor="hub")

    async def reads_one() -> None:
        async with one.store.unit() as unit:
            await unit.inboxes.find(CHIANG_MAI, entry.process_id)
            raise LookupError

    with pytest.raises(ConcurrentChange):
        await reads_two_moments()
    with pytest.raises(LookupError):
        await reads_one()
