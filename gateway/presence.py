"""Who serves a data directory: which processes, and where they listen.

One process at most where the database or the broker is a file of that directory;
where both are servers, as many as there is work for. A command that must be alone
waits for none of them: it is refused.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TextIO

from gateway.config import Address, Settings, SettingsError

SERVE: Final = "serve.json"
"""In the data directory while the hub listens: `pid`, `host`, `listen` (HOST:PORT)
and `address` (URL). It is left behind where the process was killed. Of several
processes the first has this one, each other one like it: `serve-HOST-PID.json`, or
`work-HOST-PID.json` of one that listens nowhere."""

LOCK: Final = "serve.lock"

_KINDS: Final = ("serve", "work")


@contextmanager
def announced(
    data: Path, kind: str, address: Address | None = None, url: str = ""
) -> Iterator[None]:
    """Say in the data directory what runs and where, as long as it is true.

    `kind` is `serve` or `work`.
    """
    forget_the_dead(data)
    path = _place(data, kind)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    facts = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "listen": str(address) if address else "",
        "address": url,
    }
    with fresh.open("w", encoding="utf-8") as file:
        # The system drops it with the process: so the file says whether it is true.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(facts) + "\n")
        file.flush()
        fresh.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def running(data: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return what processes of this directory say of themselves, by their file's name.

    Those that were killed are left out.
    """
    found = {}
    for path in sorted(p for kind in _KINDS for p in data.glob(f"{kind}*.json")):
        # It may end while this looks, or have been written by hand.
        with suppress(OSError, ValueError), path.open(encoding="utf-8") as file:
            said = json.load(file)
            if isinstance(said, dict) and _is_held(file):
                found[path.name] = said
    return found


def forget_the_dead(data: Path) -> None:
    """Remove what processes left behind that were killed."""
    living = running(data)
    for kind in _KINDS:
        for path in data.glob(f"{kind}*.json"):
            if path.name not in living:
                path.unlink(missing_ok=True)


@contextmanager
def only_server(data: Path) -> Iterator[None]:
    """Hold the lock of a data directory alone; the system drops it with the process.

    Raises `SettingsError` where another process has it, alone or among others.
    """
    with _locked(data, fcntl.LOCK_EX):
        yield


@contextmanager
def among_servers(settings: Settings) -> Iterator[None]:
    """Hold the lock of a data directory as its engines allow: alone, or with others.

    Raises `SettingsError`.
    """
    kind = fcntl.LOCK_SH if settings.for_several else fcntl.LOCK_EX
    with _locked(settings.data, kind, several=settings.for_several):
        yield


@contextmanager
def _locked(data: Path, kind: int, *, several: bool = False) -> Iterator[None]:
    with (data / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except OSError as error:
            problem = f"another process serves {data}"
            remedy = f"Stop it first; {SERVE} says where it listens"
            if several:
                problem = f"the tables of {data} are being changed"
                remedy = "Wait until it is done, and start again"
            raise SettingsError("data", problem, remedy) from error
        yield


def _place(data: Path, kind: str) -> Path:
    if kind == "serve" and not (data / SERVE).exists():
        return data / SERVE
    return data / f"{kind}-{socket.gethostname()}-{os.getpid()}.json"


def _is_held(file: TextIO) -> bool:
    """Say whether the process that wrote a file is there."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
