"""Facts that are committed → signed receipts, kept beside them.

A receipt is signed after the commit that made its fact, never inside it: a signature
may come from a slow token, and what was rolled back must not have been signed. What
the hub's own verifier would refuse is not kept.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from cryptography.x509.oid import NameOID

from envelopes.trust import Certificate
from gateway import proof
from gateway.domain.consignment import Consignment, Excerpt, LetterFacts, LetterFile
from gateway.domain.evidence import (
    VERSION,
    Exhibit,
    Measure,
    SignedReceipt,
    Unsigned,
    Witness,
    kind_of,
    payload,
    written,
)
from gateway.domain.jws import assembled, signing_input
from gateway.domain.organization import Organization
from gateway.ports import HubSigner, Path
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.work import Work

BATCH: Final = 64
"""Facts that are signed at once, and kept in one unit."""

_TO_ITS_END: Final = 2**62


async def attest(work: Work, facts: Sequence[Unsigned]) -> Sequence[SignedReceipt]:
    """Sign a receipt about each fact; return those that this call added.

    What another process signed meanwhile is left as it is.
    """
    exhibits = await _exhibits(work, facts)
    # In a thread, however small: a token may be slow.
    receipts = await asyncio.to_thread(_signed, work, facts, exhibits)
    passed("attest:signed")
    async with work.store.unit() as unit:
        kept = await unit.signed_receipts.add(receipts)
        await unit.commit()
    passed("attest:after-commit")
    for receipt in kept:
        emit("receipt signed", consignment=receipt.consignment, kind=receipt.kind)
    return kept


def witness(certificate: Certificate) -> Witness:
    """Return the hub as its certificate names it."""
    names = certificate.parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else certificate.subject
    return Witness(name, certificate.fingerprint)


def _signed(
    work: Work, facts: Sequence[Unsigned], exhibits: Mapping[UUID, Exhibit]
) -> list[SignedReceipt]:
    signer = work.signer.pinned()
    return [_receipt(work, signer, fact, exhibits[fact.consignment]) for fact in facts]


def _receipt(
    work: Work, signer: HubSigner, fact: Unsigned, exhibit: Exhibit
) -> SignedReceipt:
    certificate = signer.certificate
    now = work.clock.now()
    content = written(payload(exhibit, fact.about, witness(certificate), now))
    to_sign = signing_input(content, certificate.der)
    document = assembled(to_sign, signer.sign_bytes(to_sign))
    proof.verify(document, [certificate])
    about = next((r for r in exhibit.receipts if r.id == fact.about), None)
    return SignedReceipt(
        about=fact.about,
        consignment=fact.consignment,
        kind=kind_of(about),
        version=VERSION,
        document=document,
        certificate=certificate.fingerprint,
        made_at=now,
    )


async def _exhibits(work: Work, facts: Sequence[Unsigned]) -> dict[UUID, Exhibit]:
    consignments = list(dict.fromkeys(fact.consignment for fact in facts))
    paths = await work.store.views.paths_of(consignments)
    digests = [path.consignment.envelope_digest for path in paths]
    sizes = await work.store.evidence.sizes(digests)
    forms = await work.store.evidence.forms(consignments)
    # The hub's own custody says nothing of it: those bytes are not read for nothing.
    handed_on = {fact.consignment for fact in facts if fact.about != fact.consignment}
    return {
        path.consignment.id: await _exhibit(
            work,
            path,
            await _envelope(work, path.consignment, sizes),
            await _delivered(work, path.consignment, forms.get(path.consignment.id, ()))
            if path.consignment.id in handed_on
            else None,
        )
        for path in paths
    }


async def _exhibit(
    work: Work, path: Path, envelope: Measure, delivered: Measure | None
) -> Exhibit:
    consignment = path.consignment
    return Exhibit(
        consignment=consignment,
        sender=await _sender(work, consignment),
        receiver=path.receiver,
        entry=path.entry.process_id if path.entry else "",
        receipts=path.receipts,
        registrations=path.registrations,
        envelope=envelope,
        delivered=delivered,
        files=_files(consignment.letter),
    )


async def _sender(work: Work, consignment: Consignment) -> Organization:
    found = await work.store.organization(consignment.sender)
    if found is None:
        raise LookupError(f"no organization {consignment.sender}")
    return found


def _files(letter: LetterFacts) -> list[LetterFile]:
    return [*([letter.main] if letter.main else []), *letter.attachments]


async def _envelope(
    work: Work, consignment: Consignment, sizes: Mapping[str, int]
) -> Measure:
    """Measure what came; the bytes of a secret letter, which must open for it.

    Raises `ValueError` where its digests are not those of its bytes.
    """
    digest = consignment.envelope_digest
    if not consignment.letter.is_secret:
        return Measure(digest, sizes[digest])
    found = await _measured(work, Excerpt(digest, 0, _TO_ITS_END))
    if found.sha256 != digest:
        raise ValueError(f"consignment {consignment.id} is not open here")
    return found


async def _delivered(
    work: Work, consignment: Consignment, forms: Sequence[str | None]
) -> Measure | None:
    """Measure what lay in the inbox; None where it may have been one of several."""
    routed = consignment.delivery
    if routed is None or len(set(forms)) > 1:
        return None
    fitted = next(iter(forms), None)
    if fitted is not None:
        size = (await work.store.evidence.sizes([fitted]))[fitted]
        return await _measured(work, Excerpt(fitted, 0, size))
    return await _measured(work, routed)


async def _measured(work: Work, excerpt: Excerpt) -> Measure:
    content = await work.store.views.bytes_of(excerpt)
    digest = await work.bench.run(len(content), hashlib.sha256(content).hexdigest)
    return Measure(digest, len(content))
