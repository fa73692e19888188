"""Who serves a data directory: one process at most, and where it listens."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.config import Address, SettingsError

SERVE: Final = "serve.json"
"""In the data directory while the hub listens: `pid`, `listen` (HOST:PORT) and
`address` (URL). It is left behind where the process was killed."""

LOCK: Final = "serve.lock"


@contextmanager
def announced(data: Path, address: Address, url: str) -> Iterator[None]:
    """Say in the data directory who listens where, as long as it is true."""
    path = data / SERVE
    fresh = path.with_suffix(".new")
    facts = {
        "pid": os.getpid(),
        "listen": str(address),
        "address": url,
    }
    fresh.write_text(json.dumps(facts) + "\n", "utf-8")
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def only_server(data: Path) -> Iterator[None]:
    """Hold the lock of a data directory; the system drops it when a process dies."""
    with (data / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SettingsError(
                "data",
                f"another process serves {data}",
                f"Stop it first; {SERVE} says where it listens",
            ) from error
        yield
