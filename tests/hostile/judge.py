"""Tries vectors on a real hub over real HTTP, and says what is wrong with the outcome.

The hub is a production one: offices are let in by network, two of them must sign. It
runs in this process, so that a control can be switched off; what it keeps is looked
at from outside, by another connection to its database and by its folder.
"""

import asyncio
import ctypes
import io
import re
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self, TypeAlias

import aiohttp
from lxml import etree

from gateway.bootstrap import serving
from gateway.config import load
from gateway.reading.pool import ReadingPool
from schemas import names
from tests.doubles.clock import HandClock
from tests.hostile import offices, parties, transport
from tests.hostile.documents import TRAP
from tests.hostile.vector import (
    Carried,
    Refused,
    Spoken,
    Unmoved,
    Vector,
)
from tests.wire import POLL, sample

_TAKING: Final = (offices.CHIANG_MAI, offices.MINISTRY, offices.LANDS, offices.LOEI)
"""Whose inboxes are emptied behind what was taken; the seeds lie in another's."""
_PATIENCE: Final = 20.0
"""Seconds for one answer: far more than any may take."""
_POLLS: Final = 20

Rows = Mapping[str, frozenset[tuple[object, ...]]]

# What is written in its own time, whatever comes to the door: seals, receipts of what
# was taken before, denials by the number.
_OWN_TIME: Final = ("act", "batch", "signed_receipt")
_OWN_FILES: Final = re.compile(r"\.db|^journal\.head")
_OWN_COLUMNS: Final = ("last_seen_at", "batch")


@dataclass(frozen=True)
class Outcome:
    """What came of a vector."""

    status: int
    """HTTP status; 0 where the connection ended without an answer."""
    code: str = ""
    """The ErrorCode of the answer."""
    changed: tuple[str, ...] = ()
    """Tables and files that are not as they were."""
    read: bytes = field(default=b"", repr=False)
    """What the receiver's client was shown, where a letter was taken."""
    seconds: float = 0.0
    """Of the processor, for hub and caller together."""
    peak: int = 0
    """Bytes of memory above what the process had before."""
    parsed: int = 0
    """Bytes that a parser was given, again and again where it was."""


def complaints(vector: Vector, outcome: Outcome) -> list[str]:
    """Say in which ways an outcome is not the vector's verdict."""
    found = []
    kept = f"kept: {', '.join(outcome.changed)}" if outcome.changed else ""
    match vector.verdict:
        case Refused(code, status):
            if (outcome.status, outcome.code) != (status, code):
                found.append(f"{outcome.status} {outcome.code or 'no error'}")
            found.append(kept)
        case Unmoved():
            if (outcome.status, outcome.code) != (200, ""):
                found.append(f"{outcome.status} {outcome.code}")
            found.append(kept)
        case Spoken(statuses):
            if outcome.status not in statuses:
                found.append(f"{outcome.status} {outcome.code}")
            found.append(kept)
        case Carried(text, at):
            if (outcome.status, outcome.code) != (200, ""):
                found.append(f"{outcome.status} {outcome.code}")
            elif text and (came := read_at(outcome.read, at)) != text:
                found.append(f"the receiver reads {came!r}")
    return [complaint for complaint in found if complaint]


def read_at(shown: bytes, path: str) -> str | None:
    """Read a field of the letter or notifier that was shown, as an old client would."""
    if not shown:
        return None
    root = etree.fromstring(shown, etree.XMLParser(huge_tree=True))
    element = next(root.iter(names.CORRESPONDENCE_LETTER), None)
    if element is None:
        return _field(shown, path).strip()
    steps, _, attribute = path.partition("/@")
    found = element.find("/".join(f"{{{names.RAM}}}{s}" for s in steps.split("/")))
    if found is None:
        return None
    text = found.get(attribute, "") if attribute else found.xpath("string()")
    return str(text).strip()


class Trap:
    """Listens where vectors would have something fetched; nobody may come."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    def _visited(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


class Court:
    """A hub at work, and its caller."""

    def __init__(
        self, base: str, session: aiohttp.ClientSession, data: Path, trap: Trap
    ) -> None:
        self.base = base
        self.data = data
        self.trap = trap
        self._session = session
        self._entry = ""

    async def try_on(self, vector: Vector) -> Outcome:
        """Send a vector; where it is taken, have its receiver take it."""
        content = self._placed(vector.content)
        before, files = self._rows(), self._files()
        _forget_peak()
        with _counted() as parsed:
            resting, started = _memory("VmRSS"), time.process_time()
            status, body = await self._send(vector, content)
            seconds, peak = time.process_time() - started, _memory("VmHWM") - resting
        code = _code(body)
        changed = tuple(
            sorted(
                {table for table, rows in self._rows().items() if rows != before[table]}
                | {str(name) for name in self._files() ^ files}
            )
        )
        taken = status == 200 and not code and changed
        read = self._displaced(await self._taken()) if taken else b""
        return Outcome(
            status,
            code,
            changed,
            read,
            seconds=seconds,
            peak=max(peak, 0),
            parsed=sum(parsed),
        )

    async def post(
        self, door: str, body: bytes, headers: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, bytes]:
        """Post at an office's door."""
        url = f"{self.base}/ecms/{door}/ecms-ws01/service2"
        # As bytes, aiohttp warns of a large one.
        file = io.BytesIO(body)
        async with self._session.post(url, data=file, headers=headers) as answer:
            return answer.status, await answer.read()

    async def sow(self) -> None:
        """Send what must be there before anything hostile comes."""
        for name, body in parties.seeds().items():
            door = offices.LANDS if name == parties.SEED_SIGNED else offices.MINISTRY
            _, answer = await self.post(door, body)
            if code := _code(answer):
                raise AssertionError((name, code))
        shown = await self._shown(offices.HEALTH)
        self._entry = _field(shown, "ProcessID")
        number = parties.notice(
            "AcceptLetterNotifier", parties.SEED_DONE, parties.SEED_NUMBER
        )
        for _ in range(_POLLS):
            _, answer = await self.post(offices.HEALTH, number)
            if not _code(answer):
                break
        await self._drain(offices.MINISTRY)

    def _placed(self, content: bytes) -> bytes:
        own = f"127.0.0.1:{self.trap.port}".encode()
        return content.replace(TRAP.encode(), own).replace(
            parties.ENTRY.encode(), self._entry.encode()
        )

    def _displaced(self, shown: bytes) -> bytes:
        return shown.replace(f"127.0.0.1:{self.trap.port}".encode(), TRAP.encode())

    async def _send(self, vector: Vector, content: bytes) -> tuple[int, bytes]:
        if vector.raw:
            async with asyncio.timeout(_PATIENCE):
                return await self._write(content)
        return await self.post(vector.door, content, vector.headers)

    async def _write(self, content: bytes) -> tuple[int, bytes]:
        """Write bytes on a connection; return the first answer."""
        host, _, port = self.base.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            # What else was smuggled in has its chance now.
            writer.write_eof()
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            return 0, b""
        finally:
            writer.close()
        return int(head.split(b" ")[1]), body

    async def _taken(self) -> bytes:
        """Have whoever got something take it, so that the next vector's is the head."""
        for office in _TAKING:
            if shown := await self._drain(office):
                return shown
        return b""

    async def _drain(self, office: str) -> bytes:
        """Take all that is in an inbox; return the first of it."""
        first = b""
        while shown := await self._shown(office):
            first = first or shown
            await self.post(office, parties.deletion(_field(shown, "ProcessID")))
        return first

    async def _shown(self, office: str) -> bytes:
        """Poll; the hub waits for what is on its way."""
        _, body = await self.post(office, sample(POLL))
        return body if _field(body, "ProcessID") else b""

    def _rows(self) -> Rows:
        """Return every committed row, as another program reads it."""
        with sqlite3.connect(f"file:{self.data / 'hub.db'}?mode=ro", uri=True) as db:
            db.row_factory = sqlite3.Row
            tables = [
                row["name"]
                for row in db.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                )
                if row["name"] not in _OWN_TIME
            ]
            found = {
                table: frozenset(
                    tuple(v for k, v in dict(row).items() if k not in _OWN_COLUMNS)
                    for row in db.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                )
                for table in tables
            }
        db.close()
        return found

    def _files(self) -> set[tuple[str, int]]:
        """Return what lies in its folder beside the databases."""
        return {
            (str(path.relative_to(self.data)), path.stat().st_size)
            for path in self.data.rglob("*")
            if path.is_file() and not _OWN_FILES.search(path.name)
        }


Opening: TypeAlias = AbstractAsyncContextManager[Court]


@asynccontextmanager
async def court(
    template: Path,
    data: Path,
    trap: Trap,
    *,
    sow: bool = True,
    readers: ReadingPool | None = None,
    **flags: object,
) -> AsyncIterator[Court]:
    """Serve a copy of a hub, with what must be there before where that is asked for."""
    shutil.copytree(template, data)
    settings = load(data, listen="127.0.0.1:0", **flags)
    async with (
        serving(settings, clock=HandClock(offices.NOW), readers=readers) as base,
        aiohttp.ClientSession() as session,
    ):
        made = Court(base, session, data, trap)
        if sow:
            await made.sow()
        yield made


def tight() -> dict[str, object]:
    """Return the limits for what lies below the envelope."""
    return {
        "body_limit": transport.BODY_LIMIT,
        "read_seconds": transport.SECONDS,
        "idle_seconds": transport.SECONDS,
    }


def _code(body: bytes) -> str:
    return _field(body, "ErrorCode")


def _field(body: bytes, name: str) -> str:
    """Read one element of an answer."""
    if not body:
        return ""
    try:
        root = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    except etree.XMLSyntaxError:
        return ""
    return next((e.text or "" for e in root.iter(f"{{*}}{name}")), "")


@contextmanager
def _counted() -> Iterator[list[int]]:
    """Collect the size of whatever lxml is given to parse."""
    sizes: list[int] = []
    fromstring = etree.fromstring

    def counting(text: bytes, *rest: object, **more: object) -> object:
        sizes.append(len(text))
        return fromstring(text, *rest, **more)

    etree.fromstring = counting
    try:
        yield sizes
    finally:
        etree.fromstring = fromstring


def _memory(which: str) -> int:
    """Read a size of this process, in bytes: VmRSS now, VmHWM at most."""
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(rf"{which}:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _forget_peak() -> None:
    """Have VmHWM begin anew, and what was freed returned: else it is reused unseen."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    Path("/proc/self/clear_refs").write_text("5", "ascii")
