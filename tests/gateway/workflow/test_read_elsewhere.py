"""What was read by another process counts while what it was judged by still holds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from envelopes.dialects import CSHARP
from envelopes.errors import (
    CertificateExpired,
    CertificateRevoked,
    EnvelopeError,
    SignatureMissing,
)
from envelopes.letter import OrganizationCode
from gateway.domain.consignment import Signed
from gateway.domain.organization import RegisteredCertificate
from gateway.workflow import receive as receiving
from gateway.workflow.reading import Asked, Given, LetterRead, Reading, tell
from gateway.workflow.receive import receive
from schemas.limits import Limits
from tests.doubles.pki import Identity, certified, ec_key
from tests.gateway.workflow.hub import CHIANG_MAI, LANDS, MINISTRY, Hub, key_of, to
from tests.letters import as_wire

END = timedelta(seconds=5)


async def given(hub: Hub, door: OrganizationCode) -> Given:
    """Return what the directory says of an organization at this moment."""
    sender = await hub.work.store.organization(door)
    assert sender is not None
    return Given.of(sender, await hub.work.store.certificates(door))


async def read(
    hub: Hub, door: OrganizationCode, signed_by: Identity | None, **known: object
) -> LetterRead:
    """Have a letter read as a reading process would, by what is known or said here."""
    letter = to(CHIANG_MAI)
    letter = replace(letter, sender=replace(letter.sender, organization=door))
    what = replace(await given(hub, door), **known)  # type: ignore[arg-type]
    body = as_wire(letter, signed_by=signed_by)
    asked = Asked(body, Limits(), CSHARP.name, what, hub.clock.now())
    told = tell(asked)
    assert isinstance(told.asks, Reading | EnvelopeError)
    return LetterRead.of(told.asks, asked)


async def test_it_is_not_read_twice(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = await read(hub, LANDS, key_of(LANDS))
    monkeypatch.setattr(receiving, "read_letter", None)
    monkeypatch.setattr(LetterRead, "again", None)
    hub.clock.advance(seconds=1)

    custody = await receive(hub.work, LANDS, letter)

    assert not custody.repeated
    assert custody.accepted_at == hub.clock.now()


async def test_what_refused_it_refuses_it(hub: Hub) -> None:
    unsigned = await read(hub, LANDS, None)
    foreign = await read(hub, LANDS, key_of(MINISTRY))

    for letter in (unsigned, foreign):
        with pytest.raises(type(letter.outcome)):  # type: ignore[arg-type]
            await receive(hub.work, LANDS, letter)


async def test_what_was_revoked_meanwhile_speaks_no_more(hub: Hub) -> None:
    own = key_of(LANDS)
    letter = await read(hub, LANDS, own)
    assert isinstance(letter.outcome, Reading)
    async with hub.store.unit() as unit:
        at = hub.clock.now()
        await unit.directory.revoke(LANDS, own.fingerprint, at, why="หาย")
        await unit.commit()

    with pytest.raises(CertificateRevoked):
        await receive(hub.work, LANDS, letter)


async def test_what_was_registered_meanwhile_speaks(hub: Hub) -> None:
    letter = await read(hub, LANDS, key_of(LANDS), certificates=())
    assert isinstance(letter.outcome, EnvelopeError)

    assert not (await receive(hub.work, LANDS, letter)).repeated


async def test_who_must_sign_by_now_must(hub: Hub) -> None:
    letter = await read(hub, LANDS, None, signing=Signed.HOSTED)
    assert isinstance(letter.outcome, Reading)

    with pytest.raises(SignatureMissing):
        await receive(hub.work, LANDS, letter)


async def test_a_certificate_that_ended_meanwhile_speaks_no_more(hub: Hub) -> None:
    now = hub.clock.now()
    own = certified(
        ec_key("short"), LANDS.text, not_before=now - END, not_after=now + END
    )
    async with hub.store.unit() as unit:
        await unit.directory.add_certificate(_registered(own), now)
        await unit.commit()
    letter = await read(hub, LANDS, own)
    assert isinstance(letter.outcome, Reading)
    hub.clock.advance(seconds=6)

    with pytest.raises(CertificateExpired):
        await receive(hub.work, LANDS, letter)


async def test_read_again_it_is_the_same(hub: Hub) -> None:
    """Its body was put together again from its parts."""
    letter = await read(hub, LANDS, key_of(LANDS))
    assert isinstance(letter.outcome, Reading)
    assert not letter.asked.body

    again = letter.again(letter.asked.given, hub.clock.now())

    assert again == letter.outcome
    assert again.parts.size == letter.size


@pytest.mark.parametrize("field", ["not_before", "not_after", "revoked_at"])
@pytest.mark.parametrize(
    ("seconds", "same"), [(-2, True), (-1, False), (0, False), (1, False), (2, True)]
)
async def test_a_moment_between_reading_and_taking_is_noticed(
    hub: Hub, field: str, seconds: int, *, same: bool
) -> None:
    now = hub.clock.now()
    moment = now + timedelta(seconds=seconds)
    known = await given(hub, LANDS)
    (one,) = known.certificates
    changed = replace(known, certificates=(replace(one, **{field: moment}),))  # type: ignore[arg-type]

    for times in (_around(now), _around(now)[::-1]):
        assert changed.same_at(*times) is same


def _around(now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(seconds=1), now + timedelta(seconds=1)


def _registered(own: Identity) -> RegisteredCertificate:
    return RegisteredCertificate(
        own.organization, own.der, own.fingerprint, own.not_before, own.not_after
    )
