"""Dead letters with what the records say of their letters now.

Read from columns that show even of a secret letter: which letter it is, never what
stands in it. A handful of statements for some hundred dead letters.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, or_, select

from envelopes.letter import OrganizationCode
from gateway.domain.deadletter import Settled
from gateway.domain.endpoint import Endpoint
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.receipts import ReceiptKind
from gateway.domain.replay_plan import PASSING, Candidate, Choice
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import (
    BATCH,
    CONSIGNMENT,
    DEAD_LETTER,
    ENDPOINT,
    INBOX_ENTRY,
    RECEIPT,
    REGISTRATION,
    Reader,
)
from gateway.store.rows import Columns

_KEPT: Final = (State.DELIVERED, State.RECEIVED, State.RECALLED)
"""States in which a receiver that took a letter has not sent it back."""

_LETTER: Final = {
    name: CONSIGNMENT.c[name].label(f"letter_{name}")
    for name in ("letter_id", "sender", "receiver", "copy_digest", "accepted_at")
}
_FOUND: Final = select(
    DEAD_LETTER,
    *_LETTER.values(),
    CONSIGNMENT.c.state.label("letter_state"),
    INBOX_ENTRY.c.taken_at.label("entry_taken_at"),
).select_from(
    DEAD_LETTER.join(
        CONSIGNMENT, CONSIGNMENT.c.id == DEAD_LETTER.c.consignment_id
    ).outerjoin(INBOX_ENTRY, INBOX_ENTRY.c.id == DEAD_LETTER.c.entry_id)
)
_BY_IDS: Final = _FOUND.where(DEAD_LETTER.c.id.in_(bindparam("keys", expanding=True)))

_BEFORE: Final = DEAD_LETTER.alias("before")
_MENDED: Final = (
    _FOUND.where(
        DEAD_LETTER.c.settled_at.is_(None),
        DEAD_LETTER.c.endpoint == bindparam("endpoint"),
        DEAD_LETTER.c.stage == Stage.DELIVER.value,
        or_(*(DEAD_LETTER.c.cause == cause for cause in sorted(PASSING))),
        DEAD_LETTER.c.at < bindparam("since"),
        ~exists().where(
            _BEFORE.c.consignment_id == DEAD_LETTER.c.consignment_id,
            _BEFORE.c.receipt_id.is_not_distinct_from(DEAD_LETTER.c.receipt_id),
            _BEFORE.c.settled == Settled.REPLAYED.value,
        ),
    )
    .order_by(CONSIGNMENT.c.accepted_at, DEAD_LETTER.c.at, DEAD_LETTER.c.id)
    .limit(bindparam("limit"))
)
_TWINS: Final = select(
    *(CONSIGNMENT.c[n] for n in ("id", "letter_id", "receiver", "copy_digest", "state"))
).where(CONSIGNMENT.c.letter_id.in_(bindparam("keys", expanding=True)))
_NUMBERED: Final = select(REGISTRATION.c.consignment_id).where(
    REGISTRATION.c.consignment_id.in_(bindparam("keys", expanding=True))
)
_TAKEN: Final = select(RECEIPT.c.consignment_id).where(
    RECEIPT.c.consignment_id.in_(bindparam("keys", expanding=True)),
    RECEIPT.c.kind == ReceiptKind.CUSTODY.value,
)
_REPLAYED: Final = select(DEAD_LETTER.c.consignment_id, DEAD_LETTER.c.receipt_id).where(
    DEAD_LETTER.c.consignment_id.in_(bindparam("keys", expanding=True)),
    DEAD_LETTER.c.settled == Settled.REPLAYED.value,
)


async def candidates_chosen(
    connection: Connection, choice: Choice
) -> Sequence[Candidate]:
    """Return the open dead letters of a choice."""
    statement = _chosen(choice)
    found = await Reader(connection).fetch(statement)
    return await _candidates(connection, found)


async def candidates_of(
    connection: Connection, dead_letters: Sequence[UUID]
) -> Sequence[Candidate]:
    """Return these dead letters, open or not."""
    found = await _fetch(Reader(connection), _BY_IDS, dead_letters)
    return await _candidates(connection, found)


async def candidates_mended(
    connection: Connection, endpoint: OrganizationCode, since: datetime, *, limit: int
) -> Sequence[Candidate]:
    """Return what died of time before then, and was not replayed, oldest first."""
    found = await Reader(connection).fetch(
        _MENDED, endpoint=endpoint.text, since=since, limit=limit
    )
    return await _candidates(connection, found)


def _chosen(choice: Choice) -> Select[*tuple[Any, ...]]:
    statement = _FOUND.where(DEAD_LETTER.c.settled_at.is_(None))
    if choice.incident is not None:
        statement = statement.where(DEAD_LETTER.c.incident_id == choice.incident)
    if choice.cause:
        statement = statement.where(DEAD_LETTER.c.cause == choice.cause)
    if choice.endpoint is not None:
        statement = statement.where(DEAD_LETTER.c.endpoint == choice.endpoint.text)
    if choice.stage is not None:
        statement = statement.where(DEAD_LETTER.c.stage == choice.stage.value)
    if choice.since is not None:
        statement = statement.where(DEAD_LETTER.c.at >= choice.since)
    if choice.until is not None:
        statement = statement.where(DEAD_LETTER.c.at < choice.until)
    return statement


async def _candidates(
    connection: Connection, found: Sequence[Columns]
) -> list[Candidate]:
    reader = Reader(connection)
    anew = await _sent_anew(reader, found)
    same = [row["id"] for alike in anew.values() for row in alike]
    numbered = await _of(reader, _NUMBERED, same)
    taken = await _of(reader, _TAKEN, same)
    before = await _replayed(reader, found)
    endpoints = await _endpoints(reader, {row["endpoint"] for row in found})
    return [
        _candidate(
            row,
            stamped_anew=any(other["id"] in numbered for other in others),
            held_anew=any(_is_kept(other, taken) for other in others),
            replayed=(row["consignment_id"], row["receipt_id"]) in before,
            endpoint=endpoints.get(row["endpoint"]),
        )
        for row in found
        for alike in [anew[_key(row, "letter_")]]
        for others in [[o for o in alike if o["id"] != row["consignment_id"]]]
    ]


def _candidate(
    row: Columns,
    *,
    stamped_anew: bool,
    held_anew: bool,
    replayed: bool,
    endpoint: Endpoint | None,
) -> Candidate:
    dead_letter = rows.dead_letter(row)
    return Candidate(
        dead_letter=dead_letter,
        sender=OrganizationCode(row["letter_sender"]),
        accepted_at=row["letter_accepted_at"],
        state=State(row["letter_state"]),
        fetched=row["entry_taken_at"] is not None,
        stamped_anew=stamped_anew,
        held_anew=held_anew,
        endpoint=endpoint,
        replayed=replayed,
    )


def _key(row: Columns, prefix: str = "") -> tuple[object, ...]:
    """Return what two consignments of the same bytes to one receiver have alike."""
    return tuple(row[f"{prefix}{n}"] for n in ("letter_id", "receiver", "copy_digest"))


async def _sent_anew(
    reader: Reader, found: Sequence[Columns]
) -> Mapping[tuple[object, ...], Sequence[Columns]]:
    """Return the consignments of the same bytes, these included, by what is alike."""
    wanted = {_key(row, "letter_") for row in found}
    letters = {row["letter_letter_id"] for row in found}
    alike: dict[tuple[object, ...], list[Columns]] = defaultdict(list)
    for row in await _fetch(reader, _TWINS, letters):
        if _key(row) in wanted:
            alike[_key(row)].append(row)
    return alike


def _is_kept(consignment: Columns, taken: set[UUID]) -> bool:
    return consignment["id"] in taken and State(consignment["state"]) in _KEPT


async def _of(
    reader: Reader, statement: Select[*tuple[Any, ...]], consignments: Iterable[UUID]
) -> set[UUID]:
    """Return those of the consignments that a statement finds something of."""
    found = await _fetch(reader, statement, consignments)
    return {row["consignment_id"] for row in found}


async def _replayed(
    reader: Reader, found: Sequence[Columns]
) -> set[tuple[UUID, UUID | None]]:
    """Return of which work a dead letter was replayed before."""
    consignments = {row["consignment_id"] for row in found}
    dead = await _fetch(reader, _REPLAYED, consignments)
    return {(row["consignment_id"], row["receipt_id"]) for row in dead}


async def _endpoints(reader: Reader, codes: set[str]) -> Mapping[str, Endpoint]:
    found = await reader.of(ENDPOINT, ENDPOINT.c.organization, codes)
    return {row["organization"]: rows.endpoint(row) for row in found}


async def _fetch(
    reader: Reader, statement: Select[*tuple[Any, ...]], keys: Iterable[UUID]
) -> list[Columns]:
    """Run a statement for all of these keys, some at a time."""
    unique = list(dict.fromkeys(keys))
    found: list[Columns] = []
    for first in range(0, len(unique), BATCH):
        found += await reader.fetch(statement, keys=unique[first : first + BATCH])
    return found
