"""Offices that send by the clients' writers and understand by their readers."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from gateway.simulation import boi, boi_reader, csharp, csharp_reader
from gateway.simulation.http import PATH, line
from gateway.simulation.letter import (
    ACCEPT,
    File,
    Letter,
    Notifier,
    Party,
    Pulled,
    Reference,
    Taken,
)
from gateway.simulation.provinces import PROVINCES

T = TypeVar("T")

PDF = File("application/pdf", "JVBERi0xLjQKJSVFT0YK")
EARLIER = Reference("มท 0210/1", "2026-01-05", "เรื่องเดิม")


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask again until there is something; nothing is timed but giving up."""
    deadline = time.monotonic() + 10
    while (found := await ask()) is None:
        assert time.monotonic() < deadline, "nothing came"
        await asyncio.sleep(0.02)
    return found


@dataclass(frozen=True, slots=True)
class Office:
    """An organization whose system is of either make, as a test likes."""

    base: str
    code: str

    @property
    def url(self) -> str:
        return self.base + PATH.format(organization=self.code)

    async def post(self, message: str, content_type: str = "text/xml") -> str:
        async with line(self.base, self.code, content_type, patience=5) as own:
            return await own.post(message)

    async def send(self, letter: Letter, to: str = "") -> Taken:
        message = csharp.send_request(letter, message_id="1", to=to)
        return csharp_reader.read_taken(await self.post(message, csharp.CONTENT_TYPE))

    async def send_as_boi(self, letter: Letter) -> Taken:
        message = boi.send_request(letter, own_url=self.url, signer=letter.sender)
        return boi_reader.read_taken(await self.post(message))

    async def poll(self) -> Pulled | None:
        message = csharp.poll_request(message_id="1", own_url=self.url)
        return csharp_reader.read_poll(await self.post(message, csharp.CONTENT_TYPE))

    async def poll_as_boi(self) -> Pulled | None:
        return boi_reader.read_poll(await self.post(boi.poll_request()))

    async def pulled(self) -> Pulled:
        return await eventually(self.poll)

    async def delete(self, process_id: str) -> tuple[str, str]:
        message = csharp.delete_request(process_id, message_id="1", own_url=self.url)
        return csharp_reader.read_deleted(await self.post(message))

    async def take(self) -> Pulled:
        """Pull the head, and delete it."""
        found = await self.pulled()
        await self.delete(found.process_id)
        return found

    async def notify(
        self, kind: str, letter: Letter, accept_id: str = "", to: str = ""
    ) -> Taken:
        message = csharp.notifier_request(
            notifier(kind, letter, accept_id), message_id="1", to=to
        )
        return csharp_reader.read_taken(await self.post(message))

    async def accept_as_boi(self, letter: Letter, accept_id: str) -> Taken:
        message = boi.notifier_request(notifier(ACCEPT, letter, accept_id))
        return boi_reader.read_notified(await self.post(message), ACCEPT)


def notifier(kind: str, letter: Letter, accept_id: str = "") -> Notifier:
    return Notifier(
        kind=kind,
        number=letter.number,
        accept_id=accept_id,
        date=letter.date,
        subject=letter.subject,
    )


@dataclass
class Net:
    """A hub's offices, handed out one by one, so that no test meets another's."""

    base: str
    _left: list[str] = field(default_factory=lambda: [p.code for p in PROVINCES])
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def office(self, code: str = "") -> Office:
        return Office(self.base, code or self._left.pop())

    def pair(self) -> tuple[Office, Office]:
        return self.office(), self.office()

    def letter(self, sender: Office, receiver: Office, **changes: object) -> Letter:
        """Return a letter under a number that nobody has used."""
        letter = Letter(
            number=f"ทส 0207.{next(self._numbers)}/๑๒๓",
            date="2026-11-20",
            subject="ขอเชิญประชุม",
            sender=Party(
                given_name="ธนา",
                family_name="พูนทรัพย์",
                job_title="เจ้าหน้าที่ธุรการ",
                ministry="15",
                organization=sender.code,
            ),
            receiver=Party(
                job_title="หัวหน้าสำนักงานจังหวัด",
                ministry="15",
                organization=receiver.code,
            ),
            references=(EARLIER,),
            attachment_text="-",
            send_date="2026-11-21T10:11:12",
            description="เพื่อโปรดทราบ",
            main=PDF,
            attachments=(File("image/png", "iVBORw0KGgo="),),
        )
        return replace(letter, **changes)
