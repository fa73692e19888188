"""Work that no repeat will help is given up, and becomes a dead letter.

1. A runner gives up where a handler's error is nobody's but an operator's to mend.
   What it was for stays where it is: nothing is lost by giving up, and a replay takes
   it up again at the stage that failed.
2. The promise is kept, the dead letter written, its incident counted and the journal
   told in one transaction. So the same message a second time finds nothing to do.
3. A letter fails (WORK_GIVEN_UP); of a notifier the journal notes it, and the letter
   stays what it is (NOTIFIER_GIVEN_UP).
4. Where that letter needs nothing any more, since it was taken back or answered
   meanwhile, the promise is kept as void and nobody is troubled.
5. What could not be handed over stays in its inbox, parked, and comes back by a
   replay only.
"""

from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import HUB, Consignment
from gateway.domain.deadletter import DeadLetter, Failure
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening, allows
from gateway.domain.promise import Promise, Stage
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.work import Work

_LETTER: Final = Happening.WORK_GIVEN_UP
_NOTIFIER: Final = Happening.NOTIFIER_GIVEN_UP


async def give_up(work: Work, promise: UUID, error: Exception) -> None:
    """Give up what was promised; a promise that is kept, or unknown, is a repeat.

    Raises what the store raises where it cannot be written down either: then the
    message belongs into the dead queue.
    """
    failure = Failure.of(error)
    async with work.store.unit() as unit:
        found = await unit.promises.open(promise)
        if found is None:
            return
        consignment = await unit.consignments.get(found.consignment)
        dead = await write_off(unit, work, found, consignment, failure)
        passed("give-up:before-commit")
        await unit.commit()
    passed("give-up:after-commit")
    if dead is not None:
        note_given_up(dead, error)


async def write_off(
    unit: UnitOfWork,
    work: Work,
    promise: Promise,
    consignment: Consignment,
    failure: Failure,
    *,
    entry: InboxEntry | None = None,
) -> DeadLetter | None:
    """Give up an open promise in a unit that somebody else commits.

    Keeps the promise, counts the failure in its incident (it is not to be counted
    twice), and saves the consignment with all that was recorded of it. `entry` is what
    DELIVER hands over, where it was read already. None where nothing needs it any
    more (rule 4). `note_given_up` is for after the commit.
    """
    now = work.clock.now()
    await unit.promises.keep(promise.id, now)
    if promise.receipt is None and not allows(consignment.state, _LETTER):
        if consignment.fresh:
            await unit.consignments.save(consignment)
        return None
    endpoint, lying = await _lost(unit, promise, consignment, entry)
    dead = DeadLetter(
        id=work.ids.new(),
        stage=promise.stage,
        promise=promise.id,
        consignment=consignment.id,
        receipt=promise.receipt,
        entry=lying.id if lying else None,
        endpoint=endpoint,
        cause=failure.cause,
        # What is known beside the code may quote the letter.
        detail="" if consignment.letter.is_secret else failure.detail,
        attempts=promise.attempt or 1,
        incident=await unit.incidents.fail(
            failure.cause, promise.stage, promise.endpoint, now
        ),
        at=now,
    )
    await unit.dead_letters.add(dead)
    parked = lying is not None and lying.give_up(now)
    if lying is not None and parked:
        await unit.inboxes.save(lying)
    _record(consignment, dead, lying if parked else None)
    await unit.consignments.save(consignment)
    return dead


def note_given_up(dead: DeadLetter, error: Exception) -> None:
    """Say in the log what was given up, with the error's traceback."""
    emit(
        "work given up",
        error=error,
        consignment=dead.consignment,
        organization=dead.endpoint,
        stage=dead.stage,
        code=dead.cause,
        dead_letter=dead.id,
        incident=dead.incident,
    )


async def _lost(
    unit: UnitOfWork,
    promise: Promise,
    consignment: Consignment,
    entry: InboxEntry | None,
) -> tuple[OrganizationCode, InboxEntry | None]:
    """Return who does not get it, and the inbox entry that lies there for it."""
    if promise.stage is Stage.DELIVER:
        entry = entry or await unit.inboxes.carrying(consignment.id, promise.receipt)
        return promise.endpoint or consignment.receiver, entry
    if promise.receipt is None:
        return consignment.receiver, None
    receipt = await unit.receipts.get(promise.receipt)
    return receipt.tells or consignment.sender, None


def _record(
    consignment: Consignment, dead: DeadLetter, parked: InboxEntry | None
) -> None:
    """Tell the journal, with all that the other records say of it too."""
    facts = {
        "dead_letter": str(dead.id),
        "cause": dead.cause,
        "for": dead.endpoint.text,
        # Which promise was kept by it: `route`, `notify` or `deliver`.
        dead.stage.value: str(dead.promise),
    }
    if dead.receipt is not None:
        facts["receipt"] = str(dead.receipt)
    if parked is not None:
        facts["entry"] = parked.process_id
    happening = _LETTER if dead.receipt is None else _NOTIFIER
    consignment.record(happening, dead.at, actor=HUB, facts=facts)
