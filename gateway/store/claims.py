"""Promises that one of several relays has taken, so that no other publishes them.

A claim is a time in the promise's row, by the server's clock: it ends by itself where
the process that has it is killed, and nothing is locked while that publishes. Losing
one does no harm, since what is published twice is recognised; so it is the one thing
that is committed without waiting for the disk.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text, update

from gateway.store.connection import Connection
from gateway.store.tables import Row

CLAIM: Final = timedelta(seconds=5)
"""Far longer than publishing a batch takes; as long a promise of a process that was
killed waits for another relay."""

_PROMISE: Final = Row.metadata.tables["promise"]
_WITHOUT_WAITING: Final = text("SET LOCAL synchronous_commit TO off")

FREE: Final = or_(
    _PROMISE.c.claimed_until.is_(None), _PROMISE.c.claimed_until <= func.now()
)
"""Whether no relay has it."""

_OURS: Final = (
    select(_PROMISE.c.id)
    .where(
        _PROMISE.c.id.in_(bindparam("promises", expanding=True)),
        _PROMISE.c.kept_at.is_(None),
        or_(
            _PROMISE.c.published_at.is_(None),
            _PROMISE.c.published_at < bindparam("unkept_since"),
        ),
        FREE,
    )
    .order_by(_PROMISE.c.id)
    .with_for_update(skip_locked=True)
)
_CLAIM: Final = (
    update(_PROMISE)
    .where(_PROMISE.c.id.in_(_OURS.scalar_subquery()))
    .values(claimed_until=func.now() + bindparam("claim", CLAIM))
    .returning(_PROMISE.c.id)
)


async def claim(
    connection: Connection, promises: Sequence[UUID], unkept_since: datetime
) -> frozenset[UUID]:
    """Take those of these promises that no other relay has; return which.

    What another one has published since they were read is not taken.
    """
    await connection.execute(_WITHOUT_WAITING)
    result = await connection.execute(
        _CLAIM, {"promises": list(promises), "unkept_since": unkept_since}
    )
    return frozenset(result.scalars())
