"""What `gateway check` looks at, one line for each, green where it is fine."""

import asyncio
import os
import shutil
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from gateway import vault_mark
from gateway.bootstrap import Hub, broker_place, open_broker, open_hub, queues_of
from gateway.cli import (
    access_check,
    certificates_check,
    incidents_check,
    keys_check,
    push_check,
)
from gateway.cli.documents import Document
from gateway.cli.screen import GREEN, RED, Column, show_json, show_table
from gateway.config import Effective, Settings, SettingsError, effective, load
from gateway.domain.inbox import Standing
from gateway.domain.promise import Stage
from gateway.keys.holder import SignerUnavailable
from gateway.keys.secret_file import DEMO_FILE
from gateway.presence import running
from gateway.store.bodies import in_chunks
from gateway.store.errors import StoreError
from gateway.store.postgresql import describe
from gateway.store.schema import is_current, url_of
from gateway.store.store import SEGMENTS
from queues.broker import Broker
from queues.errors import QueueError, UnknownQueue
from schemas import codes

_MIB: Final = 1024 * 1024
_COLUMNS: Final = (
    Column("", ""),
    Column("สิ่งที่ตรวจ", "What"),
    Column("", ""),
    Column("ผล", "Found", fold=True),
)
_SETTINGS: Final = (
    Column("การตั้งค่า", "Setting"),
    Column("ค่า", "Value", fold=True),
    Column("ที่มา", "Source"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    """For programs."""
    thai: str
    ok: bool
    found: str
    error: Exception | None = None
    """What was met instead."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at; looking ends where nothing further can be seen."""

    settings: tuple[Effective, ...]
    lines: tuple[Line, ...] = field(default=())

    @property
    def in_order(self) -> bool:
        """Whether every line is green."""
        return all(line.ok for line in self.lines)


def look(data: Path, *, data_from: str) -> Report:
    """Look at a hub's settings, storage and broker; `data_from`: who named `data`."""
    try:
        settings = load(data)
    except SettingsError as error:
        return Report((), (_wrong("settings", "การตั้งค่า", error),))
    first, *others = effective(settings)
    named = (replace(first, source=data_from), *others)
    lines = [_fine("settings", "การตั้งค่า", f"{len(named)} ค่า / read")]
    lines += asyncio.run(_look_inside(settings))
    return Report(named, tuple(lines))


def show(report: Report, *, as_json: bool) -> None:
    """Write a report: settings with their sources, then what was looked at."""
    if as_json:
        show_json(_document(report))
        return
    if report.settings:
        show_table(_SETTINGS, [(s.name, s.value, s.source) for s in report.settings])
    show_table(
        _COLUMNS,
        [
            ("✓" if line.ok else "✗", line.thai, line.name, line.found)
            for line in report.lines
        ],
        styles=[GREEN if line.ok else RED for line in report.lines],
    )


async def _look_inside(settings: Settings) -> list[Line]:
    try:
        async with open_hub(settings) as hub:
            lines = [await _storage(hub), await _content(hub), _secrecy(hub)]
            lines += await _parked(hub)
            lines += [Line(**line) for line in await incidents_check.look(hub)]
            lines += [await _vault(hub), _disk(settings)]
            lines += [Line(**line) for line in await keys_check.look(hub)]
            lines += [Line(**line) for line in await certificates_check.look(hub)]
            lines += [Line(**line) for line in await access_check.look(hub)]
            lines += [Line(**line) for line in await push_check.look(hub)]
            lines.append(await _broker(hub))
            return [*lines, _served(settings)]
    except SignerUnavailable as error:
        return [_wrong("certificate", "ใบรับรองของศูนย์กลาง", error)]
    except (SettingsError, StoreError) as error:
        if getattr(error, "name", "") == "signing_key":
            return [_wrong("certificate", "ใบรับรองของศูนย์กลาง", error)]
        return [_wrong("storage", "ฐานข้อมูล", error)]


async def _storage(hub: Hub) -> Line:
    name, thai = "storage", "ฐานข้อมูล"
    try:
        current = is_current(url_of(hub.settings.database))
        size = await _where(hub)
    except StoreError as error:
        return _wrong(name, thai, error)
    if not current:
        return Line(
            name,
            thai,
            ok=False,
            found=f"{size}: tables of another version: gateway database upgrade",
        )
    return _fine(name, thai, f"{size}, tables of this version")


async def _where(hub: Hub) -> str:
    if file := hub.settings.database_file:
        mib = file.stat().st_size / _MIB
        return f"{file}, {mib:.1f} MiB, SQLite {sqlite3.sqlite_version}"
    return await describe(hub.store.reading)


async def _content(hub: Hub) -> Line:
    endpoints = await hub.store.views.endpoints()
    waiting = sum(line.waiting for line in endpoints)
    kind = "demo" if hub.demo else "production"
    return _fine(
        "hub",
        "ศูนย์กลาง",
        f"{kind}, หน่วยงาน {len(endpoints)} organizations, "
        f"รอในกล่อง {waiting} entries waiting",
    )


def _secrecy(hub: Hub) -> Line:
    """Say which level of secrecy is carried, and what decides it."""
    carried, wanted = hub.work.carries, hub.settings.secrecy
    if hub.secrets_problem is not None:
        return _wrong("secrecy", "ชั้นความลับ", hub.secrets_problem)
    own = hub.settings.secret_key_file is not None or hub.store.keyring is None
    if carried == wanted and not own:
        why = (
            f"กุญแจใช้ชั่วคราวอยู่กับข้อมูล ไม่ได้ป้องกันอะไร / the throw-away keys in {DEMO_FILE} "
            "lie with the data and protect nothing"
        )
    elif carried == wanted:
        why = "ตามการตั้งค่า / as the setting secrecy says"
    else:
        why = "ยังไม่มีกุญแจ / no key for secret letters: gateway keys secrecy --help"
    level = f"ถึง {carried} {codes.secrecy(carried).thai} / up to {carried}"
    return _fine("secrecy", "ชั้นความลับ", f"{level}, {why}")


async def _parked(hub: Hub) -> list[Line]:
    """Name what clients cannot get past: a letter is an error, a notifier a note."""
    lines = await hub.store.views.aside(None)
    parked = [line for line in lines if line.entry.standing is Standing.PARKED]
    letters = [line for line in parked if line.receipt is None]
    notifiers = len(parked) - len(letters)
    note = f"ใบแจ้งที่พักไว้ {notifiers} notifiers parked"
    found = [
        Line(
            "parked letter",
            "หนังสือที่พักไว้",
            ok=False,
            found=f"{line.letter.letter_id.number}: gateway inbox unpark "
            f"{line.entry.organization} {line.entry.process_id} --by NAME",
        )
        for line in letters
    ]
    words = note if letters else f"ไม่มีหนังสือที่พักไว้ / no letter, {note}"
    return [*found, _fine("parked", "รายการที่พักไว้", words)]


async def _vault(hub: Hub) -> Line:
    if (await hub.store.facts()).get(vault_mark.FACT) == vault_mark.IN_ROWS:
        files, size = await in_chunks(hub.store.reading)
        found = f"ในฐานข้อมูล / in the database, {files} files, {size / _MIB:.1f} MiB"
        return _fine("vault", "ห้องเก็บแฟ้ม", found)
    folder = hub.settings.data / SEGMENTS
    if not folder.is_dir():
        found = f"{folder}: ยังไม่มี / made by the first large letter"
        return _fine("vault", "ห้องเก็บแฟ้ม", found)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Line("vault", "ห้องเก็บแฟ้ม", ok=False, found=f"{folder}: no permission")
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    found = f"{folder}, {len(sizes)} files, {sum(sizes) / _MIB:.1f} MiB"
    return _fine("vault", "ห้องเก็บแฟ้ม", found)


def _disk(settings: Settings) -> Line:
    free = shutil.disk_usage(settings.data).free
    enough = free > settings.bodies_limit
    found = f"ว่าง {free // _MIB:,} MiB free"
    return Line("disk", "พื้นที่ดิสก์", ok=enough, found=found)


async def _broker(hub: Hub) -> Line:
    name, thai, settings = "broker", "คิวงาน", hub.settings
    where = broker_place(settings)
    if where is None:
        found = f"{settings.broker_file}: ยังไม่มี / made by the first `gateway serve`"
        return _fine(name, thai, found)
    try:
        async with open_broker(settings) as broker:
            waiting = {stage: await broker.waiting(stage) for stage in Stage}
            dead = {queue: await _dead(broker, queue) for queue in await queues_of(hub)}
    except UnknownQueue as error:
        found = f"{where}: ยังไม่มีคิว / no queue {error} yet: gateway broker declare"
        return _fine(name, thai, found)
    except (QueueError, SettingsError) as error:
        return _wrong(name, thai, error, where)
    counted = ", ".join(
        f"{stage}: {waiting[stage]} waiting, {dead[stage]} dead" for stage in Stage
    )
    of_endpoints = sum(dead.values()) - sum(dead[stage] for stage in Stage)
    if of_endpoints:
        counted += f", endpoints: {of_endpoints} dead"
    return Line(name, thai, ok=not any(dead.values()), found=f"{where}, {counted}")


async def _dead(broker: Broker, queue: str) -> int:
    try:
        return await broker.dead(queue)
    except UnknownQueue:
        if queue in set(Stage):
            raise
        # An endpoint to which nothing was promised yet.
        return 0


def _served(settings: Settings) -> Line:
    name, thai = "serving", "การให้บริการ"
    found = running(settings.data)
    if not found:
        return _fine(
            name, thai, f"ไม่ได้เปิด / not now: gateway serve --data {settings.data}"
        )
    said = (
        f"{one.get('address') or 'worker'}, process {one['pid']}"
        for one in found.values()
    )
    return _fine(name, thai, "; ".join(said))


def _fine(name: str, thai: str, found: str) -> Line:
    return Line(name, thai, ok=True, found=found)


def _wrong(name: str, thai: str, error: Exception, where: str = "") -> Line:
    # Its detail is for the hub's log, and so for the operator who looks here.
    detail = getattr(error, "detail", "")
    found = f"{error} ({detail})" if detail else str(error)
    if where and where not in found:
        found = f"{where}: {found}"
    return Line(name, thai, ok=False, found=found, error=error)


def _document(report: Report) -> Document:
    return {
        "in_order": report.in_order,
        "settings": [
            {"name": s.name, "value": s.value, "source": s.source}
            for s in report.settings
        ],
        "checks": [
            {
                "name": line.name,
                "ok": line.ok,
                "found": line.found,
                "code": getattr(line.error, "code", None),
            }
            for line in report.lines
        ],
    }
