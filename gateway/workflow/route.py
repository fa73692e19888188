"""A consignment → a route.

Step 10 of docs/life-of-a-letter.md: what the receiver gets is decided and kept, the
consignment lies in its inbox, and the promise is kept, in one transaction; where its
endpoint pushes, the same one promises to hand it over. A copy that has to be made is
made before the unit begins, since signing and reading are work, not storage.

Letters that go on as they came are routed together, in one unit and a few statements
(docs/decisions/0037-routing-in-batches.md).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.encoder import encode_document, excerpt_of, stand_alone
from envelopes.parts import Parts
from envelopes.signature import travels
from gateway.domain.consignment import HUB, Consignment, Excerpt
from gateway.domain.endpoint import Endpoint
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.lifecycle import Happening, allows
from gateway.domain.routing import Form, Route, choose_route
from gateway.ports import HubSigner, UnitOfWork, Unrouted
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import Origin, origin_of, whole
from gateway.workflow.push import promise_delivery, pushing, pushing_among
from gateway.workflow.work import Work

AT_ONCE: Final = 256
"""Letters routed in one unit at most, those included that nobody has claimed yet."""


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
    _tell(work, consignment)


async def route_together(work: Work, promises: Sequence[UUID]) -> Collection[UUID]:
    """Route letters that go on as they came; return which promises are kept now.

    What the same offices sent each other before goes with them, first. A letter that
    needs more is left alone, with those behind it: all that is not returned is for
    `route`. Nobody else routes what is routed here: it is held before it is looked at.
    """
    async with work.store.unit() as unit:
        asked = await unit.promises.to_route(promises)
        found = await unit.promises.up_to(asked, limit=AT_ONCE)
        # Rows are held in the order of decision 26.
        pushed = await pushing_among(unit, {one.receiver for one in found})
        held = await unit.consignments.hold([one.consignment for one in found])
        is_open = set(await unit.promises.hold([one.promise for one in found]))
        ready = _ready(
            [one for one in found if one.promise in is_open],
            {one.id: one for one in held},
        )
        if ready:
            now = work.clock.now()
            entries = [
                await _chosen(unit, work, one, pushed.get(one[0].receiver), now)
                for one in ready.values()
            ]
            await unit.consignments.save_all([one for one, _ in ready.values()])
            await unit.inboxes.add_all(entries)
            await unit.promises.keep_all(list(ready), now)
            for _ in ready:
                passed("route:before-commit")
            await unit.commit()
    for consignment, _ in ready.values():
        _tell(work, consignment)
    # Those not asked for any more, or kept while they were waited for, are repeats.
    unkept = {one.promise for one in asked}.difference(
        ready, (one.promise for one in found if one.promise not in is_open)
    )
    return set(promises) - unkept


def _tell(work: Work, consignment: Consignment) -> None:
    """Tell who waits for it that a letter is routed."""
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
    pushed = await pushing(unit, chosen.endpoint)
    if made.parts is not None:
        await unit.vault.keep(made.parts, secret_of=consignment.letter.secret_of)
    entry = await _chosen(unit, work, (consignment, made), pushed, now)
    await unit.consignments.save(consignment)
    await unit.inboxes.add(entry)
    await unit.promises.keep(promise, now)
    passed("route:before-commit")
    await unit.commit()


async def _chosen(
    unit: UnitOfWork,
    work: Work,
    going: tuple[Consignment, _Copy],
    pushed: Endpoint | None,
    now: datetime,
) -> InboxEntry:
    """Record a consignment's route; return its inbox entry. Both are the caller's.

    `pushed` is its receiver's endpoint where that pushes.
    """
    consignment, made = going
    entry = InboxEntry(
        id=work.ids.new(),
        organization=consignment.receiver,
        process_id=work.ids.process_id(now),
        carries=Carries.LETTER,
        consignment=consignment.id,
        receipt=None,
        queued_at=now,
    )
    consignment.delivery = made.delivery
    consignment.record(
        Happening.ROUTE_CHOSEN,
        now,
        actor=HUB,
        facts=_facts(entry, made)
        | await promise_delivery(unit, work, entry, pushed, now),
    )
    return entry


def _ready(
    line: Sequence[Unrouted], held: Mapping[UUID, Consignment]
) -> dict[UUID, tuple[Consignment, _Copy]]:
    """Return, by promise, what goes on as it came with nobody else before it."""
    ready: dict[UUID, tuple[Consignment, _Copy]] = {}
    stuck, seen = set(), set()
    for one in line:
        consignment = held.get(one.consignment)
        if one.consignment in seen or (one.sender, one.receiver) in stuck:
            continue
        if (
            consignment is not None
            and allows(consignment.state, Happening.ROUTE_CHOSEN)
            and (made := _as_it_came(consignment, choose_route(consignment).form))
        ):
            ready[one.promise] = consignment, made
            seen.add(one.consignment)
        else:
            stuck.add((one.sender, one.receiver))
    return ready


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
