"""What a signature says is found out at the door, kept, and shown as it was found."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from envelopes.dialects import BOI
from envelopes.encoder import encode_document
from envelopes.errors import (
    CertificateUntrusted,
    EnvelopeError,
    SignatureInvalid,
)
from envelopes.letter import OrganizationCode
from envelopes.reading import letter_from
from envelopes.signature import verify
from gateway.domain.consignment import Judgement, Signed
from gateway.domain.errors import Refusal
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import Purpose, RegisteredCertificate
from schemas import names
from tests.doubles.pki import Identity, certified, ec_key, identity, rsa_key
from tests.envelopes.hand_signing import (
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    SHA1,
    WITH_COMMENTS,
    Recipe,
    hand_signed,
)
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HEALTH,
    HUB,
    LANDS,
    LOEI,
    MINISTRY,
    Hub,
    key_of,
    to,
)
from tests.letters import as_wire, document_in, in_envelope

DOORS = pytest.mark.parametrize("door", [LANDS, MINISTRY, HEALTH], ids=lambda c: c.text)
"""One of each kind: `own`, `hosted`, `none`."""
AS_IN_C3 = Recipe(
    method=f"{names.DSIG}rsa-sha1",
    digest=SHA1,
    canonicalisation=WITH_COMMENTS,
    transforms=(),
)
EXCLUSIVE_SHA1 = replace(AS_IN_C3, canonicalisation=EXCLUSIVE, transforms=(EXCLUSIVE,))


def rsa_of(organization: OrganizationCode) -> Identity:
    return identity("rsa", organization.text)


async def knows(hub: Hub, own: Identity, *purposes: Purpose) -> None:
    """Register a certificate for its organization."""
    certificate = RegisteredCertificate(
        own.organization,
        own.der,
        own.fingerprint,
        own.not_before,
        own.not_after,
        frozenset(purposes or (Purpose.SIGNATURE,)),
    )
    async with hub.store.unit() as unit:
        await unit.directory.add_certificate(certificate, hub.clock.now())
        await unit.commit()


async def allows(hub: Hub, code: OrganizationCode, *, weak: bool = True) -> None:
    """Let an organization sign by SHA-1, or no longer."""
    found = await hub.organization(code)
    async with hub.store.unit() as unit:
        await unit.directory.decide(replace(found, weak_signatures=weak))
        await unit.commit()


def signed(
    door: OrganizationCode,
    recipe: Recipe,
    receiver: OrganizationCode = CHIANG_MAI,
    by: Identity | None = None,
) -> bytes:
    """Write a letter of this organization, signed by hand."""
    letter = to(receiver, sender=door)
    written = in_envelope(encode_document(letter, signer=letter.sender))
    return hand_signed(written, by or rsa_of(door), recipe)


async def judged(hub: Hub, receiver: OrganizationCode = CHIANG_MAI) -> Judgement:
    """Return what is kept, and see that the journal says the same."""
    consignment = (await hub.path(receiver)).consignment
    assert consignment.judgement is not None
    [accepted] = await hub.journal(Happening.LETTER_ACCEPTED, receiver)
    told = consignment.judgement.facts()
    assert {what: accepted.facts[what] for what in told} == told
    return consignment.judgement


class TestOwnHostedNone:
    @DOORS
    async def test_an_own_signature_is_trusted_at_every_door(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        await hub.deliver(to(CHIANG_MAI, sender=door), signed_by=key_of(door))

        found = await judged(hub)
        assert (found.intact, found.valid, found.trusted) == (True, True, True)
        assert found.reasons == ("own-certificate",)
        assert found.certificate == key_of(door).fingerprint
        assert found.algorithm == f"{MORE}ecdsa-sha256"

    @pytest.mark.parametrize(
        ("door", "reason"), [(MINISTRY, "signed-by-hub"), (HEALTH, "unsigned")]
    )
    async def test_what_nobody_signed_is_never_trusted(
        self, hub: Hub, door: OrganizationCode, reason: str
    ) -> None:
        await hub.deliver(to(CHIANG_MAI, sender=door))

        found = await judged(hub)
        assert (found.intact, found.valid, found.trusted) == (None, None, False)
        assert found.reasons == (reason,)
        assert found.certificate == found.algorithm == ""

    @DOORS
    async def test_a_signature_that_fails_is_refused_at_every_door(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        wire = as_wire(to(CHIANG_MAI, sender=door), signed_by=key_of(door))
        before = await hub.rows()

        with pytest.raises(SignatureInvalid):
            await hub.send_bytes(
                wire.replace(b"</ram:Subject>", b"!</ram:Subject>"), door
            )

        assert await hub.rows() == before

    @DOORS
    async def test_a_certificate_for_access_signs_no_letter(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        await knows(hub, rsa_of(door), Purpose.ACCESS)

        with pytest.raises(CertificateUntrusted):
            await hub.send(to(CHIANG_MAI, sender=door), signed_by=rsa_of(door))

    @pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP521R1()])
    async def test_an_authority_s_certificate_may_stand_before_its_own(
        self, hub: Hub, curve: ec.EllipticCurve
    ) -> None:
        """The books, too, read it by the sender's own, whatever kind that other is."""
        authority = certified(ec_key("authority", curve), "1600100000")
        both = "".join(
            f"<ds:X509Certificate>{base64.b64encode(der).decode()}</ds:X509Certificate>"
            for der in (authority.der, key_of(LANDS).der)
        )
        recipe = Recipe(key_info=f"<ds:X509Data>{both}</ds:X509Data>")

        await hub.send_bytes(signed(LANDS, recipe, by=key_of(LANDS)), LANDS)

        assert (await judged(hub)).certificate == key_of(LANDS).fingerprint
        assert (await hub.books()).in_balance

    async def test_one_that_cannot_travel_is_trusted_and_says_so(
        self, hub: Hub
    ) -> None:
        await knows(hub, rsa_of(LANDS))
        recipe = Recipe(canonicalisation=INCLUSIVE, transforms=(INCLUSIVE,))

        await hub.send_bytes(signed(LANDS, recipe), LANDS)
        await hub.keep()

        found = await judged(hub)
        assert found.trusted
        assert found.reasons == ("own-certificate", "inclusive-c14n")

    async def test_the_copies_of_a_circular_are_judged_one_by_one(
        self, hub: Hub
    ) -> None:
        await hub.deliver(to(CHIANG_MAI), signed_by=key_of(MINISTRY))
        await hub.deliver(to(LOEI))

        assert (await judged(hub, CHIANG_MAI)).trusted
        assert (await judged(hub, LOEI)).reasons == ("signed-by-hub",)


class TestWeak:
    @DOORS
    @pytest.mark.parametrize("recipe", [AS_IN_C3, EXCLUSIVE_SHA1])
    async def test_it_is_refused_where_the_record_does_not_allow_it(
        self, hub: Hub, door: OrganizationCode, recipe: Recipe
    ) -> None:
        await knows(hub, rsa_of(door))
        await allows(hub, CHIANG_MAI)
        before = await hub.rows()

        with pytest.raises(SignatureInvalid) as caught:
            await hub.send_bytes(signed(door, recipe), door)

        assert caught.value.where == "ds:SignatureMethod: rsa-sha1 is not accepted"
        assert await hub.rows() == before

    @DOORS
    async def test_where_it_is_allowed_it_is_read_marked_and_never_trusted(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        await knows(hub, rsa_of(door))
        await allows(hub, door)

        await hub.send_bytes(signed(door, AS_IN_C3), door)
        await hub.keep()

        found = await judged(hub)
        assert (found.intact, found.valid, found.trusted) == (True, True, False)
        assert found.reasons == ("own-certificate", "weak-algorithm", "inclusive-c14n")
        assert found.algorithm == f"{names.DSIG}rsa-sha1"
        assert (await hub.path(CHIANG_MAI)).consignment.signed is Signed.OWN

    async def test_its_receiver_gets_a_copy_that_the_hub_signed(self, hub: Hub) -> None:
        await knows(hub, rsa_of(LANDS))
        await allows(hub, LANDS)
        wire = signed(LANDS, AS_IN_C3)
        await hub.send_bytes(wire, LANDS)
        await hub.keep()

        shown = (await hub.head(CHIANG_MAI)).document
        assert shown is not None
        assert b"sha1" not in shown
        document = document_in(in_envelope(shown, BOI))
        read = letter_from(verify(document, [HUB], hub.clock.now()))

        assert read == to(CHIANG_MAI, sender=LANDS)
        kept = (await hub.path(CHIANG_MAI)).consignment
        assert await hub.store.vault.read(kept.envelope_digest) == wire

    async def test_one_that_travels_goes_on_as_it_was_signed(self, hub: Hub) -> None:
        await knows(hub, rsa_of(LANDS))
        await allows(hub, LANDS)
        wire = signed(LANDS, EXCLUSIVE_SHA1)
        await hub.send_bytes(wire, LANDS)
        await hub.keep()

        shown = (await hub.head(CHIANG_MAI)).document

        assert shown is not None
        assert shown in wire
        assert not (await judged(hub)).trusted

    @pytest.mark.parametrize("recipe", [AS_IN_C3, EXCLUSIVE_SHA1])
    async def test_what_was_taken_is_read_after_the_permission_has_ended(
        self, hub: Hub, recipe: Recipe
    ) -> None:
        """Routing, a fitted copy, and the books that every test here ends with."""
        await knows(hub, rsa_of(LANDS))
        await allows(hub, LANDS)
        await hub.send_bytes(signed(LANDS, recipe), LANDS)
        await allows(hub, LANDS, weak=False)

        await hub.keep()
        await hub.speaks(CHIANG_MAI, BOI)

        assert (await hub.head(CHIANG_MAI)).document is not None
        assert (await hub.books()).in_balance
        with pytest.raises(SignatureInvalid):
            await hub.send_bytes(signed(LANDS, recipe, LOEI), LANDS)

    @pytest.mark.parametrize(
        "method",
        [
            f"{names.DSIG}hmac-sha1",
            f"{MORE}hmac-sha256",
            f"{names.DSIG}dsa-sha1",
            f"{MORE}rsa-md5",
            f"{MORE}ecdsa-sha1",
            "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        ],
    )
    async def test_nothing_else_that_is_weak_is_read(
        self, hub: Hub, method: str
    ) -> None:
        await knows(hub, rsa_of(LANDS))
        await allows(hub, LANDS)
        recipe = replace(AS_IN_C3, method=method)
        by = key_of(LANDS) if "ecdsa" in method else None

        with pytest.raises(SignatureInvalid) as caught:
            await hub.send_bytes(signed(LANDS, recipe, by=by), LANDS)

        assert "is not accepted" in caught.value.where

    async def test_no_digest_of_sha1_under_an_elliptic_curve(self, hub: Hub) -> None:
        await allows(hub, LANDS)

        wire = signed(LANDS, Recipe(digest=SHA1), by=key_of(LANDS))

        with pytest.raises(SignatureInvalid) as caught:
            await hub.send_bytes(wire, LANDS)

        assert caught.value.where == "ds:DigestMethod: sha1 is not accepted"

    async def test_no_key_below_2048_bits(self, hub: Hub) -> None:
        """Even one that came into the directory by another way than its commands."""
        short = certified(rsa_key("short", 1024), LANDS.text)
        await knows(hub, short)
        await allows(hub, LANDS)

        with pytest.raises(CertificateUntrusted):
            await hub.send_bytes(signed(LANDS, AS_IN_C3, by=short), LANDS)


class TestImpersonation:
    """Nothing an admitted office sends makes a letter appear to come from another."""

    async def refused(self, hub: Hub, wire: bytes, door: OrganizationCode) -> str:
        before = await hub.rows(), await hub.writes()
        with pytest.raises((EnvelopeError, Refusal)) as caught:
            await hub.send_bytes(wire, door)
        assert (await hub.rows(), await hub.writes()) == before
        return caught.value.code

    @DOORS
    async def test_another_office_s_signed_letter_at_this_door(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        wire = as_wire(to(CHIANG_MAI, sender=LOEI), signed_by=key_of(LOEI))

        assert await self.refused(hub, wire, door) == "certificate-untrusted"

    @DOORS
    async def test_another_s_name_under_an_own_signature(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        wire = as_wire(to(CHIANG_MAI, sender=LOEI), signed_by=key_of(door))

        assert await self.refused(hub, wire, door) == "sender-not-of-this-door"

    @pytest.mark.parametrize("door", [MINISTRY, HEALTH])
    async def test_another_s_name_and_no_signature(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        wire = as_wire(to(CHIANG_MAI, sender=LOEI))

        assert await self.refused(hub, wire, door) == "sender-not-of-this-door"

    @DOORS
    async def test_another_s_certificate_over_an_own_signature(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        thief = replace(key_of(door), der=key_of(LOEI).der)
        wire = signed(LOEI, Recipe(), by=thief)

        assert await self.refused(hub, wire, door) == "certificate-untrusted"
        assert await self.refused(hub, wire, LOEI) == "signature-invalid"

    @DOORS
    async def test_what_the_hub_signed_for_another(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        """A hosted letter as its receiver got it, sent on as if it came anew."""
        await hub.deliver(to(door, sender=HOSTED))
        shown = (await hub.head(door)).document
        assert shown is not None
        signed_by_hub = in_envelope(shown)
        stripped = signed_by_hub.replace(
            shown[shown.index(b"<ds:Signature ") : shown.index(b"</ram:Government")],
            b"",
        )
        unsigned = {LANDS: "signature-missing"}

        assert await self.refused(hub, signed_by_hub, door) == "certificate-untrusted"
        expected = unsigned.get(door, "sender-not-of-this-door")
        assert await self.refused(hub, stripped, door) == expected

    @DOORS
    async def test_an_own_letter_wrapped_around_another_s(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        """The signed one where nobody reads it, another's where the letter stands."""
        own = as_wire(to(CHIANG_MAI, sender=door), signed_by=key_of(door))
        other = as_wire(to(CHIANG_MAI, sender=LOEI))
        mine, theirs = (
            wire[wire.index(b"<ram:CorrespondenceLetter ") : wire.index(END) + len(END)]
            for wire in (own, other)
        )
        header = b"</SOAP-ENV:Header>"
        alone = mine.replace(b" ID=", b' xmlns:ram="%b" ID=' % names.RAM.encode(), 1)
        moved = own.replace(mine, theirs).replace(header, alone + header)
        renamed = moved.replace(theirs, theirs.replace(b'ID="Letter"', b'ID="Other"'))
        bare = moved.replace(theirs, theirs.replace(b' ID="Letter"', b""))
        beside = own.replace(mine, mine + theirs)
        before = own.replace(mine, theirs + mine)

        for wire in (moved, renamed, bare, beside, before):
            assert await self.refused(hub, wire, door) in SEEN

    @DOORS
    async def test_a_second_document_in_the_envelope(
        self, hub: Hub, door: OrganizationCode
    ) -> None:
        own = as_wire(to(CHIANG_MAI, sender=door), signed_by=key_of(door))
        other = as_wire(to(CHIANG_MAI, sender=LOEI), signed_by=key_of(LOEI))
        document = other[other.index(b"<rsm:") : other.index(DOCUMENT) + len(DOCUMENT)]
        for place in (b"<rsm:GovernmentDocument", b"</SOAP-ENV:Header>"):
            wire = own.replace(place, document + place, 1)
            assert wire != own

            assert await self.refused(hub, wire, door) in SEEN

    async def test_at_its_own_door_the_same_letter_is_taken(self, hub: Hub) -> None:
        """What the tests above send is refused for what is wrong with it alone."""
        await hub.deliver(to(CHIANG_MAI, sender=LOEI), signed_by=key_of(LOEI))

        assert (await judged(hub)).trusted


HOSTED = LOEI
SEEN = {"signed-part-missing", "signature-invalid", "schema-violated"}
END = b"</ram:CorrespondenceLetter>"
DOCUMENT = b"</rsm:GovernmentDocument>"
