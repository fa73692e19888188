"""Where the time of a hub goes: its own profile, by the packages it was spent in."""

import os
import pstats
import signal
from collections import defaultdict
from pathlib import Path

from tools.bench.cases import Measured, Post, accept
from tools.bench.engines import Engine
from tools.bench.hub import served

_ROOT = Path(__file__).parent.parent.parent
_OURS = ("envelopes", "gateway", "queues", "schemas")
_DEPTH = 2
_LONGEST = 25


def profiled(engine: Engine, data: Path, post: Post, size: int, count: int) -> Measured:
    """Post letters at a hub that is profiled; the shares of where its time goes."""
    stats = data / "profile"
    with served(engine, data, through=("-m", "tools.bench.watched", str(stats))) as hub:
        for pid in hub.pids:
            os.kill(pid, signal.SIGUSR1)
        measured = accept(hub, post, size, count)
    found = pstats.Stats(str(stats)).stats  # type: ignore[attr-defined]
    return {
        "letters": count,
        "file_bytes": size,
        "accepted_per_second_while_profiled": measured["accepted_per_second"],
        "packages": _by_package(found, count),
        "functions": _longest(found, count),
    }


def _by_package(found: pstats.Stats, count: int) -> dict[str, float]:
    """Return the microseconds of each package for a letter, its callees not included.

    What is built in counts for whoever called it.
    """
    own: dict[str, float] = defaultdict(float)
    for (file, _, name), (_, _, total, _, callers) in found.items():
        if file != "~":
            own[_package(file)] += total
            continue
        if "epoll" in name:
            own["(waiting)"] += total
            continue
        for (caller, _, _), (_, _, share, _) in callers.items():
            own[_package(caller)] += share
    rounded = {name: round(1e6 * seconds / count, 1) for name, seconds in own.items()}
    kept = sorted(rounded.items(), key=lambda pair: -pair[1])[:_LONGEST]
    return dict(kept)


def _longest(found: pstats.Stats, count: int) -> dict[str, float]:
    """Return the microseconds of our own functions for a letter, callees included."""
    ours = {
        f"{_short(file)}:{name}": round(1e6 * whole / count, 1)
        for (file, _, name), (_, _, _, whole, _) in found.items()
        if _package(file).split("/")[0] in _OURS and not name.startswith("<")
    }
    return dict(sorted(ours.items(), key=lambda pair: -pair[1])[: 2 * _LONGEST])


def _package(file: str) -> str:
    parts = _short(file).split("/")
    if parts[0] in _OURS:
        return "/".join(parts[: min(_DEPTH, len(parts) - 1)])
    return parts[0]


def _short(file: str) -> str:
    """Return a file's path below the project, or below where libraries lie."""
    for mark in ("/site-packages/", "/lib/python3.11/"):
        if mark in file:
            return file.rpartition(mark)[2]
    return file.removeprefix(f"{_ROOT}/")
