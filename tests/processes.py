"""Processes of a hub, as an operator starts them: doors, workers, or both in one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

END = 20.0
"""Seconds for a process to end what it began."""


class Process:
    """A `gateway` command that runs until it is told to end."""

    def __init__(self, data: Path, *command: str) -> None:
        """Take the data directory, and `serve` or `work` with its options."""
        self.data = data
        self.base = ""
        """Where its clients find it, once it was started; empty for a worker."""
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._log = data.parent / f"{data.name}-{'-'.join(command)}.log".replace(
            ":", ""
        )

    def start(self, environment: dict[str, str] | None = None) -> None:
        """Start it, again where it was before; returns once it runs."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments(),
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            self._wait()
            raise AssertionError(self.log())
        self.base = json.loads(said).get("address", "")

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it does not run, or not any more."""
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._wait()

    def stop(self) -> int:
        """Have it end what it began; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._wait()

    def log(self) -> str:
        """Return what it wrote to standard error."""
        return self._log.read_text("utf-8", "replace")

    def _wait(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        ended = self._process.wait(END)
        self._process.stdout.close()
        return ended

    def _arguments(self) -> Sequence[str]:
        command = [sys.executable, "-m", "gateway", *self._command]
        if self._command[0] == "serve":
            command += ["--listen", self.base.removeprefix("http://") or "127.0.0.1:0"]
        return [*command, "--json", "--data", str(self.data)]
