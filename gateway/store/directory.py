"""The directory: who exists, and which certificates speak for whom."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Update, bindparam, insert, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.errors import CertificateTaken, CertificateUnknown
from gateway.domain.organization import (
    Organization,
    Purpose,
    RegisteredCertificate,
)
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.reading import CERTIFICATE, ORGANIZATION, Reader
from gateway.store.rows import Columns

_BY_CODE: Final = select(ORGANIZATION).where(ORGANIZATION.c.code == bindparam("code"))
# Where the database has several writers, who changes the row waits for who reads it so.
_STEADY: Final = _BY_CODE.with_for_update(read=True)
_ALL: Final = select(ORGANIZATION).order_by(ORGANIZATION.c.code)
_EVERY_CERTIFICATE: Final = select(CERTIFICATE).order_by(
    CERTIFICATE.c.organization, CERTIFICATE.c.added_at, CERTIFICATE.c.fingerprint
)
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
_DECIDED: Final = ("signing", "active", "secrecy", "weak_signatures")


def _as_read(names: Sequence[str]) -> list[ColumnElement[bool]]:
    """Match what was read: another process may have changed it since."""
    columns = ORGANIZATION.c
    return [columns[n].is_not_distinct_from(bindparam(f"{n}_read")) for n in names]


_NOTE: Final = (
    update(ORGANIZATION)
    .where(ORGANIZATION.c.code == bindparam("the_code"), *_as_read(_LEARNT))
    .values({name: bindparam(f"new_{name}") for name in _LEARNT})
)
_DECIDE: Final = (
    update(ORGANIZATION)
    .where(ORGANIZATION.c.code == bindparam("the_code"), *_as_read(_DECIDED))
    .values({name: bindparam(f"new_{name}") for name in _DECIDED})
)
_REVOKE: Final = (
    update(CERTIFICATE)
    .where(
        CERTIFICATE.c.organization == bindparam("the_organization"),
        CERTIFICATE.c.fingerprint == bindparam("the_fingerprint"),
        CERTIFICATE.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at"), revoked_why=bindparam("why"))
)
_WIDEN: Final = (
    update(CERTIFICATE)
    .where(
        CERTIFICATE.c.fingerprint == bindparam("the_fingerprint"),
        CERTIFICATE.c.purposes == bindparam("purposes_read"),
    )
    .values(purposes=bindparam("new_purposes"))
)
_ADD: Final = insert(ORGANIZATION)
_ADD_CERTIFICATES: Final = insert(CERTIFICATE)


def nobody_told(code: OrganizationCode) -> None:
    """Tell nobody: on a connection that only reads nothing changes."""
    del code


@dataclass(frozen=True, slots=True)
class StoredDirectory:
    """The directory, in one unit or on a connection that only reads."""

    connection: Connection
    changed: Callable[[OrganizationCode], None] = nobody_told
    """Told whose row was changed, before that is durable."""
    read: dict[str, Columns] = field(default_factory=dict)
    """The rows that `find` found, by code."""

    async def find(
        self, code: OrganizationCode, *, steady: bool = False
    ) -> Organization | None:
        """Return an organization; `steady`: it stays so until the unit has ended."""
        statement = _STEADY if steady else _BY_CODE
        found = await Reader(self.connection).fetch(statement, code=code.text)
        if not found:
            return None
        self.read[code.text] = found[0]
        return rows.organization(found[0])

    async def certificates(
        self, code: OrganizationCode
    ) -> Sequence[RegisteredCertificate]:
        """Return the certificates that speak for an organization, valid or not."""
        found = await Reader(self.connection).fetch(_CERTIFICATES, code=code.text)
        return [rows.certificate(row) for row in found]

    async def every_certificate(self) -> Sequence[RegisteredCertificate]:
        """Return the certificates of all organizations, valid or not."""
        found = await Reader(self.connection).fetch(_EVERY_CERTIFICATE)
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

    async def add_certificate(
        self, certificate: RegisteredCertificate, at: datetime
    ) -> None:
        """Enter a certificate, or a further purpose of one that is there.

        Raises `CertificateTaken` where it is another organization's.
        """
        known = await self.certificates(certificate.organization)
        same = [c for c in known if c.fingerprint == certificate.fingerprint]
        if same:
            result = await self.connection.execute(
                _WIDEN,
                {
                    "the_fingerprint": certificate.fingerprint,
                    "purposes_read": _purposes(same[0].purposes),
                    "new_purposes": _purposes(same[0].purposes | certificate.purposes),
                },
            )
            if result.rowcount != 1:
                raise ConcurrentChange(detail=f"certificate {certificate.fingerprint}")
        else:
            await self._are_free([certificate])
            await self.connection.execute(
                _ADD_CERTIFICATES, [_certificate_row(certificate, at)]
            )
        self.changed(certificate.organization)

    async def revoke(
        self, code: OrganizationCode, fingerprint: str, at: datetime, *, why: str
    ) -> None:
        """Let a certificate speak for nobody from now on; a second time is nothing.

        Raises `CertificateUnknown`.
        """
        known = await self.certificates(code)
        if fingerprint not in {c.fingerprint for c in known}:
            raise CertificateUnknown(fingerprint)
        await self.connection.execute(
            _REVOKE,
            {
                "the_organization": code.text,
                "the_fingerprint": fingerprint,
                "at": at,
                "why": why,
            },
        )
        self.changed(code)

    async def all(self) -> Sequence[Organization]:
        """Return all organizations, by code."""
        found = await Reader(self.connection).fetch(_ALL)
        return [rows.organization(row) for row in found]

    async def note_endpoint(self, organization: Organization) -> None:
        """Keep what was learnt of its endpoint: dialect, whether it deletes.

        Raises `ConcurrentChange` where that changed since this unit read it.
        """
        await self._change(_NOTE, organization, _LEARNT)

    async def decide(self, organization: Organization) -> None:
        """Keep what an operator decided: signing, secrecy, whether it is active.

        Raises `ConcurrentChange` where that changed since this unit read it.
        """
        await self._change(_DECIDE, organization, _DECIDED)

    async def _change(
        self, statement: Update, organization: Organization, names: Sequence[str]
    ) -> None:
        code, row = organization.code.text, _row(organization, None)
        if code not in self.read and await self.find(organization.code) is None:
            raise StoreError(detail=f"no organization {code}")
        result = await self.connection.execute(
            statement,
            {
                "the_code": code,
                **{f"{name}_read": self.read[code][name] for name in names},
                **{f"new_{name}": row[name] for name in names},
            },
        )
        if result.rowcount != 1:
            raise ConcurrentChange(detail=f"organization {code}")
        self.read[code] = {**self.read[code], **{name: row[name] for name in names}}
        self.changed(organization.code)

    async def _are_free(self, certificates: Iterable[RegisteredCertificate]) -> None:
        fingerprints = [certificate.fingerprint for certificate in certificates]
        found = await Reader(self.connection).fetch(_WHOSE, fingerprints=fingerprints)
        if found:
            raise CertificateTaken(found[0]["organization"])


def _row(organization: Organization, at: datetime | None) -> dict[str, Any]:
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
        "secrecy": organization.secrecy,
        "weak_signatures": organization.weak_signatures,
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
        "purposes": _purposes(certificate.purposes),
        "revoked_at": certificate.revoked_at,
        "revoked_why": certificate.revoked_why,
    }


def _purposes(purposes: Iterable[Purpose]) -> str:
    return " ".join(sorted(purposes))
