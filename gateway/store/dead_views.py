"""What lies among the dead letters, and why: questions of the command line.

A handful of statements each, however many dead letters there are. Lines are read from
columns that show even of a secret letter: which one it is, never what stands in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, or_, select

from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Attempt
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.replay_plan import Choice
from gateway.ports import DeadGroup, DeadLine, IncidentLine
from gateway.store import rows
from gateway.store.attempts import StoredAttempts
from gateway.store.reading import (
    ATTEMPT,
    CONSIGNMENT,
    DEAD_LETTER,
    INBOX_ENTRY,
    INCIDENT,
    PROMISE,
    Reader,
)

_STAMPED: Final = (State.REGISTERED.value, State.DISPUTED.value)
_NEWEST: Final = select(DEAD_LETTER).order_by(
    DEAD_LETTER.c.at.desc(), DEAD_LETTER.c.id.desc()
)
_GROUPED: Final = select(
    DEAD_LETTER.c.incident_id,
    func.count().label("number"),
    func.count(DEAD_LETTER.c.endpoint.distinct()).label("endpoints"),
    func.min(DEAD_LETTER.c.at, type_=DEAD_LETTER.c.at.type).label("first_at"),
    func.max(DEAD_LETTER.c.at, type_=DEAD_LETTER.c.at.type).label("last_at"),
).group_by(DEAD_LETTER.c.incident_id)
_BY_ID: Final = select(DEAD_LETTER).where(DEAD_LETTER.c.id == bindparam("dead_letter"))
_INCIDENT: Final = select(INCIDENT).where(INCIDENT.c.id == bindparam("incident"))
_INCIDENTS: Final = select(INCIDENT).order_by(
    INCIDENT.c.last_at.desc(), INCIDENT.c.id.desc()
)
_OPEN_OF: Final = (
    select(DEAD_LETTER.c.incident_id, func.count().label("number"))
    .where(
        DEAD_LETTER.c.settled_at.is_(None),
        DEAD_LETTER.c.incident_id.in_(bindparam("incidents", expanding=True)),
    )
    .group_by(DEAD_LETTER.c.incident_id)
)
_PROMISED: Final = select(PROMISE.c.id).where(PROMISE.c.id == bindparam("message"))
_OVERTAKEN: Final = (
    select(DEAD_LETTER.c.id)
    .select_from(
        DEAD_LETTER.join(
            CONSIGNMENT, CONSIGNMENT.c.id == DEAD_LETTER.c.consignment_id
        ).outerjoin(INBOX_ENTRY, INBOX_ENTRY.c.id == DEAD_LETTER.c.entry_id)
    )
    .where(
        DEAD_LETTER.c.settled_at.is_(None),
        or_(
            INBOX_ENTRY.c.taken_at.is_not(None),
            and_(
                DEAD_LETTER.c.receipt_id.is_(None),
                CONSIGNMENT.c.state != State.FAILED.value,
                # Sent again all the same, where that is said in words.
                or_(
                    CONSIGNMENT.c.state.not_in(bindparam("stamped", expanding=True)),
                    DEAD_LETTER.c.stage == Stage.ROUTE.value,
                ),
            ),
        ),
    )
    .order_by(DEAD_LETTER.c.id)
    .limit(bindparam("limit"))
)
# Without the answers, which are encrypted where the letter is secret.
_ATTEMPTS: Final = (
    select(*(column for column in ATTEMPT.columns if column.name != "answer"))
    .where(ATTEMPT.c.consignment_id == bindparam("consignment"))
    .order_by(ATTEMPT.c.at, ATTEMPT.c.number)
)


@dataclass(frozen=True, slots=True)
class DeadViews:
    """Dead letters and incidents, to look at."""

    reader: Reader

    async def lines(
        self, choice: Choice, *, settled: bool, limit: int
    ) -> Sequence[DeadLine]:
        """Return dead letters, newest first, with which letter each is about."""
        statement = chosen(_NEWEST, choice, settled=settled).limit(bindparam("most"))
        found = await self.reader.fetch(statement, most=limit)
        dead = [rows.dead_letter(row) for row in found]
        consignments = await self.reader.consignments(
            await self.reader.of(
                CONSIGNMENT, CONSIGNMENT.c.id, (one.consignment for one in dead)
            )
        )
        endpoints = await self.reader.organizations(one.endpoint for one in dead)
        return [
            DeadLine(
                one,
                letter=consignments[one.consignment].letter,
                state=consignments[one.consignment].state,
                endpoint=endpoints[one.endpoint],
            )
            for one in dead
        ]

    async def groups(self, choice: Choice, *, settled: bool) -> Sequence[DeadGroup]:
        """Return dead letters counted by their incidents, the latest first."""
        found = await self.reader.fetch(chosen(_GROUPED, choice, settled=settled))
        known = await self.reader.of(
            INCIDENT, INCIDENT.c.id, (row["incident_id"] for row in found)
        )
        incidents = {row["id"]: rows.incident(row) for row in known}
        groups = [
            DeadGroup(
                incidents[row["incident_id"]],
                number=row["number"],
                endpoints=row["endpoints"],
                first_at=row["first_at"],
                last_at=row["last_at"],
            )
            for row in found
        ]
        return sorted(groups, key=lambda group: group.last_at, reverse=True)

    async def dead_letter(self, dead_letter: UUID) -> DeadLetter | None:
        """Return a dead letter."""
        found = await self.reader.fetch(_BY_ID, dead_letter=dead_letter)
        return rows.dead_letter(found[0]) if found else None

    async def is_promised(self, message: UUID) -> bool:
        """Say whether a message is of a promise of this database, kept or not."""
        return bool(await self.reader.fetch(_PROMISED, message=message))

    async def overtaken(self, *, limit: int) -> Sequence[UUID]:
        """Return open dead letters that need nothing any more, oldest first."""
        found = await self.reader.fetch(_OVERTAKEN, stamped=_STAMPED, limit=limit)
        return [row["id"] for row in found]

    async def incidents(self, *, closed: bool) -> Sequence[IncidentLine]:
        """Return open incidents, or all, the latest first."""
        statement = _INCIDENTS
        if not closed:
            statement = statement.where(INCIDENT.c.closed_at.is_(None))
        incidents = [rows.incident(row) for row in await self.reader.fetch(statement)]
        counted = await self.reader.fetch(
            _OPEN_OF, incidents=[incident.id for incident in incidents]
        )
        dead = {row["incident_id"]: row["number"] for row in counted}
        return [IncidentLine(one, dead.get(one.id, 0)) for one in incidents]

    async def incident(self, incident: UUID) -> Incident | None:
        """Return an incident."""
        found = await self.reader.fetch(_INCIDENT, incident=incident)
        return rows.incident(found[0]) if found else None

    async def attempts(self, consignment: UUID) -> Sequence[Attempt]:
        """Return a consignment's attempts, oldest first.

        Of a secret letter without what was answered.
        """
        box = self.reader.box
        if box is not None and not await box.letters_of([consignment]):
            return await StoredAttempts(self.reader.connection, box).of(consignment)
        found = await self.reader.fetch(_ATTEMPTS, consignment=consignment)
        return [rows.attempt(row, b"") for row in found]


def chosen(
    statement: Select[*tuple[Any, ...]], choice: Choice, *, settled: bool
) -> Select[*tuple[Any, ...]]:
    """Limit a statement over dead letters to those of a choice; open ones, or all."""
    wanted: list[Any] = []
    if not settled:
        wanted.append(DEAD_LETTER.c.settled_at.is_(None))
    if choice.incident is not None:
        wanted.append(DEAD_LETTER.c.incident_id == choice.incident)
    if choice.cause:
        wanted.append(DEAD_LETTER.c.cause == choice.cause)
    if choice.endpoint is not None:
        wanted.append(DEAD_LETTER.c.endpoint == choice.endpoint.text)
    if choice.stage is not None:
        wanted.append(DEAD_LETTER.c.stage == choice.stage.value)
    if choice.since is not None:
        wanted.append(DEAD_LETTER.c.at >= choice.since)
    if choice.until is not None:
        wanted.append(DEAD_LETTER.c.at < choice.until)
    return statement.where(*wanted)
