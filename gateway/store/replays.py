"""Replays in one unit: plans, what becomes of them, and of each letter of theirs.

Whoever changes something about a replay has its row to himself until the unit ends
(`get`), so that a replay that was stopped sends nothing more, and no letter is sent by
two processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, bindparam, insert, or_, select, update

from gateway.domain.replay import Item, Outcome, Progress, Replay, Verdict
from gateway.domain.replay_plan import Candidate, Choice
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange
from gateway.store.reading import DEAD_LETTER, REPLAY, REPLAY_ITEM, Reader
from gateway.store.replay_candidates import candidates_of

_ADD: Final = insert(REPLAY)
_ADD_ITEM: Final = insert(REPLAY_ITEM)
_BY_ID: Final = select(REPLAY).where(REPLAY.c.id == bindparam("replay"))
_LOCKED: Final = _BY_ID.with_for_update()
_HELD_UP: Final = (
    select(REPLAY.c.id)
    .where(
        REPLAY.c.choice == bindparam("choice"),
        or_(
            REPLAY.c.progress == Progress.RUNNING.value,
            and_(
                REPLAY.c.progress == Progress.STOPPED.value,
                REPLAY.c.ended_at >= bindparam("since"),
            ),
        ),
    )
    .limit(1)
)
_CHANGEABLE: Final = (
    "progress",
    "rate",
    "even_if_stamped",
    "started_at",
    "started_account",
    "started_name",
    "why",
    "ended_at",
    "ended_why",
)
_SAVE: Final = (
    update(REPLAY)
    .where(REPLAY.c.id == bindparam("the_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_OF: Final = REPLAY_ITEM.c.replay_id == bindparam("replay")
_ITEM: Final = select(REPLAY_ITEM).where(
    _OF, REPLAY_ITEM.c.position == bindparam("position")
)
_INCIDENTS: Final = (
    select(DEAD_LETTER.c.incident_id)
    .join_from(
        REPLAY_ITEM, DEAD_LETTER, DEAD_LETTER.c.id == REPLAY_ITEM.c.dead_letter_id
    )
    .where(_OF)
    .distinct()
    .order_by(DEAD_LETTER.c.incident_id)
)
_SAVE_ITEM: Final = (
    update(REPLAY_ITEM)
    .where(
        REPLAY_ITEM.c.replay_id == bindparam("the_replay"),
        REPLAY_ITEM.c.position == bindparam("the_position"),
        REPLAY_ITEM.c.outcome == bindparam("was"),
    )
    .values(
        outcome=bindparam("new_outcome"),
        canary=bindparam("new_canary"),
        sent_at=bindparam("new_sent_at"),
        ended_at=bindparam("new_ended_at"),
        cause=bindparam("new_cause"),
    )
)
_RELEASE: Final = (
    update(REPLAY_ITEM)
    .where(
        REPLAY_ITEM.c.replay_id == bindparam("the_replay"),
        REPLAY_ITEM.c.verdict == bindparam("the_verdict"),
        REPLAY_ITEM.c.outcome == Outcome.HELD_BACK.value,
    )
    .values(outcome=Outcome.WAITING.value)
)
_LEAVE: Final = (
    update(REPLAY_ITEM)
    .where(
        REPLAY_ITEM.c.replay_id == bindparam("the_replay"),
        REPLAY_ITEM.c.outcome == Outcome.WAITING.value,
    )
    .values(outcome=Outcome.NOT_ATTEMPTED.value, ended_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class StoredReplays:
    """Replays, in one unit."""

    connection: Connection

    async def candidates(self, dead_letters: Sequence[UUID]) -> Sequence[Candidate]:
        """Return these dead letters, open or not, with what is known of them now."""
        return await candidates_of(self.connection, dead_letters)

    async def is_held_up(self, choice: Choice, since: datetime) -> bool:
        """Say whether a replay of this choice goes on, or stopped by itself since."""
        found = await Reader(self.connection).fetch(
            _HELD_UP, choice=choice.text, since=since
        )
        return bool(found)

    async def add(self, replay: Replay, items: Sequence[Item]) -> None:
        """Keep a plan."""
        await self.connection.execute(_ADD, {"id": replay.id, **_row(replay)})
        written = [{"replay_id": replay.id, **_item(item)} for item in items]
        if written:
            await self.connection.execute(_ADD_ITEM, written)

    async def get(self, replay: UUID) -> Replay | None:
        """Return a replay; nobody else changes it until the unit has ended."""
        found = await Reader(self.connection).fetch(_LOCKED, replay=replay)
        return rows.replay(found[0]) if found else None

    async def save(self, replay: Replay) -> None:
        """Keep where a replay stands; it was read in this unit."""
        new = {f"new_{name}": _row(replay)[name] for name in _CHANGEABLE}
        await self.connection.execute(_SAVE, {"the_id": replay.id, **new})

    async def item(self, replay: UUID, position: int) -> Item | None:
        """Return one of its letters."""
        found = await Reader(self.connection).fetch(
            _ITEM, replay=replay, position=position
        )
        return rows.replay_item(found[0]) if found else None

    async def save_item(self, replay: UUID, item: Item, *, was: Outcome) -> None:
        """Keep what became of a letter; raises `ConcurrentChange`."""
        row = _item(item)
        new = ("outcome", "canary", "sent_at", "ended_at", "cause")
        result = await self.connection.execute(
            _SAVE_ITEM,
            {
                "the_replay": replay,
                "the_position": item.position,
                "was": was.value,
                **{f"new_{name}": row[name] for name in new},
            },
        )
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"letter {item.position} of replay {replay}")

    async def release(self, replay: UUID, verdict: Verdict) -> None:
        """Let those wait for their turn that were held back by this verdict."""
        await self.connection.execute(
            _RELEASE, {"the_replay": replay, "the_verdict": verdict.value}
        )

    async def leave(self, replay: UUID, at: datetime) -> None:
        """Note that all that still wait are not attempted."""
        await self.connection.execute(_LEAVE, {"the_replay": replay, "at": at})

    async def incidents(self, replay: UUID) -> Sequence[UUID]:
        """Return the incidents of its dead letters."""
        found = await Reader(self.connection).fetch(_INCIDENTS, replay=replay)
        return [row["incident_id"] for row in found]


def _row(replay: Replay) -> Mapping[str, Any]:
    by = replay.started_by
    return {
        "choice": replay.choice,
        "incident_id": replay.incident,
        "planned_at": replay.planned_at,
        "planned_account": replay.planned_by.account,
        "planned_name": replay.planned_by.name,
        "progress": replay.progress.value,
        "rate": replay.rate,
        "even_if_stamped": replay.even_if_stamped,
        "started_at": replay.started_at,
        "started_account": by.account if by else None,
        "started_name": by.name if by else None,
        "why": replay.why,
        "ended_at": replay.ended_at,
        "ended_why": replay.ended_why,
    }


def _item(item: Item) -> Mapping[str, Any]:
    return {
        "position": item.position,
        "dead_letter_id": item.dead_letter,
        "consignment_id": item.consignment,
        "endpoint": item.endpoint.text,
        "verdict": item.verdict.value,
        "outcome": item.outcome.value,
        "canary": item.canary,
        "sent_at": item.sent_at,
        "ended_at": item.ended_at,
        "cause": item.cause,
    }
