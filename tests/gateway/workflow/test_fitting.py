"""A receiver gets what its client can read; the sender's bytes stay (F4.4)."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from envelopes.dialects import BOI, CSHARP, JAVA, UNKNOWN, Dialect
from envelopes.letter import Attachment, Letter, LetterId, Reference
from gateway.domain.lifecycle import Happening
from gateway.workflow.collect import look
from gateway.workflow.endpoint import set_dialect
from tests.gateway.workflow.hub import (
    CHIANG_MAI,
    HEALTH,
    HUB,
    LANDS,
    MINISTRY,
    Hub,
    InlineBench,
    key_of,
    to,
)
from tests.letters import PDF, as_wire

FITTED = Happening.COPY_FITTED
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
T = TypeVar("T")


def hard() -> Letter:
    """Return a signing office's letter that BOI and Java cannot take as it is."""
    letter = to(CHIANG_MAI, sender=LANDS, main=Attachment(DOCX, PDF))
    return replace(letter, references=(Reference("มท 1,2", "2026-01-02", "ก|ข"),))


async def handed(hub: Hub) -> bytes:
    """Return what Chiang Mai gets by a poll."""
    document = (await hub.head(CHIANG_MAI)).document
    assert document is not None
    return document


def signed_by_hub(document: bytes) -> bool:
    return base64.b64encode(HUB.der) in b"".join(document.split())


async def copies(hub: Hub) -> int:
    return (await hub.counts())["fitted_copy"]


@pytest.mark.parametrize("dialect", [BOI, JAVA], ids=lambda d: d.name)
async def test_a_copy_is_fitted_signed_by_the_hub_and_told_by_the_journal(
    hub: Hub, dialect: Dialect
) -> None:
    await hub.speaks(CHIANG_MAI, dialect)
    wire = as_wire(hard(), signed_by=key_of(LANDS))
    await hub.send_bytes(wire, LANDS)
    await hub.keep()

    document = await handed(hub)

    assert signed_by_hub(document)
    path = await hub.path(CHIANG_MAI)
    assert path.consignment.delivery is not None
    assert await hub.store.views.bytes_of(path.consignment.delivery) != document
    [told] = await hub.journal(FITTED, CHIANG_MAI)
    assert (told.actor, told.facts["dialect"]) == ("hub", dialect.name)
    assert told.facts["signed_by"] == "hub"
    assert await hub.store.vault.read(told.facts["copy"]) == document
    # The sender's bytes are the evidence, whatever was handed on.
    assert await hub.store.vault.read(path.consignment.envelope_digest) == wire


async def test_boi_gets_what_its_columns_hold(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.deliver(hard(), signed_by=key_of(LANDS))

    document = await handed(hub)

    assert b'mimeCode="application/docx"' in document
    assert DOCX.encode() not in document


async def test_java_gets_references_it_can_store(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, JAVA)
    await hub.deliver(hard(), signed_by=key_of(LANDS))

    document = (await handed(hub)).decode()

    assert "มท 1;2" in document
    assert "ก/ข" in document


@pytest.mark.parametrize("dialect", [CSHARP, UNKNOWN], ids=lambda d: d.name)
async def test_what_fits_goes_on_byte_for_byte(hub: Hub, dialect: Dialect) -> None:
    await hub.speaks(CHIANG_MAI, dialect)
    await hub.deliver(hard(), signed_by=key_of(LANDS))

    document = await handed(hub)

    path = await hub.path(CHIANG_MAI)
    envelope = await hub.store.vault.read(path.consignment.envelope_digest)
    assert document in envelope
    assert not await hub.journal(FITTED, CHIANG_MAI)


async def test_it_is_made_once_and_then_shown_without_a_write(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.deliver(hard(), signed_by=key_of(LANDS))
    first = await handed(hub)
    before = await hub.writes()

    assert [await handed(hub) for _ in range(5)] == [first] * 5

    assert await hub.writes() == before
    assert await copies(hub) == 1


async def test_that_none_is_needed_is_found_out_once(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, CSHARP)
    await hub.deliver(hard(), signed_by=key_of(LANDS))
    first = await handed(hub)
    before = await hub.writes()

    assert [await handed(hub) for _ in range(5)] == [first] * 5

    assert await hub.writes() == before


async def test_polls_at_once_make_one_copy(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.deliver(hard(), signed_by=key_of(LANDS))

    documents = await asyncio.gather(*(handed(hub) for _ in range(4)))

    assert len(set(documents)) == 1
    assert await copies(hub) == 1
    assert len(await hub.journal(FITTED, CHIANG_MAI)) == 1


async def test_each_dialect_has_its_own_copy_and_keeps_it(hub: Hub) -> None:
    await hub.deliver(hard(), signed_by=key_of(LANDS))
    seen: dict[str, bytes] = {}
    for dialect in (CSHARP, BOI, JAVA):
        await hub.speaks(CHIANG_MAI, dialect)
        seen[dialect.name] = await handed(hub)
    assert len(set(seen.values())) == 3

    for dialect in (BOI, CSHARP, JAVA):
        await hub.speaks(CHIANG_MAI, dialect)
        assert await handed(hub) == seen[dialect.name]

    assert await copies(hub) == 3
    told = await hub.journal(FITTED, CHIANG_MAI)
    assert [entry.facts["dialect"] for entry in told] == ["boi", "java"]
    assert len(await hub.journal(Happening.ENTRY_SHOWN, CHIANG_MAI)) == 1


@dataclass
class ChangingBench(InlineBench):
    """While the first copy is made, the endpoint's dialect becomes another."""

    hub: Hub
    dialect: Dialect
    runs: int = 0

    async def run(self, size: int, work: Callable[[], T]) -> T:
        self.runs += 1
        if self.runs == 1:
            await set_dialect(self.hub.work, CHIANG_MAI, self.dialect)
        return await super().run(size, work)


@pytest.mark.parametrize("becomes", [JAVA, CSHARP], ids=lambda d: d.name)
async def test_a_copy_for_the_client_of_yesterday_is_not_handed_on(
    hub: Hub, becomes: Dialect
) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.deliver(hard(), signed_by=key_of(LANDS))
    bench = ChangingBench(hub, becomes)

    shown = await look(replace(hub.work, bench=bench), CHIANG_MAI)

    assert shown is not None
    assert shown.document == await handed(hub)
    assert bench.runs == 2
    told = await hub.journal(FITTED, CHIANG_MAI)
    assert [e.facts["dialect"] for e in told] == (["java"] if becomes is JAVA else [])


async def test_the_hub_signs_for_who_expects_it_what_nobody_signed(hub: Hub) -> None:
    """BOI reads ds:Signature (C1, Q-C5)."""
    await hub.deliver(to(CHIANG_MAI, sender=HEALTH))
    await hub.speaks(CHIANG_MAI, CSHARP)
    assert b"SignatureValue" not in await handed(hub)

    await hub.speaks(CHIANG_MAI, BOI)

    assert signed_by_hub(await handed(hub))
    assert len(await hub.journal(FITTED, CHIANG_MAI)) == 1


async def test_the_journal_says_of_an_unsigned_copy_that_nobody_signed_it(
    hub: Hub,
) -> None:
    await hub.speaks(CHIANG_MAI, JAVA)
    unsigned = replace(hard(), sender=to(CHIANG_MAI, sender=HEALTH).sender)
    await hub.deliver(unsigned)

    document = await handed(hub)

    [told] = await hub.journal(FITTED, CHIANG_MAI)
    assert told.facts["signed_by"] == "nobody"
    assert b"SignatureValue" not in document


async def test_a_hosted_sender_s_letter_is_signed_by_the_hub_and_needs_no_copy(
    hub: Hub,
) -> None:
    await hub.deliver(to(CHIANG_MAI))
    await hub.speaks(CHIANG_MAI, BOI)

    assert signed_by_hub(await handed(hub))

    assert not await hub.journal(FITTED, CHIANG_MAI)


async def test_a_fitted_copy_comes_again_by_operation_10(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    letter = replace(hard(), sender=to(CHIANG_MAI, sender=MINISTRY).sender)
    await hub.deliver(letter)
    first = await hub.take(CHIANG_MAI)

    again = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)
    assert again == first

    await hub.speaks(CHIANG_MAI, JAVA)
    other = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)
    assert other.process_id == first.process_id
    assert other.document != first.document
    assert await hub.head(CHIANG_MAI) == other


async def test_what_is_asked_for_before_it_was_ever_shown_is_fitted(hub: Hub) -> None:
    await hub.speaks(CHIANG_MAI, BOI)
    await hub.deliver(to(CHIANG_MAI, LetterId("1", "2026-06-05")))
    letter = replace(hard(), sender=to(CHIANG_MAI, sender=MINISTRY).sender)
    await hub.deliver(letter)

    asked = await hub.ask_again(CHIANG_MAI, receiver=CHIANG_MAI)

    assert b"application/docx" in (asked.document or b"")
    assert len(await hub.journal(FITTED, CHIANG_MAI)) == 1
