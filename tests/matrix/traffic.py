"""Offices that write to each other through a hub that fails, and what they saw.

Senders and receivers are the simulated clients over HTTP, several connections each;
they know nothing of faults but that an answer does not come, or says "later", and then
press the same button again. What they saw is judged by `judge.py`.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from gateway.bootstrap import DEMO_KEYS
from gateway.domain.register import BANGKOK
from gateway.simulation import boi, csharp, csharp_reader
from gateway.simulation.http import PATH, Line
from gateway.simulation.letter import File, Letter, Notifier, Party
from gateway.simulation.offices import BoiOffice, Book, CSharpOffice, Office
from gateway.simulation.provinces import PROVINCES, Province, System
from gateway.simulation.signing import Signer

LATER: Final = "temporarily-unavailable"
"""The code of the one answer after which a client tries again."""

OFFICES: Final = 24
"""Offices that send, and as many that receive, at full size."""

_ABLE: Final = [p for p in PROVINCES if p.system is not System.NONE]
RECEIVERS: Final = _ABLE[OFFICES : 2 * OFFICES]

AT_A_TIME: Final = 4
"""Connections of an office: its clerks work side by side."""

_PAUSE: Final = 0.25
"""Seconds after which a button is pressed again."""
_IDLE: Final = 0.3
"""Seconds between two polls of a client that finds nothing."""
_DATE: Final = "2026-11-20"


@dataclass(slots=True)
class Counts:
    """How far the traffic is, and what it cost the clients."""

    answered: int = 0
    """Letters that the hub answered with a ProcessID."""
    received: int = 0
    """Letters in their receivers' hands."""
    returned: int = 0
    """Letters whose senders have their number."""
    repeats: int = 0
    """Requests that got no answer, or "later", and were sent again."""


@dataclass(frozen=True, slots=True)
class PatientLine(Line):
    """A line whose user presses again after "later", too, and counts it."""

    counts: Counts

    async def post(self, message: str) -> str:
        """Send a message until it is answered with something else than "later"."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = await self._post(message)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                answer = LATER
            if LATER not in answer or time.monotonic() > deadline:
                return answer
            self.counts.repeats += 1
            await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def line(base: str, code: str, counts: Counts) -> AsyncIterator[PatientLine]:
    """Open a line of an office to its node."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=AT_A_TIME),
        timeout=aiohttp.ClientTimeout(total=60),
        headers={"Content-Type": csharp.CONTENT_TYPE},
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
    ) as session:
        url = base + PATH.format(organization=code)
        yield PatientLine(session, url, 120, counts)


@dataclass(slots=True)
class Lane:
    """What one office sends to another, one letter after the other."""

    sender: str
    receiver: str
    letters: list[Letter]
    taken: dict[str, str] = field(default_factory=dict)
    """ProcessID by number, for each letter that was answered."""
    numbers: dict[str, list[str]] = field(default_factory=dict)
    """What the sender was told as receiving numbers, by the letter's number."""


@dataclass(slots=True)
class Seen:
    """What the clients saw, for the judge."""

    lanes: list[Lane]
    received: dict[str, list[tuple[str, Letter]]] = field(default_factory=dict)
    """By receiver, in order: ProcessID of the queue entry and the letter."""
    in_order: bool = True
    """Whether the order is to be judged."""
    complete: bool = False
    """Whether every sender had a number for every letter before time was over."""


class Clerk(Protocol):
    """Who receives for the receivers: their own systems, or others in their place."""

    async def __call__(self, seen: Seen, counts: Counts) -> None:
        """Receive until cancelled."""


def offices(count: int) -> list[tuple[Province, Province]]:
    """Return pairs of so many senders and receivers; none is both."""
    senders, receivers = _ABLE[:count], RECEIVERS[:count]
    return [
        (sender, receivers[(at + step) % count])
        for at, sender in enumerate(senders)
        for step in range(min(2, count))
    ]


def lanes(
    letters: int,
    pairs: Sequence[tuple[Province, Province]],
    *,
    size: int = 1024,
    speed: str = "001",
) -> list[Lane]:
    """Write so many letters, spread over the pairs; each has a file of `size` bytes."""
    made = [Lane(sender.code, receiver.code, []) for sender, receiver in pairs]
    for number in range(letters):
        lane = made[number % len(made)]
        lane.letters.append(_letter(lane, number, _file(number, size), speed))
    return made


def _letter(lane: Lane, number: int, file: File, speed: str) -> Letter:
    return Letter(
        number=f"ทส {lane.sender[-2:]}{lane.receiver[-2:]}/{number}",
        date=_DATE,
        subject=f"เรื่องที่ {number}",
        speed=speed,
        sender=Party(ministry="15", organization=lane.sender),
        receiver=Party(
            job_title="ผู้ว่าราชการจังหวัด", ministry="15", organization=lane.receiver
        ),
        attachment_text="-",
        send_date="2026-11-21T10:11:12",
        main=file,
    )


def _file(number: int, size: int) -> File:
    """Write a file that no other letter has: the vault keeps equal ones once."""
    content = b"%%PDF-1.4\n%d\n%s\n%%%%EOF\n" % (number, b"x" * size)
    return File("application/pdf", base64.b64encode(content).decode())


@dataclass(slots=True)
class Traffic:
    """All that the offices do through one hub, from the first letter to the last."""

    base: Callable[[], str]
    """Where the hub listens; asked once it does."""
    data: Path
    """Its data directory, with the keys of the senders that sign."""
    seen: Seen
    counts: Counts = field(default_factory=Counts)
    clerk: Clerk | None = None
    """Who receives; None for the receivers' own systems."""
    limit: float = 600
    """Seconds after which it is given up, with what was seen."""
    over: bool = False
    """Whether it has ended, one way or the other."""

    async def run(self) -> None:
        """Send, receive, register and collect until every number is back."""
        receiving = self.clerk or self._receive
        try:
            async with asyncio.timeout(self.limit), asyncio.TaskGroup() as group:
                clerks = group.create_task(receiving(self.seen, self.counts))
                await self._all_senders()
                clerks.cancel()
            self.seen.complete = True
        except TimeoutError:
            return
        finally:
            self.over = True

    async def _all_senders(self) -> None:
        by_sender: dict[str, list[Lane]] = {}
        for lane in self.seen.lanes:
            by_sender.setdefault(lane.sender, []).append(lane)
        async with asyncio.TaskGroup() as group:
            for code, own in by_sender.items():
                group.create_task(self._sender(code, own))

    async def _sender(self, code: str, own: list[Lane]) -> None:
        signer = _signer(self.data, code)
        async with (
            line(self.base(), code, self.counts) as to_hub,
            asyncio.TaskGroup() as group,
        ):
            for lane in own:
                group.create_task(self._send(to_hub, lane, signer))
            group.create_task(self._collect(to_hub, own))

    async def _send(self, to_hub: Line, lane: Lane, signer: Signer | None) -> None:
        for letter in lane.letters:
            to = self.base() + PATH.format(organization=lane.receiver)
            if signer:
                message = csharp.signed_send_request(
                    letter,
                    message_id=letter.number,
                    to=to,
                    signer=signer,
                    signed_by=letter.sender,
                )
            else:
                message = csharp.send_request(letter, message_id=letter.number, to=to)
            taken = csharp_reader.read_taken(await to_hub.post(message))
            lane.taken[letter.number] = taken.process_id
            self.counts.answered += 1

    async def _collect(self, to_hub: Line, own: list[Lane]) -> None:
        """Pull until every letter has its number, and then what is left."""
        by_number = {x.number: lane for lane in own for x in lane.letters}
        entries: dict[str, Notifier] = {}
        while True:
            poll = csharp.poll_request(message_id="1", own_url=to_hub.url)
            pulled = csharp_reader.read_poll(await to_hub.post(poll))
            if pulled is None:
                if all(len(lane.numbers) == len(lane.letters) for lane in own):
                    return
                await asyncio.sleep(_IDLE)
                continue
            told = pulled.content
            if isinstance(told, Notifier) and pulled.process_id not in entries:
                entries[pulled.process_id] = told
                self._note(by_number, told)
            delete = csharp.delete_request(
                pulled.process_id, message_id="1", own_url=to_hub.url
            )
            csharp_reader.read_deleted(await to_hub.post(delete))

    def _note(self, by_number: dict[str, Lane], told: Notifier) -> None:
        if told.accept_id:
            numbers = by_number[told.number].numbers.setdefault(told.number, [])
            numbers.append(told.accept_id)
            self.counts.returned += 1

    async def _receive(self, seen: Seen, counts: Counts) -> None:
        """Let each receiver's own system receive and give numbers, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for code in sorted({lane.receiver for lane in seen.lanes}):
                got = seen.received.setdefault(code, [])
                group.create_task(self._receiver(code, got, counts))

    async def _receiver(
        self, code: str, got: list[tuple[str, Letter]], counts: Counts
    ) -> None:
        system = next(p.system for p in PROVINCES if p.code == code)
        polls = boi.POLLS_PER_PAGE if system is System.BOI else 1
        async with line(self.base(), code, counts) as to_hub:
            office = _office(to_hub, system, self.base())
            while True:
                before = len(office.letters)
                found = await office.press()
                new = list(office.letters.items())[before:]
                got += new
                counts.received += len(new)
                if not found:
                    # One polls twenty times at each press.
                    await asyncio.sleep(_IDLE * polls)


class _Receiver(Office, Protocol):
    letters: dict[str, Letter]


def _office(to_hub: Line, system: System, base: str) -> _Receiver:
    book = Book(1, "{number}/{year}", lambda: datetime.now(BANGKOK))
    if system is System.BOI:
        return BoiOffice(to_hub, book, lambda _step: None)
    return CSharpOffice(to_hub, book, lambda _step: None, base)


def _signer(data: Path, code: str) -> Signer | None:
    """Return the signer of every second office; the others leave it to the hub."""
    if int(code) % 2:
        return None
    key = data / DEMO_KEYS / f"{code}.key"
    return Signer.of_pem(key.read_bytes(), key.with_suffix(".crt").read_bytes())
