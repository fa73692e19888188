"""A dead letter goes back to the stage where it was given up; what came of it.

1. Dead letter settled, work promised anew, journal told, replay's list crossed off: in
   one transaction. So a letter is sent once, whoever asks, and how often.
2. ROUTE: the letter is routed anew. DELIVER: its inbox entry comes back, behind what
   was never set aside, and is handed over where its endpoint pushes; else its client
   fetches it. NOTIFY: the notifier is queued anew.
3. What was fetched or answered meanwhile is overtaken: its dead letter is settled, and
   nothing is sent.
4. While an endpoint rests, its letters wait for their turn.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Final
from uuid import UUID

from gateway.domain.consignment import HUB
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.endpoint import Endpoint
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.promise import Promise, Stage
from gateway.domain.replay import Item, Outcome, Progress, Replay, Verdict
from gateway.domain.replay_plan import Candidate, verdict_on
from gateway.ports import UnitOfWork
from gateway.steps import passed
from gateway.telemetry import emit
from gateway.workflow.push import promise_delivery, pushing
from gateway.workflow.work import Work


class Turn(Enum):
    """What came of a letter's turn."""

    SENT = auto()
    HELD_BACK = auto()
    RESTS = auto()
    """Its endpoint rests: neither it nor those behind it are sent now."""
    GONE = auto()
    """Another process was faster, or the replay is over."""


@dataclass(frozen=True, slots=True)
class _Sending:
    """One dead letter on its way back."""

    work: Work
    unit: UnitOfWork
    replay: Replay
    dead: DeadLetter
    now: datetime

    @property
    def actor(self) -> str:
        """Who is said to have done it."""
        by = self.replay.started_by
        return (by.name or by.account if by else "") or HUB


async def take_turn(work: Work, replay: UUID, position: int, *, ahead: bool) -> Turn:
    """Send a letter of a replay, or say why not; its turn comes once.

    `ahead`: the others of its endpoint wait for what comes of it.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        found = await unit.replays.get(replay)
        item = await unit.replays.item(replay, position)
        if found is None or found.progress is not Progress.RUNNING:
            return Turn.GONE
        if item is None or item.outcome is not Outcome.WAITING:
            return Turn.GONE
        candidate = await _candidate(unit, item)
        verdict = verdict_on(candidate, now)
        if verdict is Verdict.ENDPOINT_RESTS:
            return Turn.RESTS
        sending = _Sending(work, unit, found, candidate.dead_letter, now)
        sends = _is_sent(verdict, item)
        if sends:
            await _send(sending)
            done = replace(item, outcome=Outcome.SENT, sent_at=now, canary=ahead)
        else:
            await _overtake(sending, candidate)
            done = replace(item, outcome=Outcome.HELD_BACK, ended_at=now)
        await unit.replays.save_item(replay, done, was=Outcome.WAITING)
        passed("replay:before-commit")
        await unit.commit()
    passed("replay:after-commit")
    _say(candidate, replay, sent=sends)
    return Turn.SENT if sends else Turn.HELD_BACK


async def _candidate(unit: UnitOfWork, item: Item) -> Candidate:
    """Return what is known of a dead letter that the replay has a claim to."""
    # Before it is judged: it is settled as it stands here, or not at all.
    await unit.dead_letters.get(item.dead_letter)
    [candidate] = await unit.replays.candidates([item.dead_letter])
    return candidate


def _is_sent(verdict: Verdict, item: Item) -> bool:
    """Say whether it goes: a stamped one only where the plan had it as stamped.

    It waits for its turn only because that was agreed to.
    """
    return verdict is Verdict.ELIGIBLE or verdict is item.verdict is Verdict.STAMPED


async def _send(sending: _Sending) -> None:
    """Promise the work of a dead letter again."""
    unit, dead, now = sending.unit, sending.dead, sending.now
    # What lies in an inbox is promised, or not, by how its endpoint is reached.
    endpoint = await pushing(unit, dead.endpoint)
    entry = await _entry(unit, dead)
    consignment = await unit.consignments.get(dead.consignment)
    if entry is not None and entry.come_back(sending.work.ids.new()):
        await unit.inboxes.save(entry)
    facts = _facts(sending) | await _promise(sending, entry, endpoint)
    if entry is not None:
        facts["entry"] = entry.process_id
    consignment.record(_happening(dead), now, actor=sending.actor, facts=facts)
    await unit.consignments.save(consignment)
    await _settle(sending, Settled.REPLAYED)


async def _entry(unit: UnitOfWork, dead: DeadLetter) -> InboxEntry | None:
    if dead.stage is not Stage.DELIVER:
        return None
    entry = await unit.inboxes.carrying(dead.consignment, dead.receipt)
    if entry is None:
        raise ValueError("what could not be handed over is in no inbox")
    return entry


async def _promise(
    sending: _Sending, entry: InboxEntry | None, endpoint: Endpoint | None
) -> dict[str, str]:
    """Promise the work anew; return what the journal is to say of that.

    Nothing where the endpoint fetches by itself.
    """
    unit, work, dead = sending.unit, sending.work, sending.dead
    if entry is not None:
        return await promise_delivery(unit, work, entry, endpoint, sending.now)
    promise = Promise(
        id=work.ids.new(),
        stage=dead.stage,
        consignment=dead.consignment,
        receipt=dead.receipt,
        made_at=sending.now,
        not_before=sending.now,
    )
    await unit.promises.add(promise)
    return {dead.stage.value: str(promise.id)}


_HAPPENINGS: Final = {
    Stage.ROUTE: Happening.OPERATOR_REPLAYED,
    Stage.DELIVER: Happening.DELIVERY_RESUMED,
}


def _happening(dead: DeadLetter) -> Happening:
    if dead.receipt is not None:
        return Happening.NOTIFIER_RESUMED
    return _HAPPENINGS[dead.stage]


def _facts(sending: _Sending) -> dict[str, str]:
    """Say which dead letter it was, and who does not get it."""
    dead = sending.dead
    facts = {"dead_letter": str(dead.id), "replay": str(sending.replay.id)}
    if dead.receipt is not None:
        facts |= {"receipt": str(dead.receipt), "for": dead.endpoint.text}
    return facts


async def _overtake(sending: _Sending, candidate: Candidate) -> None:
    """Settle what needs nothing more, where it is that, and open."""
    if not (sending.dead.is_open and candidate.is_overtaken):
        return
    unit, dead = sending.unit, sending.dead
    consignment = await unit.consignments.get(dead.consignment)
    consignment.record(
        Happening.DEAD_LETTER_OVERTAKEN,
        sending.now,
        actor=HUB,
        facts=_facts(sending),
    )
    await unit.consignments.save(consignment)
    await _settle(sending, Settled.OVERTAKEN)


async def _settle(sending: _Sending, settled: Settled) -> None:
    await sending.unit.dead_letters.save(
        replace(
            sending.dead,
            settled=settled,
            settled_at=sending.now,
            replay=sending.replay.id,
        )
    )


def _say(candidate: Candidate, replay: UUID, *, sent: bool) -> None:
    dead = candidate.dead_letter
    if sent:
        emit(
            "letter replayed",
            consignment=dead.consignment,
            organization=dead.endpoint,
            stage=dead.stage,
            dead_letter=dead.id,
            replay=replay,
        )
    elif dead.is_open and candidate.is_overtaken:
        emit(
            "dead letter overtaken",
            consignment=dead.consignment,
            organization=dead.endpoint,
            dead_letter=dead.id,
            replay=replay,
        )
