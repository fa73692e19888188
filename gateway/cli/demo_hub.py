"""A hub in a process of its own, started as an operator would start it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

_SERVE_FILE: Final = "serve.json"
_LOG_FILE: Final = "hub.log"
_START: Final = 60.0
_STOP: Final = 15.0
_GLANCE: Final = 0.02


class HubDied(Exception):
    """The hub's process ended, or did not begin to listen."""

    code: ClassVar[str] = "hub-died"
    temporary: ClassVar[bool] = False

    def __init__(self, log: str) -> None:
        super().__init__("the hub does not run")
        self.log = log
        """The end of what it wrote to its log."""


class HubProcess:
    """`gateway serve` on a data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.address = ""
        """`127.0.0.1:PORT`, once it has listened."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        """Return where its clients find it: `http://127.0.0.1:PORT`."""
        return f"http://{self.address}"

    @property
    def serving(self) -> int:
        """Return the id of the process that serves the data directory, or 0.

        It is another than the one started here where somebody started it again.
        """
        pid = int(_announced(self.data / _SERVE_FILE).get("pid", 0))
        try:
            os.kill(pid, 0) if pid else None
        except ProcessLookupError:
            # It was killed, and could not take back what it had announced.
            return 0
        return pid

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it on a free port, or again on the port it had; wait until it listens.

        It outlives this process unless it is stopped. Raises `HubDied`.
        """
        serving = self.data / _SERVE_FILE
        serving.unlink(missing_ok=True)
        with (self.data / _LOG_FILE).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [
                    sys.executable,
                    "-m",
                    "gateway",
                    "serve",
                    "--data",
                    str(self.data),
                    "--listen",
                    self.address or "127.0.0.1:0",
                ],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START
        while not (found := _announced(serving).get("listen", "")):
            if self.ended or time.monotonic() > deadline:
                self.kill()
                raise HubDied(self.log_tail())
            time.sleep(_GLANCE)
        self.address = str(found)

    @property
    def ended(self) -> bool:
        """Whether the process has ended, by itself or otherwise."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """Have it finish what it is doing and end; kill it where it does not."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of its log."""
        path = self.data / _LOG_FILE
        log = path.read_text("utf-8", "replace") if path.exists() else ""
        return "\n".join(log.splitlines()[-lines:])


def _announced(serving: Path) -> dict[str, Any]:
    """Return what a hub says of itself while it listens: `pid`, `listen`."""
    try:
        found = json.loads(serving.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
