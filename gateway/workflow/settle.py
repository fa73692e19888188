"""A dead letter ends without being sent again, and an incident is closed by hand.

1. Discarded: a person decides, by name and with a reason, that nothing more is tried.
   The letter stays failed; its sender sees that, and may send it anew.
2. Overtaken: its letter was fetched, answered or taken back all the same, whichever
   way it went. Nobody has to decide anything.
3. The incident of a cause that lies with no endpoint is closed with its last dead
   letter.
4. Each ends once, told by the journal in the transaction that settles it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.consignment import HUB, Consignment
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import Happening
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.work import Work

_AT_ONCE: Final = 100

_TOLD: Final = {
    Settled.DISCARDED: Happening.DEAD_LETTER_DISCARDED,
    Settled.OVERTAKEN: Happening.DEAD_LETTER_OVERTAKEN,
}


async def discard(work: Work, dead_letter: UUID, *, by: str, order: Order) -> None:
    """Decide that nothing more is tried.

    Raises `DeadLetterUnknown`, or `DeadLetterSettled`: what was sent again meanwhile
    is not discarded by somebody who had not seen that.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        dead = await unit.dead_letters.get(dead_letter)
        if dead is None:
            raise errors.DeadLetterUnknown(str(dead_letter))
        if not dead.is_open:
            raise errors.DeadLetterSettled(str(dead_letter), detail=str(dead.settled))
        consignment = await _settle(unit, dead, Settled.DISCARDED, now, by=by)
        await note(
            unit,
            work,
            order,
            organization=dead.endpoint,
            about=consignment,
            before={"dead_letter": str(dead.id), "cause": dead.cause},
            after={"dead_letter": str(dead.id), "settled": Settled.DISCARDED},
        )
        await unit.commit()
    emit(
        "dead letter discarded",
        consignment=dead.consignment,
        organization=dead.endpoint,
        dead_letter=dead.id,
    )


async def overtaken(work: Work) -> Sequence[UUID]:
    """Return some dead letters that need nothing any more, oldest first."""
    return await work.store.views.dead.overtaken(limit=_AT_ONCE)


async def overtake(work: Work, dead_letter: UUID) -> None:
    """Settle a dead letter that needs nothing any more; a settled one is left alone."""
    async with work.store.unit() as unit:
        dead = await unit.dead_letters.get(dead_letter)
        if dead is None or not dead.is_open:
            return
        await _settle(unit, dead, Settled.OVERTAKEN, work.clock.now(), by=HUB)
        await unit.commit()
    emit(
        "dead letter overtaken",
        consignment=dead.consignment,
        organization=dead.endpoint,
        dead_letter=dead.id,
    )


async def _settle(
    unit: UnitOfWork, dead: DeadLetter, how: Settled, now: datetime, *, by: str
) -> Consignment:
    """Keep how it ended, and tell the journal of its letter."""
    await unit.dead_letters.save(replace(dead, settled=how, settled_at=now))
    consignment = await unit.consignments.get(dead.consignment)
    facts = {"dead_letter": str(dead.id)}
    consignment.record(_TOLD[how], now, actor=by, facts=facts)
    await unit.consignments.save(consignment)
    await _close_what_is_empty(unit, dead, now, why=how.value)
    return consignment


async def _close_what_is_empty(
    unit: UnitOfWork, dead: DeadLetter, now: datetime, *, why: str
) -> None:
    """Close an incident of the hub itself whose last dead letter was settled.

    What lies with an endpoint is closed when the endpoint takes something.
    """
    incident = await unit.incidents.get(dead.incident)
    if incident is None or not incident.is_open or incident.endpoint is not None:
        return
    if await unit.dead_letters.open_in(incident.id) == 0:
        await unit.incidents.close_one(incident.id, now, why=why)


async def close_incident(work: Work, incident: UUID, *, order: Order) -> Incident:
    """Close an incident by hand; one that is closed stays as it is.

    Its dead letters stay open: closing says that the cause is mended, not that they
    went through. Raises `IncidentUnknown`.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        found = await unit.incidents.get(incident)
        if found is None:
            raise errors.IncidentUnknown(str(incident))
        if not found.is_open:
            return found
        closed = await unit.incidents.close_one(incident, now, why=order.why)
        await note(
            unit,
            work,
            order,
            organization=found.endpoint,
            before={"incident": str(incident), "cause": found.cause},
            after={"incident": str(incident), "closed": "yes"},
        )
        await unit.commit()
    return closed
