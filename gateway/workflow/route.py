"""A consignment → a route.

Step 10 of docs/life-of-a-letter.md: what the receiver gets is decided and kept, the
consignment lies in its inbox, and the promise is kept, in one transaction. The copy
is made before the unit begins, since signing and reading are work, not storage.
"""

from uuid import UUID

from envelopes.decoder import decode, letter_from
from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.parts import Parts, take_apart
from envelopes.requests import Document, SendLetter
from envelopes.signature import unsigned
from gateway.domain.consignment import HUB, Consignment, Excerpt
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.routing import Form, choose_route
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.work import Work


async def route(work: Work, promise: UUID) -> None:
    """Choose where a consignment goes, and put it there; a kept promise is a repeat."""
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None:
            return
        consignment = await unit.consignments.get(found.consignment)
        envelope = await unit.vault.read(consignment.envelope_digest)
    chosen = choose_route(consignment)
    delivery, parts = await work.bench.run(
        len(envelope), lambda: _copy(work, envelope, consignment, chosen.form)
    )
    now = work.clock.now()
    entry = InboxEntry(
        id=work.ids.new(),
        organization=chosen.endpoint,
        process_id=work.ids.process_id(now),
        carries=Carries.LETTER,
        consignment=consignment.id,
        receipt=None,
        queued_at=now,
    )
    async with work.store.unit() as unit:
        if await unit.promises.open(promise) is None:
            return
        if parts is not None:
            await unit.vault.keep(parts)
        consignment.delivery = delivery
        consignment.record(
            Happening.ROUTE_CHOSEN,
            now,
            actor=HUB,
            facts={
                "entry": entry.process_id,
                "form": chosen.form.name.lower().replace("_", "-"),
                "delivery": delivery.digest,
                "start": str(delivery.start),
                "stop": str(delivery.stop),
            },
        )
        await unit.consignments.save(consignment)
        await unit.inboxes.add(entry)
        await unit.promises.keep(promise, now)
        passed("route:before-commit")
        await unit.commit()
    work.arrivals.arrived(consignment.receiver)
    passed("route:after-commit")
    emit("letter routed", consignment=consignment.id, receiver=consignment.receiver)


def _copy(
    work: Work, envelope: bytes, consignment: Consignment, form: Form
) -> tuple[Excerpt, Parts | None]:
    """Make what the receiver gets; parts are None where the envelope itself has it."""
    document = _document(envelope)
    if form is Form.AS_SIGNED:
        if place := excerpt_of(document):
            return Excerpt(consignment.envelope_digest, *place), None
        written = stand_alone(document)
        # Its files are those of the envelope: the vault finds them by digest.
        return _whole(written, {})
    letter = letter_from(unsigned(document))
    written = encode_document(letter, signer=letter.sender)
    if form is Form.WRITTEN_ANEW_SIGNED_BY_HUB:
        written = work.signer.sign(written)
    return _whole(written, {file.digest: file.content for file in letter.files})


def _whole(written: bytes, files: dict[str, bytes]) -> tuple[Excerpt, Parts]:
    parts = take_apart(written, files)
    return Excerpt(parts.digest, 0, parts.size), parts


def _document(envelope: bytes) -> Document:
    request = decode(envelope).request
    if not isinstance(request, SendLetter):
        raise TypeError("the envelope of a consignment sends no letter")
    return request.document
