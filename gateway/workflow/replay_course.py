"""How a replay goes on: what came of its letters, its end, and what starts unasked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.domain.act import Order, Who
from gateway.domain.consignment import HUB
from gateway.domain.endpoint import Endpoint
from gateway.domain.incident import REPLAYED
from gateway.domain.promise import Stage
from gateway.domain.replay import RATE, Item, Outcome, Progress, Replay
from gateway.domain.replay_plan import (
    Candidate,
    Choice,
    Trace,
    items_of,
    may_go_by_itself,
    outcome_of,
)
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.work import Work

AT_ONCE: Final = 500
"""Letters of an endpoint that the hub replays by itself in one plan; then the next."""

START: Final = "dead replay start"
_MENDED: Final = "the endpoint takes again"
_END: Final = Order("dead replay end", Who(HUB))
"""By the hub itself; a person calls it off."""


async def note_outcomes(work: Work, replay: UUID, traces: Sequence[Trace]) -> int:
    """Keep what came of letters that were sent; return of how many it is known."""
    known = [(t, outcome_of(t)) for t in traces if outcome_of(t) is not Outcome.SENT]
    now = work.clock.now()
    if not known:
        return 0
    async with work.store.unit() as unit:
        await unit.replays.get(replay)
        for trace, outcome in known:
            item = await unit.replays.item(replay, trace.position)
            if item is not None and item.outcome is Outcome.SENT:
                ended = replace(item, outcome=outcome, cause=trace.cause, ended_at=now)
                await unit.replays.save_item(replay, ended, was=Outcome.SENT)
        await unit.commit()
    return len(known)


async def note_failure(work: Work, replay: UUID, position: int, cause: str) -> None:
    """Note that a letter could not even be promised again; it stays a dead letter."""
    now = work.clock.now()
    async with work.store.unit() as unit:
        await unit.replays.get(replay)
        item = await unit.replays.item(replay, position)
        if item is None or item.outcome is not Outcome.WAITING:
            return
        failed = replace(item, outcome=Outcome.FAILED_AGAIN, cause=cause, ended_at=now)
        await unit.replays.save_item(replay, failed, was=Outcome.WAITING)
        await unit.commit()


async def end(work: Work, replay: UUID, cause: str = "") -> Replay | None:
    """End a replay that goes on; with a cause, or letters left, it stopped by itself.

    What waits is not attempted. None where it has ended before.
    """
    now = work.clock.now()
    items = await work.store.replays.items(replay)
    async with work.store.unit() as unit:
        found = await unit.replays.get(replay)
        if found is None or found.progress is not Progress.RUNNING:
            return None
        causes = [i.cause for i in items if i.outcome is Outcome.FAILED_AGAIN]
        left = any(i.outcome is Outcome.WAITING for i in items)
        stopped = bool(cause) or left
        ended = replace(
            found,
            progress=Progress.STOPPED if stopped else Progress.DONE,
            ended_at=now,
            ended_why=cause or (causes[-1] if left and causes else ""),
        )
        await unit.replays.leave(replay, now)
        await unit.replays.save(ended)
        if not stopped:
            await _close_incidents(unit, replay, now)
        await note(unit, work, _END, after=_counted(ended, items))
        await unit.commit()
    if stopped:
        emit("replay stopped", replay=replay, code=ended.ended_why)
    else:
        emit("replay ended", replay=replay, progress=ended.progress)
    return ended


async def _close_incidents(unit: UnitOfWork, replay: UUID, now: datetime) -> None:
    """Close incidents of which no dead letter is open: the replay went through."""
    for each in await unit.replays.incidents(replay):
        incident = await unit.incidents.get(each)
        is_open = incident is not None and incident.is_open
        if is_open and not await unit.dead_letters.open_in(each):
            await unit.incidents.close_one(each, now, why=REPLAYED)


def _counted(replay: Replay, items: Sequence[Item]) -> dict[str, str]:
    """Say what came of it; what still waits now is not attempted any more."""
    outcomes = Counter(item.outcome for item in items)
    outcomes[Outcome.NOT_ATTEMPTED] += outcomes.pop(Outcome.WAITING, 0)
    facts = {"replay": str(replay.id), "progress": replay.progress.value}
    return facts | {what.value: str(n) for what, n in outcomes.items() if n}


async def replay_by_itself(work: Work) -> Sequence[Replay]:
    """Start what may go without being told (rule 8 of `gateway/domain/replay.py`).

    Nothing for an endpoint of which such a replay goes on, or stopped by itself and
    the endpoint has taken nothing since.
    """
    now = work.clock.now()
    started: list[tuple[Replay, int]] = []
    for endpoint in await work.store.endpoints():
        success = endpoint.last_success_at
        if not endpoint.replays or endpoint.rests(now) or success is None:
            continue
        found = await work.store.replays.mended(
            endpoint.organization, success, limit=AT_ONCE
        )
        going = [each for each in found if may_go_by_itself(each, now)]
        if going and (replay := await _go(work, endpoint, going, success)):
            started.append((replay, len(going)))
    for replay, count in started:
        emit("replay started", replay=replay.id, count=count)
    return [replay for replay, _ in started]


async def _go(
    work: Work, endpoint: Endpoint, going: Sequence[Candidate], success: datetime
) -> Replay | None:
    """Plan and start at once what the hub replays by itself; None where it waits."""
    now = work.clock.now()
    choice = Choice(endpoint=endpoint.organization, stage=Stage.DELIVER)
    order = Order(START, Who(HUB), _MENDED)
    replay = Replay(
        id=work.ids.new(),
        choice=choice.text,
        incident=None,
        planned_at=now,
        planned_by=order.who,
        progress=Progress.RUNNING,
        rate=RATE,
        started_at=now,
        started_by=order.who,
        why=order.why,
    )
    after = facts_of(replay) | {"letters": str(len(going))}
    async with work.store.unit() as unit:
        if await unit.replays.is_held_up(choice, success):
            return None
        await unit.replays.add(replay, items_of(going, now))
        await note(unit, work, order, organization=choice.endpoint, after=after)
        await unit.commit()
    return replay


def facts_of(replay: Replay) -> dict[str, str]:
    """Say of a replay what is written down as an act."""
    return {
        "replay": str(replay.id),
        "choice": replay.choice,
        "progress": replay.progress,
        "rate": f"{replay.rate:g}",
    }
