"""How organizations are reached, and how their endpoints fare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.endpoint import Endpoint
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange
from gateway.store.reading import ENDPOINT, ORGANIZATION, Reader, padded
from gateway.store.rows import Columns

_BY_CODE: Final = select(ENDPOINT).where(ENDPOINT.c.organization == bindparam("code"))
_HELD: Final = (
    select(ORGANIZATION.c.code)
    .where(ORGANIZATION.c.code == bindparam("code"))
    .with_for_update(read=True)
)
_SEVERAL: Final = select(ENDPOINT).where(
    ENDPOINT.c.organization.in_(bindparam("codes", expanding=True))
)
_SEVERAL_HELD: Final = (
    select(ORGANIZATION.c.code)
    .where(ORGANIZATION.c.code.in_(bindparam("codes", expanding=True)))
    # In one order, so that two processes do not wait for each other.
    .order_by(ORGANIZATION.c.code)
    .with_for_update(read=True)
)
_TAKE: Final = (
    select(ORGANIZATION.c.code)
    .where(ORGANIZATION.c.code == bindparam("code"))
    .with_for_update(key_share=True)
)
_ALL: Final = select(ENDPOINT).order_by(ENDPOINT.c.organization)
_FORGET: Final = delete(ENDPOINT).where(ENDPOINT.c.organization == bindparam("code"))
_ADD: Final = insert(ENDPOINT)
_FARES: Final = (
    "failures",
    "failing_since",
    "closed_until",
    "last_failure",
    "last_success_at",
)
_NOTE: Final = (
    update(ENDPOINT)
    .where(
        ENDPOINT.c.organization == bindparam("the_organization"),
        ENDPOINT.c.failures == bindparam("were"),
        ENDPOINT.c.changed_at == bindparam("as_of"),
    )
    .values({name: bindparam(f"new_{name}") for name in _FARES})
)


@dataclass(frozen=True, slots=True)
class StoredEndpoints:
    """Endpoints, in one unit or on a connection that only reads."""

    connection: Connection
    _read: dict[str, Columns] = field(default_factory=dict)

    async def find(
        self, code: OrganizationCode, *, steady: bool = False
    ) -> Endpoint | None:
        """Return an endpoint; `steady`: it stays so until the unit has ended.

        Its organization's row is held for that, since an endpoint may have none of its
        own yet; and before it is read, since on PostgreSQL a row that was waited for
        is read anew, and what is joined to it is not.
        """
        reader = Reader(self.connection)
        if steady:
            await reader.fetch(_HELD, code=code.text)
        found = await reader.fetch(_BY_CODE, code=code.text)
        if not found:
            return None
        self._read[code.text] = found[0]
        return rows.endpoint(found[0])

    async def several(
        self, codes: Iterable[OrganizationCode]
    ) -> Mapping[OrganizationCode, Endpoint]:
        """Return those of these that have a record; all stay so, as in `find`."""
        wanted = padded(sorted({code.text for code in codes}))
        reader = Reader(self.connection)
        await reader.fetch(_SEVERAL_HELD, codes=wanted)
        found = await reader.fetch(_SEVERAL, codes=wanted)
        self._read.update({row["organization"]: row for row in found})
        return {one.organization: one for one in map(rows.endpoint, found)}

    async def all(self) -> Sequence[Endpoint]:
        """Return all endpoints, by code."""
        found = await Reader(self.connection).fetch(_ALL)
        self._read.update({row["organization"]: row for row in found})
        return [rows.endpoint(row) for row in found]

    async def set(self, endpoint: Endpoint) -> None:
        """Keep what an operator decided, in place of what was there.

        Waits for units that rely on what is there (`find`, steady).
        """
        await self.connection.execute(_TAKE, {"code": endpoint.organization.text})
        await self.connection.execute(_FORGET, {"code": endpoint.organization.text})
        await self.connection.execute(_ADD, _row(endpoint))

    async def note(self, endpoint: Endpoint) -> None:
        """Keep how it fares; raises `ConcurrentChange` where that changed meanwhile."""
        code = endpoint.organization.text
        row, was = _row(endpoint), self._read.get(code)
        if was is None:
            raise ConcurrentChange(detail=f"endpoint {code} was not read")
        new = {f"new_{name}": row[name] for name in _FARES}
        result = await self.connection.execute(
            _NOTE,
            {
                "the_organization": code,
                "were": was["failures"],
                "as_of": was["changed_at"],
                **new,
            },
        )
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"endpoint {code}")
        self._read[code] = {**was, **row}


def _row(endpoint: Endpoint) -> Mapping[str, Any]:
    return {
        "organization": endpoint.organization.text,
        "way": endpoint.way.value,
        "url": endpoint.url,
        "networks": " ".join(endpoint.networks),
        "user": endpoint.user,
        "password_file": endpoint.password_file,
        "in_order": endpoint.in_order,
        "polled": endpoint.polled,
        "replays": endpoint.replays,
        "paused_at": endpoint.paused_at,
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since,
        "closed_until": endpoint.closed_until,
        "last_failure": endpoint.last_failure,
        "last_success_at": endpoint.last_success_at,
        "changed_at": endpoint.changed_at,
    }
