"""What the store answers without a unit: the directory, facts, who was seen."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.organization import RegisteredCertificate
from gateway.store.errors import StoreUnavailable
from gateway.store.found import Found
from gateway.store.store import FRESH, SqlStore, open_store
from tests.doubles.ids import CountedIds
from tests.doubles.pki import identity
from tests.gateway.store.conftest import Opener
from tests.gateway.store.values import (
    CHIANG_MAI,
    MINISTRY,
    START,
    a_promise,
    an_entry,
    an_organization,
    kept,
)

TRAT = OrganizationCode("1500200023")
OWN = identity(organization=TRAT.text)
CERTIFICATE = RegisteredCertificate(
    TRAT, OWN.der, OWN.fingerprint, OWN.not_before, OWN.not_after
)


async def enter(store: SqlStore, code: OrganizationCode) -> None:
    async with store.unit() as unit:
        certificates = [CERTIFICATE] if code == TRAT else []
        await unit.directory.add(an_organization(code), certificates, START)
        await unit.commit()


async def test_who_is_entered_is_found_at_once_with_certificates(
    opener: Opener, store: SqlStore
) -> None:
    assert await store.organization(TRAT) is None
    async with opener() as command_line:
        await enter(command_line, TRAT)

    assert await store.organization(TRAT) == an_organization(TRAT)
    assert list(await store.certificates(TRAT)) == [CERTIFICATE]
    async with store.unit() as unit:
        assert await unit.directory.find(TRAT) == an_organization(TRAT)
        assert list(await unit.directory.certificates(TRAT)) == [CERTIFICATE]


async def test_the_directory_is_listed_by_code(store: SqlStore) -> None:
    await enter(store, TRAT)

    async with store.unit() as unit:
        codes = [organization.code for organization in await unit.directory.all()]

    assert codes == [MINISTRY, TRAT, CHIANG_MAI]


async def test_an_organization_is_remembered_for_a_second(data: Path) -> None:
    elapsed = [0.0]
    async with open_store(data, elapsed=lambda: elapsed[0]) as store:
        await enter(store, MINISTRY)
        first = await store.organization(MINISTRY)

        elapsed[0] = FRESH / 2
        assert await store.organization(MINISTRY) is first
        elapsed[0] = FRESH
        assert await store.organization(MINISTRY) is not first
        assert await store.organization(MINISTRY) == first


async def test_many_who_ask_for_an_organization_are_one_question(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives up leaves the answer to the others; what failed is asked again."""
    await enter(store, TRAT)
    asked = 0
    execute = store.reading.execute

    async def counted(*args: Any) -> Found:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        if asked == 1:
            raise StoreUnavailable(detail="once")
        return await execute(*args)

    monkeypatch.setattr(type(store.reading), "execute", lambda _, *a: counted(*a))
    with pytest.raises(StoreUnavailable):
        await store.organization(TRAT)
    gives_up = asyncio.create_task(store.organization(TRAT))
    others = [asyncio.create_task(store.organization(TRAT)) for _ in range(5)]
    await asyncio.sleep(0)
    gives_up.cancel()

    assert await asyncio.gather(*others) == [an_organization(TRAT)] * 5
    assert asked == 2
    assert gives_up.cancelled()


async def test_what_was_found_before_a_change_is_not_remembered(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that was on its way meanwhile answers who asked, and nobody else."""
    await enter(store, TRAT)
    execute = store.reading.execute

    async def slowly(*args: Any) -> Found:
        found = await execute(*args)
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(type(store.reading), "execute", lambda _, *a: slowly(*a))
    early = asyncio.create_task(store.organization(TRAT))
    await asyncio.sleep(0)
    store._forget(TRAT)

    first = await early
    assert await store.organization(TRAT) is not first


async def test_facts_are_noted_and_replaced(opener: Opener) -> None:
    async with opener() as store:
        assert dict(await store.facts()) == {}
        await store.note_facts({"demo": "no", "made_at": "2026-07-01"})
        await store.note_facts({"demo": "yes"})

    async with opener() as store:
        assert dict(await store.facts()) == {"demo": "yes", "made_at": "2026-07-01"}


async def test_when_endpoints_were_seen_is_kept_and_never_set_back(
    store: SqlStore,
) -> None:
    later = START + timedelta(minutes=1)
    await store.seen({MINISTRY: later, CHIANG_MAI: START})
    await store.seen({MINISTRY: START, TRAT: START})
    await store.seen({})

    seen = {e.organization.code: e.last_seen_at for e in await store.views.endpoints()}
    assert seen == {MINISTRY: later, CHIANG_MAI: START}


async def test_a_relay_is_woken_by_a_promise(store: SqlStore, ids: CountedIds) -> None:
    consignment = await kept(store, ids)
    assert await store.outbox.due(START, limit=1) == []
    waiting = asyncio.create_task(store.outbox.changed(60))
    await asyncio.sleep(0)
    async with store.unit() as unit:
        await unit.promises.add(a_promise(ids, consignment.id))
        assert not waiting.done()
        await unit.commit()

    await asyncio.wait_for(waiting, 10)
    assert len(await store.outbox.due(START, limit=1)) == 1


async def test_a_promise_made_after_the_look_is_not_slept_over(
    store: SqlStore, ids: CountedIds
) -> None:
    consignment = await kept(store, ids)
    await store.outbox.due(START, limit=1)
    async with store.unit() as unit:
        await unit.promises.add(a_promise(ids, consignment.id))
        await unit.commit()

    await asyncio.wait_for(store.outbox.changed(60), 10)


async def test_a_relay_is_not_woken_for_nothing(
    store: SqlStore, ids: CountedIds
) -> None:
    consignment = await kept(store, ids)
    async with store.unit() as unit:
        await unit.promises.add(a_promise(ids, consignment.id))
    await store.outbox.due(START, limit=1)
    waiting = asyncio.create_task(store.outbox.changed(60))
    await kept(store, ids, type(consignment.letter.letter_id)("2", "2552-06-05"))

    assert not waiting.done()
    waiting.cancel()


async def test_waiting_for_promises_ends(store: SqlStore) -> None:
    await store.outbox.changed(0.001)


async def test_nothing_published_is_nothing_written(store: SqlStore) -> None:
    await store.outbox.published([], START)

    assert await store.outbox.due(START, limit=1) == []


async def test_the_newest_id_is_of_the_last_letter_or_entry(opener: Opener) -> None:
    """It is None while nothing ever came."""
    ids = CountedIds()
    async with opener() as store:
        assert await store.newest_id() is None
        await enter(store, MINISTRY)
        await enter(store, CHIANG_MAI)
        numbers = [LetterId(f"มท {number}", "2026-06-05") for number in (1, 2)]
        sent = [await kept(store, ids, number) for number in numbers]
        assert await store.newest_id() == sent[-1].id
        entries = [an_entry(ids, consignment.id) for consignment in sent]
        async with store.unit() as unit:
            for entry in reversed(entries):
                await unit.inboxes.add(entry)
            await unit.commit()

        assert await store.newest_id() == entries[-1].id
