"""`gateway storage`: how fast the hub grows, and when its disk is full."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import documents
from gateway.cli.options import DEFAULT_DATA, Data, Json, organization_code
from gateway.cli.screen import (
    PLAIN,
    RED,
    Column,
    is_terminal,
    nothing_here,
    say,
    show_facts,
    show_json,
    show_table,
)
from gateway.cli.session import ask
from gateway.cli.thai import MONTHS, NEVER, thai_day
from gateway.domain.growth import LOOKED_AT, Grown, Month, full_on

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.config import Settings

SOON: Final = 90
"""Days before which a full disk is told in red."""

_BUDDHIST: Final = 543
_BAR: Final = 20
_KIB: Final = 1024
_COLUMNS: Final = (
    Column("เดือน", "Month"),
    Column("หน่วยงาน", "Organization"),
    Column("ชื่อ", "Name", fold=True, least=100),
    Column("หนังสือ", "Letters", right=True),
    Column("ผู้รับ", "Receivers", right=True, least=90),
    Column("ซอง", "Envelopes", right=True, least=110),
    Column("แฟ้ม", "Files", right=True, least=110),
    Column("รวม", "Bytes", right=True),
    Column("สัดส่วน", "Share", least=80),
)


@dataclass(frozen=True, slots=True)
class Storage:
    """What is known of the hub's storage."""

    months: Mapping[Month, Sequence[Grown]]
    names: Mapping[OrganizationCode, str]
    used: int
    """Bytes that the hub's own files have."""
    free: int
    total: int
    """Of the disk on which they lie."""
    per_day: float
    """Bytes a day lately."""
    full: date | None
    now: datetime
    database: int | None
    """Bytes of a database on a server, whose disk is not seen from here."""


def storage(
    *,
    months: Annotated[
        int, typer.Option(min=1, max=240, help="กี่เดือน / How many months.")
    ] = 12,
    organization: Annotated[
        OrganizationCode | None,
        typer.Option(
            "--organization",
            metavar="CODE",
            parser=organization_code,
            help="เฉพาะหนังสือที่หน่วยงานนี้ส่ง / Only what it sent.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """พื้นที่เก็บ / Growth by organization and month, and when the disk is full.

    แฟ้มเดียวกันของหนังสือเวียนเก็บครั้งเดียว นับครั้งเดียว / A circular's files are kept once, and
    counted once. The rate is that of the last 90 days.
    """
    found = ask(data, lambda hub: _storage(hub, months, organization))
    if as_json:
        show_json(_document(found))
        return
    rows = _rows(found)
    if rows:
        show_table(_COLUMNS, rows)
    else:
        nothing_here("ยังไม่มีหนังสือ", "No letters yet", "gateway letters list")
    show_facts(_facts(found))
    days = (found.full - found.now.date()).days if found.full else None
    soon = days is not None and days < SOON
    say(_forecast(found, days), style=RED if soon and is_terminal() else PLAIN)


async def _storage(hub: "Hub", months: int, only: OrganizationCode | None) -> Storage:
    from gateway.store.growth import StoredGrowth  # noqa: PLC0415

    growth, now = StoredGrowth(hub.store.reading), hub.work.clock.now()
    found: dict[Month, Sequence[Grown]] = {}
    for back in reversed(range(months)):
        month = Month.of(now).before(back)
        grown = await growth.between(month.begins, month.next.begins)
        found[month] = [one for one in grown if only in (None, one.sender)]
    began = await growth.first()
    since = max(began, now - LOOKED_AT) if began else now
    lately = await growth.between(since, now)
    # What came in the first hour of a hub is no rate.
    days = max(1.0, (now - since) / timedelta(days=1))
    disk, used = shutil.disk_usage(hub.settings.data), _used(hub.settings)
    names = {
        line.organization.code: line.organization.th_name
        for line in await hub.store.views.endpoints()
    }
    size = sum(one.size for one in lately)
    served = isinstance(hub.settings.database, str)
    return Storage(
        months=found,
        names=names,
        used=used,
        free=disk.free,
        total=disk.total,
        per_day=size / days,
        full=full_on(lately, days, disk.free, now),
        now=now,
        database=await growth.database() if served else None,
    )


def _used(settings: "Settings") -> int:
    """Return the bytes of all files in the data directory."""
    return sum(
        path.lstat().st_size for path in settings.data.rglob("*") if path.is_file()
    )


def _rows(found: Storage) -> list[Sequence[object]]:
    most = max((one.size for of in found.months.values() for one in of), default=0)
    return [
        (
            f"{MONTHS[month.month - 1]} {month.year + _BUDDHIST}",
            one.sender,
            found.names.get(one.sender, NEVER),
            f"{one.letters:,}",
            f"{one.consignments:,}",
            in_words(one.envelopes),
            in_words(one.files),
            in_words(one.size),
            "█" * round(_BAR * one.size / most) if most else "",
        )
        for month, of in found.months.items()
        for one in sorted(of, key=lambda one: (-one.size, one.sender))
    ]


def _facts(found: Storage) -> list[tuple[Column, object]]:
    percent = 100 * (found.total - found.free) / found.total
    facts: list[tuple[Column, object]] = [
        (Column("แฟ้มของศูนย์กลาง", "Files of the hub"), in_words(found.used)),
        (Column("ดิสก์", "Disk"), f"{in_words(found.total)}, {percent:.0f}% full"),
        (Column("ว่าง", "Free"), in_words(found.free)),
        (Column("เพิ่มวันละ", "Added a day"), in_words(round(found.per_day))),
    ]
    if found.database is not None:
        where = "ดูดิสก์ที่เครื่องนั้น / look at its disk there"
        size = f"{in_words(found.database)} ({where})"
        facts.append((Column("ฐานข้อมูล", "Database"), size))
    return facts


def _forecast(found: Storage, days: int | None) -> str:
    if found.full is None:
        return "ดิสก์ไม่เต็มในอัตรานี้ / The disk does not get full at this rate."
    when = thai_day(found.full)
    return (
        f"ดิสก์จะเต็มราว {when} (อีก {days:,} วัน) / The disk is full in {days:,} days at "
        "this rate."
    )


def in_words(size: int) -> str:
    """Write bytes in the largest unit that fits: `1.5 MiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _KIB:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= _KIB
    return f"{amount:,.1f} TiB"


def _document(found: Storage) -> documents.Document:
    return {
        "months": [
            {
                "month": f"{month.year:04}-{month.month:02}",
                "organization": one.sender.text,
                "letters": one.letters,
                "consignments": one.consignments,
                "envelope_bytes": one.envelopes,
                "file_bytes": one.files,
                "bytes": one.size,
            }
            for month, of in found.months.items()
            for one in of
        ],
        "used_bytes": found.used,
        "disk_bytes": found.total,
        "free_bytes": found.free,
        "database_bytes": found.database,
        "bytes_a_day": round(found.per_day),
        "full_on": found.full.isoformat() if found.full else None,
    }
