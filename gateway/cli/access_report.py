"""What is shown of ways in: a table, what was made just now, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.cli import documents, screen
from gateway.cli.screen import Column
from gateway.cli.thai import thai_time
from gateway.domain.access import Access, AccessKind, is_open
from gateway.domain.certificates import Standing, standing
from gateway.domain.organization import RegisteredCertificate

CERTIFICATE: Final = "certificate"
"""How a certificate for access stands in the list; it is entered as a certificate."""

_SHORT: Final = 8
_COLUMNS: Final = (
    Column("รหัส", "Id"),
    Column("ชนิด", "Kind"),
    Column("เครือข่าย", "Network"),
    Column("เพิ่มเมื่อ", "Added at", least=100),
    Column("ใช้ได้ถึง", "Ends at"),
    Column("สถานะ", "State"),
)
_KINDS: Final = {
    AccessKind.PATH: "ความลับในที่อยู่ / in the address",
    AccessKind.BASIC: "HTTP Basic",
    AccessKind.NETWORK: "เครือข่าย / network",
}


@dataclass(frozen=True, slots=True)
class Given:
    """A way in that was made just now, with what is shown this once."""

    access: Access
    secret: str
    """Empty for a network."""
    address: str
    """Where its client posts; with the secret where that is in the path."""


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways in of an organization, at one moment."""

    now: datetime
    accesses: Sequence[Access]
    certificates: Sequence[RegisteredCertificate]

    @property
    def is_open(self) -> bool:
        """Whether any caller is let in now."""
        return is_open(self.accesses, self.certificates, self.now)


def show_ways(ways: Ways, command: str, *, as_json: bool) -> None:
    """Show all ways in of an organization, or the command that adds one."""
    if as_json:
        found = [_document(one, ways.now) for one in ways.accesses]
        found += [_certificate(one, ways.now) for one in ways.certificates]
        screen.show_json(found)
    elif not (ways.accesses or ways.certificates):
        screen.nothing_here("ยังไม่เปิดให้เข้า", "It is let in nowhere", command)
    else:
        rows = [_row(one, ways.now) for one in ways.accesses]
        rows += [_certificate_row(one, ways.now) for one in ways.certificates]
        screen.show_table(_COLUMNS, rows)


def show_given(given: Given, *, as_json: bool) -> None:
    """Show a way in that was made just now, its secret this once."""
    access = given.access
    if as_json:
        secret = {"secret": given.secret} if given.secret else {}
        user = {"user": access.organization.text}
        screen.show_json(
            {
                **_document(access, access.added_at),
                **secret,
                **(user if access.kind is AccessKind.BASIC else {}),
                "address": given.address,
            }
        )
        return
    facts: list[tuple[Column, object]] = [
        (Column("รหัส", "Id"), _short(access.id)),
        (Column("ชนิด", "Kind"), f"{access.kind} {_KINDS[access.kind]}"),
        (Column("ที่อยู่", "Address"), given.address),
    ]
    match access.kind:
        case AccessKind.NETWORK:
            facts.append((Column("เครือข่าย", "Network"), access.value))
        case AccessKind.BASIC:
            facts.append((Column("ผู้ใช้", "User"), access.organization))
            facts.append((Column("รหัสผ่าน", "Password"), given.secret))
        case AccessKind.PATH:
            pass
    screen.show_facts(facts)
    if given.secret:
        screen.tell(
            "แสดงครั้งนี้ครั้งเดียว จดไว้และส่งทางที่ปลอดภัย / Shown this once: hand it over on "
            "a safe way"
        )


def show_end(old: Access, left: Ways, *, as_json: bool) -> None:
    """Say that a way in is over, and what that means for the door."""
    if as_json:
        screen.show_json(_document(old, left.now))
    else:
        screen.say(f"ปิด {_short(old.id)} แล้ว / Ended {old.kind}")
        _tell_what_is_left(old.organization, old, left)


def _tell_what_is_left(organization: OrganizationCode, old: Access, left: Ways) -> None:
    """Say it where a door is shut now, or open from everywhere."""
    if not left.is_open:
        screen.tell(
            "หน่วยงานนี้เข้าไม่ได้แล้ว / It is let in nowhere now: "
            f"gateway directory access add {organization} KIND"
        )
        return
    counting = [one for one in left.accesses if one.counts(left.now)]
    networks = [one for one in counting if one.kind is AccessKind.NETWORK]
    if old.kind is AccessKind.NETWORK and not networks:
        screen.tell("ใช้ได้จากทุกเครือข่าย / Its proofs now let in from every network")
    elif old.kind is not AccessKind.NETWORK and len(networks) == len(counting):
        screen.tell(
            "เครือข่ายที่กำหนดไว้ก่อนไม่เปิดให้เข้าโดยลำพัง / Networks entered before do not "
            "let in alone: end them and add them again if they are to"
        )


def _short(access: UUID) -> str:
    """Return the end of an id: its beginning is the time, which many share."""
    return access.hex[-_SHORT:]


def _state(*, counts: bool) -> str:
    return "ใช้ได้ / counts" if counts else "สิ้นสุดแล้ว / over"


def _row(access: Access, now: datetime) -> Sequence[object]:
    return (
        _short(access.id),
        access.kind,
        access.value if access.kind is AccessKind.NETWORK else "-",
        thai_time(access.added_at),
        thai_time(access.ends_at),
        _state(counts=access.counts(now)),
    )


def _certificate_row(found: RegisteredCertificate, now: datetime) -> Sequence[object]:
    ends = thai_time(found.revoked_at or found.not_after)
    state = _state(counts=standing(found, now) is Standing.VALID)
    return (found.fingerprint[:_SHORT], CERTIFICATE, "-", "-", ends, state)


def _document(access: Access, now: datetime) -> documents.Document:
    network = access.value if access.kind is AccessKind.NETWORK else None
    return {
        "id": str(access.id),
        "organization": access.organization.text,
        "kind": access.kind.value,
        "network": network,
        "added_at": documents.moment(access.added_at),
        "ends_at": documents.moment(access.ends_at),
        "counts": access.counts(now),
    }


def _certificate(found: RegisteredCertificate, now: datetime) -> documents.Document:
    return {
        "id": found.fingerprint,
        "organization": found.organization.text,
        "kind": CERTIFICATE,
        "network": None,
        "added_at": None,
        "ends_at": documents.moment(found.revoked_at or found.not_after),
        "counts": standing(found, now) is Standing.VALID,
    }
