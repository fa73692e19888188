"""A consignment → a route.

Step 10 of docs/life-of-a-letter.md: what the receiver gets is decided and kept, the
consignment lies in its inbox, and the promise is kept, in one transaction; where its
endpoint pushes, the same one promises to hand it over. The copy is made before the
unit begins, since signing and reading are work, not storage.
"""

from uuid import UUID

from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.parts import Parts
from envelopes.signature import travels
from gateway.domain.consignment import HUB, Excerpt
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, allows
from gateway.domain.routing import Form, choose_route
from gateway.ports import HubSigner
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import Origin, origin_of, whole
from gateway.workflow.push import promise_delivery, pushing
from gateway.workflow.work import Work


async def route(work: Work, promise: UUID) -> None:
    """Choose where a consignment goes, and put it there; a kept promise is a repeat."""
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None:
            return
        consignment = await unit.consignments.get(found.consignment)
        if not allows(consignment.state, Happening.ROUTE_CHOSEN):
            # Its sender took it back before it was routed.
            await unit.promises.keep(promise, work.clock.now())
            await unit.commit()
            return
        origin = await origin_of(unit, consignment)
    chosen = choose_route(consignment)
    form, delivery, parts = await work.bench.run(
        len(origin.envelope), lambda: _copy(work.signer, chosen.form, origin)
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
        pushed = await pushing(unit, chosen.endpoint)
        if parts is not None:
            await unit.vault.keep(parts, secret_of=consignment.letter.secret_of)
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
            }
            | await promise_delivery(unit, work, entry, pushed, now),
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
    signer: HubSigner, form: Form, origin: Origin
) -> tuple[Form, Excerpt, Parts | None]:
    """Make what the receiver gets; parts are None where the envelope itself has it."""
    document = origin.document()
    if form is Form.AS_SIGNED:
        travelling = travels(document)
        # It was judged when it came, and the vault gives back what came.
        if travelling and (place := excerpt_of(document)):
            return form, Excerpt(origin.digest, *place), None
        if travelling:
            return form, *whole(stand_alone(document), origin.letter(document))
        form = Form.WRITTEN_ANEW_SIGNED_BY_HUB
    letter = origin.letter(document)
    written = encode_document(letter, signer=letter.sender)
    if form is Form.WRITTEN_ANEW_SIGNED_BY_HUB:
        written = signer.sign(written)
    return form, *whole(written, letter)
