"""A receipt is signed about every committed fact, once, and proves it offline."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from envelopes.dialects import CSHARP
from envelopes.letter import Attachment
from envelopes.notifier import NotifierKind
from envelopes.trust import Certificate, read_certificate
from gateway import proof
from gateway.arrivals import InProcessArrivals
from gateway.domain.evidence import SignedReceipt, Unsigned
from gateway.domain.organization import Person
from gateway.keys.signing import KeySigner
from gateway.ports import Source
from gateway.runners.notary import Notary
from gateway.store.errors import StoreUnavailable
from gateway.store.store import DATABASE, SqlStore, open_store
from gateway.workflow.attest import attest
from gateway.workflow.work import Work
from tests.doubles.clock import HandClock
from tests.doubles.ids import CountedIds
from tests.doubles.keyring import a_keyring
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HUB,
    LANDS,
    LOEI,
    MINISTRY,
    Hub,
    InlineBench,
    a_hub,
    key_of,
    to,
)
from tests.letters import as_wire
from tests.tables import lay_tables

Opening = Callable[..., AbstractAsyncContextManager[Hub]]

FIRST = UUID(int=0)
PAPER = Attachment("application/pdf", b"%PDF-1.4 what nobody is shown")
CERTIFICATE = read_certificate(HUB.pem)


def notary(hub: Hub) -> Notary:
    return Notary(hub.work, stop=asyncio.Event())


async def receipts(hub: Hub, receiver: object = CHIANG_MAI) -> Sequence[SignedReceipt]:
    path = await hub.path(receiver)  # type: ignore[arg-type]
    return (await hub.store.evidence.of([path.consignment.id]))[path.consignment.id]


async def said(hub: Hub) -> list[dict[str, Any]]:
    """Return what the receipts of the letter to Chiang Mai prove."""
    found = await receipts(hub)
    return [dict(proven(receipt).payload) for receipt in found]


def proven(receipt: SignedReceipt) -> proof.Proven:
    assert receipt.document is not None
    return proof.verify(receipt.document, [CERTIFICATE])


async def test_the_hubs_custody_is_attested_with_the_digest_the_sender_can_check(
    hub: Hub,
) -> None:
    wire = as_wire(to(CHIANG_MAI), CSHARP)
    custody = await hub.send_bytes(wire, MINISTRY)

    assert await notary(hub).look() == 1

    [receipt] = await said(hub)
    assert receipt["kind"] == "custody-by-hub"
    assert receipt["event"] == "SubmissionAcceptance"
    assert receipt["letter"]["envelope"] == {
        "sha256": hashlib.sha256(wire).hexdigest(),
        "size": len(wire),
    }
    assert receipt["process"]["sender"] == custody.process_id
    assert (receipt["order"], receipt["earlier"]) == (1, [])
    assert receipt["said_by"] == ""


async def test_each_thing_that_was_said_has_its_receipt_in_order(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.take(CHIANG_MAI)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "๑๐๒๔")
    await hub.tell(MINISTRY, NotifierKind.WRONG_NUMBER, "๑๐๒๔")
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, "1025")

    assert await notary(hub).look() == 6

    found = await said(hub)
    assert [one["kind"] for one in found] == [
        "custody-by-hub",
        "custody-by-endpoint",
        "received",
        "registered",
        "disputed",
        "registered",
    ]
    assert [one["order"] for one in found] == [1, 2, 3, 4, 5, 6]
    assert found[5]["earlier"] == [one["id"] for one in found[:5]]
    assert [one["receiver"]["number"] for one in found[3:]] == ["๑๐๒๔", "๑๐๒๔", "1025"]
    assert found[5]["registration"]["replaces"] == found[3]["registration"]["id"]
    assert found[3]["registration"]["numbered_by"] == "office"
    assert [one["said_by"] for one in found[1:5]] == [
        *[CHIANG_MAI.text] * 3,
        MINISTRY.text,
    ]


async def test_a_number_of_the_hubs_own_book_names_book_person_and_time(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.register(CHIANG_MAI, by="สมศรี")

    await notary(hub).look()

    registered = (await said(hub))[-1]
    there = registered["receiver"]
    at = hub.clock.now()
    assert there["number"] == "1/2569"
    assert (there["register"], there["person"]) == ("received", "สมศรี")
    assert there["date"] == f"{at:%Y-%m-%d}"
    assert registered["registration"]["serial"] == 1
    assert registered["sender"]["number"] == "มท 0210.3/ว 1795"
    assert registered["happened_at"] == f"{at:%Y-%m-%dT%H:%M:%S}Z"


async def test_what_was_delivered_is_the_document_as_it_stands_in_the_answer(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI, main=Attachment("application/pdf", b"%PDF")))
    shown = await hub.take(CHIANG_MAI)
    assert shown.document is not None

    await notary(hub).look()

    [_, taken] = await receipts(hub)
    proven = proof.verify(taken.document, [CERTIFICATE])
    answer = b"<Envelope><Body>" + shown.document + b"</Body></Envelope>"
    assert proof.is_about_letter(proven, answer) == "delivered"
    assert proof.is_about_file(proven, b"%PDF") == 1
    with pytest.raises(proof.NotThisLetter):
        proof.is_about_letter(proven, answer.replace(b"0210", b"0211"))


def _document(carried: object) -> bytes:
    assert isinstance(carried, bytes)
    return carried


async def test_facts_of_the_signature_stand_in_the_receipt(hub: Hub) -> None:
    letter = to(CHIANG_MAI, sender=LANDS)
    await hub.deliver(letter, signed_by=key_of(LANDS))

    await notary(hub).look()

    [receipt] = await said(hub)
    assert receipt["signature"]["signed"] == "own"


async def test_no_subject_stands_in_any_receipt(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI, subject="เรื่องที่ไม่ควรรู้"))
    await hub.take(CHIANG_MAI)

    await notary(hub).look()

    everything = repr(await said(hub)) + repr(await receipts(hub))
    assert "เรื่องที่ไม่ควรรู้" not in everything


async def test_a_test_letter_is_marked(hub: Hub) -> None:
    await hub.send(to(CHIANG_MAI, subject="(ทดสอบระบบ) ขอเชิญประชุม"))

    await notary(hub).look()

    [receipt] = await said(hub)
    assert receipt["test"] is True


async def test_a_second_look_and_a_second_notary_sign_nothing_again(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    first, second = notary(hub), notary(hub)
    await first.look()
    before = await receipts(hub)

    assert await first.look() == 0
    assert await second.look() == 0
    assert await receipts(hub) == before


async def test_two_notaries_at_once_leave_one_receipt_each(hub: Hub) -> None:
    for receiver in (CHIANG_MAI, LOEI):
        await hub.deliver(to(receiver))

    made = await asyncio.gather(notary(hub).look(), notary(hub).look())

    assert sum(made) == 2
    assert (await hub.counts())["signed_receipt"] == 2


async def test_what_a_faster_process_signed_is_left_as_it_is(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    path = await hub.path(CHIANG_MAI)
    fact = Unsigned(path.consignment.id, path.consignment.id)
    await attest(hub.work, [fact])
    [before] = await receipts(hub)

    assert await attest(hub.work, [fact]) == []
    assert await receipts(hub) == [before]


async def test_a_fact_committed_after_a_later_one_is_found_by_the_same_notary(
    hub: Hub,
) -> None:
    """Another process made its id before, and committed it after."""
    ahead = CountedIds()
    for _ in range(1000):
        ahead.new()
    later = replace(hub, work=replace(hub.work, ids=ahead))
    looking = notary(hub)
    await later.send(to(CHIANG_MAI))
    await looking.look()
    hub.clock.advance(seconds=9)
    await looking.look()

    await hub.send(to(LOEI))

    assert await looking.look() == 1


async def test_a_fact_that_is_much_too_late_is_found_within_the_hour(hub: Hub) -> None:
    ahead = CountedIds()
    for _ in range(1000):
        ahead.new()
    later = replace(hub, work=replace(hub.work, ids=ahead))
    looking = notary(hub)
    await later.send(to(CHIANG_MAI))
    for _ in range(3):
        await looking.look()
        hub.clock.advance(seconds=11)
    await hub.send(to(LOEI))
    assert await looking.look() == 0, "it looks behind what was settled only"

    hub.clock.advance(seconds=3600)

    assert await looking.look() == 1


class Signer:
    """The hub's signer, whose signatures go through somebody's hands."""

    def __init__(self, hub: Hub, hands: Callable[[int, bytes], bytes]) -> None:
        self._real = hub.work.signer
        self._hands = hands
        self._calls = 0

    @property
    def certificate(self) -> Certificate:
        return self._real.certificate

    def pinned(self) -> "Signer":
        return self

    def sign(self, document: bytes) -> bytes:
        return self._real.sign(document)

    def sign_bytes(self, content: bytes) -> bytes:
        self._calls += 1
        return self._hands(self._calls, self._real.sign_bytes(content))


def with_signer(hub: Hub, hands: Callable[[int, bytes], bytes]) -> Hub:
    return replace(hub, work=replace(hub.work, signer=Signer(hub, hands)))


async def test_what_cannot_be_signed_holds_up_no_other(hub: Hub) -> None:
    def fails_twice(call: int, signature: bytes) -> bytes:
        if call <= 2:
            raise ValueError("the token says no")
        return signature

    for receiver in (CHIANG_MAI, LOEI):
        await hub.send(to(receiver))
    looking = notary(with_signer(hub, fails_twice))

    assert await looking.look() == 1
    assert await looking.look() == 0, "it is not tried at every look"
    hub.clock.advance(seconds=3600)
    assert await looking.look() == 1


async def test_what_our_own_verifier_would_refuse_is_not_kept(hub: Hub) -> None:
    await hub.send(to(CHIANG_MAI))
    looking = notary(with_signer(hub, lambda _, signature: signature[::-1]))

    assert await looking.look() == 0
    assert (await hub.counts())["signed_receipt"] == 0


async def test_a_token_that_is_busy_is_waited_for(hub: Hub) -> None:
    def busy(_call: int, _signature: bytes) -> bytes:
        raise StoreUnavailable

    await hub.send(to(CHIANG_MAI))

    with pytest.raises(StoreUnavailable):
        await notary(with_signer(hub, busy)).look()
    assert await notary(hub).look() == 1


async def test_a_page_shows_some_facts_and_where_the_next_begins(hub: Hub) -> None:
    for receiver in (CHIANG_MAI, LOEI):
        await hub.send(to(receiver))
    evidence = hub.store.evidence

    first = await evidence.page(Source.CONSIGNMENTS, FIRST, limit=1)
    second = await evidence.page(Source.CONSIGNMENTS, first.end, limit=1)
    third = await evidence.page(Source.CONSIGNMENTS, second.end, limit=1)

    assert (len(first.unsigned), first.is_last) == (1, False)
    assert second.unsigned[0].about == second.end > first.end
    assert (third.unsigned, third.end, third.is_last) == ([], second.end, True)


async def test_the_backlog_says_how_much_waits_and_since_when(hub: Hub) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await notary(hub).look()
    since = hub.clock.now() + timedelta(seconds=1)
    await hub.take(CHIANG_MAI)

    backlog = await hub.store.evidence.backlog()

    assert (backlog.made, backlog.waiting, backlog.oldest) == (1, 1, since)


@pytest.fixture
def closed(tmp_path: Path) -> Opening:
    """Open the same hub again and again, with its key for secret letters or not."""
    lay_tables(tmp_path)

    @asynccontextmanager
    async def opening(*, key: bool, new: bool = False) -> AsyncIterator[Hub]:
        ring = a_keyring() if key else None
        async with open_store(tmp_path, keyring=ring, elapsed=lambda: 0.0) as store:
            hub = await a_hub(store) if new else again(store)
            yield replace(hub, work=replace(hub.work, carries="003"))

    return opening


def again(store: SqlStore) -> Hub:
    """Return the hub of a store that is filled, with ids nobody has."""
    ids = CountedIds()
    for _ in range(1000):
        ids.new()
    work = Work(
        store=store,
        clock=HandClock(),
        ids=ids,
        signer=KeySigner(HUB.key, HUB.pem),
        arrivals=InProcessArrivals(0),
        bench=InlineBench(),
    )
    return Hub(work, store, HandClock())


SECRET = {"subject": "เรื่องที่ปกปิด", "secrecy": "002", "main": PAPER}


async def test_a_secret_letters_receipt_lies_encrypted_and_names_plain_digests(
    closed: Opening, tmp_path: Path
) -> None:
    async with closed(key=True, new=True) as hub:
        wire = as_wire(to(CHIANG_MAI, **SECRET), CSHARP)
        await hub.send_bytes(wire, MINISTRY)
        await hub.keep()
        async with hub.store.unit() as unit:
            clerk = Person(
                CHIANG_MAI, "สมศรี", secret_registrar=True, added_at=hub.clock.now()
            )
            await unit.persons.enter(clerk)
            await unit.commit()
        await hub.register(CHIANG_MAI, by="สมศรี")
        assert await notary(hub).look() == 2
        custody, registered = await said(hub)
        delivery = (await hub.path(CHIANG_MAI)).consignment.delivery
        assert delivery is not None
        lay_there = await hub.store.views.bytes_of(delivery)
        rows = await hub.rows()

    assert custody["letter"]["envelope"]["sha256"] == hashlib.sha256(wire).hexdigest()
    assert custody["letter"]["envelope"]["size"] == len(wire)
    assert custody["letter"]["files"][0]["sha256"] == PAPER.digest
    assert registered["receiver"]["person"] == "สมศรี"
    assert registered["letter"]["delivered"] == {
        "sha256": hashlib.sha256(lay_there).hexdigest(),
        "size": len(lay_there),
    }
    assert "payload" not in "".join(rows["signed_receipt"])
    stored = (tmp_path / DATABASE).read_bytes()
    for plain in (PAPER.digest, hashlib.sha256(wire).hexdigest(), '"payload"'):
        assert plain.encode() not in stored


async def test_without_its_key_a_hub_signs_nothing_of_a_secret_letter(
    closed: Opening,
) -> None:
    async with closed(key=True, new=True) as hub:
        await hub.send(to(CHIANG_MAI, **SECRET))
        await hub.send(to(LOEI))

    async with closed(key=False) as hub:
        assert await notary(hub).look() == 1, "the open letter's"
    async with closed(key=True) as hub:
        assert await notary(hub).look() == 1
    async with closed(key=False) as hub:
        found = await hub.store.evidence.signed(FIRST, limit=9)
        assert [one.document is None for one in found].count(True) == 1
