"""What is on its way to an inbox: open promises to route, and who comes before whom.

In order are the letters that one office sends another; the index of what is not routed
yet holds few, and soon none.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, select, text

from envelopes.letter import OrganizationCode
from gateway.domain.lifecycle import State
from gateway.domain.promise import Stage
from gateway.ports import Unrouted
from gateway.store.connection import Connection
from gateway.store.reading import CONSIGNMENT, PROMISE, Reader, padded
from gateway.store.rows import Columns

IS_UNROUTED: Final = text(f"consignment.state = '{State.ACCEPTED.value}'")
"""As the index has it, and not as a parameter: else it is not used."""

_TO_ROUTE: Final[Select[*tuple[Any, ...]]] = (
    select(
        PROMISE.c.id,
        PROMISE.c.consignment_id,
        CONSIGNMENT.c.sender,
        CONSIGNMENT.c.receiver,
    )
    .join_from(PROMISE, CONSIGNMENT, PROMISE.c.consignment_id == CONSIGNMENT.c.id)
    .where(PROMISE.c.kept_at.is_(None))
)
_THESE: Final = _TO_ROUTE.where(
    PROMISE.c.id.in_(bindparam("promises", expanding=True))
).order_by(CONSIGNMENT.c.id)
_LAST: Final = CONSIGNMENT.alias("last")
_UP_TO: Final = (
    _TO_ROUTE.join(
        _LAST,
        (_LAST.c.sender == CONSIGNMENT.c.sender)
        & (_LAST.c.receiver == CONSIGNMENT.c.receiver)
        & (_LAST.c.id >= CONSIGNMENT.c.id),
    )
    .where(PROMISE.c.stage == Stage.ROUTE.value, IS_UNROUTED)
    .where(_LAST.c.id.in_(bindparam("lasts", expanding=True)))
    .order_by(CONSIGNMENT.c.id, PROMISE.c.id)
    .limit(bindparam("limit"))
)


async def to_route(
    connection: Connection, promises: Sequence[UUID]
) -> Sequence[Unrouted]:
    """Return those of these promises that are open, by their consignments' ids."""
    found = await Reader(connection).fetch(_THESE, promises=padded(promises))
    return [_unrouted(row) for row in found]


async def up_to(
    connection: Connection, these: Sequence[Unrouted], *, limit: int
) -> Sequence[Unrouted]:
    """Return what is not routed, up to the last of these that each sent each other."""
    # One for each two offices: what joins them is then looked up once.
    lasts = {(one.sender, one.receiver): one.consignment for one in these}
    if not lasts:
        return []
    found = await Reader(connection).fetch(
        _UP_TO, lasts=padded(list(lasts.values())), limit=limit
    )
    return [_unrouted(row) for row in found]


def _unrouted(row: Columns) -> Unrouted:
    return Unrouted(
        row["id"],
        row["consignment_id"],
        OrganizationCode(row["sender"]),
        OrganizationCode(row["receiver"]),
    )
