"""The directory: who exists, and which certificates speak for whom."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.errors import CertificateTaken
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.reading import CERTIFICATE, ORGANIZATION, Reader

_BY_CODE: Final = select(ORGANIZATION).where(ORGANIZATION.c.code == bindparam("code"))
_ALL: Final = select(ORGANIZATION).order_by(ORGANIZATION.c.code)
_CERTIFICATES: Final = (
    select(CERTIFICATE)
    .where(CERTIFICATE.c.organization == bindparam("code"))
    .order_by(CERTIFICATE.c.added_at, CERTIFICATE.c.fingerprint)
)
_WHOSE: Final = (
    select(CERTIFICATE.c.organization)
    .where(CERTIFICATE.c.fingerprint.in_(bindparam("fingerprints", expanding=True)))
    .limit(1)
)
_LEARNT: Final = ("dialect", "dialect_by_hand", "never_deletes", "deleted_at")
_NOTE: Final = (
    update(ORGANIZATION)
    .where(ORGANIZATION.c.code == bindparam("the_code"))
    .values({name: bindparam(f"new_{name}") for name in _LEARNT})
)
_ADD: Final = insert(ORGANIZATION)
_ADD_CERTIFICATES: Final = insert(CERTIFICATE)


def _nobody_told(code: OrganizationCode) -> None:
    """Tell nobody: on a connection that only reads nothing changes."""
    del code


@dataclass(frozen=True, slots=True)
class StoredDirectory:
    """The directory, in one unit or on a connection that only reads."""

    connection: Connection
    changed: Callable[[OrganizationCode], None] = _nobody_told
    """Told whose row was changed, before that is durable."""

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
        """Enter an organization with its certificates.

        Raises `CertificateTaken` where one of them speaks for another already.
        """
        await self._are_free(certificates)
        await self.connection.execute(_ADD, _row(organization, at))
        if certificates:
            await self.connection.execute(
                _ADD_CERTIFICATES, [_certificate_row(c, at) for c in certificates]
            )

    async def all(self) -> Sequence[Organization]:
        """Return all organizations, by code."""
        found = await Reader(self.connection).fetch(_ALL)
        return [rows.organization(row) for row in found]

    async def note_endpoint(self, organization: Organization) -> None:
        """Keep what was learnt of its endpoint: dialect, whether it deletes."""
        row = _learnt(organization)
        result = await self.connection.execute(
            _NOTE,
            {
                "the_code": organization.code.text,
                **{f"new_{name}": row[name] for name in _LEARNT},
            },
        )
        if result.rowcount != 1:
            raise StoreError(detail=f"no organization {organization.code}")
        self.changed(organization.code)

    async def _are_free(self, certificates: Iterable[RegisteredCertificate]) -> None:
        fingerprints = [certificate.fingerprint for certificate in certificates]
        found = await Reader(self.connection).fetch(_WHOSE, fingerprints=fingerprints)
        if found:
            raise CertificateTaken(found[0]["organization"])


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
        **_learnt(organization),
    }


def _learnt(organization: Organization) -> dict[str, Any]:
    return {
        "dialect": organization.dialect,
        "dialect_by_hand": organization.dialect_by_hand,
        "never_deletes": organization.never_deletes,
        "deleted_at": organization.deleted_at,
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
