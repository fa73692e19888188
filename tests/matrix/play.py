"""One row of the matrix, played on one engine: traffic, faults, and the verdict."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

from tests.crashes.unsteady import Unsteady
from tests.matrix.engines import ENGINES, Make, Site
from tests.matrix.judge import (
    Verdict,
    judge_books,
    judge_clients,
    judge_hub,
    work_left,
)
from tests.matrix.traffic import (
    OFFICES,
    Clerk,
    Counts,
    Seen,
    Traffic,
    lanes,
    offices,
)

T = TypeVar("T")

PER_LANE: Final = 6
"""Letters that one office sends to another at least: what is one has no order."""

DRAINED_WITHIN: Final = 90.0
"""Seconds: what lost its message is published again after a minute."""

_LOOK: Final = 0.02
_TOLD_EVERY: Final = 0.2

_STARTING: Final = ThreadPoolExecutor(1, thread_name_prefix="servers")
"""A server ends with the thread that started it; this one lives as long as we do."""


class Dying(Clerk, Protocol):
    """A clerk that is told to die at steps."""

    stops: list[str]
    deaths: list[str]


@dataclass(slots=True)
class Scene:
    """One hub under traffic, as faults see it."""

    site: Site
    hub: Unsteady
    traffic: Traffic
    letters: int
    clerk: "Dying | None" = None
    """Who registers and dies in the hub's place."""
    strikes: list[str] = field(default_factory=list)
    """What was done to it, beside the deaths it was told to die."""

    @property
    def struck(self) -> int:
        """How often a fault was there."""
        deaths = self.clerk.deaths if self.clerk else self.hub.deaths
        return len(deaths) + len(self.strikes)

    @property
    def waiting(self) -> list[str]:
        """The steps at which nothing died although it was told to."""
        return self.clerk.stops if self.clerk else self.hub.stops

    async def reached(self, share: float) -> None:
        """Return when so much of all letters was answered."""
        await self._until(lambda: self.traffic.counts.answered >= share * self.letters)

    async def felt(self, repeats: int, within: float) -> bool:
        """Wait until clients repeated so many more requests, or time is over.

        Returns whether they repeated any.
        """
        before = self.traffic.counts.repeats
        enough = before + repeats
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._until(lambda: self.traffic.counts.repeats >= enough)
        return self.traffic.counts.repeats > before

    async def _until(self, fact: Callable[[], bool]) -> None:
        while not (fact() or self.traffic.over):  # noqa: ASYNC110 - the clients know nothing of faults
            await asyncio.sleep(_LOOK)

    async def aside(self, act: Callable[[], T]) -> T:
        """Do what blocks, while the traffic goes on."""
        return await asyncio.get_running_loop().run_in_executor(_STARTING, act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a hub while letters pass through it."""

    around: Callable[[Site], AbstractAsyncContextManager[object]] | None = None
    """Prepares a site before its hub starts, and clears up after it has ended."""
    strike: Callable[[Scene, object], Awaitable[None]] | None = None
    """Acts beside the traffic, with what `around` gave; ends before the traffic may."""
    stops: tuple[str, ...] = ()
    """The steps at which the hub dies one after the other, as `GATEWAY_STOP_AT`."""
    clerk: Callable[[Site, tuple[str, ...]], Dying] | None = None
    """Who receives in place of the receivers' own systems, and dies at the stops."""
    receivers: Callable[[Scene, object], Clerk] | None = None
    """Makes who receives, of what `around` gave, in place of the clients that poll."""
    size: int = 1024
    """Bytes of each letter's file."""
    speed: str = "001"
    """The letters' code of speed: how soon what failed is handed over again."""
    in_order: bool = True
    """Whether order can be kept; what is replayed comes behind what went through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one row came to on one engine."""

    row: str
    verb: str
    engine: str
    how: str
    letters: int = 0
    strikes: int = 0
    repeats: int = 0
    seconds: float = 0
    verdict: Verdict = field(default_factory=Verdict)
    left_out: str = ""
    """Why it was not run here; empty where it was."""

    @property
    def good(self) -> bool:
        """Whether it was run and nothing was found, or said why it was not."""
        return bool(self.left_out) or (self.verdict.good and self.strikes > 0)

    @property
    def on(self) -> str:
        """The engine in words."""
        return ENGINES[self.engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step or fault."""

    verb: str
    name: str
    how: str
    fault: Fault
    missing: Callable[[str], str] = lambda _engine: ""
    """Says why it cannot run on an engine here; empty where it can."""


async def play(
    row: Row,
    make: Make,
    engine: str,
    place: Path,
    letters: int,
    *,
    tell: Callable[[Counts], None] = lambda _counts: None,
) -> Outcome:
    """Play a row with so many letters in an empty folder; say what it came to."""
    outcome = Outcome(row=row.name, verb=row.verb, engine=engine, how=row.how)
    if reason := row.missing(engine):
        return replace(outcome, left_out=reason)
    started = time.monotonic()
    around = row.fault.around or nothing_around
    with make(place) as site:
        async with around(site) as given:
            scene = _scene(row.fault, site, letters)
            if row.fault.receivers:
                scene.traffic.clerk = row.fault.receivers(scene, given)
            try:
                await _act(scene, row.fault, given, tell)
                verdict = await _judged(scene)
            finally:
                await asyncio.to_thread(scene.hub.process.kill)
    return replace(
        outcome,
        letters=letters,
        strikes=scene.struck,
        repeats=scene.traffic.counts.repeats,
        seconds=round(time.monotonic() - started, 1),
        verdict=verdict,
    )


@asynccontextmanager
async def nothing_around(_site: Site) -> AsyncIterator[None]:
    """Prepare nothing."""
    yield


def _scene(fault: Fault, site: Site, letters: int) -> Scene:
    stops = [] if fault.clerk else list(fault.stops)
    hub = Unsteady(site.data, stops)
    clerk = fault.clerk(site, fault.stops) if fault.clerk else None
    traffic = Traffic(
        base=lambda: hub.process.base,
        data=site.data,
        seen=Seen(
            lanes(
                letters,
                offices(_offices(letters)),
                size=fault.size,
                speed=fault.speed,
            ),
            in_order=fault.in_order,
        ),
        clerk=clerk,
        limit=600 + letters / 2,
    )
    return Scene(site, hub, traffic, letters, clerk)


def _offices(letters: int) -> int:
    return max(2, min(OFFICES, letters // (2 * PER_LANE)))


async def _act(
    scene: Scene, fault: Fault, given: object, tell: Callable[[Counts], None]
) -> None:
    """Let the offices write while the hub is struck, and all come to its end."""
    await asyncio.to_thread(scene.hub.start)
    beside = [asyncio.create_task(scene.hub.watch())]
    beside.append(asyncio.create_task(_telling(scene, tell)))
    try:
        async with asyncio.TaskGroup() as group:
            if fault.strike:
                group.create_task(fault.strike(scene, given))
            group.create_task(scene.traffic.run())
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
    for task in beside:
        if not task.cancelled() and (error := task.exception()):
            raise error


async def _telling(scene: Scene, tell: Callable[[Counts], None]) -> None:
    while True:
        tell(scene.traffic.counts)
        await asyncio.sleep(_TOLD_EVERY)


async def _judged(scene: Scene) -> Verdict:
    verdict, data, seen = Verdict(), scene.site.data, scene.traffic.seen
    left = await _work_left(data)
    verdict.queues = not left
    if left:
        verdict.findings.append(f"gateway broker show: {left}")
    await asyncio.to_thread(scene.hub.process.stop)
    if scene.waiting:
        verdict.findings.append(f"never died at {', '.join(scene.waiting)}")
    judge_clients(seen, verdict)
    # In a loop of its own: a wire to the database may lie in this one.
    await asyncio.to_thread(lambda: asyncio.run(judge_hub(data, seen, verdict)))
    await asyncio.to_thread(judge_books, data, verdict)
    return verdict


async def _work_left(data: Path) -> str:
    """Return what is not done although it had the time; empty for nothing."""
    deadline = time.monotonic() + DRAINED_WITHIN
    while left := await asyncio.to_thread(work_left, data):
        if time.monotonic() > deadline:
            break
    return left
