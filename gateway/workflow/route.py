"""A consignment → a route.

Step 10 of docs/life-of-a-letter.md: what the receiver gets is decided and kept, the
consignment lies in its inbox, and the promise is kept, in one transaction. The copy
is made before the unit begins, since signing and reading are work, not storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from envelopes.decoder import decode, letter_from
from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.letter import Letter
from envelopes.parts import Parts, take_apart
from envelopes.requests import Document, SendLetter
from envelopes.signature import travels, unsigned, verify
from gateway.domain.consignment import HUB, Excerpt
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import RegisteredCertificate
from gateway.domain.routing import Form, choose_route
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.work import Work
from schemas.limits import Limits


@dataclass(frozen=True, slots=True)
class _Origin:
    """What the envelope was taken with: it is judged again as it was then."""

    digest: str
    certificates: Sequence[RegisteredCertificate]
    at: datetime


async def route(work: Work, promise: UUID) -> None:
    """Choose where a consignment goes, and put it there; a kept promise is a repeat."""
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None:
            return
        consignment = await unit.consignments.get(found.consignment)
        envelope = await unit.vault.read(consignment.envelope_digest)
        origin = _Origin(
            consignment.envelope_digest,
            await unit.directory.certificates(consignment.sender),
            consignment.accepted_at,
        )
    chosen = choose_route(consignment)
    form, delivery, parts = await work.bench.run(
        len(envelope), lambda: _copy(work, envelope, chosen.form, origin)
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
                "form": form.name.lower().replace("_", "-"),
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
    work: Work, envelope: bytes, form: Form, origin: _Origin
) -> tuple[Form, Excerpt, Parts | None]:
    """Make what the receiver gets; parts are None where the envelope itself has it."""
    document = _document(envelope)
    if form is Form.AS_SIGNED:
        travelling = travels(document)
        # It was judged when it came, and the vault gives back what came.
        if travelling and (place := excerpt_of(document)):
            return form, Excerpt(origin.digest, *place), None
        letter = letter_from(verify(document, origin.certificates, origin.at))
        if travelling:
            return form, *_whole(stand_alone(document), letter)
        form = Form.WRITTEN_ANEW_SIGNED_BY_HUB
    else:
        letter = letter_from(unsigned(document))
    written = encode_document(letter, signer=letter.sender)
    if form is Form.WRITTEN_ANEW_SIGNED_BY_HUB:
        written = work.signer.sign(written)
    return form, *_whole(written, letter)


def _whole(written: bytes, letter: Letter) -> tuple[Excerpt, Parts]:
    files = {file.digest: file.content for file in letter.files}
    parts = take_apart(written, files)
    return Excerpt(parts.digest, 0, parts.size), parts


def _document(envelope: bytes) -> Document:
    # It is in custody: a limit that was lowered meanwhile does not count.
    request = decode(envelope, Limits(body=len(envelope))).request
    if not isinstance(request, SendLetter):
        raise TypeError("the envelope of a consignment sends no letter")
    return request.document
