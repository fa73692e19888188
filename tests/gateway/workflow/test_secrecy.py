"""Levels of secrecy are respected at the door, and by the clerk who registers."""

from dataclasses import replace

import pytest

from envelopes.dialects import CSHARP
from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.organization import Person
from gateway.workflow.register import register
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, Hub, to
from tests.letters import as_wire

REGISTRAR = "สมศรี ทะเบียนลับ"


async def limited(hub: Hub, code: OrganizationCode, level: str) -> None:
    async with hub.store.unit() as unit:
        found = await unit.directory.find(code)
        assert found is not None
        await unit.directory.decide(replace(found, secrecy=level))
        await unit.commit()


async def appoint(
    hub: Hub, code: OrganizationCode, name: str = REGISTRAR, *, registrar: bool = True
) -> None:
    async with hub.store.unit() as unit:
        person = Person(code, name, registrar, hub.clock.now())
        await unit.persons.enter(person)
        await unit.commit()


def carrying(hub: Hub, level: str) -> Hub:
    return replace(hub, work=replace(hub.work, carries=level))


@pytest.mark.parametrize("level", ["001", "002", "003"])
async def test_levels_up_to_the_hubs_own_are_carried(hub: Hub, level: str) -> None:
    await hub.deliver(to(CHIANG_MAI, secrecy=level))

    letter = (await hub.path(CHIANG_MAI)).consignment.letter
    assert letter.secrecy == level
    assert letter.is_secret == (level != "001")


@pytest.mark.parametrize(
    ("level", "hubs", "senders", "receivers"),
    [
        ("004", "003", "", ""),
        ("005", "003", "", ""),
        ("004", "004", "004", "004"),
        ("003", "002", "", ""),
        ("002", "001", "", ""),
        ("003", "003", "002", ""),
        ("003", "003", "", "002"),
        ("002", "003", "001", "003"),
        ("002", "003", "003", "001"),
        # An organization cannot have more than its hub, nor one without a key any.
        ("002", "001", "003", "003"),
    ],
)
async def test_a_level_that_is_not_carried_is_refused_and_nothing_is_kept(
    hub: Hub, level: str, hubs: str, senders: str, receivers: str
) -> None:
    await limited(hub, MINISTRY, senders)
    await limited(hub, CHIANG_MAI, receivers)
    before = await hub.rows()

    with pytest.raises(errors.SecrecyNotCarried) as refusal:
        await carrying(hub, hubs).send(to(CHIANG_MAI, secrecy=level))

    assert refusal.value.where == level
    assert refusal.value.detail == ""
    assert await hub.rows() == before


async def test_an_open_letter_passes_whatever_the_levels(hub: Hub) -> None:
    await limited(hub, MINISTRY, "001")
    await limited(hub, CHIANG_MAI, "001")

    await carrying(hub, "001").send(to(CHIANG_MAI))


@pytest.mark.parametrize(
    ("written", "level"),
    [("2", "002"), ("02", "002"), (" 002 ", "002"), ("1", "001"), ("001 ", "001")],
)
async def test_a_level_is_kept_in_three_digits_however_it_was_written(
    hub: Hub, written: str, level: str
) -> None:
    wire = as_wire(to(CHIANG_MAI), CSHARP)
    assert wire.count(b">001</ram:SecretCode>") == 1

    odd = wire.replace(
        b">001</ram:SecretCode>", f">{written}</ram:SecretCode>".encode()
    )
    await hub.send_bytes(odd, MINISTRY)

    assert (await hub.path(CHIANG_MAI)).consignment.letter.secrecy == level


async def test_anybody_enters_an_open_letter(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))

    assert (await hub.register(CHIANG_MAI, by="ใครก็ได้")).number.text == "1/2569"


async def test_a_secret_letter_is_entered_by_its_receivers_registrar_only(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI, secrecy="002"))
    await appoint(hub, LOEI)
    await appoint(hub, MINISTRY)
    await appoint(hub, CHIANG_MAI, "สมชาย", registrar=False)
    [entry] = await hub.inbox(CHIANG_MAI)
    before = await hub.rows()

    for by in ("สมศรี", REGISTRAR, "สมชาย", ""):
        with pytest.raises(errors.NotASecretRegistrar):
            await register(hub.work, CHIANG_MAI, entry.process_id, by=by)
    assert await hub.rows() == before

    await appoint(hub, CHIANG_MAI)
    # Blanks between names are single, as they were when it was entered.
    done = await register(
        hub.work, CHIANG_MAI, entry.process_id, by=REGISTRAR.replace(" ", "  ")
    )
    assert done.number.text == "1/2569"


async def test_who_is_registrar_no_more_learns_no_number_either(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI, secrecy="003"))
    await appoint(hub, CHIANG_MAI)
    [entry] = await hub.inbox(CHIANG_MAI)
    await register(hub.work, CHIANG_MAI, entry.process_id, by=REGISTRAR)

    await appoint(hub, CHIANG_MAI, registrar=False)

    with pytest.raises(errors.NotASecretRegistrar):
        await register(hub.work, CHIANG_MAI, entry.process_id, by=REGISTRAR)
