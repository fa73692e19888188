"""Letters to endpoints that push, in every way that this may end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from envelopes.letter import Letter, LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.domain.act import Order, Who
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Answer, EndpointRefused, EndpointUnreachable
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.promise import Stage
from gateway.domain.replay_plan import Choice
from gateway.runners.replayer import Replayer
from gateway.store.errors import VaultDamaged
from gateway.workflow import reach, replay
from gateway.workflow.give_up import give_up
from gateway.workflow.settle import discard, overtake, overtaken
from tests.gateway.store.hub import Hub, enter, numbered, secret_letter, sent

SURIN: Final = OrganizationCode("1500200032")
BURIRAM: Final = OrganizationCode("1500200031")
CHAIYAPHUM: Final = OrganizationCode("1500200036")
"""Sends, and is told by push."""

REFUSED: Final = EndpointRefused(answer=Answer(status=422, body=b"no"))
AWAY: Final = EndpointUnreachable("no route")
_CLERK: Final = Who("operator", "สมชาย")


async def push_life(hub: Hub) -> None:
    """Have letters and notifiers pushed: taken, tried again, given up, replayed."""
    await enter(hub, SURIN, BURIRAM, CHAIYAPHUM)
    await _letters(hub)
    await _secret(hub)
    await _not_routed(hub)
    await _notifiers(hub)
    await _waiting(hub)


async def _letters(hub: Hub) -> None:
    # 20 waits already when the endpoint is set to push.
    await hub.send(sent(SURIN, 20), signed=False)
    await _push(hub, SURIN)
    await hub.move()
    hub.endpoints.fail(AWAY, AWAY)
    await hub.send(sent(SURIN, 21), signed=False)
    await _later(hub, times=2)
    for number in (22, 23, 24, 25):
        hub.endpoints.fail(REFUSED)
        await hub.send(sent(SURIN, number), signed=False)
    await _replayed(hub, 22)
    dead = await _dead_letter(hub, numbered(23))
    order = Order("dead discard", _CLERK, "no longer needed")
    await discard(hub.work, dead.id, by="สมชาย", order=order)
    await hub.tell(SURIN, NotifierKind.RETURNED, numbered(25))
    [answered] = await overtaken(hub.work)
    await overtake(hub.work, answered)


async def _secret(hub: Hub) -> None:
    hub.endpoints.fail(REFUSED)
    await hub.send(secret_letter(SURIN, 26))


async def _not_routed(hub: Hub) -> None:
    """Give two up before they are routed; one is taken up again."""
    hub.held.add(Stage.ROUTE)
    for number in (27, 28):
        await hub.send(sent(BURIRAM, number), signed=False)
        [promise] = await hub.store.outbox.due(hub.clock.now(), limit=9)
        await give_up(hub.work, promise.id, VaultDamaged(detail="segment 7"))
    hub.held.discard(Stage.ROUTE)
    await _replayed(hub, 27)


async def _notifiers(hub: Hub) -> None:
    await _push(hub, CHAIYAPHUM)
    for number in (29, 30, 31):
        await hub.send(_from_chaiyaphum(number), signed=False)
    hub.endpoints.fail(AWAY)
    await hub.tell(BURIRAM, NotifierKind.RECEIVED, numbered(29))
    await _later(hub)
    for number in (30, 31):
        hub.endpoints.fail(REFUSED)
        await hub.tell(BURIRAM, NotifierKind.RECEIVED, numbered(number))
    await _replayed(hub, 30)
    hub.held.add(Stage.NOTIFY)
    await hub.tell(BURIRAM, NotifierKind.REGISTERED, numbered(29), "29/2569")
    [promise] = await hub.store.outbox.due(hub.clock.now(), limit=9)
    await give_up(hub.work, promise.id, VaultDamaged(detail="segment 7"))
    hub.held.discard(Stage.NOTIFY)
    await _replayed(hub, 29)


async def _waiting(hub: Hub) -> None:
    """Leave one on its way, one to be tried again, and one promise found void."""
    hub.endpoints.fail(AWAY)
    await hub.send(sent(SURIN, 32), signed=False)
    await reach.pause(hub.work, SURIN)
    for number in (33, 34):
        await hub.send(sent(SURIN, number), signed=False)
    await hub.free(SURIN, numbered(34))
    async with hub.store.unit() as unit:
        line = (await hub.store.views.paths(numbered(34).number))[0]
        assert line.entry is not None
        promise = await unit.promises.to_deliver(line.entry)
    assert promise is not None
    await hub.hand_over(promise)


async def _push(hub: Hub, code: OrganizationCode) -> None:
    hub.clock.advance(seconds=1)
    endpoint = Endpoint(
        organization=code,
        way=Way.WEBHOOK,
        url="https://example.org/",
        in_order=False,
        changed_at=hub.clock.now(),
    )
    await reach.set_endpoint(hub.work, endpoint)


async def _later(hub: Hub, times: int = 1) -> None:
    """Let the time of the next attempt come."""
    for _ in range(times):
        hub.clock.advance(hours=1)
        await hub.move()


async def _replayed(hub: Hub, number: int) -> None:
    """Replay the one dead letter of a letter."""
    dead = await _dead_letter(hub, numbered(number))
    until = dead.at + timedelta(seconds=1)
    choice = Choice(endpoint=dead.endpoint, since=dead.at, until=until)
    planned = await replay.plan(hub.work, choice, Order("dead replay", _CLERK))
    assert planned is not None
    order = Order("dead replay start", _CLERK, "mended")
    await replay.start(hub.work, planned.id, order)
    replayer = Replayer(hub.work, stop=asyncio.Event())
    for _ in range(3):
        hub.clock.advance(seconds=2)
        await replayer.look()
        await hub.move()


async def _dead_letter(hub: Hub, number: LetterId) -> DeadLetter:
    [path] = await hub.store.views.paths(number.number)
    consignment: UUID = path.consignment.id
    async with hub.store.unit() as unit:
        return (await unit.dead_letters.of(consignment))[-1]


def _from_chaiyaphum(number: int) -> Letter:
    letter = sent(BURIRAM, number)
    return replace(letter, sender=replace(letter.sender, organization=CHAIYAPHUM))
