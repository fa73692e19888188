"""A letter is judged as of its receipt, once: what is in custody goes on its way."""

import datetime as dt
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from envelopes.dialects import JAVA
from envelopes.errors import CertificateRevoked, CertificateUntrusted, EnvelopeError
from envelopes.letter import Letter, LetterId, OrganizationCode, Reference
from gateway.domain.act import Act, Order, Who
from gateway.domain.certificates import Vouch
from gateway.domain.organization import Purpose, RegisteredCertificate
from gateway.workflow.recheck import Rechecked, recheck
from tests.doubles.pki import Identity, certified, ec_key
from tests.gateway.workflow.hub import CHIANG_MAI, LANDS, MINISTRY, Hub, key_of, to
from tests.letters import as_wire

OLD = key_of(LANDS)
NEW = certified(ec_key("the next key of the lands department"), LANDS.text)
ORDER = Order("directory certificate refresh", Who("tester", "สมศรี"), "ทดสอบ")


def letter(number: int = 1) -> Letter:
    """Return a letter that has to be fitted to Java, and so read again to be routed."""
    hard = to(CHIANG_MAI, LetterId(f"กษ 0101/{number}", "2026-06-05"), sender=LANDS)
    return replace(hard, references=(Reference("มท 1,2", "2026-01-02", "ก|ข"),))


def registered(
    identity: Identity, *purposes: Purpose, organization: OrganizationCode = LANDS
) -> RegisteredCertificate:
    return RegisteredCertificate(
        organization,
        identity.der,
        identity.fingerprint,
        identity.not_before,
        identity.not_after,
        frozenset(purposes or {Purpose.SIGNATURE}),
    )


async def enter(hub: Hub, certificate: RegisteredCertificate) -> None:
    async with hub.store.unit() as unit:
        await unit.directory.add_certificate(certificate, hub.clock.now())
        await unit.commit()


async def revoke(hub: Hub, identity: Identity, *, ago: float = 0) -> None:
    """Revoke a certificate, as if it had been so many seconds ago."""
    at = hub.clock.now() - timedelta(seconds=ago)
    async with hub.store.unit() as unit:
        await unit.directory.revoke(LANDS, identity.fingerprint, at, why="หาย")
        await unit.commit()


async def refused(hub: Hub, number: int, signed_by: Identity) -> str:
    with pytest.raises(EnvelopeError) as error:
        await hub.send(letter(number), signed_by=signed_by)
    return error.value.code


class TestAtTheDoor:
    async def test_what_is_revoked_speaks_no_more_from_that_moment(
        self, hub: Hub
    ) -> None:
        await hub.send(letter(1), signed_by=OLD)
        await revoke(hub, OLD)

        with pytest.raises(CertificateRevoked):
            await hub.send(letter(2), signed_by=OLD)

    async def test_a_certificate_for_access_alone_does_not_speak(
        self, hub: Hub
    ) -> None:
        await enter(hub, registered(NEW, Purpose.ACCESS))

        with pytest.raises(CertificateUntrusted):
            await hub.send(letter(), signed_by=NEW)

        await enter(hub, registered(NEW, Purpose.SIGNATURE))
        await hub.send(letter(), signed_by=NEW)

    async def test_one_that_is_revoked_stops_no_other(self, hub: Hub) -> None:
        await enter(hub, registered(NEW))
        await revoke(hub, OLD)

        await hub.send(letter(1), signed_by=NEW)

        assert await refused(hub, 2, OLD) == "certificate-revoked"

    async def test_a_revoked_one_that_expired_is_called_revoked(self, hub: Hub) -> None:
        await revoke(hub, OLD)
        hub.clock.advance(days=3650)

        assert await refused(hub, 1, OLD) == "certificate-revoked"


class TestInCustody:
    @pytest.mark.parametrize("ago", [-60, 0, 60, 86400 * 365])
    async def test_a_letter_goes_on_whenever_its_certificate_is_revoked(
        self, hub: Hub, ago: float
    ) -> None:
        await hub.speaks(CHIANG_MAI, JAVA)
        await hub.send(letter(), signed_by=OLD)
        await revoke(hub, OLD, ago=ago)
        hub.clock.advance(days=1)

        await hub.keep()

        assert (await hub.head(CHIANG_MAI)).document
        path = await hub.path(CHIANG_MAI, letter().id)
        assert path.consignment.delivery is not None

    async def test_a_letter_goes_on_when_its_certificate_has_expired(
        self, hub: Hub
    ) -> None:
        await hub.speaks(CHIANG_MAI, JAVA)
        await hub.send(letter(), signed_by=OLD)
        hub.clock.advance(days=3650)

        await hub.keep()

        assert (await hub.head(CHIANG_MAI)).document

    async def test_a_letter_that_names_a_revoked_one_beside_goes_on(
        self, hub: Hub
    ) -> None:
        await hub.speaks(CHIANG_MAI, JAVA)
        await enter(hub, registered(NEW))
        await revoke(hub, OLD)
        beside = b"<ds:X509Certificate>%s</ds:X509Certificate>" % b64encode(OLD.der)
        wire = as_wire(letter(), signed_by=NEW)
        wire = wire.replace(b"<ds:X509Data>", b"<ds:X509Data>" + beside)
        await hub.send_bytes(wire, LANDS)

        await hub.keep()

        assert (await hub.head(CHIANG_MAI)).document

    async def test_a_copy_for_another_client_is_made_after_it_was_revoked(
        self, hub: Hub
    ) -> None:
        await hub.deliver(letter(), signed_by=OLD)
        await revoke(hub, OLD)

        await hub.speaks(CHIANG_MAI, JAVA)

        assert (await hub.head(CHIANG_MAI)).document


async def acts(hub: Hub) -> Sequence[Act]:
    return await hub.store.views.acts(None, limit=100)


class TestRecheck:
    async def judged(self, hub: Hub, **said: Vouch) -> Rechecked:
        """Ask again where the authorities say this of single certificates."""
        by_fingerprint = {
            OLD.fingerprint: said.get("old", Vouch()),
            NEW.fingerprint: said.get("new", Vouch()),
        }

        def judge(certificate: RegisteredCertificate, at: dt.datetime) -> Vouch:
            assert at == hub.clock.now()
            return by_fingerprint.get(certificate.fingerprint, Vouch())

        return await recheck(hub.work, judge, ORDER)

    async def test_what_is_taken_back_is_revoked_now(self, hub: Hub) -> None:
        await hub.send(letter(1), signed_by=OLD)
        hub.clock.advance(seconds=1)

        done = await self.judged(hub, old=Vouch(taken_back="crl keyCompromise"))

        [(taken, why)] = done.taken_back
        assert (taken.organization, why) == (LANDS, "crl keyCompromise")
        [kept] = await hub.store.certificates(LANDS)
        assert (kept.revoked_at, kept.revoked_why) == (hub.clock.now(), why)
        assert await refused(hub, 2, OLD) == "certificate-revoked"

    async def test_who_ordered_it_is_written_down(self, hub: Hub) -> None:
        await self.judged(hub, old=Vouch(taken_back="crl keyCompromise"))

        [act] = await acts(hub)

        assert (act.what, act.who, act.why) == (ORDER.what, ORDER.who, ORDER.why)
        assert act.organization == LANDS
        assert act.before == {"certificate": OLD.fingerprint, "revoked": ""}
        assert act.after == {
            "certificate": OLD.fingerprint,
            "revoked": "crl keyCompromise",
        }

    async def test_a_second_time_nothing_happens(self, hub: Hub) -> None:
        said = Vouch(taken_back="crl superseded")
        await self.judged(hub, old=said)
        hub.clock.advance(days=1)

        done = await self.judged(hub, old=said)

        assert done.taken_back == []
        assert len(await acts(hub)) == 1

    async def test_what_is_missing_revokes_nothing(self, hub: Hub) -> None:
        done = await self.judged(hub, old=Vouch(missing="no authority"))

        assert [(c.fingerprint, why) for c, why in done.missing] == [
            (OLD.fingerprint, "no authority")
        ]
        await hub.send(letter(), signed_by=OLD)
        assert await acts(hub) == []

    async def test_what_has_expired_is_not_asked_about(self, hub: Hub) -> None:
        hub.clock.advance(days=3650)

        done = await self.judged(hub, old=Vouch(taken_back="crl superseded"))

        assert (done.looked_at, done.taken_back) == (0, [])

    async def test_nobody_else_is_touched(self, hub: Hub) -> None:
        await enter(hub, registered(NEW))

        await self.judged(hub, old=Vouch(taken_back="chain cACompromise"))

        await hub.send(letter(), signed_by=NEW)
        await hub.send(to(CHIANG_MAI), signed_by=key_of(MINISTRY))
