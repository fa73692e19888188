"""Promises: written in a unit, published by the relay once it has committed."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from gateway.domain.endpoint import Way
from gateway.domain.inbox import InboxEntry
from gateway.domain.promise import Promise
from gateway.ports import Unrouted
from gateway.store import rows
from gateway.store.claims import FREE
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.reading import ENDPOINT, Reader, padded
from gateway.store.rows import Columns
from gateway.store.seals import with_seal
from gateway.store.tables import Row
from gateway.store.unrouted import to_route, up_to

UNKEPT: Final = timedelta(minutes=1)
"""After this long a promise that was published and not kept is published again."""

SKEW: Final = timedelta(minutes=1)
"""By how much the clocks of a hub's machines may differ."""

WINDOW: Final = 256
"""Promises of one push endpoint that are in the broker at once."""

_PROMISE: Final = Row.metadata.tables["promise"]
_ADD: Final = insert(_PROMISE)
_BY_ID: Final = select(_PROMISE).where(_PROMISE.c.id == bindparam("promise"))
_TO_DELIVER: Final = (
    select(_PROMISE)
    .where(
        _PROMISE.c.consignment_id == bindparam("consignment"),
        _PROMISE.c.entry_id == bindparam("entry"),
        _PROMISE.c.kept_at.is_(None),
    )
    .order_by(_PROMISE.c.id)
    .limit(1)
)
_KEEP: Final = (
    update(_PROMISE)
    .where(_PROMISE.c.id == bindparam("promise"), _PROMISE.c.kept_at.is_(None))
    .values(kept_at=bindparam("new_kept_at"), seal=bindparam("new_seal"))
)
# Locked at once and in one order, so that two processes do not wait for each other.
_HOLD: Final = (
    select(_PROMISE)
    .where(
        _PROMISE.c.id.in_(bindparam("promises", expanding=True)),
        _PROMISE.c.kept_at.is_(None),
    )
    .order_by(_PROMISE.c.id)
    .with_for_update(key_share=True)
)
_PUBLISHED: Final = (
    update(_PROMISE)
    # In one order, so that two processes do not wait for each other.
    .where(
        _PROMISE.c.id.in_(
            select(_PROMISE.c.id)
            .where(_PROMISE.c.id.in_(bindparam("promises", expanding=True)))
            .order_by(_PROMISE.c.id)
            .with_for_update()
            .scalar_subquery()
        )
    )
    .values(published_at=bindparam("new_published_at"))
)
_OPEN: Final = (
    select(_PROMISE)
    .where(_PROMISE.c.kept_at.is_(None), _PROMISE.c.endpoint.is_(None), FREE)
    .order_by(_PROMISE.c.not_before, _PROMISE.c.id)
    .limit(bindparam("limit"))
)
# Several statements, since each alone follows the index and all in one do not.
_NEW: Final = _OPEN.where(
    _PROMISE.c.published_at.is_(None), _PROMISE.c.not_before <= bindparam("now")
)
_AHEAD: Final = _OPEN.where(
    _PROMISE.c.published_at.is_(None),
    _PROMISE.c.not_before > bindparam("now"),
    _PROMISE.c.made_at > bindparam("ahead"),
)
_UNKEPT: Final = _OPEN.where(_PROMISE.c.published_at < bindparam("unkept_since"))

# Of each push endpoint the first that are due, published or not: a province that comes
# back with ten thousand letters delays nobody, and its queue is never long. Of one
# that rests none; of one that pulls now all, for its deliverer to find void.
_AWAKE: Final = select(ENDPOINT.c.organization).where(
    or_(
        ENDPOINT.c.way == Way.PULL.value,
        and_(
            ENDPOINT.c.paused_at.is_(None),
            or_(
                ENDPOINT.c.closed_until.is_(None),
                ENDPOINT.c.closed_until <= bindparam("now"),
            ),
        ),
    )
)
# Ranked without their other columns, since a long backlog is sorted for it.
_RANKED: Final = (
    select(
        _PROMISE.c.id,
        func.row_number()
        .over(
            partition_by=_PROMISE.c.endpoint,
            order_by=(_PROMISE.c.not_before, _PROMISE.c.id),
        )
        .label("rank"),
    )
    .where(
        _PROMISE.c.kept_at.is_(None),
        _PROMISE.c.endpoint.in_(_AWAKE),
        or_(
            _PROMISE.c.not_before <= bindparam("now"),
            _PROMISE.c.made_at > bindparam("ahead"),
        ),
    )
    .subquery()
)
_PUSHED: Final = (
    select(_PROMISE)
    .where(
        _PROMISE.c.id.in_(select(_RANKED.c.id).where(_RANKED.c.rank <= WINDOW)),
        FREE,
        or_(
            _PROMISE.c.published_at.is_(None),
            _PROMISE.c.published_at < bindparam("unkept_since"),
        ),
    )
    .order_by(_PROMISE.c.not_before, _PROMISE.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class StoredPromises:
    """Promises, in one unit."""

    connection: Connection
    made: Callable[[], None]
    """Called for each promise: somebody is to be woken when the unit has committed."""
    read: dict[UUID, Columns] = field(default_factory=dict)
    """As they were read in this unit."""
    held: dict[UUID, Columns] = field(default_factory=dict)
    """Those that nobody else can keep meanwhile."""

    async def add(self, promise: Promise) -> None:
        """Have a runner take it up, if and only if this unit commits."""
        await self.connection.add(_ADD, _row(promise))
        self.made()

    async def open(self, promise: UUID) -> Promise | None:
        """Return a promise that is not kept yet; None for a repeat of a kept one.

        None also for one that this store never made: a queue may be newer than a
        database that was restored.
        """
        row = await self._find(promise)
        if row is None or row["kept_at"] is not None:
            return None
        return rows.promise(row)

    async def to_deliver(self, entry: InboxEntry) -> Promise | None:
        """Return the open promise to hand an entry over; None where there is none."""
        found = await Reader(self.connection).fetch(
            _TO_DELIVER, consignment=entry.consignment, entry=entry.id
        )
        return rows.promise(found[0]) if found else None

    async def keep(self, promise: UUID, at: datetime) -> None:
        """Note that it is kept."""
        row = self.read.get(promise) or await self._find(promise)
        if row is None:
            raise StoreError(detail=f"no promise {promise}")
        if row["kept_at"] is not None:
            raise ConcurrentChange(detail=f"promise {promise} is not open")
        seal = with_seal("promise", {**row, "kept_at": at})["seal"]
        result = await self.connection.execute(
            _KEEP, {"promise": promise, "new_kept_at": at, "new_seal": seal}
        )
        self.read.pop(promise, None)
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"promise {promise}")

    async def to_route(self, promises: Sequence[UUID]) -> Sequence[Unrouted]:
        """Return those of these promises that are open, by their consignments' ids."""
        return await to_route(self.connection, promises)

    async def up_to(
        self, these: Sequence[Unrouted], *, limit: int
    ) -> Sequence[Unrouted]:
        """Return what is not routed, up to the last of these that each sent each other.

        By their consignments' ids; these are among them, where the limit reaches.
        """
        return await up_to(self.connection, these, limit=limit)

    async def hold(self, promises: Sequence[UUID]) -> Collection[UUID]:
        """Return those that are open; nobody else keeps them until the unit has ended.

        Asked after the consignments that they are about, as they are changed.
        """
        found = await Reader(self.connection).fetch(_HOLD, promises=padded(promises))
        self.held.update({row["id"]: row for row in found})
        return [row["id"] for row in found]

    async def keep_all(self, promises: Sequence[UUID], at: datetime) -> None:
        """Note that promises are kept that this unit holds."""
        if unheld := [one for one in promises if one not in self.held]:
            raise StoreError(detail=f"promises that are not held: {unheld}")
        kept = [
            with_seal("promise", {**self.held.pop(one), "kept_at": at})
            for one in promises
        ]
        await self.connection.execute(
            _KEEP,
            [
                {"promise": row["id"], "new_kept_at": at, "new_seal": row["seal"]}
                for row in kept
            ],
        )

    async def _find(self, promise: UUID) -> Columns | None:
        found = await Reader(self.connection).fetch(_BY_ID, promise=promise)
        if found:
            self.read[promise] = found[0]
        return found[0] if found else None


async def due(
    connection: Connection, now: datetime, *, limit: int
) -> Sequence[Promise]:
    """Return promises to publish that no relay has, oldest first.

    One that was made in the future is due, whatever it was to wait for: the clock was
    set back since.
    """
    reader, since, ahead = Reader(connection), now - UNKEPT, now + SKEW
    found = [
        *await reader.fetch(_NEW, now=now, limit=limit),
        *await reader.fetch(_AHEAD, now=now, ahead=ahead, limit=limit),
        *await reader.fetch(_UNKEPT, unkept_since=since, limit=limit),
        *await reader.fetch(
            _PUSHED, now=now, ahead=ahead, unkept_since=since, limit=limit
        ),
    ]
    promises = [rows.promise(row) for row in found if _is_due(row, now)]
    promises.sort(key=lambda promise: (promise.not_before, promise.id))
    return promises[:limit]


def _is_due(row: Columns, now: datetime) -> bool:
    """Say whether to publish; once more each time after twice as long.

    One that can never be kept is set aside by its runner each time; it is not to
    fill the dead queue minute by minute.
    """
    if row["published_at"] is None:
        return True
    waited = max(UNKEPT, row["published_at"] - row["made_at"])
    return bool(row["published_at"] + waited <= now)


async def note_published(
    connection: Connection, promises: Sequence[UUID], at: datetime
) -> None:
    """Note that the broker holds promises."""
    await connection.execute(
        _PUBLISHED, {"promises": sorted(promises), "new_published_at": at}
    )


class Wake:
    """Lets the relay wait for what units of this process promised."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def up(self) -> None:
        """A unit that made promises has committed."""
        self._changed.set()

    def down(self) -> None:
        """The relay is about to look."""
        self._changed.clear()

    async def wait(self, seconds: float) -> None:
        """Return when something came since the last look, or in so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return


def _row(promise: Promise) -> dict[str, Any]:
    return with_seal(
        "promise",
        {
            "id": promise.id,
            "stage": promise.stage.value,
            "consignment_id": promise.consignment,
            "receipt_id": promise.receipt,
            "made_at": promise.made_at,
            "not_before": promise.not_before,
            "published_at": None,
            "kept_at": None,
            "entry_id": promise.entry,
            "endpoint": promise.endpoint.text if promise.endpoint else None,
            "attempt": promise.attempt,
        },
    )
