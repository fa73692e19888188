"""Dead letters are sent back by plan: made, started, slowed down, called off.

Steps and brakes are those of `gateway/domain/replay.py`. How a replay goes on stands
in `replay_course.py`, what is done with each letter in `resume.py`: nothing is sent
here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from gateway.domain import errors
from gateway.domain.act import Order
from gateway.domain.replay import RATE, Item, Progress, Replay, Verdict
from gateway.domain.replay_plan import Choice, items_of, verdict_on
from gateway.ports import UnitOfWork
from gateway.telemetry import emit
from gateway.workflow.acts import note
from gateway.workflow.replay_course import facts_of
from gateway.workflow.work import Work

_SENDABLE: Final = (Verdict.ELIGIBLE, Verdict.STAMPED)


async def plan(
    work: Work, choice: Choice, order: Order, *, rate: float = RATE
) -> Replay | None:
    """Keep what a choice finds now, with a verdict on each; None where it is nothing.

    A plan changes no letter, and is forgotten by itself where nobody starts it.
    """
    now = work.clock.now()
    # Not in the unit: thousands of them take longer than others should have to wait.
    candidates = await work.store.replays.chosen(choice)
    if not candidates:
        return None
    replay = Replay(
        id=work.ids.new(),
        choice=choice.text,
        incident=choice.incident,
        planned_at=now,
        planned_by=order.who,
        progress=Progress.PLANNED,
        rate=rate,
    )
    items = items_of(candidates, now)
    verdicts = Counter(item.verdict.value for item in items)
    async with work.store.unit() as unit:
        await unit.replays.add(replay, items)
        await note(
            unit,
            work,
            order,
            organization=choice.endpoint,
            after=facts_of(replay) | {what: str(n) for what, n in verdicts.items()},
        )
        await unit.commit()
    emit("replay planned", replay=replay.id, count=len(items))
    return replay


async def start(
    work: Work,
    replay: UUID,
    order: Order,
    *,
    rate: float | None = None,
    even_if_stamped: int | None = None,
) -> Replay:
    """Let a plan go on: the replayer sends what it calls eligible.

    `even_if_stamped` is how many letters that have a number are to be sent too; it
    must be how many of them stand in the plan. Raises `ReplayUnknown`, `PlanExpired`,
    `PlanStarted`, `PlanChanged`, `StampedNotAgreed`, or `NothingEligible`.
    """
    now = work.clock.now()
    items = await work.store.replays.items(replay)
    changed = await _has_changed(work, items, now)
    async with work.store.unit() as unit:
        found = await _planned(unit, replay, now)
        if changed:
            raise errors.PlanChanged(str(replay))
        count = _agreed(replay, items, even_if_stamped)
        started = replace(
            found,
            progress=Progress.RUNNING,
            rate=rate or found.rate,
            even_if_stamped=even_if_stamped,
            started_at=now,
            started_by=order.who,
            why=order.why,
        )
        if even_if_stamped:
            await unit.replays.release(replay, Verdict.STAMPED)
        await unit.replays.save(started)
        agreed = {"even_if_stamped": str(even_if_stamped)} if even_if_stamped else {}
        after = facts_of(started) | {"letters": str(count)} | agreed
        await note(unit, work, order, after=after)
        await unit.commit()
    emit("replay started", replay=replay, count=count)
    return started


async def set_rate(work: Work, replay: UUID, rate: float, order: Order) -> Replay:
    """Have a replay go on faster or slower; raises `ReplayNotRunning`."""
    async with work.store.unit() as unit:
        found = await _running(unit, replay)
        changed = replace(found, rate=rate)
        await unit.replays.save(changed)
        before, after = facts_of(found), facts_of(changed)
        await note(unit, work, order, before=before, after=after)
        await unit.commit()
    return changed


async def cancel(work: Work, replay: UUID, order: Order) -> Replay:
    """Call a replay off, planned or going on; what was sent stays sent.

    Again it changes nothing. Raises `ReplayNotRunning` where it ended otherwise.
    """
    now = work.clock.now()
    async with work.store.unit() as unit:
        found = await _known(unit, replay)
        if found.progress is Progress.CANCELLED:
            return found
        if found.progress not in {Progress.PLANNED, Progress.RUNNING}:
            raise errors.ReplayNotRunning(str(replay))
        ended = replace(
            found, progress=Progress.CANCELLED, ended_at=now, ended_why=order.why
        )
        await unit.replays.leave(replay, now)
        await unit.replays.save(ended)
        await note(unit, work, order, before=facts_of(found), after=facts_of(ended))
        await unit.commit()
    emit("replay ended", replay=replay, progress=ended.progress)
    return ended


async def _known(unit: UnitOfWork, replay: UUID) -> Replay:
    found = await unit.replays.get(replay)
    if found is None:
        raise errors.ReplayUnknown(str(replay))
    return found


async def _planned(unit: UnitOfWork, replay: UUID, now: datetime) -> Replay:
    found = await _known(unit, replay)
    if found.progress is not Progress.PLANNED:
        raise errors.PlanStarted(str(replay))
    if not found.is_good(now):
        raise errors.PlanExpired(str(replay))
    return found


async def _running(unit: UnitOfWork, replay: UUID) -> Replay:
    found = await _known(unit, replay)
    if found.progress is not Progress.RUNNING:
        raise errors.ReplayNotRunning(str(replay))
    return found


async def _has_changed(work: Work, items: Sequence[Item], now: datetime) -> bool:
    """Say whether something that would be sent is judged otherwise by now.

    What changes from here on is found out at its turn.
    """
    planned = {i.dead_letter: i.verdict for i in items if i.verdict in _SENDABLE}
    candidates = await work.store.replays.candidates(list(planned))
    return any(
        verdict_on(each, now) is not planned[each.dead_letter.id] for each in candidates
    )


def _agreed(replay: UUID, items: Sequence[Item], even_if_stamped: int | None) -> int:
    """Return how many are to be sent; raises where that is not what was agreed to."""
    verdicts = Counter(item.verdict for item in items)
    stamped, eligible = verdicts[Verdict.STAMPED], verdicts[Verdict.ELIGIBLE]
    if even_if_stamped is not None and even_if_stamped != stamped:
        raise errors.StampedNotAgreed(str(replay))
    count = eligible + (even_if_stamped or 0)
    if not count:
        raise errors.NothingEligible(str(replay))
    return count
