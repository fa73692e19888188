"""The whole life of a letter, and what its receiver gets."""

from pathlib import Path
from random import Random

import pytest

from envelopes.dialects import BOI
from envelopes.encoder import encode_document
from envelopes.errors import CertificateUntrusted
from envelopes.letter import Attachment, Letter, OrganizationCode
from envelopes.notifier import NotifierKind
from envelopes.reading import letter_from
from envelopes.requests import Document
from envelopes.signature import signatures_in, unsigned, verify
from gateway.domain.books import Place, ReceiptPlace
from gateway.domain.consignment import Signed
from gateway.domain.lifecycle import Happening, State
from gateway.store.store import SEGMENTS
from tests.doubles.pki import Identity
from tests.envelopes.hand_signing import INCLUSIVE, Recipe, hand_signed
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HEALTH,
    HUB,
    LANDS,
    LOEI,
    MINISTRY,
    NAN,
    NUMBER,
    Hub,
    key_of,
    to,
)
from tests.letters import JPEG, PDF, as_wire, document_in, in_envelope

LARGE = Random(1).randbytes(300_000)

LIFE = [
    Happening.LETTER_ACCEPTED,
    Happening.ROUTE_CHOSEN,
    Happening.ENTRY_SHOWN,
    Happening.ENDPOINT_TOOK_IT,
    Happening.RECEIVER_CONFIRMED,
    Happening.NOTIFIER_QUEUED,
    Happening.NOTIFIER_SHOWN,
    Happening.NOTIFIER_TAKEN,
    Happening.NUMBER_GIVEN,
    Happening.NOTIFIER_QUEUED,
    Happening.NOTIFIER_SHOWN,
    Happening.NOTIFIER_TAKEN,
]


@pytest.mark.parametrize(
    ("sender", "signer", "signed"),
    [
        (LANDS, key_of(LANDS), Signed.OWN),
        (MINISTRY, key_of(MINISTRY), Signed.OWN),
        (HEALTH, key_of(HEALTH), Signed.OWN),
        (MINISTRY, None, Signed.HOSTED),
        (HEALTH, None, Signed.NONE),
    ],
)
async def test_a_letter_is_sent_taken_confirmed_and_registered(
    hub: Hub, sender: OrganizationCode, signer: Identity | None, signed: Signed
) -> None:
    letter = to(CHIANG_MAI, sender=sender)
    custody = await hub.deliver(letter, signed_by=signer)

    shown = await hub.take(CHIANG_MAI)
    assert shown.process_id != custody.process_id
    for kind, number in (
        (NotifierKind.RECEIVED, None),
        (NotifierKind.REGISTERED, "ชม ๑๐๒๔/๒๕๖๙"),
    ):
        await hub.tell(CHIANG_MAI, kind, number)
        await hub.keep()
        copy = (await hub.take(sender)).copy
        assert copy is not None
        assert (copy.kind, copy.accept_id) == (kind, number)

    path = await hub.path(CHIANG_MAI)
    assert [entry.happening for entry in path.journal] == LIFE
    assert path.consignment.state is State.REGISTERED
    assert path.consignment.signed is signed
    assert path.consignment.process_id == custody.process_id
    assert await hub.look(CHIANG_MAI) is None
    assert await hub.look(sender) is None
    books = await hub.books()
    assert books.places[Place.IN_REGISTER] == books.taken == 1
    assert books.receipts[ReceiptPlace.TAKEN] == 2
    assert books.receipts[ReceiptPlace.TOLD_NOBODY] == 1


async def test_a_signed_letter_goes_on_byte_for_byte(hub: Hub) -> None:
    letter = to(CHIANG_MAI)
    wire = as_wire(letter, signed_by=key_of(MINISTRY))
    await hub.send_bytes(wire, MINISTRY)
    await hub.keep()

    shown = await hub.head(CHIANG_MAI)

    assert shown.document is not None
    assert shown.document in wire
    document = document_in(in_envelope(shown.document, BOI))
    assert read(document, key_of(MINISTRY), hub) == letter


async def test_a_hosted_letter_is_signed_by_the_hub_and_by_nobody_else(
    hub: Hub,
) -> None:
    letter = to(CHIANG_MAI)
    await hub.deliver(letter)

    document = await arrived(hub, CHIANG_MAI)

    assert read(document, HUB, hub) == letter
    with pytest.raises(CertificateUntrusted):
        read(document, key_of(MINISTRY), hub)


async def test_a_letter_of_one_who_never_signs_arrives_unsigned(hub: Hub) -> None:
    letter = to(CHIANG_MAI, sender=HEALTH)
    await hub.deliver(letter)

    document = await arrived(hub, CHIANG_MAI)

    assert signatures_in(document) == 0
    assert letter_from(unsigned(document)) == letter


async def test_a_signature_that_cannot_travel_is_kept_and_the_hubs_goes_on(
    hub: Hub,
) -> None:
    """Inclusive canonicalisation draws in the namespaces of the envelope (C3)."""
    letter = to(CHIANG_MAI, sender=LANDS)
    own = Recipe(canonicalisation=INCLUSIVE, transforms=(INCLUSIVE,))
    written = in_envelope(encode_document(letter, signer=letter.sender))
    wire = hand_signed(written, key_of(LANDS), own)
    await hub.send_bytes(wire, LANDS)
    await hub.keep()

    document = await arrived(hub, CHIANG_MAI)

    assert read(document, HUB, hub) == letter
    kept = (await hub.path(CHIANG_MAI)).consignment
    assert kept.signed is Signed.OWN
    original = await hub.store.vault.read(kept.envelope_digest)
    assert original == wire
    assert read(document_in(original), key_of(LANDS), hub) == letter


@pytest.mark.parametrize("signed", [True, False])
async def test_the_vault_gives_back_the_envelope_that_came(
    hub: Hub, *, signed: bool
) -> None:
    signer = key_of(MINISTRY) if signed else None
    large = Attachment("application/pdf", LARGE)
    wire = as_wire(to(CHIANG_MAI, main=large), signed_by=signer)
    await hub.send_bytes(wire, MINISTRY)
    await hub.keep()

    kept = (await hub.path(CHIANG_MAI)).consignment

    assert await hub.store.vault.read(kept.envelope_digest) == wire


@pytest.mark.parametrize("signed", [True, False])
async def test_a_circular_is_one_letter_whose_files_are_kept_once(
    hub: Hub, tmp_path: Path, *, signed: bool
) -> None:
    signer = key_of(MINISTRY) if signed else None
    files = (Attachment("application/pdf", LARGE), Attachment("image/jpeg", JPEG))
    for receiver in (CHIANG_MAI, LOEI, NAN):
        hub.clock.advance(seconds=1)
        letter = to(receiver, attachments=files)
        await hub.deliver(letter, signed_by=signer)

    rows = await hub.counts()
    assert rows["letter"] == 1
    assert rows["consignment"] == 3
    assert rows["envelope"] == (3 if signed else 6)
    assert rows["file"] == len({PDF, JPEG, LARGE})
    segments = [p.read_bytes() for p in (tmp_path / SEGMENTS).iterdir()]
    assert b"".join(segments) == LARGE
    assert [
        (await hub.path(receiver)).consignment.letter.letter_id
        for receiver in (CHIANG_MAI, LOEI, NAN)
    ] == [NUMBER] * 3


async def test_the_copies_of_a_circular_live_their_own_lives(hub: Hub) -> None:
    for receiver in (CHIANG_MAI, LOEI, NAN):
        await hub.deliver(to(receiver))

    await hub.register(CHIANG_MAI)
    await hub.take(LOEI)

    states = [
        (await hub.path(receiver)).consignment.state
        for receiver in (CHIANG_MAI, LOEI, NAN)
    ]
    assert states == [State.REGISTERED, State.DELIVERED, State.WAITING]


async def arrived(hub: Hub, receiver: OrganizationCode) -> Document:
    """Poll, and put what came into another envelope, as the door does."""
    shown = await hub.head(receiver)
    assert shown.document is not None
    return document_in(in_envelope(shown.document))


def read(document: Document, signer: Identity, hub: Hub) -> Letter:
    """Read a letter that this identity must have signed."""
    return letter_from(verify(document, [signer], hub.clock.now()))
