"""The whole corpus on trial, once: outcomes, logs, and what was done to the world."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from envelopes.letter import Attachment
from gateway import telemetry
from tests.hostile import judge, transport
from tests.hostile.corpus import corpus
from tests.hostile.hub import new_template
from tests.hostile.judge import Court, Outcome, Trap
from tests.hostile.making import plain
from tests.hostile.offices import MINISTRY
from tests.hostile.vector import Carried, Kind, Vector
from tests.hostile.watch import Seen, watching

HONEST = (1_000, 50_000, 1_000_000, 10_000_000)
"""Bytes of the file of an honest letter, to compare with."""

AGAIN = (Kind.IN_FIELDS, Kind.NOTIFIERS)
"""What is tried once more with a log for people."""


@dataclass(frozen=True)
class Record:
    """What came of it all."""

    outcomes: dict[str, Outcome]
    honest: dict[int, Outcome]
    """By the bytes of the request."""
    data: Path
    """The hub's folder; nobody serves it any more."""
    bases: tuple[str, ...]
    """Where it listened."""
    port: int
    """Of the trap."""
    visits: int
    """How often somebody came to fetch something."""
    log: str
    """As programs read it."""
    text: str
    """As people read it, of the classes in `AGAIN`."""
    seen: Seen


async def hold(folder: Path) -> Record:
    """Try everything."""
    await new_template(folder / "template")
    outcomes: dict[str, Outcome] = {}
    log, text = io.StringIO(), io.StringIO()
    trap, bases = Trap(), []
    below = [vector for vector in corpus() if vector.raw]
    above = [vector for vector in corpus() if not vector.raw]
    again = [vector for vector in above if vector.kind in AGAIN]
    with watching() as seen:
        async with trap.listening():
            telemetry.configure("json", "debug", log)
            async with _open(folder, "hub", trap) as court:
                honest = await _honest(court)
                outcomes |= await _each(court, above)
                bases.append(court.base)
            async with _open(folder, "tight", trap, **judge.tight()) as court:
                outcomes |= await _each(court, below)
                bases.append(court.base)
            telemetry.configure("text", "debug", text)
            async with _open(folder, "again", trap) as court:
                await _each(court, again)
                bases.append(court.base)
    structlog.reset_defaults()
    return Record(
        outcomes=outcomes,
        honest=honest,
        data=folder / "hub",
        bases=tuple(bases),
        port=trap.port,
        visits=trap.visits,
        log=log.getvalue(),
        text=text.getvalue(),
        seen=seen,
    )


def _open(folder: Path, name: str, trap: Trap, **flags: object) -> judge.Opening:
    return judge.court(folder / "template", folder / name, trap, **flags)


async def _each(court: Court, vectors: Iterable[Vector]) -> dict[str, Outcome]:
    return {vector.name: await court.try_on(vector) for vector in vectors}


async def _honest(court: Court) -> dict[int, Outcome]:
    """Send honest letters of several sizes, each twice: the first finds caches cold."""
    found = {}
    # The first that breaks its schema has the explainer loaded.
    broken = plain("broken").replace(b"<ram:Subject>", b"<ram:Thing/><ram:Subject>")
    await court.post(MINISTRY, broken)
    for size in HONEST:
        for turn in ("cold", "warm"):
            name = f"honest {size} {turn}"
            # Bytes that are no text anywhere, and no two files alike.
            content = bytes([size % 251, *turn.encode()]) * (size // 5)
            body = plain(name, main=Attachment("application/pdf", content))
            vector = Vector(name, Kind.SIZE, "nothing", body, Carried())
            outcome = await court.try_on(vector)
            if judge.complaints(vector, outcome):
                raise AssertionError((name, judge.complaints(vector, outcome)))
        found[len(body)] = outcome
    return found


def bounds(size: int, honest: dict[int, Outcome]) -> tuple[float, int, int]:
    """Say what a request of this size may cost: seconds, memory, bytes parsed.

    Fifty times what an honest one of at least this size takes, and half a second;
    what that takes in memory, and eight times its bytes, and 32 MiB; eight times its
    bytes through a parser. The first two are measured, so they are generous; the
    third is counted.
    """
    alike = min((n for n in honest if n >= size), default=max(honest))
    slowest = max(honest[alike].seconds, honest[min(honest)].seconds)
    seconds = 50 * slowest + 0.5
    peak = honest[alike].peak + 8 * size + 32 * 2**20
    return seconds, peak, 8 * size + transport.BODY_LIMIT
