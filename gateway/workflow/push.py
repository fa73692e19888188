"""What lies in the inbox of a push endpoint is promised to it.

1. Whoever puts an entry into an inbox, or back into it, asks here: where the endpoint
   pushes, the same unit promises to hand the entry over, and the happening that the
   unit records names the promise as `deliver`.
2. Where an endpoint is set to push while entries wait, each of them is promised, in
   order, some at a time; again, this changes nothing. What was held beside the queue
   of a client that could not read it comes back to its place by that.
3. An endpoint that is set to pull takes no promise back: what waits, waits for its
   client, and each promise is found void when its turn comes.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import HUB
from gateway.domain.endpoint import Endpoint
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Promise, Stage
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.work import Work

AT_ONCE: Final = 100
"""Entries promised in one unit."""

Progress = Callable[[int], None]
"""Told how many entries were promised so far."""


def told_nobody(done: int) -> None:
    """Tell nobody."""
    del done


async def pushing(unit: UnitOfWork, code: OrganizationCode) -> Endpoint | None:
    """Return an endpoint that pushes, and goes on to until the unit has ended.

    None for one that pulls. Asked before anything is written.
    """
    found = await unit.endpoints.find(code, steady=True)
    return found if found is not None and found.pushes else None


async def pushing_among(
    unit: UnitOfWork, codes: Iterable[OrganizationCode]
) -> Mapping[OrganizationCode, Endpoint]:
    """Return those of these endpoints that push; all go on as they do, as above."""
    found = await unit.endpoints.several(codes)
    return {code: endpoint for code, endpoint in found.items() if endpoint.pushes}


async def promise_delivery(
    unit: UnitOfWork,
    work: Work,
    entry: InboxEntry,
    endpoint: Endpoint | None,
    at: datetime,
) -> dict[str, str]:
    """Promise to hand an entry over; return what its journal is to say of that.

    Nothing for None, an endpoint that pulls. `at` is when that happening is.
    """
    if endpoint is None:
        return {}
    promise = Promise(
        id=work.ids.new(),
        stage=Stage.DELIVER,
        consignment=entry.consignment,
        receipt=entry.receipt,
        made_at=at,
        not_before=at,
        entry=entry.id,
        endpoint=entry.organization,
        attempt=1,
    )
    await unit.promises.add(promise)
    return {Stage.DELIVER.value: str(promise.id)}


async def promise_waiting(
    work: Work, code: OrganizationCode, progress: Progress = told_nobody
) -> int:
    """Promise all that waits in the inbox of a push endpoint; return how much."""
    done, after = 0, None
    while True:
        promised, after = await _promise_some(work, code, after)
        done += promised
        progress(done)
        if after is None:
            break
    if done:
        emit("delivery begun", organization=code, count=done)
    return done


async def _promise_some(
    work: Work, code: OrganizationCode, after: UUID | None
) -> tuple[int, UUID | None]:
    """Promise the entries behind a place; return how many, and the last one's place.

    None where there are no more.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        endpoint = await pushing(unit, code)
        if endpoint is None:
            return 0, None
        found = await unit.inboxes.unpromised(code, after=after, limit=AT_ONCE)
        for entry in found:
            await _begin(unit, work, entry, endpoint, now)
        if found:
            await unit.commit()
    return len(found), found[-1].place if len(found) == AT_ONCE else None


async def _begin(
    unit: UnitOfWork, work: Work, entry: InboxEntry, endpoint: Endpoint, now: datetime
) -> None:
    consignment = await unit.consignments.get(entry.consignment)
    was_held = entry.release()
    if was_held:
        await unit.inboxes.save(entry)
    promised = await promise_delivery(unit, work, entry, endpoint, now)
    consignment.record(
        Happening.ENTRY_RELEASED if was_held else Happening.DELIVERY_BEGUN,
        now,
        actor=HUB,
        facts={"entry": entry.process_id} | promised,
    )
    await unit.consignments.save(consignment)
