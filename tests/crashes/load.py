"""Offices that go on sending and reading while the doors they use come and go.

Each has one client, which does one thing after the other, at whichever door answers:
what got no answer is done again, unchanged, as a user presses the button again. What
they sent, got and were told is noted, to be compared at the end.
"""

import asyncio
import base64
import random
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import aiohttp
from aiohttp import web

from gateway.simulation import csharp, csharp_reader
from gateway.simulation.errors import Refused, SimulationError
from gateway.simulation.http import PATH
from gateway.simulation.letter import ACCEPT, File, Letter, Notifier, Pulled
from tests.journeys.callers import Net, Office, notifier

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which something is tried again."""
ANSWER = 15.0
"""Seconds after which an answer is given up; a killed process may leave a line open."""
GLANCE = 0.05
AHEAD = 12
"""Letters of one sender that are on their way, or unanswered, at once."""
SMALL = File("application/pdf", base64.b64encode(b"%PDF-1.4").decode())
LARGE = File("application/pdf", base64.b64encode(bytes(range(256)) * 2400).decode())
"""Too large for its row: it lies in the vault in pieces."""


@dataclass
class Doors:
    """The doors of a hub; some of them may be shut."""

    bases: Sequence[str]
    chance: random.Random
    session: aiohttp.ClientSession
    lost: Counter[str] = field(default_factory=Counter)
    """How often nobody answered, by what the client saw."""

    async def ask(self, code: str, message: str, read: Callable[[str], T]) -> T:
        """Ask at any door until one answers; raises what the last one said."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while True:
            base = self.chance.choice(self.bases)
            url = base + PATH.format(organization=code)
            try:
                return read(await self._post(url, message))
            except (aiohttp.ClientError, SimulationError, TimeoutError) as error:
                said = (
                    error.code if isinstance(error, Refused) else type(error).__name__
                )
                self.lost[said] += 1
                if loop.time() > until:
                    raise
            await asyncio.sleep(GLANCE)

    async def _post(self, url: str, message: str) -> str:
        headers = {"Content-Type": csharp.CONTENT_TYPE}
        async with self.session.post(
            url, data=message.encode(), headers=headers
        ) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise SimulationError(f"HTTP {answer.status}")
            return text


@dataclass
class Client:
    """The system of one office."""

    doors: Doors
    office: Office
    sent: list[Letter] = field(default_factory=list)
    process_ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The ProcessIDs its letters were taken under, by number: one each."""
    got: dict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    """The letters it got, by sender, in order."""
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The numbers under which its letters were registered, by their number."""
    _deleted: set[str] = field(default_factory=set)
    _given: int = 0

    async def send(self, letter: Letter) -> None:
        """Send a letter, now and then twice."""
        message = csharp.send_request(letter, message_id="1", to="")
        for _ in range(2 if self.doors.chance.random() < 0.2 else 1):
            taken = await self._ask(message, csharp_reader.read_taken)
            self.process_ids[letter.number].add(taken.process_id)
        self.sent.append(letter)

    async def read(self) -> bool:
        """Take what is at the head of the inbox; say whether there was something."""
        poll = csharp.poll_request(message_id="1", own_url=self.office.url)
        pulled = await self._ask(poll, csharp_reader.read_poll)
        if pulled is None:
            return False
        await self._answer(pulled)
        delete = csharp.delete_request(
            pulled.process_id, message_id="1", own_url=self.office.url
        )
        await self._ask(delete, csharp_reader.read_deleted)
        return True

    async def _answer(self, pulled: Pulled) -> None:
        """Note what came, once, and give a letter a number of the office's own."""
        if pulled.process_id in self._deleted:
            # The door died before its answer to the deletion came.
            return
        self._deleted.add(pulled.process_id)
        match pulled.content:
            case Notifier() as told:
                self.told[told.number].append(told.accept_id)
            case Letter() as letter:
                self.got[letter.sender.organization].append(letter)
                await self.accept(notifier(ACCEPT, letter))

    async def accept(self, told: Notifier) -> None:
        """Say that a letter was entered, under the next number of the office's own."""
        self._given += 1
        numbered = replace(told, accept_id=f"{self._given}/2569")
        message = csharp.notifier_request(numbered, message_id="1", to="")
        await self._ask(message, csharp_reader.read_taken)

    async def _ask(self, message: str, read: Callable[[str], T]) -> T:
        return await self.doors.ask(self.office.code, message, read)


@dataclass
class Webhook:
    """The system of an office that the hub pushes to."""

    client: Client
    came: dict[str, str] = field(default_factory=dict)
    """The number of each letter by its key, which a repeat has too."""
    got: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The numbers of the letters that came, by sender, in order."""
    repeats: int = 0
    _new: deque[Notifier] = field(default_factory=deque)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take a letter, once by its key."""
        said = await request.json()
        if said["event"] == "letter":
            key, letter = request.headers["Idempotency-Key"], said["letter"]
            self.repeats += key in self.came
            if key not in self.came:
                self.came[key] = letter["number"]
                self.got[said["sender"]].append(letter["number"])
                self._new.append(
                    Notifier(
                        kind=ACCEPT,
                        number=letter["number"],
                        date=letter["date"],
                        subject=letter["subject"],
                    )
                )
        return web.Response(status=202)

    async def keep_answering(self, done: Callable[[], bool]) -> None:
        """Answer each letter with a number, until it is over."""
        while not done():
            while self._new:
                await self.client.accept(self._new.popleft())
            await asyncio.sleep(GLANCE)


async def keep_reading(client: Client, done: Callable[[], bool]) -> None:
    """Read until it is over."""
    while not done():
        if not await client.read():
            await asyncio.sleep(GLANCE)


async def keep_sending(
    client: Client, net: Net, receivers: Sequence[Office], over: asyncio.Event
) -> None:
    """Send one letter after the other, to each in turn, until it is over."""
    turn = 0
    while not over.is_set():
        if len(client.sent) - len(client.told) >= AHEAD:
            # Whoever reads is slower than whoever sends: nobody waits for hours.
            await asyncio.sleep(GLANCE)
            continue
        receiver = receivers[turn % len(receivers)]
        main = LARGE if turn % 5 == 0 else SMALL
        await client.send(net.letter(client.office, receiver, main=main))
        turn += 1
        await asyncio.sleep(client.doors.chance.random() * GLANCE)


async def all_of(*works: Awaitable[None]) -> None:
    """Do all of them; the first error ends the others."""
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(_awaited(work))


async def _awaited(work: Awaitable[None]) -> None:
    await work
