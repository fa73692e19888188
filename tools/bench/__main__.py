"""Measure how fast a hub is, and write docs/bench.json and docs/bench.md.

    python -m tools.bench [--quick] [--engine embedded|servers …] [--out FOLDER]

Each engine is measured by itself, with its settings read and printed first; one that
does not sync ends the benchmark with exit status 1.
`--quick` runs every case with a few letters: it shows that they run, not how fast.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.simulation.provinces import PROVINCES
from tools.bench import blocks, circulars, durable, echo, engines, syncs
from tools.bench.backlog import Plan, pulled, pushed
from tools.bench.cases import Measured, Post, accept, circular, memory, paced, settled
from tools.bench.engines import EMBEDDED, SERVERS, Engine
from tools.bench.hub import SENDERS, Hub, made, new_senders, served
from tools.bench.offices import round_trips
from tools.bench.page import page
from tools.bench.profile import profiled

DOCS = Path(__file__).parent.parent.parent / "docs"
SLOWER = 2000
"""Microseconds that every sync takes longer on the slow disk."""

_KIB = 1024
_MIB = 1024 * 1024
AIMS: dict[str, dict[str, list[int]]] = {
    EMBEDDED: {str(4 * _KIB): [2000], str(100 * _KIB): [600]},
    SERVERS: {str(4 * _KIB): [2000, 1000], str(100 * _KIB): [600, 350]},
}
"""By engine and size: letters a second accepted, and into the inbox (issue 5)."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    letters: dict[int, int]
    """Bytes of the file → letters of that size."""
    seconds: float
    """At a steady rate."""
    trips: int
    copies: int
    large: int
    many: int
    profiled: int
    slow: int
    backlog: Plan


FULL = Sizes(
    letters={4 * _KIB: 3000, 100 * _KIB: 600, _MIB: 100},
    seconds=8,
    trips=160,
    copies=75,
    large=25 * _MIB,
    many=100,
    profiled=1500,
    slow=4000,
    backlog=Plan(waiting=10_000, rate=25, calm=10),
)
QUICK = Sizes(
    letters={4 * _KIB: 16, 100 * _KIB: 8},
    seconds=0.5,
    trips=8,
    copies=3,
    large=_MIB,
    many=2,
    profiled=8,
    slow=8,
    backlog=Plan(waiting=12, rate=20, calm=0.5),
)

Opened = Callable[[], AbstractContextManager[Engine]]
OPENED: dict[str, Opened] = {"embedded": engines.embedded, "servers": engines.servers}


class Bench:
    """One run of everything, in a folder that goes with it."""

    def __init__(self, folder: Path, sizes: Sizes, report: Measured) -> None:
        codes = [province.code for province in PROVINCES]
        self._folder = folder
        self._sizes = sizes
        self._report = report
        self._senders = new_senders(codes[:SENDERS])
        self._post = Post(folder, self._senders, codes)
        self._hubs = 0

    def parts(self) -> None:
        """Measure what is measured without a hub."""
        report, first = self._report, min(self._sizes.letters)
        report["blocks"] = []
        for size in self._sizes.letters:
            file = self._post.prepare("block", size, SENDERS)
            report["blocks"].append(blocks.ceiling(file, self._senders, size))
            file.unlink()
        file = self._post.prepare("echo", first, self._sizes.letters[first])
        report["generator"] = echo.ceiling(self._post, file)
        file.unlink()

    def engine(self, opened: Opened) -> None:
        """Measure everything on one engine."""
        with opened() as engine:
            self._note(durable.settings(engine))
            found: Measured = {}
            self._report["engines"][engine.name] = found
            with self._hub(engine) as hub:
                self._cases(hub, found)
        with opened() as engine, self._hub(engine) as hub:
            self._memory(hub, found)
        with opened() as engine, self._hub(engine) as hub:
            say(f"{engine.name}: a province that was away")
            first, second = self._post.receivers[-2:]
            plan = self._sizes.backlog
            found["backlog"] = {
                "pull": pulled(hub, self._post, plan, first),
                "push": pushed(hub, self._post, plan, second),
            }
        with opened() as engine:
            say(f"{engine.name}: profile")
            size = min(self._sizes.letters)
            data = self._made(engine)
            found["profile"] = profiled(
                engine, data, self._post, size, self._sizes.profiled
            )

    def slow(self, name: str) -> None:
        """Measure one engine with every sync made slower."""
        library = syncs.built(self._folder)
        if library is None:
            say("a slow disk: left out, no C compiler")
            return
        say(f"{name}: a slow disk")
        rates, counted = {}, 0
        count = self._sizes.slow
        for wait in (0, SLOWER):
            environment = library.environment(wait)
            with (
                engines.servers(environment)
                if name == SERVERS
                else engines.embedded() as engine
            ):
                data = self._made(engine)
                with served(engine, data, environment=environment) as hub:
                    before = library.counted()
                    rates[wait] = accept(
                        hub, self._post, min(self._sizes.letters), count
                    )
                    counted = library.counted() - before
        if not counted:
            raise durable.NotDurableError("nothing was synced")
        fast, slow = (rates[wait]["accepted_per_second"] for wait in (0, SLOWER))
        self._report["engines"][name]["slow"] = {
            "fast_per_second": fast,
            "slow_per_second": slow,
            "kept": slow / fast,
            "syncs_per_letter": counted / count,
        }

    def _cases(self, hub: Hub, found: Measured) -> None:
        name, post, sizes = hub.engine.name, self._post, self._sizes
        accept(hub, post, min(sizes.letters), 2 * SENDERS)
        if name == SERVERS:
            self._note([durable.confirms(hub.engine)])
        found["accept"] = []
        for size, count in sizes.letters.items():
            say(f"{name}: {count} letters of {size} bytes")
            found["accept"].append(accept(hub, post, size, count))
            settled(hub)
        rate = found["accept"][0]["accepted_per_second"] / 2
        say(f"{name}: {rate:.0f} letters a second")
        found["paced"] = paced(hub, post, min(sizes.letters), rate, sizes.seconds)
        settled(hub)

    def _memory(self, hub: Hub, found: Measured) -> None:
        name, post, sizes = hub.engine.name, self._post, self._sizes
        say(f"{name}: round trips, a circular, memory")
        file = post.prepare("trip", min(sizes.letters), sizes.trips)
        found["round_trips"] = round_trips(hub, file, SENDERS)
        file.unlink()
        settled(hub)
        file = circulars.prepared(post, sizes.copies)
        found["circular"] = circular(hub, post, file, sizes.copies)
        file.unlink()
        settled(hub)
        found["memory"] = [memory(hub, post, sizes.large, 1)]
        settled(hub)
        found["memory"].append(memory(hub, post, _MIB, sizes.many))
        settled(hub)

    @contextmanager
    def _hub(self, engine: Engine) -> Iterator[Hub]:
        with served(engine, self._made(engine)) as hub:
            yield hub

    def _made(self, engine: Engine) -> Path:
        self._hubs += 1
        data = self._folder / f"hub-{self._hubs}"
        made(engine, data, self._senders)
        return data

    def _note(self, settings: list[durable.Setting]) -> None:
        for one in settings:
            say(f"durable: {one.name} = {one.found}")
            self._report["durable"].append(asdict(one))


def main(words: list[str] | None = None) -> int:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--engine", nargs="+", choices=OPENED, default=[])
    parser.add_argument("--out", type=Path, default=DOCS)
    given = parser.parse_args(words)
    chosen = given.engine or ["embedded", *(["servers"] if engines.are_here() else [])]
    began = time.monotonic()
    report: dict[str, Any] = {
        "command": _command(quick=given.quick, engine=given.engine),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "quick": given.quick,
        "aims": AIMS,
        "durable": [],
        "engines": {},
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), QUICK if given.quick else FULL, report)
        try:
            bench.parts()
            for name in chosen:
                bench.engine(OPENED[name])
            for name in list(report["engines"]):
                bench.slow(name)
        except durable.NotDurableError as error:
            print(f"bench: not durable: {error}", file=sys.stderr)
            return 1
    report["seconds"] = round(time.monotonic() - began)
    text = page(report)
    (given.out / "bench.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    (given.out / "bench.md").write_text(text, "utf-8")
    print(text)
    return 0


def _command(*, quick: bool, engine: list[str]) -> str:
    """Return what was called: of a run that leaves something out, with what."""
    words = [
        *(["--quick"] if quick else []),
        *(["--engine", *engine] if engine else []),
    ]
    return " ".join(["python -m tools.bench", *words]) if words else "make bench"


def say(what: str) -> None:
    """Tell who waits what is measured now."""
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
