"""A promise to a push endpoint → what is handed over to it.

1. What is handed over is read and fitted here; the call itself is made by the runner,
   in no unit, and what comes of it is written down after it (`delivered.py`).
2. A promise whose entry was fetched, taken back, registered by a clerk or given up, or
   whose endpoint pulls now, is void: it is kept, and nothing is said.
3. A letter that was answered has arrived, though its endpoint's answer was lost: its
   entry is taken, and nothing is sent.
4. Where order matters the inbox says whose turn it is, not the broker: what came into
   the queue earlier, and is tried again, is handed over before what lies behind it.
5. A copy fitted to an e-CMS endpoint's dialect is kept before any of it is sent. A
   webhook gets what its letter was routed with.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from envelopes.dialects import Dialect, dialect_named
from gateway.domain.consignment import Consignment, Excerpt
from gateway.domain.delivery import Parcel
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import Carries, InboxEntry, Standing
from gateway.domain.promise import Promise
from gateway.ports import UnitOfWork
from gateway.workflow.copies import (
    Made,
    Origin,
    fit,
    keep_copy,
    notifier_copy,
    origin_of,
)
from gateway.workflow.delivered import take
from gateway.workflow.work import Work


@dataclass(frozen=True, slots=True)
class Errand:
    """One parcel on its way to its endpoint."""

    promise: Promise
    endpoint: Endpoint
    parcel: Parcel


class Idle(Enum):
    """Why nothing is handed over for a promise."""

    KEPT = auto()
    """Nothing is to be done for it any more."""
    RESTS = auto()
    """Its endpoint is left alone now."""


async def whose_turn(work: Work, promise: UUID) -> UUID:
    """Return the promise whose turn it is where letters must keep their order."""
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None or found.endpoint is None:
            return promise
        head = await unit.inboxes.head(found.endpoint)
        if head is None or head.id == found.entry:
            return promise
        first = await unit.promises.to_deliver(head)
        # It is looked at again before it is handed over: nothing is relied on here.
        return first.id if first is not None else promise


async def prepare(work: Work, promise: UUID) -> Errand | Idle:
    """Return what is to be handed over for a promise, or why nothing is."""
    made: Made | None = None
    while True:
        async with work.store.unit() as unit:
            step = await _Preparing(work, unit, work.clock.now(), made).take(promise)
            if not isinstance(step, _ToFit):
                # Also where nothing was written: what was read may not be durable
                # yet, and nobody is to get what is not.
                await unit.commit()
        if isinstance(step, Idle):
            return step
        if isinstance(step, _Packed):
            return await step.errand(work)
        made = await step.fitted(work)


@dataclass(frozen=True, slots=True)
class _Packed:
    """All of an errand but the bytes of its letter."""

    promise: Promise
    endpoint: Endpoint
    parcel: Parcel
    delivery: Excerpt | None

    async def errand(self, work: Work) -> Errand:
        parcel = self.parcel
        if self.delivery is not None:
            document = await work.store.views.bytes_of(self.delivery)
            parcel = replace(parcel, document=document)
        return Errand(self.promise, self.endpoint, parcel)


@dataclass(frozen=True, slots=True)
class _ToFit:
    """A letter of which a copy is to be made first, outside any unit."""

    consignment: Consignment
    origin: Origin
    dialect: Dialect
    now: datetime

    async def fitted(self, work: Work) -> Made:
        return await work.bench.run(
            len(self.origin.envelope),
            lambda: fit(
                self.consignment, self.origin, self.dialect, work.signer, self.now
            ),
        )


@dataclass(frozen=True, slots=True)
class _Preparing:
    """One look at a promise, in one unit."""

    work: Work
    unit: UnitOfWork
    now: datetime
    made: Made | None

    async def take(self, promise: UUID) -> _Packed | _ToFit | Idle:
        found = await self.unit.promises.open(promise)
        if found is None:
            return Idle.KEPT
        endpoint = await self._endpoint(found)
        entry = await self.unit.inboxes.carrying(found.consignment, found.receipt)
        if endpoint is None or entry is None or not _waits(entry, found):
            await self.unit.promises.keep(found.id, self.now)
            return Idle.KEPT
        if endpoint.rests(self.now):
            return Idle.RESTS
        if entry.carries is Carries.NOTIFIER:
            return await self._notifier(found, endpoint, entry)
        if await self._is_answered(entry):
            facts = {"why": "answered"}
            await take(self.unit, self.work, found, entry, facts, now=self.now)
            await self.unit.promises.keep(found.id, self.now)
            return Idle.KEPT
        return await self._letter(found, endpoint, entry)

    async def _endpoint(self, promise: Promise) -> Endpoint | None:
        """Return the endpoint where it pushes; None where it surely does not."""
        if promise.endpoint is None:
            return None
        endpoints = self.unit.endpoints
        endpoint = await endpoints.find(promise.endpoint)
        if endpoint is None or not endpoint.pushes:
            # Nobody is to set it to push while its promises are found void.
            endpoint = await endpoints.find(promise.endpoint, steady=True)
        return endpoint if endpoint is not None and endpoint.pushes else None

    async def _is_answered(self, entry: InboxEntry) -> bool:
        receipts = await self.unit.receipts.of(entry.consignment)
        return any(r.told_by == entry.organization for r in receipts)

    async def _notifier(
        self, promise: Promise, endpoint: Endpoint, entry: InboxEntry
    ) -> _Packed:
        if entry.receipt is None:
            raise ValueError("an entry that brings nothing")
        consignment = await self.unit.consignments.get(entry.consignment)
        receipt = await self.unit.receipts.get(entry.receipt)
        parcel = replace(
            _parcel(entry, consignment),
            notifier=notifier_copy(consignment, receipt),
            told_by=receipt.told_by,
        )
        return _Packed(promise, endpoint, parcel, None)

    async def _letter(
        self, promise: Promise, endpoint: Endpoint, entry: InboxEntry
    ) -> _Packed | _ToFit:
        consignment = await self.unit.consignments.get(entry.consignment)
        delivery = consignment.delivery
        if endpoint.way is Way.ECMS:
            dialect = await self._dialect(endpoint)
            made = await self._copy(consignment, dialect)
            if made is None:
                origin = await origin_of(self.unit, consignment)
                return _ToFit(consignment, origin, dialect, self.now)
            delivery = made.copy.delivery or delivery
        if delivery is None:
            raise ValueError("an inbox entry without a delivery")
        return _Packed(promise, endpoint, _parcel(entry, consignment), delivery)

    async def _dialect(self, endpoint: Endpoint) -> Dialect:
        organization = await self.unit.directory.find(endpoint.organization)
        if organization is None:
            raise ValueError("an endpoint of nobody")
        return dialect_named(organization.dialect)

    async def _copy(self, consignment: Consignment, dialect: Dialect) -> Made | None:
        """Return what was made for a dialect, before or just now; None for nothing."""
        copy = await self.unit.copies.find(consignment.id, dialect.name)
        if copy is not None:
            return Made(copy, None)
        if self.made is None or self.made.copy.dialect != dialect.name:
            return None
        await keep_copy(self.unit, consignment, self.made, self.now)
        if consignment.fresh:
            await self.unit.consignments.save(consignment)
        return self.made


def _waits(entry: InboxEntry, promise: Promise) -> bool:
    return entry.id == promise.entry and entry.standing is Standing.WAITING


def _parcel(entry: InboxEntry, consignment: Consignment) -> Parcel:
    return Parcel(
        id=entry.id,
        process_id=entry.process_id,
        sender=consignment.sender,
        receiver=entry.organization,
        letter=consignment.letter,
    )
