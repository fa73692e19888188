"""A PostgreSQL server for the tests: made anew, durable, stopped on every exit.

It listens on a Unix socket in a temporary folder and on nothing else. The server
refuses to run as root, so root runs it as the user `postgres` of the Debian package.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

VARIABLE = "GATEWAY_TEST_PG"
"""URL of a server on which the tests may make and drop databases."""

PACKAGE = "postgresql"
USER = "postgres"
_STARTS_WITHIN = 60.0
_GLANCE = 0.1


def programs() -> Path | None:
    """Return the folder of the newest server on this machine; None for none."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(installed, key=lambda p: int(p.parts[-3]), default=None)
    return newest.parent if newest else None


class Server:
    """One server; its data stay in its folder from one start to the next."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        """Take where its data lie; it listens on TCP, at 127.0.0.1, if on a port."""
        self._folder = folder
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its URL on the Unix socket, to the database `postgres`."""
        return f"postgresql://{USER}@/postgres?host={quote(str(self._folder))}"

    @property
    def port(self) -> int:
        """The port it listens on; 0 for none."""
        return self._port

    @property
    def tcp(self) -> str:
        """Its URL at that port, to the database `postgres`."""
        return f"postgresql://{USER}@127.0.0.1:{self._port}/postgres"

    @property
    def ended(self) -> bool:
        """Whether it does not run, by itself or otherwise."""
        return self._process is None or self._process.poll() is not None

    def give(self, folder: Path) -> None:
        """Make a folder that belongs to the server's own user."""
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, USER)

    def make(self) -> None:
        """Make its data, in a folder that is there."""
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
        subprocess.run(
            _as_owner(
                [
                    *(_bin() / "initdb", "-D", self._data, "-U", USER),
                    *("-A", "trust", "-N", "--locale=C.UTF-8", "-E", "UTF8"),
                ]
            ),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    def start(self) -> None:
        """Start it, and return once it answers; raises `RuntimeError` with its log."""
        # Durable as in production: what the tests prove is to hold there.
        settings = {
            "listen_addresses": "127.0.0.1" if self._port else "",
            "port": self._port or 5432,
            "unix_socket_directories": self._folder,
            "max_connections": 200,
            "fsync": "on",
            "synchronous_commit": "on",
            "shared_buffers": "64MB",
        }
        given = [word for k, v in settings.items() for word in ("-c", f"{k}={v}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _as_owner([_bin() / "postgres", "-D", self._data, *given]),
                stdout=log,
                stderr=log,
                cwd="/",
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def kill(self) -> None:
        """End it and all its processes at once, as a power cut does."""
        if self._process is None or self.ended:
            return
        # Each is in a session of its own, and would finish what it is doing.
        family = [self._process.pid, *_children(self._process.pid)]
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait()
        # The next one refuses to start beside one that has not ended yet.
        deadline = time.monotonic() + _STARTS_WITHIN
        while any(_is_running(p) for p in family) and time.monotonic() < deadline:
            time.sleep(_GLANCE)

    def stop(self) -> None:
        """Shut down at once and cleanly; `setpriv` became the server, with its id."""
        if self._process is None or self.ended:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _STARTS_WITHIN
        asked = [str(_bin() / "pg_isready"), "-q", "-h", str(self._folder)]
        asked += ["-p", str(self._port)] if self._port else []
        while subprocess.run(asked, check=False).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (self._folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL does not start: {log[-2000:]}")
            time.sleep(_GLANCE)


@contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """Run a server; gives the variables that lead tests to it, none without one."""
    if os.environ.get(VARIABLE) or programs() is None:
        yield {}
        return
    with own_folder() as folder, started(folder) as server:
        yield {VARIABLE: server.url}


@contextmanager
def started(folder: Path, *, port: int = 0) -> Iterator[Server]:
    """Make a server in an empty folder and start it; it is stopped on every exit."""
    server = Server(folder, port=port)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def own_folder() -> Iterator[Path]:
    """Give a folder that the server's own user gets to; removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bin() -> Path:
    found = programs()
    if found is None:
        raise FileNotFoundError("postgres")
    return found


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in tasks.read_text().split()] if tasks.exists() else []


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _as_owner(command: list[object]) -> list[str]:
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
    # Whatever ends this program, the server ends with it.
    return [*become, "--pdeathsig=INT", "--", *words]
