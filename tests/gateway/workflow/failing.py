"""Dead letters made as they come about: by the verbs that give work up."""

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import EndpointUnreachable
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.promise import Promise, Stage
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from gateway.workflow.push import promise_waiting
from tests.gateway.workflow.hub import Hub, to


def numbered(count: int) -> list[LetterId]:
    """Return the numbers of so many letters."""
    return [LetterId(f"มท 0210.3/{n}", "2026-06-05") for n in range(1, count + 1)]


async def due(hub: Hub, stage: Stage) -> list[Promise]:
    """Return the promises of a stage that are due now, oldest first."""
    found = await hub.store.outbox.due(hub.clock.now(), limit=1000)
    return [promise for promise in found if promise.stage is stage]


async def fail(hub: Hub, stage: Stage, error: Exception) -> None:
    """Give up all that is due at a stage."""
    for promise in await due(hub, stage):
        await give_up(hub.work, promise.id, error)


async def push(hub: Hub, code: OrganizationCode, **changes: object) -> Endpoint:
    """Have an organization's inbox emptied by the hub."""
    facts: dict[str, object] = {
        "organization": code,
        "way": Way.WEBHOOK,
        "url": "https://example.invalid/",
        "changed_at": hub.clock.now(),
    }
    endpoint = Endpoint(**(facts | changes))  # type: ignore[arg-type]
    async with hub.store.unit() as unit:
        await unit.endpoints.set(endpoint)
        await unit.commit()
    await promise_waiting(hub.work, code)
    return endpoint


async def not_routed(hub: Hub, *receivers: OrganizationCode) -> None:
    """Send a letter to each, and give up routing it."""
    for receiver, number in zip(receivers, numbered(len(receivers)), strict=True):
        await hub.send(to(receiver, number))
        hub.clock.advance(seconds=1)
    await fail(hub, Stage.ROUTE, VaultDamaged(detail="segment 7"))


async def not_delivered(
    hub: Hub,
    code: OrganizationCode,
    count: int = 1,
    error: Exception | None = None,
) -> None:
    """Send letters to a push endpoint, and give up handing them over."""
    for number in numbered(count):
        await hub.deliver(to(code, number))
        hub.clock.advance(seconds=1)
    await push(hub, code)
    await fail(hub, Stage.DELIVER, error or EndpointUnreachable())


async def dead_letters(hub: Hub, number: LetterId) -> list[DeadLetter]:
    """Return the dead letters of the one letter with this number, oldest first."""
    [path] = await hub.store.views.paths(number.number)
    async with hub.store.unit() as unit:
        return list(await unit.dead_letters.of(path.consignment.id))
