"""An entry its client cannot get past goes out of the way, and comes back.

A parked letter is an error: an office does not get its letter. A parked notifier is
a note: its sender's system does not hear what the hub's record shows.
"""

from datetime import datetime

from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.consignment import HUB, Consignment
from gateway.domain.deadletter import Settled
from gateway.domain.inbox import PARKED_FOR, Carries, InboxEntry, Standing
from gateway.domain.incident import LETTER_PARKED, TAKEN
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Stage
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.push import promise_delivery, pushing
from gateway.workflow.work import Work


async def set_aside(
    unit: UnitOfWork,
    work: Work,
    entry: InboxEntry,
    consignment: Consignment,
    patience: int,
    *,
    now: datetime,
) -> bool:
    """Set a head behind or park it where it was read too often; say whether it was.

    That a letter is parked is an incident. Its reads are the caller's to forget, when
    this is durable.
    """
    if work.reads.of(entry.id) < patience:
        return False
    entry.lose_patience(work.ids.new(), now)
    work.reads.leave(entry.organization, entry.carries)
    parked = entry.standing is Standing.PARKED
    consignment.record(
        Happening.ENTRY_PARKED if parked else Happening.ENTRY_SET_BEHIND,
        now,
        actor=HUB,
        facts={"entry": entry.process_id},
    )
    of, whose = consignment.id, entry.organization
    if not parked:
        emit("entry set behind", consignment=of, organization=whose)
    elif entry.carries is Carries.LETTER:
        await unit.incidents.fail(LETTER_PARKED, Stage.DELIVER, whose, now)
        emit("letter parked", consignment=of, organization=whose)
    else:
        emit("notifier parked", consignment=of, organization=whose)
    return True


async def got_past(unit: UnitOfWork, entry: InboxEntry, now: datetime) -> None:
    """Close the incident of a client that could not get past this letter, if so."""
    # What never left the place where it was queued was never parked.
    if entry.carries is Carries.LETTER and entry.place != entry.id:
        await unit.incidents.close(Stage.DELIVER, entry.organization, now, why=TAKEN)


async def bring_back(
    unit: UnitOfWork, work: Work, entry: InboxEntry, now: datetime, *, by: str
) -> bool:
    """Put a parked entry behind the others of its inbox; say whether it was parked."""
    if not entry.come_back(work.ids.new()):
        return False
    pushed = await pushing(unit, entry.organization)
    promised = await promise_delivery(unit, work, entry, pushed, now)
    consignment = await unit.consignments.get(entry.consignment)
    consignment.record(
        Happening.ENTRY_CAME_BACK,
        now,
        actor=by,
        facts={"entry": entry.process_id} | promised,
    )
    await unit.inboxes.save(entry)
    await unit.consignments.save(consignment)
    emit("entry came back", consignment=consignment.id, organization=entry.organization)
    return True


async def bring_back_after_a_day(work: Work) -> int:
    """Bring back what was parked a day ago, of all inboxes; return how many."""
    now = work.clock.now()
    async with work.store.unit() as unit:
        parked = await unit.asides.parked(None, before=now - PARKED_FOR)
        for entry in parked:
            await bring_back(unit, work, entry, now, by=HUB)
        if parked:
            await unit.commit()
    return len(parked)


async def unpark(
    work: Work,
    organization: OrganizationCode,
    process_id: str,
    *,
    by: str,
    order: Order | None = None,
) -> None:
    """Bring a parked entry back by an operator's hand; again, it changes nothing.

    Raises `EntryUnknown` where the inbox has no such entry, and `NotPossibleNow`
    where the hub gave it up: a replay brings it back then, and hands it over.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        entry = await unit.inboxes.find(organization, process_id)
        if entry is None:
            raise errors.EntryUnknown(process_id)
        if await _is_given_up(unit, entry):
            raise errors.NotPossibleNow(process_id, detail="it is a dead letter")
        if await bring_back(unit, work, entry, now, by=by):
            consignment = await unit.consignments.get(entry.consignment)
            await note(
                unit,
                work,
                order,
                organization=organization,
                about=consignment,
                before={"entry": entry.process_id, "standing": Standing.PARKED},
                after={"entry": entry.process_id, "standing": entry.standing},
            )
        await unit.commit()


async def _is_given_up(unit: UnitOfWork, entry: InboxEntry) -> bool:
    return any(
        dead.entry == entry.id and dead.settled is not Settled.REPLAYED
        for dead in await unit.dead_letters.of(entry.consignment)
    )
