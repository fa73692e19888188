"""Read-only questions of door, console and command line.

Each takes a handful of statements, however many letters its answer has. Nothing is
locked: an answer is as old as its first statement.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Table, bindparam, func, or_, select

from envelopes.letter import OrganizationCode, normalised_number
from gateway.domain.act import Act
from gateway.domain.consignment import Consignment, Excerpt
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.domain.register import Book
from gateway.ports import (
    EndpointLine,
    Head,
    InboxLine,
    LetterLine,
    OutboundLine,
    Path,
    RegisterLine,
)
from gateway.store import rows
from gateway.store.acts import ACT
from gateway.store.asides import GIVEN_UP
from gateway.store.connection import Connection
from gateway.store.copies import StoredCopies
from gateway.store.dead_views import DeadViews
from gateway.store.endpoints import StoredEndpoints
from gateway.store.hiding import shown
from gateway.store.inboxes import HEAD, IN_QUEUE, PLACE, WAITING, read_entries
from gateway.store.reading import (
    CERTIFICATE,
    CONSIGNMENT,
    INBOX_ENTRY,
    JOURNAL,
    LETTER,
    ORGANIZATION,
    PROMISE,
    RECEIPT,
    REGISTRATION,
    Reader,
)
from gateway.store.unrouted import IS_UNROUTED
from gateway.store.vault import StoredVault

T = TypeVar("T")

_ASIDE: Final = (
    select(INBOX_ENTRY)
    .where(
        or_(INBOX_ENTRY.c.held_at.is_not(None), INBOX_ENTRY.c.parked_at.is_not(None)),
        ~GIVEN_UP,
    )
    .order_by(PLACE)
)
_SENT: Final = (
    select(CONSIGNMENT.c.process_id, LETTER.c.number, CONSIGNMENT.c.state)
    .join_from(CONSIGNMENT, LETTER, CONSIGNMENT.c.letter_id == LETTER.c.id)
    .where(CONSIGNMENT.c.sender == bindparam("sender"))
    .order_by(CONSIGNMENT.c.accepted_at.desc(), CONSIGNMENT.c.id.desc())
    .limit(bindparam("limit"))
)
_NEWEST: Final = (
    select(LETTER)
    .order_by(LETTER.c.accepted_at.desc(), LETTER.c.id.desc())
    .limit(bindparam("limit"))
)
_STATES: Final = (
    select(CONSIGNMENT.c.letter_id, CONSIGNMENT.c.state, func.count().label("number"))
    .where(CONSIGNMENT.c.letter_id.in_(bindparam("letters", expanding=True)))
    .group_by(CONSIGNMENT.c.letter_id, CONSIGNMENT.c.state)
)
_NUMBERED: Final = (
    select(LETTER)
    .where(LETTER.c.number_key == bindparam("key"))
    .order_by(LETTER.c.accepted_at, LETTER.c.id)
)
_IN_BOOK: Final = (
    select(REGISTRATION)
    .where(
        REGISTRATION.c.organization == bindparam("organization"),
        REGISTRATION.c.book == bindparam("book"),
        REGISTRATION.c.year == bindparam("year"),
    )
    .order_by(REGISTRATION.c.at, REGISTRATION.c.id)
)
_OWN: Final = CONSIGNMENT.alias("own")
_NOT_ROUTED: Final = (
    select(PROMISE.c.id)
    .join_from(PROMISE, CONSIGNMENT, PROMISE.c.consignment_id == CONSIGNMENT.c.id)
    .where(
        PROMISE.c.stage == Stage.ROUTE.value,
        PROMISE.c.kept_at.is_(None),
        IS_UNROUTED,
        CONSIGNMENT.c.sender == bindparam("sender"),
        CONSIGNMENT.c.receiver == bindparam("receiver"),
        CONSIGNMENT.c.id < bindparam("consignment"),
    )
    .order_by(CONSIGNMENT.c.id)
    .limit(bindparam("limit"))
)
_PAIR_OF: Final = (
    select(_OWN.c.id, _OWN.c.sender, _OWN.c.receiver)
    .join_from(PROMISE, _OWN, PROMISE.c.consignment_id == _OWN.c.id)
    .where(PROMISE.c.id == bindparam("promise"))
)
_WAITING_BY_ORGANIZATION: Final = (
    select(INBOX_ENTRY.c.organization, func.count().label("number"))
    .where(IN_QUEUE)
    .group_by(INBOX_ENTRY.c.organization)
)

_ACTS: Final = (
    select(ACT).order_by(ACT.c.at.desc(), ACT.c.id.desc()).limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class StoredViews:
    """Answers from the rows, on a connection that only reads."""

    connection: Connection
    vault: StoredVault

    async def head(
        self, organization: OrganizationCode, dialect: str = ""
    ) -> Head | None:
        """Return the head of an inbox; one indexed read where it is empty."""
        found = await self._reader.fetch(HEAD, organization=organization.text)
        if not found:
            return None
        entry = rows.inbox_entry(found[0])
        # It is handed on: rather nothing than a letter without what it hides.
        reader = Reader(self.connection, self.vault.box)
        consignments = await reader.consignments(
            await reader.of(CONSIGNMENT, CONSIGNMENT.c.id, [entry.consignment])
        )
        consignment = consignments[entry.consignment]
        if entry.receipt:
            receipts = await self._reader.receipts([entry.receipt])
            return Head(entry, consignment, receipts[entry.receipt])
        fitted = await StoredCopies(self.connection, self.vault.box).find(
            consignment.id, dialect
        )
        return Head(entry, consignment, None, fitted)

    async def bytes_of(self, excerpt: Excerpt) -> bytes:
        """Return a stretch of what the vault keeps."""
        whole = await self.vault.read(excerpt.digest)
        if (excerpt.start, excerpt.stop) == (0, len(whole)):
            return whole
        return whole[excerpt.start : excerpt.stop]

    async def letters(self, *, limit: int) -> Sequence[LetterLine]:
        """Return the newest letters, newest first."""
        found = await self._reader.fetch(_NEWEST, limit=limit)
        letters = await self._reader.letters(found)
        senders = await self._reader.organizations(x.sender for x in letters.values())
        states: dict[UUID, Counter[str]] = defaultdict(Counter)
        for row in await self._reader.fetch(_STATES, letters=list(letters)):
            states[row["letter_id"]][row["state"]] = row["number"]
        return [
            LetterLine(
                letters[row["id"]],
                senders[letters[row["id"]].sender],
                row["accepted_at"],
                states[row["id"]],
            )
            for row in found
        ]

    async def paths(self, number: str) -> Sequence[Path]:
        """Return the consignments of letters with this number, in any digit form.

        By letter, oldest first, and then by the receivers' codes.
        """
        letters = await self._reader.fetch(_NUMBERED, key=normalised_number(number))
        found = await self._reader.of(
            CONSIGNMENT,
            CONSIGNMENT.c.letter_id,
            (row["id"] for row in letters),
            CONSIGNMENT.c.receiver,
            CONSIGNMENT.c.id,
        )
        consignments = await self._reader.consignments(found)
        order = {row["id"]: place for place, row in enumerate(letters)}
        in_order = sorted(consignments.values(), key=lambda c: order[c.letter.id])
        return await self._paths(in_order)

    async def paths_of(self, consignments: Sequence[UUID]) -> Sequence[Path]:
        """Return consignments with all that is known of them, in any order."""
        found = await self._consignments(consignments)
        return await self._paths(list(found.values()))

    async def inbox(self, organization: OrganizationCode) -> Sequence[InboxLine]:
        """Return what waits in an inbox, head first."""
        return await self._lines(
            await read_entries(self.connection, WAITING, organization=organization.text)
        )

    async def aside(self, organization: OrganizationCode | None) -> Sequence[InboxLine]:
        """Return held and parked entries, of all organizations for None, by place.

        Without those the hub gave up: these are dead letters.
        """
        if organization is None:
            return await self._lines(await read_entries(self.connection, _ASIDE))
        own = _ASIDE.where(INBOX_ENTRY.c.organization == bindparam("organization"))
        return await self._lines(
            await read_entries(self.connection, own, organization=organization.text)
        )

    async def unrouted_before(self, promise: UUID, *, limit: int) -> Sequence[UUID]:
        """Return the promises to route what came before, from the same to the same.

        Oldest first.
        """
        for pair in await self._reader.fetch(_PAIR_OF, promise=promise):
            found = await self._reader.fetch(
                _NOT_ROUTED,
                sender=pair["sender"],
                receiver=pair["receiver"],
                consignment=pair["id"],
                limit=limit,
            )
            return [row["id"] for row in found]
        return []

    async def outbound(
        self, sender: OrganizationCode, *, limit: int
    ) -> Sequence[OutboundLine]:
        """Return a sender's newest consignments, newest first."""
        found = await self._reader.fetch(_SENT, sender=sender.text, limit=limit)
        return [
            OutboundLine(row["process_id"], row["number"], State(row["state"]))
            for row in found
        ]

    async def _lines(self, entries: Sequence[InboxEntry]) -> list[InboxLine]:
        consignments = await self._consignments([e.consignment for e in entries])
        receipts = await self._reader.receipts(e.receipt for e in entries)
        senders = await self._reader.organizations(
            c.sender for c in consignments.values()
        )
        return [
            InboxLine(
                entry,
                consignment.letter,
                senders[consignment.sender],
                consignment.state,
                receipts[entry.receipt] if entry.receipt else None,
            )
            for entry in entries
            for consignment in [consignments[entry.consignment]]
        ]

    async def register(
        self, organization: OrganizationCode, book: Book, year: int
    ) -> Sequence[RegisterLine]:
        """Return a book's registrations of a Buddhist year, in order of entry."""
        found = await self._reader.fetch(
            _IN_BOOK, organization=organization.text, book=book.value, year=year
        )
        consignments = await self._consignments([r["consignment_id"] for r in found])
        opened = await self._shown("registration", found, consignments)
        registrations = [rows.registration(row) for row in opened]
        senders = await self._reader.organizations(
            c.sender for c in consignments.values()
        )
        return [
            RegisterLine(registration, consignment.letter, senders[consignment.sender])
            for registration in registrations
            for consignment in [consignments[registration.consignment]]
        ]

    async def endpoints(self) -> Sequence[EndpointLine]:
        """Return all organizations with what was seen of them, by code."""
        found = await self._reader.fetch(
            select(ORGANIZATION).order_by(ORGANIZATION.c.code)
        )
        certificates = defaultdict(list)
        for row in await self._reader.fetch(
            select(CERTIFICATE).order_by(CERTIFICATE.c.added_at)
        ):
            certificates[row["organization"]].append(rows.certificate(row))
        counted = await self._reader.fetch(_WAITING_BY_ORGANIZATION)
        waiting = {row["organization"]: row["number"] for row in counted}
        reached = await StoredEndpoints(self.connection).all()
        endpoints = {endpoint.organization.text: endpoint for endpoint in reached}
        return [
            EndpointLine(
                rows.organization(row),
                certificates[row["code"]],
                row["last_seen_at"],
                waiting.get(row["code"], 0),
                endpoints.get(row["code"]),
            )
            for row in found
        ]

    async def acts(
        self, organization: OrganizationCode | None, *, limit: int
    ) -> Sequence[Act]:
        """Return the newest acts, of all organizations for None, newest first."""
        newest = _ACTS
        if organization is not None:
            newest = newest.where(ACT.c.organization == organization.text)
        return [rows.act(row) for row in await self._reader.fetch(newest, limit=limit)]

    @property
    def dead(self) -> DeadViews:
        """Dead letters and incidents."""
        return DeadViews(self._reader)

    @property
    def _reader(self) -> Reader:
        return Reader(self.connection, self.vault.box, only_to_look=True)

    async def _consignments(self, ids: Sequence[UUID]) -> Mapping[UUID, Consignment]:
        found = await self._reader.of(CONSIGNMENT, CONSIGNMENT.c.id, ids)
        return await self._reader.consignments(found)

    async def _paths(self, consignments: Sequence[Consignment]) -> list[Path]:
        ids = [c.id for c in consignments]
        receivers = await self._reader.organizations(c.receiver for c in consignments)
        known = {c.id: c for c in consignments}
        journals = await self._grouped(
            JOURNAL, ids, rows.journal_entry, JOURNAL.c.number, known=known
        )
        registrations = await self._grouped(
            REGISTRATION, ids, rows.registration, known=known
        )
        receipts = await self._grouped(RECEIPT, ids, rows.receipt)
        entries = await self._grouped(INBOX_ENTRY, ids, rows.inbox_entry)
        return [
            Path(
                c,
                receivers[c.receiver],
                journals[c.id],
                registrations[c.id],
                receipts[c.id],
                next((e for e in entries[c.id] if e.receipt is None), None),
                [e for e in entries[c.id] if e.receipt is not None],
            )
            for c in consignments
        ]

    async def _grouped(
        self,
        table: Table,
        consignments: Sequence[UUID],
        read: Callable[[rows.Columns], T],
        *order: Any,  # noqa: ANN401 - columns of any type
        known: Mapping[UUID, Consignment] | None = None,
    ) -> Mapping[UUID, Sequence[T]]:
        """Read the rows of consignments, oldest first where no order is given.

        `known` are the consignments where these rows may hide something.
        """
        key = table.c.consignment_id
        found = await self._reader.of(
            table, key, consignments, *(order or (table.c.id,))
        )
        opened = await self._shown(table.name, found, known) if known else found
        grouped: dict[UUID, list[T]] = defaultdict(list)
        for row in opened:
            grouped[row["consignment_id"]].append(read(row))
        return grouped

    async def _shown(
        self,
        table: str,
        found: Sequence[rows.Columns],
        consignments: Mapping[UUID, Consignment],
    ) -> Sequence[rows.Columns]:
        """Open those rows of consignments that hide something."""
        secret = {
            row["consignment_id"]: consignments[row["consignment_id"]].letter.id
            for row in found
            if row["hidden"] is not None
        }
        if not secret:
            return found
        keys = await self._reader.keys(secret.values())
        of_none = UUID(int=0)
        return [
            shown(table, row, keys.get(secret.get(row["consignment_id"], of_none)))
            for row in found
        ]
