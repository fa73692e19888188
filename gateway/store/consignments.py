"""Consignments and their journals."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.admission import day_of
from gateway.domain.consignment import Consignment, Entry, Judgement
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.hiding import hidden, shown
from gateway.store.letters import letters_of, secret_ones
from gateway.store.reading import CONSIGNMENT, JOURNAL, LETTER, Reader, padded
from gateway.store.rows import Columns
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox

_Hide = Callable[[str, Columns], Columns]

_OF_LETTER: Final = {f"of_letter_{c.name}": c.name for c in LETTER.columns}
_WITH_LETTER: Final = select(
    *CONSIGNMENT.columns,
    *(LETTER.c[name].label(label) for label, name in _OF_LETTER.items()),
).join_from(CONSIGNMENT, LETTER, CONSIGNMENT.c.letter_id == LETTER.c.id)
_FIRST: Final = JOURNAL.alias("first_line")
_LAST: Final = JOURNAL.alias("last_line")
_WITH_ENDS: Final = (
    _WITH_LETTER.add_columns(
        _FIRST.c.facts.label("first_facts"), _LAST.c.seal.label("last_seal")
    )
    .outerjoin(
        _FIRST, (_FIRST.c.consignment_id == CONSIGNMENT.c.id) & (_FIRST.c.number == 1)
    )
    .outerjoin(
        _LAST,
        (_LAST.c.consignment_id == CONSIGNMENT.c.id)
        & (_LAST.c.number == CONSIGNMENT.c.entries),
    )
)
_BY_ID: Final = _WITH_ENDS.where(CONSIGNMENT.c.id == bindparam("consignment"))
# Locked at once and in one order, so that two processes do not wait for each other.
_HOLD: Final = (
    _WITH_ENDS.where(CONSIGNMENT.c.id.in_(bindparam("consignments", expanding=True)))
    .order_by(CONSIGNMENT.c.id)
    .with_for_update(of=CONSIGNMENT, key_share=True)
)
_BY_NUMBER: Final = _WITH_LETTER.where(
    CONSIGNMENT.c.sender == bindparam("sender"),
    CONSIGNMENT.c.receiver == bindparam("receiver"),
    CONSIGNMENT.c.number_key == bindparam("number_key"),
    CONSIGNMENT.c.day == bindparam("day"),
    CONSIGNMENT.c.freed_at.is_(None),
)
_OLDEST_FIRST: Final = _WITH_LETTER.where(
    CONSIGNMENT.c.day == bindparam("day")
).order_by(CONSIGNMENT.c.accepted_at, CONSIGNMENT.c.id)
_RECEIVED: Final = _OLDEST_FIRST.where(CONSIGNMENT.c.receiver == bindparam("code"))
_SENT: Final = _OLDEST_FIRST.where(CONSIGNMENT.c.sender == bindparam("code"))
_ADD: Final = insert(CONSIGNMENT)
_CHANGEABLE: Final = (
    "state",
    "entries",
    "delivery_digest",
    "delivery_start",
    "delivery_stop",
    "freed_at",
    "hidden",
    "seal",
)
_SAVE: Final = (
    update(CONSIGNMENT)
    .where(
        CONSIGNMENT.c.id == bindparam("the_id"),
        CONSIGNMENT.c.entries == bindparam("entries_before"),
    )
    .values({name: bindparam(f"new_{name}") for name in _CHANGEABLE})
)
_WRITE: Final = insert(JOURNAL)
_LAST_SEAL: Final = select(JOURNAL.c.seal).where(
    JOURNAL.c.consignment_id == bindparam("consignment"),
    JOURNAL.c.number == bindparam("number"),
)


@dataclass(frozen=True, slots=True)
class StoredConsignments:
    """Consignments and their journals, in one unit."""

    connection: Connection
    box: Strongbox
    entries: dict[UUID, int] = field(default_factory=dict)
    """How many lines each had when it was read."""
    ends: dict[tuple[UUID, int], str] = field(default_factory=dict)
    """The seals of last lines that were read with them."""
    held: set[UUID] = field(default_factory=set)
    """Those that nobody else can change meanwhile."""

    async def add(self, consignment: Consignment) -> None:
        """Keep a new consignment and its fresh entries."""
        hide = await self._hiding(consignment)
        await self.connection.add(_ADD, _sealed(consignment, hide))
        await self._write(consignment, hide, before="")

    async def save(self, consignment: Consignment) -> None:
        """Keep state, delivery and freeing, and add its fresh entries to the journal.

        Raises `ConcurrentChange` where it changed since it was read.
        """
        read = consignment.entries - len(consignment.fresh)
        hide = await self._hiding(consignment)
        change = _change(consignment, hide)
        result = await self.connection.execute(_SAVE, change)
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"consignment {consignment.id}")
        self.entries[consignment.id] = consignment.entries
        before = await self._seal_of(consignment, read)
        await self._write(consignment, hide, before=before)

    async def save_all(self, consignments: Sequence[Consignment]) -> None:
        """Keep what `save` keeps of consignments that this unit holds."""
        changes, lines = [], []
        for consignment in consignments:
            read = consignment.entries - len(consignment.fresh)
            # Of several rows no database says how many of them matched.
            if not self._holds(consignment.id, read):
                raise StoreError(detail=f"consignment {consignment.id} is not held")
            hide = await self._hiding(consignment)
            changes.append(_change(consignment, hide))
            before = await self._seal_of(consignment, read)
            lines += _fresh_lines(consignment, hide, before)
            self.entries[consignment.id] = consignment.entries
        await self.connection.execute(_SAVE, changes)
        await self.connection.execute(_WRITE, lines)

    async def changed(self) -> bool:
        """Say whether another process changed one since it was read here."""
        now = await Reader(self.connection).of(
            CONSIGNMENT, CONSIGNMENT.c.id, self.entries
        )
        return any(row["entries"] != self.entries[row["id"]] for row in now)

    async def get(self, consignment: UUID) -> Consignment:
        """Return a consignment that must be there."""
        found = await self._read(_BY_ID, consignment=consignment)
        if not found:
            raise StoreError(detail=f"no consignment {consignment}")
        return found[0]

    async def hold(self, consignments: Sequence[UUID]) -> Sequence[Consignment]:
        """Return those that are there, by id, as they are now.

        Nobody else changes them until the unit has ended.
        """
        found = await self._read(_HOLD, consignments=padded(consignments))
        for consignment in found:
            self.held.add(consignment.id)
            self.entries[consignment.id] = consignment.entries
        return found

    async def same_number(
        self,
        sender: OrganizationCode,
        receiver: OrganizationCode,
        key: tuple[str, str],
    ) -> Consignment | None:
        """Return the one with this normalised number and day that was not freed."""
        number_key, day = key
        found = await self._read(
            _BY_NUMBER,
            sender=sender.text,
            receiver=receiver.text,
            number_key=number_key,
            day=day_of(day).isoformat(),
        )
        return found[0] if found else None

    async def received_by(
        self, receiver: OrganizationCode, day: str
    ) -> Sequence[Consignment]:
        """Return what a receiver has of letters of this Gregorian day, oldest first."""
        return await self._read(_RECEIVED, code=receiver.text, day=day)

    async def sent_by(
        self, sender: OrganizationCode, day: str
    ) -> Sequence[Consignment]:
        """Return what a sender sent of letters of this Gregorian day, oldest first."""
        return await self._read(_SENT, code=sender.text, day=day)

    async def _read(
        self, statement: Select[*tuple[Any, ...]], **parameters: object
    ) -> list[Consignment]:
        found = await Reader(self.connection).fetch(statement, **parameters)
        for row in found:
            # As it was first: a later reading may know more than what came before.
            self.entries.setdefault(row["id"], row["entries"])
            if seal := row.get("last_seal"):
                self.ends[row["id"], row["entries"]] = seal
        of_letters = [
            {name: row[label] for label, name in _OF_LETTER.items()} for row in found
        ]
        keys = await self.box.keys(secret_ones(of_letters))
        letters = await letters_of(self.connection, self.box, of_letters, keys)
        return [
            rows.consignment(
                shown("consignment", row, keys.get(row["letter_id"])),
                letters[row["letter_id"]],
            )
            for row in found
        ]

    async def _hiding(self, consignment: Consignment) -> _Hide:
        """Return what makes of its rows those that are kept."""
        letter = consignment.letter
        if not letter.is_secret:
            return _as_it_is
        key, ring = await self.box.key(letter.id), self.box.ring
        return partial(hidden, key=key, ring=ring)

    async def _seal_of(self, consignment: Consignment, number: int) -> str:
        if known := self.ends.get((consignment.id, number)):
            return known
        result = await self.connection.execute(
            _LAST_SEAL, {"consignment": consignment.id, "number": number}
        )
        seal: str | None = result.scalar_one_or_none()
        if seal is None:
            # Writing on would hide that a line is missing.
            raise StoreError(detail=f"journal of {consignment.id} lacks {number}")
        return seal

    async def _write(
        self, consignment: Consignment, hide: _Hide, *, before: str
    ) -> None:
        if lines := _fresh_lines(consignment, hide, before):
            await self.connection.add(_WRITE, lines)

    def _holds(self, consignment: UUID, entries: int) -> bool:
        return consignment in self.held and self.entries[consignment] == entries


def _change(consignment: Consignment, hide: _Hide) -> dict[str, Any]:
    """Return what `_SAVE` is given."""
    row = _sealed(consignment, hide)
    return {
        "the_id": consignment.id,
        "entries_before": consignment.entries - len(consignment.fresh),
        **{f"new_{name}": row[name] for name in _CHANGEABLE},
    }


def _fresh_lines(
    consignment: Consignment, hide: _Hide, before: str
) -> list[dict[str, Any]]:
    """Return its fresh entries, no longer fresh, as lines behind that seal."""
    lines = []
    for entry in consignment.fresh:
        kept = hide("journal", _line(consignment, entry))
        line = with_seal("journal", kept, before)
        before = line["seal"]
        lines.append(line)
    consignment.fresh.clear()
    return lines


def _sealed(consignment: Consignment, hide: _Hide) -> dict[str, Any]:
    return with_seal("consignment", hide("consignment", _row(consignment)))


def _as_it_is(table: str, row: Columns) -> Columns:
    del table
    return row


def _row(consignment: Consignment) -> Columns:
    letter_id = consignment.letter.letter_id
    delivery = consignment.delivery
    return {
        "id": consignment.id,
        "letter_id": consignment.letter.id,
        "process_id": consignment.process_id,
        "sender": consignment.sender.text,
        "receiver": consignment.receiver.text,
        "number_key": letter_id.key[0],
        "day": day_of(letter_id.date).isoformat(),
        "receiver_name": consignment.receiver_name,
        "copy_digest": consignment.copy_digest,
        "envelope_digest": consignment.envelope_digest,
        "signed": consignment.signed.value,
        "accepted_at": consignment.accepted_at,
        "state": consignment.state.value,
        "entries": consignment.entries,
        "delivery_digest": delivery.digest if delivery else None,
        "delivery_start": delivery.start if delivery else None,
        "delivery_stop": delivery.stop if delivery else None,
        "freed_at": consignment.freed_at,
        **_judged(consignment.judgement),
        "hidden": None,
    }


def _judged(judgement: Judgement | None) -> Columns:
    return {
        "intact": judgement.intact if judgement else None,
        "valid": judgement.valid if judgement else None,
        "trusted": judgement.trusted if judgement else None,
        "reasons": " ".join(judgement.reasons) if judgement else None,
        "certificate": judgement.certificate or None if judgement else None,
        "algorithm": judgement.algorithm or None if judgement else None,
    }


def _line(consignment: Consignment, entry: Entry) -> Columns:
    return {
        "consignment_id": consignment.id,
        "number": entry.number,
        "at": entry.at,
        "happening": entry.happening.value,
        "state": entry.state.value,
        "actor": entry.actor,
        "facts": json.dumps(dict(entry.facts), ensure_ascii=False, sort_keys=True),
        "hidden": None,
        "batch": None,
    }
