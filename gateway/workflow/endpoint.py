"""What an endpoint's envelopes say of its client: the latest one decides.

An office changes its client overnight. A dialect that an operator set stays. What
was held for a client that could not read it comes back to its old place as soon as
the endpoint speaks a dialect that does.
"""

from dataclasses import replace

from envelopes.dialects import UNKNOWN, Dialect
from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.consignment import HUB
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import Organization
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.copies import notifier_copy
from gateway.workflow.work import Work


async def note_dialect(
    work: Work, organization: Organization, dialect: Dialect
) -> None:
    """Keep the dialect of an envelope that came, where it is another than before."""
    known = organization.dialect == dialect.name or organization.dialect_by_hand
    if known or dialect.name == UNKNOWN.name:
        return
    await _change(work, organization.code, dialect, by_hand=False)


async def set_dialect(
    work: Work,
    code: OrganizationCode,
    dialect: Dialect,
    *,
    by_hand: bool = True,
    order: Order | None = None,
) -> Organization:
    """Set an endpoint's dialect by hand, or let its envelopes decide again.

    Raises `OrganizationUnknown`.
    """
    return await _change(work, code, dialect, by_hand=by_hand, order=order)


async def _change(
    work: Work,
    code: OrganizationCode,
    dialect: Dialect,
    *,
    by_hand: bool,
    order: Order | None = None,
) -> Organization:
    async with work.store.unit() as unit:
        organization = await unit.directory.find(code)
        if organization is None:
            raise errors.OrganizationUnknown(code.text)
        changed = replace(organization, dialect=dialect.name, dialect_by_hand=by_hand)
        if changed.dialect != organization.dialect:
            # Another client: what the one before it did with its inbox says nothing.
            changed = replace(changed, never_deletes=False, deleted_at=None)
        await unit.directory.note_endpoint(changed)
        released = await _release(unit, work, code, dialect)
        await note(
            unit,
            work,
            order,
            organization=code,
            before=_facts(organization),
            after=_facts(changed),
        )
        await unit.commit()
    emit("dialect changed", organization=code, dialect=dialect.name, count=released)
    return changed


def _facts(organization: Organization) -> dict[str, str]:
    how = "by hand" if organization.dialect_by_hand else "as it sends"
    return {"dialect": f"{organization.dialect}, {how}"}


async def _release(
    unit: UnitOfWork, work: Work, code: OrganizationCode, dialect: Dialect
) -> int:
    """Bring held notifiers that this dialect reads back into the queue, in order."""
    now = work.clock.now()
    released = 0
    for entry in await unit.asides.held(code):
        if entry.receipt is None:
            continue
        consignment = await unit.consignments.get(entry.consignment)
        receipt = await unit.receipts.get(entry.receipt)
        if not dialect.takes(notifier_copy(consignment, receipt)):
            continue
        if entry.release():
            consignment.record(
                Happening.ENTRY_RELEASED,
                now,
                actor=HUB,
                facts={"entry": entry.process_id},
            )
            await unit.inboxes.save(entry)
            await unit.consignments.save(consignment)
            released += 1
    return released
