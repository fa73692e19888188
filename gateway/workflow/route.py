"""A consignment → a route.

Step 10 of docs/life-of-a-letter.md: what the receiver gets is decided and kept, the
consignment lies in its inbox, and the promise is kept, in one transaction; where its
endpoint pushes, the same one promises to hand it over. A copy that has to be made is
made before the unit begins, since signing and reading are work, not storage.
"""

from dataclasses import dataclass
from uuid import UUID

from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.parts import Parts
from envelopes.signature import travels
from gateway.domain.consignment import HUB, Consignment, Excerpt
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, allows
from gateway.domain.routing import Form, Route, choose_route
from gateway.ports import HubSigner, UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import Origin, origin_of, whole
from gateway.workflow.push import promise_delivery, pushing
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class _Copy:
    """What the receiver gets."""

    form: Form
    delivery: Excerpt
    parts: Parts | None
    """None where the envelope itself has it."""


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
        chosen = choose_route(consignment)
        if made := _as_it_came(consignment, chosen.form):
            # Nothing is to be read or written anew: all in this one unit.
            await _lay(unit, work, (promise, consignment), chosen, made)
        else:
            origin = await origin_of(unit, consignment)
    if made is None:
        made = await work.bench.run(
            len(origin.envelope), lambda: _copy(work.signer, chosen.form, origin)
        )
        async with work.store.unit() as unit:
            if await unit.promises.open(promise) is None:
                return
            await _lay(unit, work, (promise, consignment), chosen, made)
    work.arrivals.arrived(consignment.receiver)
    passed("route:after-commit")
    emit("letter routed", consignment=consignment.id, receiver=consignment.receiver)


async def _lay(
    unit: UnitOfWork,
    work: Work,
    promised: tuple[UUID, Consignment],
    chosen: Route,
    made: _Copy,
) -> None:
    """Lay a consignment that was promised into its inbox, and commit."""
    promise, consignment = promised
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
    pushed = await pushing(unit, chosen.endpoint)
    if made.parts is not None:
        await unit.vault.keep(made.parts, secret_of=consignment.letter.secret_of)
    consignment.delivery = made.delivery
    consignment.record(
        Happening.ROUTE_CHOSEN,
        now,
        actor=HUB,
        facts=_facts(entry, made)
        | await promise_delivery(unit, work, entry, pushed, now),
    )
    await unit.consignments.save(consignment)
    await unit.inboxes.add(entry)
    await unit.promises.keep(promise, now)
    passed("route:before-commit")
    await unit.commit()


def _facts(entry: InboxEntry, made: _Copy) -> dict[str, str]:
    return {
        "entry": entry.process_id,
        "form": made.form.name.lower().replace("_", "-"),
        "delivery": made.delivery.digest,
        "start": str(made.delivery.start),
        "stop": str(made.delivery.stop),
    }


def _as_it_came(consignment: Consignment, form: Form) -> _Copy | None:
    """Return what was found in the envelope when it was accepted; None for nothing."""
    if form is not Form.AS_SIGNED or consignment.as_signed is None:
        return None
    excerpt = Excerpt(consignment.envelope_digest, *consignment.as_signed)
    return _Copy(form, excerpt, None)


def _copy(signer: HubSigner, form: Form, origin: Origin) -> _Copy:
    """Make what the receiver gets."""
    document = origin.document()
    if form is Form.AS_SIGNED:
        travelling = travels(document)
        # It was judged when it came, and the vault gives back what came.
        if travelling and (place := excerpt_of(document)):
            return _Copy(form, Excerpt(origin.digest, *place), None)
        if travelling:
            return _Copy(form, *whole(stand_alone(document), origin.letter(document)))
        form = Form.WRITTEN_ANEW_SIGNED_BY_HUB
    letter = origin.letter(document)
    written = encode_document(letter, signer=letter.sender)
    if form is Form.WRITTEN_ANEW_SIGNED_BY_HUB:
        written = signer.sign(written)
    return _Copy(form, *whole(written, letter))
