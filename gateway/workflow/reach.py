"""How an organization is reached, as an operator sets it.

A new record begins with no failure. The time at which it was set counts for the
deadlines of what waits (`gateway/domain/schedule.py`): whoever resumes an endpoint that
was paused for a week has none of its letters given up for that.
"""

from dataclasses import replace

from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.endpoint import Endpoint, Way
from gateway.ports import UnitOfWork
from gateway.workflow.acts import note
from gateway.workflow.push import Progress, promise_waiting, told_nobody
from gateway.workflow.work import Work


async def set_endpoint(
    work: Work,
    endpoint: Endpoint,
    *,
    order: Order | None = None,
    progress: Progress = told_nobody,
) -> Endpoint:
    """Set how an organization is reached; what waits in its inbox is promised to it.

    A pause goes on. Where this process ends meanwhile, the deliverers promise the rest.
    Raises `OrganizationUnknown`.
    """
    async with work.store.unit() as unit:
        if await unit.directory.find(endpoint.organization) is None:
            raise errors.OrganizationUnknown(endpoint.organization.text)
        before = await unit.endpoints.find(endpoint.organization)
        after = replace(
            endpoint,
            changed_at=work.clock.now(),
            paused_at=before.paused_at if before else None,
        )
        await _set(unit, work, before, after, order)
    if after.pushes:
        await promise_waiting(work, endpoint.organization, progress)
    return after


async def let_pull(
    work: Work, code: OrganizationCode, *, order: Order | None = None
) -> Endpoint:
    """Have an organization empty its inbox itself again; what waits there stays.

    Raises `EndpointUnknown` where it pulls already.
    """
    async with work.store.unit() as unit:
        before = await _pushing(unit, code)
        after = Endpoint(organization=code, way=Way.PULL, changed_at=work.clock.now())
        await _set(unit, work, before, after, order)
    return after


async def pause(
    work: Work, code: OrganizationCode, *, order: Order | None = None
) -> Endpoint:
    """Leave a push endpoint alone until it is resumed; again, it changes nothing.

    Letters for it are accepted and wait. Raises `EndpointUnknown`.
    """
    async with work.store.unit() as unit:
        before = await _pushing(unit, code)
        if before.paused_at is not None:
            return before
        after = replace(before, paused_at=work.clock.now())
        await _set(unit, work, before, after, order)
    return after


async def resume(
    work: Work, code: OrganizationCode, *, order: Order | None = None
) -> Endpoint:
    """Go on with a push endpoint, at once; one that failed is forgiven too.

    Raises `EndpointUnknown`.
    """
    async with work.store.unit() as unit:
        before = await _pushing(unit, code)
        after = replace(
            before,
            paused_at=None,
            failures=0,
            failing_since=None,
            closed_until=None,
            changed_at=work.clock.now(),
        )
        await _set(unit, work, before, after, order)
    return after


async def _pushing(unit: UnitOfWork, code: OrganizationCode) -> Endpoint:
    found = await unit.endpoints.find(code)
    if found is None or not found.pushes:
        raise errors.EndpointUnknown(code.text)
    return found


async def _set(
    unit: UnitOfWork,
    work: Work,
    before: Endpoint | None,
    after: Endpoint,
    order: Order | None,
) -> None:
    await unit.endpoints.set(after)
    await note(
        unit,
        work,
        order,
        organization=after.organization,
        before=_facts(before),
        after=_facts(after),
    )
    await unit.commit()


def _facts(endpoint: Endpoint | None) -> dict[str, str]:
    """Say how it is reached, for the acts; nothing of how it fares."""
    if endpoint is None:
        return {"way": Way.PULL.value}
    facts = {
        "way": endpoint.way.value,
        "url": endpoint.url,
        "networks": " ".join(endpoint.networks),
        "user": endpoint.user,
        "password_file": endpoint.password_file,
        "in_order": "yes" if endpoint.in_order else "no",
        "polled": "yes" if endpoint.polled else "no",
        "replays": "yes" if endpoint.replays else "no",
        "paused": "yes" if endpoint.paused_at else "no",
    }
    return {what: value for what, value in facts.items() if value}
