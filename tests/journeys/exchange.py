"""A hub in this process under a clock moved by hand, and whole systems around it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.bootstrap import Hub, open_hub, serving
from gateway.config import load
from gateway.domain.books import Books
from gateway.ports import InboxLine
from gateway.reading.pool import ReadingPool
from gateway.simulation import boi, csharp
from gateway.simulation.boi_system import BoiSystem
from gateway.simulation.csharp_system import CSharpSystem
from gateway.simulation.http import PATH, Line, line
from gateway.simulation.java_system import JavaSystem
from gateway.simulation.letter import File, Letter, Party
from gateway.simulation.provinces import PROVINCES
from tests.doubles.clock import HandClock

BEGIN: Final = datetime(2026, 1, 5, 1, 30, tzinfo=UTC)
"""A Monday, half past eight in Bangkok."""
CODES: Final = tuple(province.code for province in PROVINCES)
PDF: Final = File("application/pdf", "JVBERi0xLjQKJSVFT0YK")
DOCX: Final = File(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "UEsDBBQAAAAA",
)


@dataclass
class Exchange:
    """The hub, as its clients and its operator see it."""

    base: str
    clock: HandClock
    hub: Hub
    """The same hub, opened beside the one that serves, as commands do."""
    stack: AsyncExitStack
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    free: list[str] = field(default_factory=lambda: list(CODES))
    """Codes of offices that nobody plays yet."""

    def address(self, code: str) -> str:
        """Where the directory says that an organization's node is."""
        return self.base + PATH.format(organization=code) if code in CODES else ""

    async def csharp(self, code: str = "") -> CSharpSystem:
        """Return an office with the C# client; it knows all offices."""
        code = code or self.free.pop()
        own = await self.line(code, csharp.CONTENT_TYPE)
        return CSharpSystem(own, code, self.address)

    async def boi(self, code: str = "") -> BoiSystem:
        """Return an office with the BOI client."""
        code = code or self.free.pop()
        return BoiSystem(await self.line(code, boi.CONTENT_TYPE), code)

    async def java(self, code: str = "", *, deletes: bool = True) -> JavaSystem:
        """Return an office with the Java client, one that deletes or never does."""
        code = code or self.free.pop()
        own = await self.line(code, "text/xml;charset=utf-8")
        return JavaSystem(own, code, self.address, deletes=deletes)

    async def line(self, code: str, content_type: str) -> Line:
        """Open a line that stays open as long as the hub."""
        return await self.stack.enter_async_context(
            line(self.base, code, content_type, patience=5)
        )

    def letter(self, sender: str, receiver: str, **changes: object) -> Letter:
        """Return a letter of today under a number that nobody has used."""
        day = self.clock.now().date().isoformat()
        values: dict[str, object] = {
            "number": f"มท 0210.3/{next(self.numbers)}",
            "date": day,
            "subject": "ขอเชิญประชุมเตรียมความพร้อม",
            "sender": Party(
                given_name="ธนา",
                family_name="พูนทรัพย์",
                job_title="เจ้าหน้าที่ธุรการ",
                ministry=sender[:2],
                organization=sender,
            ),
            "receiver": Party(
                job_title="ผู้ว่าราชการจังหวัด",
                ministry=receiver[:2],
                organization=receiver,
            ),
            "attachment_text": "-",
            "send_date": f"{day}T09:10:11",
            "description": "เพื่อโปรดทราบ",
            "main": PDF,
        }
        return Letter(**{**values, **changes})  # type: ignore[arg-type]

    async def waiting(self, code: str) -> Sequence[InboxLine]:
        """Return what waits in an inbox, as an operator sees it."""
        return await self.hub.store.views.inbox(OrganizationCode.parse(code))

    async def aside(self, code: str = "") -> Sequence[InboxLine]:
        """Return what is held or parked, of one organization or of all."""
        whose = OrganizationCode.parse(code) if code else None
        return await self.hub.store.views.aside(whose)

    async def books(self) -> Books:
        """Check the books."""
        return await self.hub.store.check_books()


@asynccontextmanager
async def exchange(
    data: Path, readers: ReadingPool | None = None
) -> AsyncIterator[Exchange]:
    """Serve the hub of a folder; in the end its books have to balance."""
    clock = HandClock(BEGIN)
    # A poll waits for what is on its way; on a busy machine that may take longer.
    settings = load(data, listen="127.0.0.1:0", poll_wait=2)
    async with (
        serving(settings, clock=clock, readers=readers) as base,
        open_hub(settings, clock=clock) as hub,
        AsyncExitStack() as stack,
    ):
        made = Exchange(base, clock, hub, stack)
        yield made
        books = await made.books()
        assert books.in_balance, books
