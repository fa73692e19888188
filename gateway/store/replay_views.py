"""Replays as they are looked at: what goes on, and what became of each letter.

The runner asks here what is next; what it then does is decided in a unit anew.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.replay import Item, Lane, Outcome, Progress, Replay
from gateway.domain.replay_plan import Candidate, Choice, Trace
from gateway.ports import ReplayLetter, ReplayLine
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import (
    CONSIGNMENT,
    DEAD_LETTER,
    INBOX_ENTRY,
    LETTER,
    REPLAY,
    REPLAY_ITEM,
    Reader,
)
from gateway.store.replay_candidates import (
    candidates_chosen,
    candidates_mended,
    candidates_of,
)

_DIGITS: Final = 32
_OF: Final = REPLAY_ITEM.c.replay_id == bindparam("replay")
_ITEMS: Final = REPLAY_ITEM.join(
    DEAD_LETTER, DEAD_LETTER.c.id == REPLAY_ITEM.c.dead_letter_id
)
_RUNNING: Final = (
    select(REPLAY)
    .where(REPLAY.c.progress == Progress.RUNNING.value)
    .order_by(REPLAY.c.started_at, REPLAY.c.id)
)
_NEWEST: Final = (
    select(REPLAY)
    .order_by(REPLAY.c.planned_at.desc(), REPLAY.c.id.desc())
    .limit(bindparam("limit"))
)
_COUNTED: Final = (
    select(REPLAY_ITEM.c.replay_id, REPLAY_ITEM.c.outcome, func.count().label("number"))
    .where(REPLAY_ITEM.c.replay_id.in_(bindparam("replays", expanding=True)))
    .group_by(REPLAY_ITEM.c.replay_id, REPLAY_ITEM.c.outcome)
)
_EACH: Final = select(REPLAY_ITEM).where(_OF).order_by(REPLAY_ITEM.c.position)
_LANES: Final = (
    select(
        REPLAY_ITEM.c.endpoint,
        REPLAY_ITEM.c.outcome,
        REPLAY_ITEM.c.canary,
        func.count().label("number"),
        func.max(REPLAY_ITEM.c.sent_at).label("last_sent_at"),
    )
    .where(_OF)
    .group_by(REPLAY_ITEM.c.endpoint, REPLAY_ITEM.c.outcome, REPLAY_ITEM.c.canary)
    .order_by(REPLAY_ITEM.c.endpoint)
)
_NEXT: Final = (
    select(REPLAY_ITEM)
    .where(
        _OF,
        REPLAY_ITEM.c.outcome == Outcome.WAITING.value,
        REPLAY_ITEM.c.endpoint == bindparam("endpoint"),
    )
    .order_by(REPLAY_ITEM.c.position)
    .limit(bindparam("limit"))
)
_LATEST: Final = (
    select(REPLAY_ITEM)
    .where(
        _OF,
        or_(
            REPLAY_ITEM.c.outcome == Outcome.DONE.value,
            REPLAY_ITEM.c.outcome == Outcome.FAILED_AGAIN.value,
        ),
    )
    .order_by(REPLAY_ITEM.c.ended_at.desc(), REPLAY_ITEM.c.position.desc())
    .limit(bindparam("limit"))
)
_WITH_LETTERS: Final = (
    select(
        REPLAY_ITEM,
        DEAD_LETTER.c.stage,
        DEAD_LETTER.c.receipt_id,
        DEAD_LETTER.c.entry_id,
        DEAD_LETTER.c.cause.label("dead_cause"),
        DEAD_LETTER.c.at.label("dead_at"),
        CONSIGNMENT.c.state,
        LETTER.c.number,
        LETTER.c.date,
    )
    .select_from(
        _ITEMS.join(CONSIGNMENT, CONSIGNMENT.c.id == REPLAY_ITEM.c.consignment_id).join(
            LETTER, LETTER.c.id == CONSIGNMENT.c.letter_id
        )
    )
    .where(_OF)
    .order_by(REPLAY_ITEM.c.position)
)
_SENT: Final = _WITH_LETTERS.where(REPLAY_ITEM.c.outcome == Outcome.SENT.value)


@dataclass(frozen=True, slots=True)
class StoredReplayViews:
    """What is committed of replays, to read."""

    connection: Connection

    async def chosen(self, choice: Choice) -> Sequence[Candidate]:
        """Return the open dead letters of a choice, in any order."""
        return await candidates_chosen(self.connection, choice)

    async def candidates(self, dead_letters: Sequence[UUID]) -> Sequence[Candidate]:
        """Return these dead letters, open or not, with what is known of them now."""
        return await candidates_of(self.connection, dead_letters)

    async def mended(
        self, endpoint: OrganizationCode, since: datetime, *, limit: int
    ) -> Sequence[Candidate]:
        """Return what died of time before its endpoint took something, oldest first.

        Without what was replayed before.
        """
        return await candidates_mended(self.connection, endpoint, since, limit=limit)

    async def running(self) -> Sequence[Replay]:
        """Return the replays that go on, oldest first."""
        return [rows.replay(row) for row in await self._reader.fetch(_RUNNING)]

    async def newest(self, *, limit: int) -> Sequence[ReplayLine]:
        """Return the newest plans and replays, newest first."""
        found = await self._reader.fetch(_NEWEST, limit=limit)
        counted: dict[UUID, dict[Outcome, int]] = defaultdict(dict)
        for row in await self._reader.fetch(
            _COUNTED, replays=[row["id"] for row in found]
        ):
            counted[row["replay_id"]][Outcome(row["outcome"])] = row["number"]
        return [ReplayLine(rows.replay(row), counted[row["id"]]) for row in found]

    async def find(self, beginning: str) -> Sequence[Replay]:
        """Return the replays whose ids begin so, as far as there is one at all."""
        bounds = _bounds(beginning)
        if bounds is None:
            return []
        between = select(REPLAY).where(REPLAY.c.id.between(*bounds)).limit(2)
        return [rows.replay(row) for row in await self._reader.fetch(between)]

    async def letters(self, replay: UUID) -> Sequence[ReplayLetter]:
        """Return its letters in order, with the numbers of their offices."""
        found = await self._reader.fetch(_WITH_LETTERS, replay=replay)
        return [
            ReplayLetter(
                item=rows.replay_item(row),
                letter_id=LetterId(row["number"], row["date"]),
                is_letter=row["receipt_id"] is None,
                cause=row["dead_cause"],
                given_up_at=row["dead_at"],
            )
            for row in found
        ]

    async def items(self, replay: UUID) -> Sequence[Item]:
        """Return its letters in order, without what is known of them."""
        return await self._items(_EACH, replay=replay)

    async def lanes(self, replay: UUID) -> Sequence[Lane]:
        """Return what it has for each endpoint, by code."""
        found = await self._reader.fetch(_LANES, replay=replay)
        by_endpoint: dict[str, list[rows.Columns]] = defaultdict(list)
        for row in found:
            by_endpoint[row["endpoint"]].append(row)
        return [_lane(code, group) for code, group in by_endpoint.items()]

    async def next(
        self, replay: UUID, endpoint: OrganizationCode, *, limit: int
    ) -> Sequence[Item]:
        """Return the first of an endpoint's letters that wait for their turn."""
        return await self._items(
            _NEXT, replay=replay, endpoint=endpoint.text, limit=limit
        )

    async def latest(self, replay: UUID, *, limit: int) -> Sequence[Item]:
        """Return the letters whose outcome is known, newest first."""
        return await self._items(_LATEST, replay=replay, limit=limit)

    async def traces(self, replay: UUID) -> Sequence[Trace]:
        """Return what the records say of the letters that were sent."""
        sent = await self._reader.fetch(_SENT, replay=replay)
        again = await self._given_up_again(sent)
        key = INBOX_ENTRY.c.consignment_id
        entries = {
            (row["consignment_id"], row["receipt_id"]): row
            for row in await self._reader.of(
                INBOX_ENTRY, key, (row["consignment_id"] for row in sent)
            )
        }
        return [
            Trace(
                position=row["position"],
                stage=Stage(row["stage"]),
                is_letter=row["receipt_id"] is None,
                state=State(row["state"]),
                queued=entry is not None,
                fetched=entry is not None and entry["taken_at"] is not None,
                cause=again.get(row["position"], ""),
            )
            for row in sent
            for entry in [entries.get((row["consignment_id"], row["receipt_id"]))]
        ]

    async def _given_up_again(self, sent: Sequence[rows.Columns]) -> Mapping[int, str]:
        """Return of which positions there is a newer dead letter, with its cause.

        Of one piece of work one dead letter is open at a time: another one that is
        open came later, whatever the clock says.
        """
        dead: dict[object, list[rows.Columns]] = defaultdict(list)
        key = DEAD_LETTER.c.consignment_id
        for row in await self._reader.of(
            DEAD_LETTER, key, (row["consignment_id"] for row in sent)
        ):
            dead[row["consignment_id"], row["receipt_id"]].append(row)
        return {
            row["position"]: other["cause"]
            for row in sent
            for other in dead[row["consignment_id"], row["receipt_id"]]
            if other["id"] != row["dead_letter_id"]
            and (other["settled_at"] is None or other["at"] > row["sent_at"])
        }

    async def _items(self, statement: Any, **about: object) -> list[Item]:  # noqa: ANN401
        found = await self._reader.fetch(statement, **about)
        return [rows.replay_item(row) for row in found]

    @property
    def _reader(self) -> Reader:
        return Reader(self.connection)


def _bounds(beginning: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that begin so; None where none can."""
    digits = beginning.replace("-", "").lower()
    if not digits or len(digits) > _DIGITS or not set(digits) <= set(hexdigits):
        return None
    return UUID(digits.ljust(_DIGITS, "0")), UUID(digits.ljust(_DIGITS, "f"))


def _lane(code: str, group: Sequence[rows.Columns]) -> Lane:
    counts: Counter[Outcome] = Counter()
    for row in group:
        counts[Outcome(row["outcome"])] += row["number"]
    canaries = [Outcome(row["outcome"]) for row in group if row["canary"]]
    sent = [row["last_sent_at"] for row in group if row["last_sent_at"] is not None]
    return Lane(
        endpoint=OrganizationCode(code),
        counts=dict(counts),
        canary=canaries[0] if canaries else None,
        last_sent_at=max(sent, default=None),
    )
