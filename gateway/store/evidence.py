"""Signed receipts: which facts have none yet, and those that were made.

A fact is looked up by its id: pages of ids behind a place, each marked as signed or
not. So a look at what is new costs what is new, and nothing on the way of a letter
has to mark anything.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, func, insert, select

from gateway.domain.evidence import EvidenceKind, SignedReceipt, Unsigned
from gateway.ports import Backlog, Page, Source
from gateway.store.connection import Connection
from gateway.store.errors import SecretsClosed, StoreError
from gateway.store.reading import CONSIGNMENT, FITTED_COPY, RECEIPT, Reader, padded
from gateway.store.rows import Columns
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row

_SIGNED: Final = Row.metadata.tables["signed_receipt"]
_ENVELOPE: Final = Row.metadata.tables["envelope"]
_ADD: Final = insert(_SIGNED)
_KNOWN: Final = select(_SIGNED.c.about).where(
    _SIGNED.c.about.in_(bindparam("facts", expanding=True))
)
_IS_SIGNED: Final = _SIGNED.c.about.is_not(None).label("is_signed")


def _page(facts: Table, of: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401
    return (
        select(facts.c.id, of.label("consignment_id"), _IS_SIGNED)
        .select_from(facts.outerjoin(_SIGNED, _SIGNED.c.about == facts.c.id))
        .where(facts.c.id > bindparam("after"))
        .order_by(facts.c.id)
        .limit(bindparam("limit"))
    )


def _backlog(facts: Table, at: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401
    return (
        select(func.count().label("number"), func.min(at).label("oldest"))
        .select_from(facts.outerjoin(_SIGNED, _SIGNED.c.about == facts.c.id))
        .where(_SIGNED.c.about.is_(None))
    )


_PAGES: Final = {
    Source.CONSIGNMENTS: _page(CONSIGNMENT, CONSIGNMENT.c.id),
    Source.RECEIPTS: _page(RECEIPT, RECEIPT.c.consignment_id),
}
_BACKLOGS: Final = (
    _backlog(CONSIGNMENT, CONSIGNMENT.c.accepted_at),
    _backlog(RECEIPT, RECEIPT.c.at),
)
_SIGNED_PAGE: Final = (
    select(_SIGNED)
    .where(_SIGNED.c.about > bindparam("after"))
    .order_by(_SIGNED.c.about)
    .limit(bindparam("limit"))
)
_MADE: Final = select(func.count().label("number")).select_from(_SIGNED)


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """What is committed, to read."""

    connection: Connection
    box: Strongbox

    async def page(self, source: Source, after: UUID, *, limit: int) -> Page:
        """Return the facts behind a place that have no signed receipt yet."""
        found = await self._reader.fetch(_PAGES[source], after=after, limit=limit)
        return Page(
            [
                Unsigned(row["id"], row["consignment_id"])
                for row in found
                if not row["is_signed"]
            ],
            found[-1]["id"] if found else after,
            is_last=len(found) < limit,
        )

    async def backlog(self) -> Backlog:
        """Return how many facts wait for a signature, and since when."""
        found = [(await self._reader.fetch(one))[0] for one in _BACKLOGS]
        oldest = [row["oldest"] for row in found if row["oldest"] is not None]
        made = (await self._reader.fetch(_MADE))[0]["number"]
        waiting = sum(row["number"] for row in found)
        return Backlog(made, waiting, min(oldest, default=None))

    async def of(
        self, consignments: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[SignedReceipt]]:
        """Return the signed receipts of consignments, oldest facts first.

        The document of a secret letter is None where this hub has no key for it.
        """
        found = await self._reader.of(
            _SIGNED, _SIGNED.c.consignment_id, consignments, _SIGNED.c.about
        )
        of: dict[UUID, list[SignedReceipt]] = defaultdict(list)
        for receipt in await self._receipts(found):
            of[receipt.consignment].append(receipt)
        return of

    async def signed(self, after: UUID, *, limit: int) -> Sequence[SignedReceipt]:
        """Return the signed receipts behind a place, in the order of their facts."""
        found = await self._reader.fetch(_SIGNED_PAGE, after=after, limit=limit)
        return await self._receipts(found)

    async def _receipts(self, found: Sequence[Columns]) -> list[SignedReceipt]:
        secret = await self.box.letters_of(row["consignment_id"] for row in found)
        return [
            _signed_receipt(row, await self._opened(secret[consignment], row))
            if (consignment := row["consignment_id"]) in secret
            else _signed_receipt(row, row["document"])
            for row in found
        ]

    async def _opened(self, letter: UUID, row: Columns) -> bytes | None:
        try:
            return await self.box.open(letter, _place(row["about"]), row["document"])
        except SecretsClosed:
            return None

    async def sizes(self, envelopes: Sequence[str]) -> Mapping[str, int]:
        """Return the sizes of what the vault keeps, by digest."""
        found = await self._reader.of(_ENVELOPE, _ENVELOPE.c.digest, envelopes)
        return {row["digest"]: row["size"] for row in found}

    async def forms(
        self, consignments: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[str | None]]:
        """Return what was fitted of each consignment: digests, None for no need."""
        of: dict[UUID, list[str | None]] = defaultdict(list)
        for row in await self._reader.of(
            FITTED_COPY, FITTED_COPY.c.consignment_id, consignments
        ):
            of[row["consignment_id"]].append(row["digest"])
        return of

    @property
    def _reader(self) -> Reader:
        return Reader(self.connection)


@dataclass(frozen=True, slots=True)
class StoredSignedReceipts:
    """Signed receipts, in one unit."""

    connection: Connection
    box: Strongbox

    async def add(self, receipts: Sequence[SignedReceipt]) -> Sequence[SignedReceipt]:
        """Keep receipts whose facts have none; return those that were kept.

        Raises a temporary `StoreError` where another process was a moment faster.
        """
        found = await Reader(self.connection).fetch(
            _KNOWN, facts=padded([receipt.about for receipt in receipts])
        )
        known = {row["about"] for row in found}
        new = [receipt for receipt in receipts if receipt.about not in known]
        secret = await self.box.letters_of(receipt.consignment for receipt in new)
        if rows := [await self._row(receipt, secret) for receipt in new]:
            await self.connection.execute(_ADD, rows)
        return new

    async def _row(
        self, receipt: SignedReceipt, secret: Mapping[UUID, UUID]
    ) -> dict[str, Any]:
        document = receipt.document
        if document is None:
            raise StoreError(detail=f"a receipt without a document: {receipt.about}")
        if receipt.consignment in secret:
            letter, place = secret[receipt.consignment], _place(receipt.about)
            document = await self.box.seal(letter, place, document)
        return {
            "about": receipt.about,
            "consignment_id": receipt.consignment,
            "kind": receipt.kind.value,
            "version": receipt.version,
            "document": document,
            "certificate": receipt.certificate,
            "made_at": receipt.made_at,
        }


def _place(about: UUID) -> str:
    return f"signed_receipt {about} document"


def _signed_receipt(row: Columns, document: bytes | None) -> SignedReceipt:
    made_at: datetime = row["made_at"]
    return SignedReceipt(
        about=row["about"],
        consignment=row["consignment_id"],
        kind=EvidenceKind(row["kind"]),
        version=row["version"],
        document=document,
        certificate=row["certificate"],
        made_at=made_at,
    )
