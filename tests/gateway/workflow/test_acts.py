"""What people order is written down in the unit that does it, and only then."""

import pytest

from envelopes.dialects import CSHARP, JAVA
from gateway.domain.act import Act, Order, Who
from gateway.domain.errors import EntryUnknown
from gateway.workflow.endpoint import set_dialect
from gateway.workflow.park import unpark
from gateway.workflow.register import register
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, NUMBER, Hub
from tests.letters import a_letter

BY = Who("operator", "สมชาย ใจดี")


def ordered(what: str) -> Order:
    return Order(what, BY, "ตามบันทึก")


async def acts(hub: Hub) -> list[Act]:
    return list(await hub.store.views.acts(None, limit=100))


async def test_who_registered_is_known_by_account_and_by_name(hub: Hub) -> None:
    await hub.deliver(a_letter(id=NUMBER))
    head = await hub.head(CHIANG_MAI)

    done = await register(
        hub.work,
        CHIANG_MAI,
        head.process_id,
        by="สมชาย ใจดี",
        order=ordered("inbox register"),
    )

    (act,) = await acts(hub)
    assert (act.what, act.who, act.why) == ("inbox register", BY, "ตามบันทึก")
    assert act.organization == CHIANG_MAI
    assert act.consignment == done.consignment
    assert act.after == {"number": done.number.text}


async def test_what_is_done_again_is_no_second_act(hub: Hub) -> None:
    await hub.deliver(a_letter(id=NUMBER))
    head = await hub.head(CHIANG_MAI)
    for _ in range(2):
        await register(
            hub.work, CHIANG_MAI, head.process_id, by="ก", order=ordered("register")
        )

    assert len(await acts(hub)) == 1


async def test_what_was_not_done_is_no_act(hub: Hub) -> None:
    with pytest.raises(EntryUnknown):
        await register(hub.work, LOEI, "1", by="ก", order=ordered("inbox register"))

    assert await acts(hub) == []


async def test_a_dialect_set_by_hand_says_before_and_after(hub: Hub) -> None:
    await set_dialect(hub.work, LOEI, JAVA, order=ordered("directory dialect"))

    (act,) = await acts(hub)
    assert act.before == {"dialect": "unknown, as it sends"}
    assert act.after == {"dialect": "java, by hand"}


async def test_what_the_hub_learns_by_itself_is_no_act(hub: Hub) -> None:
    await hub.speaks(LOEI, JAVA)

    assert await acts(hub) == []


async def test_an_entry_brought_back_by_hand_is_an_act(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(a_letter(id=NUMBER))
    [process_id] = set(await hub.read(CHIANG_MAI, 2 * CSHARP.patience))
    assert await hub.look(CHIANG_MAI) is None

    for _ in range(2):
        await unpark(
            hub.work, CHIANG_MAI, process_id, by="ก", order=ordered("inbox unpark")
        )

    (act,) = await acts(hub)
    assert act.before == {"entry": process_id, "standing": "parked"}
    assert act.after == {"entry": process_id, "standing": "waiting"}


async def test_the_newest_acts_come_first_and_only_so_many(hub: Hub) -> None:
    for code in (LOEI, CHIANG_MAI):
        hub.clock.advance(seconds=1)
        await set_dialect(hub.work, code, JAVA, order=ordered("directory dialect"))

    views = hub.store.views
    newest = await views.acts(None, limit=1)
    of_loei = await views.acts(LOEI, limit=9)
    assert [act.organization for act in newest] == [CHIANG_MAI]
    assert [act.organization for act in of_loei] == [LOEI]
