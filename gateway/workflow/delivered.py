"""What an endpoint answered → a delivered letter, another attempt, or a dead letter.

1. Each attempt is written down in one unit with all that comes of it: the entry is
   taken, or its promise is kept and another one made, or it is given up; how the
   endpoint fares; its incident. A promise that is kept already is a repeat.
2. Where the entry left the inbox meanwhile, the attempt is kept and nothing is said
   twice; that a letter was taken after all is said where nobody had said it.
3. The journal names the promise as `deliver`, the attempt's number as `attempt`, and
   the promise of the next one as `again` (`gateway/domain/told.py` reads them).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from gateway.domain.consignment import HUB, Consignment
from gateway.domain.deadletter import DeadLetter, Failure, Settled
from gateway.domain.delivery import Answer, Attempt, DeliveryError
from gateway.domain.endpoint import Endpoint
from gateway.domain.inbox import Carries, InboxEntry, Standing
from gateway.domain.incident import TAKEN, Incident
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Promise, Stage
from gateway.domain.schedule import (
    OPENS_AFTER,
    after_failure,
    after_refusal,
    after_success,
    ends_at,
    may_pass,
    next_attempt,
)
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.custody import is_proven, prove_custody
from gateway.workflow.give_up import note_given_up, write_off
from gateway.workflow.work import Work

_LONGEST: Final = 50
"""Characters of a ProcessID (Q-C16); of another system's number no more is noted."""

_TOOK_IT: Final = {
    Carries.LETTER: Happening.ENDPOINT_TOOK_IT,
    Carries.NOTIFIER: Happening.NOTIFIER_TAKEN,
}
_FAILED: Final = {
    Carries.LETTER: Happening.DELIVERY_FAILED,
    Carries.NOTIFIER: Happening.NOTIFIER_FAILED,
}


async def taken(work: Work, promise: Promise, answer: Answer) -> None:
    """Note that an endpoint took custody."""
    async with work.store.unit() as unit:
        found = await _Found.read(work, unit, promise)
        if found is None:
            return
        closed = await _fares_well(found)
        facts = {"attempt": str(promise.attempt)}
        if answer.process_id:
            facts["taken_as"] = answer.process_id[:_LONGEST]
        await take(unit, work, promise, found.entry, facts, now=found.now)
        await unit.attempts.add(found.attempt("taken", answer))
        await unit.promises.keep(promise.id, found.now)
        passed("deliver:before-commit")
        await unit.commit()
    passed("deliver:after-commit")
    emit(
        "parcel taken",
        consignment=promise.consignment,
        organization=promise.endpoint,
        attempt=promise.attempt,
        seconds=round(answer.seconds, 3),
    )
    for incident in closed:
        emit(
            "endpoint takes again", organization=incident.endpoint, code=incident.cause
        )


async def take(
    unit: UnitOfWork,
    work: Work,
    promise: Promise,
    entry: InboxEntry,
    facts: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Take an entry that its endpoint has, and say so once (rule 2).

    At the very time at which the promise is kept: the books compare them.
    """
    letter = entry.carries is Carries.LETTER
    here = entry.standing is not Standing.TAKEN
    if not here and (not letter or await is_proven(unit, entry)):
        return
    said = {Stage.DELIVER.value: str(promise.id), **facts}
    if here:
        entry.show(now)
        entry.take(now)
        await unit.inboxes.save(entry)
        said["entry"] = entry.process_id
    consignment = await unit.consignments.get(entry.consignment)
    consignment.record(
        _TOOK_IT[entry.carries], now, actor=entry.organization.text, facts=said
    )
    await unit.consignments.save(consignment)
    if letter:
        await prove_custody(unit, work, entry, now)


async def failed(
    work: Work, promise: Promise, error: DeliveryError, jitter: float
) -> None:
    """Note that an endpoint did not take custody: try again later, or give it up.

    `jitter` is 0 to 1 (`gateway/domain/schedule.py`).
    """
    async with work.store.unit() as unit:
        found = await _Found.read(work, unit, promise)
        if found is None:
            return
        await unit.attempts.add(found.attempt(error.code, error.answer))
        failure = await _weigh(found, error, jitter)
        await unit.endpoints.note(failure.fares)
        dead = await _conclude(found, failure)
        passed("deliver:before-commit")
        await unit.commit()
    passed("deliver:after-commit")
    _say(found, failure)
    if dead is not None:
        passed("deliver:given-up")
        note_given_up(dead, error)


@dataclass(frozen=True, slots=True)
class _Found:
    """What an attempt was about, read in the unit that writes down its outcome."""

    work: Work
    unit: UnitOfWork
    promise: Promise
    endpoint: Endpoint
    entry: InboxEntry
    now: datetime

    @classmethod
    async def read(cls, work: Work, unit: UnitOfWork, promise: Promise) -> Self | None:
        """Return it; None where this was written down before."""
        if await unit.promises.open(promise.id) is None or promise.endpoint is None:
            return None
        endpoint = await unit.endpoints.find(promise.endpoint)
        entry = await unit.inboxes.carrying(promise.consignment, promise.receipt)
        if endpoint is None or entry is None:
            raise ValueError("a parcel of nobody")
        return cls(work, unit, promise, endpoint, entry, work.clock.now())

    @property
    def waits(self) -> bool:
        """Whether the entry still waits to be handed over."""
        return self.entry.standing is Standing.WAITING

    def attempt(self, outcome: str, answer: Answer) -> Attempt:
        return Attempt(
            promise=self.promise.id,
            consignment=self.promise.consignment,
            entry=self.entry.id,
            endpoint=self.entry.organization,
            at=self.now,
            number=self.promise.attempt or 1,
            outcome=outcome,
            answer=answer,
        )


async def _fares_well(found: _Found) -> Sequence[Incident]:
    """Note that an endpoint takes what it gets; return the incidents this closes."""
    unit, was = found.unit, found.endpoint
    fares = after_success(was, found.now)
    if fares is not was:
        await unit.endpoints.note(fares)
    if not (was.failures or was.last_failure):
        return ()
    return await unit.incidents.close(
        Stage.DELIVER, was.organization, found.now, why=TAKEN
    )


@dataclass(frozen=True, slots=True)
class _Failure:
    """A failed attempt, weighed."""

    error: DeliveryError
    consignment: Consignment
    fares: Endpoint
    """How the endpoint fares after it."""
    again: Promise | None
    """The next attempt; None where there is none."""


async def _weigh(found: _Found, error: DeliveryError, jitter: float) -> _Failure:
    consignment = await found.unit.consignments.get(found.promise.consignment)
    speed, now = consignment.letter.speed, found.now
    attempt = found.promise.attempt or 1
    if not may_pass(error):
        fares = after_refusal(found.endpoint, error)
        return _Failure(error, consignment, fares, None)
    next_at = next_attempt(speed, attempt, error, now, jitter)
    fares = after_failure(found.endpoint, error, now, jitter, next_at=next_at)
    again = None
    if found.waits and next_at < await _deadline(found, speed):
        again = replace(
            found.promise,
            id=found.work.ids.new(),
            made_at=now,
            not_before=next_at,
            attempt=attempt + 1,
        )
    return _Failure(error, consignment, fares, again)


async def _deadline(found: _Found, speed: str) -> datetime:
    """Return until when an entry is tried."""
    entry = found.entry
    replayed = [
        dead.settled_at
        for dead in await found.unit.dead_letters.of(entry.consignment)
        if dead.entry == entry.id and dead.settled is Settled.REPLAYED
    ]
    return ends_at(speed, entry.queued_at, found.endpoint.changed_at, *replayed)


async def _conclude(found: _Found, failure: _Failure) -> DeadLetter | None:
    """Keep the promise, and make another or give it up; return the dead letter."""
    unit, promise, entry = found.unit, found.promise, found.entry
    consignment, again = failure.consignment, failure.again
    consignment.record(
        _FAILED[entry.carries],
        found.now,
        actor=HUB,
        facts={
            "entry": entry.process_id,
            "cause": failure.error.code,
            Stage.DELIVER.value: str(promise.id),
            "attempt": str(promise.attempt),
        }
        | ({"again": str(again.id)} if again else {}),
    )
    if again is None and found.waits:
        cause = Failure.of(failure.error)
        return await write_off(
            unit, found.work, promise, consignment, cause, entry=entry
        )
    await unit.consignments.save(consignment)
    await unit.promises.keep(promise.id, found.now)
    if again is not None:
        await unit.promises.add(again)
    await unit.incidents.fail(
        failure.error.code, Stage.DELIVER, promise.endpoint, found.now
    )
    return None


def _say(found: _Found, failure: _Failure) -> None:
    again, error = failure.again, failure.error
    # Whoever answered may quote the letter in it.
    unanswered = error.answer.status is None
    emit(
        "delivery failed",
        consignment=found.promise.consignment,
        organization=found.entry.organization,
        code=failure.error.code,
        detail=error.detail if unanswered else "",
        attempt=found.promise.attempt,
        again=again.not_before.isoformat() if again else None,
    )
    if failure.fares.failures == OPENS_AFTER:
        emit(
            "endpoint left alone",
            organization=found.entry.organization,
            code=failure.error.code,
        )
