"""Play the net: a ministry, its provinces, and the hub they all speak to.

The provinces with a system work on their own, at the same time, in both dialects; for
those without one the caller has the hub's own registers give the numbers.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.simulation import boi, circular, csharp
from gateway.simulation.errors import SimulationError
from gateway.simulation.http import PATH, line
from gateway.simulation.letter import Notifier
from gateway.simulation.ministry import Ministry
from gateway.simulation.offices import BoiOffice, Book, CSharpOffice, Office
from gateway.simulation.provinces import Province, System
from gateway.simulation.signing import Signer

_AT_WORK: Final = 12
"""Offices whose clerks press a button at the same moment."""
_GLANCE: Final = 0.1
"""Seconds between two presses while nothing is there."""

RegisterAtHub = Callable[[Sequence[Province]], Awaitable[None]]
"""Has the hub enter the circular for the offices that have no system.

Called once, when the ministry has sent everything; returns when all have a number.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Who plays, and how long they wait."""

    base: str
    """Where the hub listens: `http://127.0.0.1:8080`."""
    provinces: Sequence[Province]
    signer: Signer
    now: Callable[[], datetime]
    """The time in Thailand, aware."""
    register_at_hub: RegisterAtHub
    tell: Callable[[str], None]
    """Is told each step: sent, saved, confirmed, numbered, returned."""
    patience: float = 60
    """Seconds after which an unanswered message is given up."""
    limit: float = 120
    """Seconds after which the play is given up, with what is there."""
    secrecy: str = "001"
    """The level of the circular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the ministry knows at the end of one province."""

    province: Province
    numbers: tuple[Notifier, ...]
    """The notifiers with a number, which should be one."""
    given: str
    """The number as the office's own system wrote it; empty where the hub did."""

    @property
    def complete(self) -> bool:
        """Say whether exactly one number came, and the one that was given."""
        given = self.given or (self.numbers[0].accept_id if self.numbers else "")
        return [each.accept_id for each in self.numbers] == [given]


async def play(net: Net) -> tuple[Returned, ...]:
    """Send, receive, register, collect; return what came back, by province.

    Raises `HubUnreachable` where the hub gave no answer for too long, `ClientBroken`
    where a client cannot go on. When the time is over, what is there is returned.
    """
    async with AsyncExitStack() as stack:
        ministry = await stack.enter_async_context(_ministry(net))
        offices = {
            province.code: await stack.enter_async_context(_office(net, province))
            for province in net.provinces
            if province.system is not System.NONE
        }
        try:
            async with asyncio.timeout(net.limit):
                await _play(net, ministry, list(offices.values()))
        except TimeoutError:
            net.tell("time is over")
        return tuple(_returned(p, ministry, offices) for p in net.provinces)


async def _play(net: Net, ministry: Ministry, offices: Sequence[Office]) -> None:
    rest = [p for p in net.provinces if p.system is System.NONE]
    gate = asyncio.Semaphore(_AT_WORK)
    try:
        async with asyncio.TaskGroup() as group:
            for office in offices:
                group.create_task(_work(office, gate))
            await ministry.send(net.provinces, net.tell)
            if rest:
                group.create_task(_at_hub(net, rest))
            await _collect(net, ministry)
    except* SimulationError as several:
        raise first_of(several) from several


def first_of(several: BaseExceptionGroup[SimulationError]) -> SimulationError:
    """Return what went wrong first, where several clients stopped for one cause."""
    first = several.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


async def _at_hub(net: Net, rest: Sequence[Province]) -> None:
    await net.register_at_hub(rest)


async def _work(office: Office, gate: asyncio.Semaphore) -> None:
    """Let a clerk look again and again until the circular has its number."""
    while not office.given:
        async with gate:
            found = await office.press()
        if not found:
            await asyncio.sleep(_GLANCE)


async def _collect(net: Net, ministry: Ministry) -> None:
    """Pull until every number is there, and then what is left in the queue."""
    while True:
        notifier = await ministry.pull()
        if notifier is not None:
            net.tell("returned" if notifier.accept_id else "arrived")
        elif all(sent.numbers for sent in ministry.sent.values()):
            return
        else:
            await asyncio.sleep(_GLANCE)


def _returned(
    province: Province, ministry: Ministry, offices: dict[str, Office]
) -> Returned:
    sent = ministry.sent.get(province.code)
    office = offices.get(province.code)
    given = list(office.given.values()) if office else []
    return Returned(
        province=province,
        numbers=tuple(sent.numbers) if sent else (),
        given=" ".join(given),
    )


@asynccontextmanager
async def _ministry(net: Net) -> AsyncIterator[Ministry]:
    async with line(
        net.base, circular.MINISTRY, csharp.CONTENT_TYPE, patience=net.patience
    ) as own:
        yield Ministry(own, net.base, net.signer, net.now, secrecy=net.secrecy)


@asynccontextmanager
async def _office(net: Net, province: Province) -> AsyncIterator[Office]:
    # Every office counts differently, and writes its numbers in a way of its own.
    start = 100 + int(province.digits) * 37 % 900
    if province.system is System.BOI:
        book = Book(start, "{number}/{year}", net.now)
        async with line(
            net.base, province.code, boi.CONTENT_TYPE, patience=net.patience
        ) as own:
            yield BoiOffice(own, book, net.tell)
        return
    book = Book(start, f"{province.abbreviation} {{number}}/{{year}}", net.now)
    async with line(
        net.base, province.code, csharp.CONTENT_TYPE, patience=net.patience
    ) as own:
        sender = net.base + PATH.format(organization=circular.MINISTRY)
        yield CSharpOffice(own, book, net.tell, sender)
