"""What this process does to the world outside: connections, programs, files written.

Python tells its audit hooks before it happens. libxml2 does not ask Python; for what
it would fetch there is `judge.Trap`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class Seen:
    """What was done."""

    connected: set[object] = field(default_factory=set)
    programs: list[str] = field(default_factory=list)
    written: set[Path] = field(default_factory=set)


_seen: list[Seen] = []
_hooked: list[bool] = []


@contextmanager
def watching() -> Iterator[Seen]:
    """Note what happens while the context is open; a hook stays for ever."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    seen = Seen()
    _seen.append(seen)
    try:
        yield seen
    finally:
        _seen.remove(seen)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _seen:
        return
    for seen in _seen:
        if event == "socket.connect":
            seen.connected.add(arguments[1])
        elif event in _PROGRAMS:
            seen.programs.append(f"{event} {arguments[0]!r}")
        elif event == "open" and _writes(arguments):
            seen.written.add(Path(os.fsdecode(arguments[0])))  # type: ignore[arg-type]


def _writes(arguments: tuple[object, ...]) -> bool:
    path, mode, flags = arguments
    if not isinstance(path, str | bytes):
        return False
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)
