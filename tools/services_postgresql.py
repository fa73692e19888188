"""A PostgreSQL server for the tests: made anew, durable, stopped on every exit.

It listens on a Unix socket in a temporary folder and on nothing else. The server
refuses to run as root, so root runs it as the user `postgres` of the Debian package.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

VARIABLE = "GATEWAY_TEST_PG"
"""URL of a server on which the tests may make and drop databases."""

PACKAGE = "postgresql"
USER = "postgres"
_STARTS_WITHIN = 60.0


def programs() -> Path | None:
    """Return the folder of the newest server on this machine; None for none."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(installed, key=lambda p: int(p.parts[-3]), default=None)
    return newest.parent if newest else None


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """Run a server; gives the variables that lead tests to it, none without one."""
    if os.environ.get(VARIABLE):
        yield {}
        return
    bin_ = programs()
    if bin_ is None:
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        server = _started(bin_, folder)
        yield {VARIABLE: f"postgresql://{USER}@/postgres?host={quote(str(folder))}"}
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _started(bin_: Path, folder: Path) -> "subprocess.Popen[bytes]":
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    subprocess.run(
        _as_owner(
            [
                *(bin_ / "initdb", "-D", data, "-U", USER, "-A", "trust", "-N"),
                *("--locale=C.UTF-8", "-E", "UTF8"),
            ]
        ),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    # Durable as in production: what the tests prove is to hold there.
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": folder,
        "max_connections": 200,
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "64MB",
    }
    given = [word for k, v in settings.items() for word in ("-c", f"{k}={v}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            _as_owner([bin_ / "postgres", "-D", data, *given]),
            stdout=log,
            stderr=log,
            cwd="/",
        )
    try:
        _wait_until_ready(server, bin_, folder)
    except BaseException:
        _stop(server)
        raise
    return server


def _wait_until_ready(
    server: "subprocess.Popen[bytes]", bin_: Path, folder: Path
) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    asked = [str(bin_ / "pg_isready"), "-q", "-h", str(folder)]
    while subprocess.run(asked, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            print((folder / "log").read_text(errors="replace"), file=sys.stderr)
            raise RuntimeError("the PostgreSQL server did not start")
        time.sleep(0.1)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """Shut down at once and cleanly; `setpriv` became the server, so it has its id."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _as_owner(command: list[object]) -> list[str]:
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    # Whatever ends this program, the server ends with it.
    return [*become, "--pdeathsig=INT", "--", *words]
