"""The hub's own certificates: the one in use, and all that ever were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, select, update

from gateway.domain.hub_certificate import HubCertificate
from gateway.store.connection import Connection
from gateway.store.reading import Reader
from gateway.store.rows import Columns
from gateway.store.tables import Row

if TYPE_CHECKING:
    from envelopes.trust import Certificate

_TABLE: Final = Row.metadata.tables["hub_certificate"]
_ALL: Final = select(_TABLE).order_by(_TABLE.c.in_use_from.desc(), _TABLE.c.fingerprint)
_ONE: Final = select(_TABLE).where(_TABLE.c.fingerprint == bindparam("the_one"))
_ADD: Final = insert(_TABLE)
_AGAIN: Final = (
    update(_TABLE)
    .where(
        _TABLE.c.fingerprint == bindparam("the_one"),
        _TABLE.c.in_use_until.is_not(None),
    )
    .values(in_use_until=None)
)
_OTHERS_END: Final = (
    update(_TABLE)
    .where(
        _TABLE.c.fingerprint != bindparam("the_one"),
        _TABLE.c.in_use_until.is_(None),
    )
    .values(in_use_until=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class StoredHubCertificates:
    """The hub's certificates, in one unit or on a connection that only reads."""

    connection: Connection

    async def all(self) -> Sequence[HubCertificate]:
        """Return all of them, newest first."""
        return [_read(row) for row in await Reader(self.connection).fetch(_ALL)]

    async def find(self, fingerprint: str) -> HubCertificate | None:
        """Return the one with this fingerprint."""
        found = await Reader(self.connection).fetch(_ONE, the_one=fingerprint)
        return _read(found[0]) if found else None

    async def add(self, certificate: "Certificate", at: datetime) -> None:
        """Know a certificate before anything is signed with it; again is nothing."""
        if await self.find(certificate.fingerprint) is not None:
            await self.connection.execute(_AGAIN, {"the_one": certificate.fingerprint})
            return
        await self.connection.execute(
            _ADD,
            {
                "fingerprint": certificate.fingerprint,
                "der": certificate.der,
                "not_before": certificate.not_before,
                "not_after": certificate.not_after,
                "in_use_from": at,
                "in_use_until": None,
            },
        )

    async def in_use(self, certificate: "Certificate", at: datetime) -> None:
        """Note that this one is in use, and all others no longer."""
        await self.add(certificate, at)
        parameters = {"the_one": certificate.fingerprint, "at": at}
        await self.connection.execute(_OTHERS_END, parameters)


def _read(row: Columns) -> HubCertificate:
    return HubCertificate(
        der=row["der"],
        fingerprint=row["fingerprint"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        in_use_from=row["in_use_from"],
        in_use_until=row["in_use_until"],
    )
