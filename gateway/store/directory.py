"""The directory: who exists, and which certificates speak for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select

from envelopes.letter import OrganizationCode
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import CERTIFICATE, ORGANIZATION, Reader

_BY_CODE: Final = select(ORGANIZATION).where(ORGANIZATION.c.code == bindparam("code"))
_ALL: Final = select(ORGANIZATION).order_by(ORGANIZATION.c.code)
_CERTIFICATES: Final = (
    select(CERTIFICATE)
    .where(CERTIFICATE.c.organization == bindparam("code"))
    .order_by(CERTIFICATE.c.added_at, CERTIFICATE.c.fingerprint)
)
_ADD: Final = insert(ORGANIZATION)
_ADD_CERTIFICATES: Final = insert(CERTIFICATE)


@dataclass(frozen=True, slots=True)
class StoredDirectory:
    """The directory, in one unit or on a connection that only reads."""

    connection: Connection

    async def find(self, code: OrganizationCode) -> Organization | None:
        """Return an organization."""
        found = await Reader(self.connection).fetch(_BY_CODE, code=code.text)
        return rows.organization(found[0]) if found else None

    async def certificates(
        self, code: OrganizationCode
    ) -> Sequence[RegisteredCertificate]:
        """Return the certificates that speak for an organization, valid or not."""
        found = await Reader(self.connection).fetch(_CERTIFICATES, code=code.text)
        return [rows.certificate(row) for row in found]

    async def add(
        self,
        organization: Organization,
        certificates: Sequence[RegisteredCertificate],
        at: datetime,
    ) -> None:
        """Enter an organization with its certificates."""
        await self.connection.execute(_ADD, _row(organization, at))
        if certificates:
            await self.connection.execute(
                _ADD_CERTIFICATES, [_certificate_row(c, at) for c in certificates]
            )

    async def all(self) -> Sequence[Organization]:
        """Return all organizations, by code."""
        found = await Reader(self.connection).fetch(_ALL)
        return [rows.organization(row) for row in found]


def _row(organization: Organization, at: datetime) -> dict[str, Any]:
    return {
        "code": organization.code.text,
        "th_name": organization.th_name,
        "en_name": organization.en_name,
        "signing": organization.signing.value,
        "active": organization.active,
        "iso_code": organization.iso_code,
        "abbreviation": organization.abbreviation,
        "added_at": at,
        "last_seen_at": None,
    }


def _certificate_row(
    certificate: RegisteredCertificate, at: datetime
) -> dict[str, Any]:
    return {
        "fingerprint": certificate.fingerprint,
        "organization": certificate.organization.text,
        "der": certificate.der,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "added_at": at,
    }
