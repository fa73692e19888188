"""A pull endpoint looks at the head of its inbox, and later confirms it.

The same head comes again, under the same ProcessID, until it is deleted (A7, Q-A4).
What a client cannot get past does not stay at the head (`gateway/domain/inbox.py`):
a notifier it cannot read is held, an entry read too often goes behind the others
and is parked the second time, a letter that a client without deletions has answered
is taken, and so is a notifier it has read.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from envelopes.dialects import UNKNOWN, Dialect, dialect_named
from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy
from gateway.domain.consignment import HUB, Consignment, Excerpt
from gateway.domain.inbox import Carries, InboxEntry, Standing
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import Organization
from gateway.domain.receipts import Receipt
from gateway.ports import Head, UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.copies import (
    Made,
    Origin,
    fit,
    keep_copy,
    notifier_copy,
    origin_of,
)
from gateway.workflow.custody import prove_custody
from gateway.workflow.park import bring_back, got_past, set_aside
from gateway.workflow.work import Work

_HABIT: Final = 3
"""Reads of an answered letter after which a client is known never to delete."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a poll is answered with: a document or a notifier."""

    process_id: str
    at: datetime
    """When the entry was queued: the same at every repeat."""
    document: bytes | None = field(repr=False)
    copy: NotifierCopy | None


async def look(work: Work, organization: OrganizationCode) -> Shown | None:
    """Show the head of an inbox; None where it is empty.

    An empty inbox costs one indexed read. Where something for this organization
    was taken into custody a moment ago, waits until it lies in the inbox (A6).
    """
    waited = False
    made: Made | None = None
    while True:
        known = await work.store.organization(organization)
        dialect = known.dialect if known else UNKNOWN.name
        head = await work.store.views.head(organization, dialect)
        if head is None:
            if waited or not await work.arrivals.wait(organization):
                return None
            waited = True
            continue
        if known and (shown := await _again(work, known, head)):
            return shown
        turn = _Turn(work, head, made)
        if shown := await turn.take():
            passed("look:before-answer")
            return shown
        made = turn.made


async def _again(work: Work, organization: Organization, head: Head) -> Shown | None:
    """Show a head that was shown before, writing nothing; None where more is to do."""
    dialect, entry = dialect_named(organization.dialect), head.entry
    patience = work.reads.patience(organization.code, entry.carries, dialect.patience)
    if entry.shown_at is None or work.reads.of(entry.id) >= patience:
        return None
    told = notifier_copy(head.consignment, head.receipt) if head.receipt else None
    if told is not None and (_never_deletes(organization) or not dialect.takes(told)):
        return None
    if told is None and (head.fitted is None or _may_stay(work, organization, head)):
        return None
    work.reads.note(entry.id)
    fitted = head.fitted.delivery if head.fitted else None
    return await _answer(work, entry, told, fitted or head.consignment.delivery)


def _never_deletes(organization: Organization) -> bool:
    """Say whether this client is known as one that never deletes (Q-J10)."""
    deletes = dialect_named(organization.dialect).deletes
    return organization.never_deletes or not deletes


def _may_stay(work: Work, organization: Organization, head: Head) -> bool:
    """Say whether this client may be one that never deletes."""
    if _never_deletes(organization):
        return True
    return not organization.deleted_at and work.reads.of(head.entry.id) >= _HABIT


async def _answer(
    work: Work, entry: InboxEntry, told: NotifierCopy | None, delivery: Excerpt | None
) -> Shown:
    if told is not None:
        return Shown(entry.process_id, entry.queued_at, None, told)
    if delivery is None:
        raise ValueError("an inbox entry without a delivery")
    document = await work.store.views.bytes_of(delivery)
    return Shown(entry.process_id, entry.queued_at, document, None)


async def show_entry(work: Work, head: Head) -> Shown:
    """Show an entry that was asked for, wherever in its inbox it stands."""
    made: Made | None = None
    while True:
        turn = _Turn(work, head, made)
        if shown := await turn.take(wherever=True):
            return shown
        made = turn.made


@dataclass(slots=True)
class _Found:
    """What a turn looks at, read in its unit."""

    entry: InboxEntry
    consignment: Consignment
    organization: Organization
    dialect: Dialect
    receipt: Receipt | None
    now: datetime

    @property
    def told(self) -> NotifierCopy | None:
        """The notifier the entry brings; None for a letter."""
        if self.receipt is None:
            return None
        return notifier_copy(self.consignment, self.receipt)


class _Turn:
    """One look at an entry: it is shown, moved out of the way, or to be fitted."""

    def __init__(self, work: Work, head: Head, made: Made | None) -> None:
        self._work = work
        self._head = head
        self.made = made
        """A fitted copy that waits to be kept with the showing."""
        self._fitted: Excerpt | None = None

    async def take(self, *, wherever: bool = False) -> Shown | None:
        """Show the head; None where it has to be looked at again.

        `wherever`: show it though it is not the head, or lies beside the queue.
        """
        async with self._work.store.unit() as unit:
            found = await self._find(unit)
            if not wherever:
                if not self._stands_yet(found.entry):
                    return None
                if await self._out_of_the_way(unit, found):
                    await unit.inboxes.save(found.entry)
                    await unit.consignments.save(found.consignment)
                    await unit.commit()
                    # Not before: until then other polls see it at its old place.
                    self._work.reads.forget(found.entry.id)
                    return None
            if found.told is not None or await self._is_fitted(unit, found):
                return await self._show(unit, found)
            origin = await origin_of(unit, found.consignment)
        await self._fit(found, origin)
        return None

    def _stands_yet(self, entry: InboxEntry) -> bool:
        """Say whether it waits where it was found; another poll may have moved it."""
        waits = entry.standing is Standing.WAITING
        return waits and entry.place == self._head.entry.place

    async def _find(self, unit: UnitOfWork) -> _Found:
        code = self._head.entry.organization
        entry = await unit.inboxes.find(code, self._head.entry.process_id)
        # What is held is brought back by a change of dialect, which must see it.
        organization = await unit.directory.find(code, steady=True)
        if entry is None or organization is None:
            raise ValueError("an inbox entry of nobody")
        return _Found(
            entry,
            await unit.consignments.get(entry.consignment),
            organization,
            dialect_named(organization.dialect),
            self._head.receipt,
            self._work.clock.now(),
        )

    async def _out_of_the_way(self, unit: UnitOfWork, found: _Found) -> bool:
        """Move what this client cannot get past; say whether it was moved."""
        entry, consignment = found.entry, found.consignment
        if found.told is not None and not found.dialect.takes(found.told):
            return hold(entry, consignment, found.now)
        if await self._is_left_by_habit(unit, found):
            _taken(entry, consignment, found.now, {"why": "never-deletes"})
            if entry.carries is Carries.LETTER:
                await prove_custody(unit, self._work, entry, found.now)
                await got_past(unit, entry, found.now)
            return True
        patience = self._work.reads.patience(
            entry.organization, entry.carries, found.dialect.patience
        )
        return await set_aside(
            unit, self._work, entry, consignment, patience, now=found.now
        )

    async def _is_left_by_habit(self, unit: UnitOfWork, found: _Found) -> bool:
        """Take what its client has dealt with and will not delete (Q-J10).

        That is a letter it has answered, and a notifier it has read: more cannot be
        expected of one, and all of them would stand before each new letter.
        """
        entry, organization = found.entry, found.organization
        if entry.shown_at is None:
            return False
        if entry.carries is Carries.NOTIFIER:
            return _never_deletes(organization) and entry.take(found.now)
        if not _may_stay(self._work, organization, self._head):
            return False
        receipts = await unit.receipts.of(entry.consignment)
        if not any(r.told_by == entry.organization for r in receipts):
            return False
        if not organization.never_deletes and found.dialect.deletes:
            await unit.directory.note_endpoint(
                replace(organization, never_deletes=True)
            )
            emit("client never deletes", organization=organization.code)
        return entry.take(found.now)

    async def _is_fitted(self, unit: UnitOfWork, found: _Found) -> bool:
        """Say whether there is a form of the letter that its receiver reads."""
        consignment, dialect = found.consignment, found.dialect
        copy = await unit.copies.find(consignment.id, dialect.name)
        if copy is None and not self._is_made_for(consignment, dialect):
            return False
        if copy is None and self.made is not None:
            await keep_copy(unit, consignment, self.made, found.now)
            copy = self.made.copy
        if copy is not None and copy.delivery is not None:
            # Only for this answer: what the consignment was routed with stays.
            self._fitted = copy.delivery
        return True

    async def _fit(self, found: _Found, origin: Origin) -> None:
        """Make a fitted copy, outside any unit: it is kept with the next look."""
        consignment, dialect, now = found.consignment, found.dialect, found.now
        self.made = await self._work.bench.run(
            len(origin.envelope),
            lambda: fit(consignment, origin, dialect, self._work.signer, now),
        )

    def _is_made_for(self, consignment: Consignment, dialect: Dialect) -> bool:
        made = self.made.copy if self.made else None
        wanted = (consignment.id, dialect.name)
        return made is not None and (made.consignment, made.dialect) == wanted

    async def _show(self, unit: UnitOfWork, found: _Found) -> Shown:
        entry, consignment = found.entry, found.consignment
        first = entry.show(found.now)
        if first:
            consignment.record(
                _SHOWN[entry.carries],
                found.now,
                actor=entry.organization.text,
                facts={"entry": entry.process_id},
            )
            await unit.inboxes.save(entry)
        if consignment.fresh:
            await unit.consignments.save(consignment)
        passed("look:before-commit")
        # Also where nothing is new: what was read may not be durable yet.
        await unit.commit()
        self._work.reads.note(entry.id)
        if first:
            emit(
                "entry shown",
                consignment=consignment.id,
                organization=entry.organization,
            )
        delivery = self._fitted or consignment.delivery
        return await _answer(self._work, entry, found.told, delivery)


def hold(entry: InboxEntry, consignment: Consignment, now: datetime) -> bool:
    """Lay a notifier beside the queue of a client that cannot read it (Q-B9)."""
    if not entry.hold(now):
        return False
    consignment.record(
        Happening.ENTRY_HELD, now, actor=HUB, facts={"entry": entry.process_id}
    )
    emit("notifier held", consignment=consignment.id, organization=entry.organization)
    return True


async def confirm(
    work: Work, organization: OrganizationCode, process_id: str
) -> datetime:
    """Take an entry out of its inbox; always succeeds, and says when (I2.8).

    What is unknown, another's, never shown or already taken is left alone: one
    client deletes the ProcessID of its own last notifier (Q-C14). A deletion brings
    parked entries back, since the client got past something.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        entry = await unit.inboxes.find(organization, process_id)
        if entry is None or not entry.take(now):
            # Another deletion may have taken it in this very group.
            await unit.commit()
            return entry.taken_at if entry and entry.taken_at else now
        consignment = await unit.consignments.get(entry.consignment)
        _taken(entry, consignment, now, {})
        # Organization, entry, consignment: one order, in which nobody waits in a ring.
        await _note_deletion(unit, organization, now)
        await unit.inboxes.save(entry)
        await unit.consignments.save(consignment)
        if entry.carries is Carries.LETTER:
            await prove_custody(unit, work, entry, now)
            await got_past(unit, entry, now)
        for parked in await unit.asides.parked(organization):
            await bring_back(unit, work, parked, now, by=HUB)
        passed("confirm:before-commit")
        await unit.commit()
    passed("confirm:after-commit")
    emit("entry taken", consignment=entry.consignment, organization=organization)
    return now


_SHOWN: Final = {
    Carries.LETTER: Happening.ENTRY_SHOWN,
    Carries.NOTIFIER: Happening.NOTIFIER_SHOWN,
}
_TAKEN: Final = {
    Carries.LETTER: Happening.ENDPOINT_TOOK_IT,
    Carries.NOTIFIER: Happening.NOTIFIER_TAKEN,
}


def _taken(
    entry: InboxEntry, consignment: Consignment, now: datetime, facts: dict[str, str]
) -> None:
    consignment.record(
        _TAKEN[entry.carries],
        now,
        actor=entry.organization.text,
        facts={"entry": entry.process_id} | facts,
    )


async def _note_deletion(
    unit: UnitOfWork, code: OrganizationCode, now: datetime
) -> None:
    """Note, the first time, that this client deletes."""
    found = await unit.directory.find(code)
    if found is not None and (found.deleted_at is None or found.never_deletes):
        await unit.directory.note_endpoint(
            replace(found, deleted_at=now, never_deletes=False)
        )
