"""An operator says how an organization is reached, and each word is an act."""

import pytest

from gateway.domain import errors
from gateway.domain.act import Act, Order, Who
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.lifecycle import State
from gateway.workflow import reach
from gateway.workflow.push import AT_ONCE, promise_waiting
from tests.gateway.workflow.failing import numbered
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, NOBODY, Hub, patiently, to

ORDER = Order("directory endpoint set", Who("operator", "สมศรี"), "ตามคำสั่ง")


async def acts(hub: Hub) -> list[Act]:
    return list(await hub.store.views.acts(CHIANG_MAI, limit=9))


async def test_what_was_and_what_is_stand_in_the_act(hub: Hub) -> None:
    """The address and whose word it was; never a password."""
    await hub.push_to(CHIANG_MAI)
    endpoint = Endpoint(
        organization=CHIANG_MAI,
        way=Way.ECMS,
        url="https://node.example.go.th/",
        user="hub",
        password_file="cm.txt",
        changed_at=hub.clock.now(),
    )

    await reach.set_endpoint(hub.work, endpoint, order=ORDER)

    [act] = await acts(hub)
    assert (act.what, act.who, act.why) == (ORDER.what, ORDER.who, ORDER.why)
    assert act.before["way"] == "webhook"
    assert act.after["url"] == "https://node.example.go.th/"
    assert act.after["password_file"] == "cm.txt"


async def test_a_pause_is_noted_once_and_outlives_a_new_record(hub: Hub) -> None:
    """Setting another address does not wake who is left alone on purpose."""
    await hub.push_to(CHIANG_MAI)
    paused = await reach.pause(hub.work, CHIANG_MAI, order=ORDER)
    again = await reach.pause(hub.work, CHIANG_MAI, order=ORDER)
    assert again == paused
    assert len(await acts(hub)) == 1

    await hub.push_to(CHIANG_MAI)

    endpoint = await hub.endpoint(CHIANG_MAI)
    assert endpoint.paused_at == paused.paused_at


async def test_who_is_not_pushed_to_is_neither_paused_nor_resumed(hub: Hub) -> None:
    """Neither one without a record nor one that was set to pull."""
    for verb in (reach.pause, reach.resume, reach.let_pull):
        with pytest.raises(errors.EndpointUnknown):
            await verb(hub.work, CHIANG_MAI)
    await hub.push_to(CHIANG_MAI)
    await reach.let_pull(hub.work, CHIANG_MAI)
    with pytest.raises(errors.EndpointUnknown):
        await reach.pause(hub.work, CHIANG_MAI)


async def test_an_endpoint_belongs_to_somebody(hub: Hub) -> None:
    """Nothing is kept for an organization that is not in the directory."""
    endpoint = Endpoint(
        organization=NOBODY, way=Way.ECMS, url="https://a/", changed_at=hub.clock.now()
    )

    with pytest.raises(errors.OrganizationUnknown):
        await reach.set_endpoint(hub.work, endpoint)

    assert await hub.store.endpoints() == []


async def test_a_long_inbox_is_promised_some_at_a_time(hub: Hub) -> None:
    """Each unit is small, and how far it is can be watched."""
    count = AT_ONCE + 3
    for number in numbered(count):
        await hub.send(to(CHIANG_MAI, number))
    await hub.keep()
    told: list[int] = []

    endpoint = Endpoint(
        organization=CHIANG_MAI,
        way=Way.WEBHOOK,
        url="https://a.go.th/",
        changed_at=hub.clock.now(),
    )
    await reach.set_endpoint(hub.work, endpoint, progress=told.append)

    assert told == [AT_ONCE, count]
    assert await promise_waiting(hub.work, CHIANG_MAI) == 0
    due = await hub.store.outbox.due(hub.clock.now(), limit=1000)
    inbox = await hub.inbox(CHIANG_MAI)
    assert [promise.entry for promise in due] == [entry.id for entry in inbox]


async def test_nothing_is_promised_to_who_pulls(hub: Hub) -> None:
    """Its inbox is its own to empty."""
    await hub.deliver(to(LOEI))

    assert await patiently(lambda: promise_waiting(hub.work, LOEI)) == 0

    assert (await hub.path(LOEI)).consignment.state is State.WAITING
    assert await hub.keep() == 0
