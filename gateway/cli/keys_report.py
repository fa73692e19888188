"""The hub's certificates as a person, or a program, is shown them."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.cli import documents, screen
from gateway.cli.screen import Column
from gateway.cli.thai import NEVER, thai_time, within
from gateway.domain.hub_certificate import HubCertificate

_COLUMNS: Final = (
    Column("สถานะ", "State"),
    Column("ลายนิ้วมือ", "SHA-256", fold=True),
    Column("ใช้ตั้งแต่", "In use from"),
    Column("ใช้ถึง", "Until"),
    Column("หมดอายุ", "Ends"),
    Column("กุญแจ", "Key", fold=True),
)
_IN_USE: Final = "ใช้อยู่ / in use"
_OLDER: Final = "เก็บไว้ตรวจ / to verify"
_WAITS: Final = "รอใบรับรอง / waits"


@dataclass(frozen=True, slots=True)
class Found:
    """What the hub has of its own."""

    certificates: Sequence[HubCertificate]
    where: str
    """Where the private key is."""
    request: Path | None
    """Of the key that waits, if one does."""


def show(found: Found, now: datetime, *, as_json: bool) -> None:
    """Write what there is, the newest first."""
    if as_json:
        screen.show_json(
            {
                "key": found.where,
                "certificates": [document(one) for one in found.certificates],
                "waiting": str(found.request) if found.request else None,
            }
        )
        return
    rows = [_row(one, found, now) for one in found.certificates]
    if found.request is not None:
        rows.insert(0, (_WAITS, NEVER, NEVER, NEVER, NEVER, str(found.request)))
    screen.show_table(_COLUMNS, rows)


def document(found: HubCertificate) -> documents.Document:
    """Say of a certificate what programs want to know."""
    return {
        "fingerprint": found.fingerprint,
        "not_before": documents.moment(found.not_before),
        "not_after": documents.moment(found.not_after),
        "in_use_from": documents.moment(found.in_use_from),
        "in_use_until": documents.moment(found.in_use_until),
    }


def pem_of(found: HubCertificate) -> str:
    """Write a certificate as PEM."""
    return ssl.DER_cert_to_PEM_cert(found.der)


def _row(found: HubCertificate, hub: Found, now: datetime) -> Sequence[str]:
    in_use = found.in_use_until is None
    left = found.not_after - now
    ends = within(left) if found.not_after > now else "หมดอายุแล้ว / has expired"
    return (
        _IN_USE if in_use else _OLDER,
        found.fingerprint,
        thai_time(found.in_use_from),
        thai_time(found.in_use_until),
        f"{thai_time(found.not_after)} ({ends})",
        hub.where if in_use else NEVER,
    )
