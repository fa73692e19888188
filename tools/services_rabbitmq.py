"""A RabbitMQ of its own for tests: an ordinary process in a temporary folder.

It has free ports, a node name and an epmd of its own, and meets no other server of
the machine. Debian's package is enough; neither systemd nor root is needed.
`Server` is also what tests kill and start again.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "rabbitmq-server"
PACKAGE = "rabbitmq-server"

AMQP = "GATEWAY_TEST_AMQP"
"""`amqp://127.0.0.1:PORT`, where tests find the server; user and password guest."""
API = "GATEWAY_TEST_AMQP_API"
"""`http://127.0.0.1:PORT`, its management interface: a virtual host for each test."""

# The program on PATH wants to be root or the user rabbitmq; this one does not.
_BIN = Path("/usr/lib/rabbitmq/bin")
_START = 60.0
_STOP = 20.0
_GLANCE = 0.1


class Server:
    """One RabbitMQ; its data stay in its folder from one start to the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = dict(zip(("amqp", "api", "dist", "epmd"), _free(4), strict=True))
        self._name = f"gateway-{secrets.token_hex(4)}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._names: subprocess.Popen[bytes] | None = None

    @property
    def amqp(self) -> str:
        """Where it speaks AMQP: `amqp://127.0.0.1:PORT`."""
        return f"amqp://127.0.0.1:{self._ports['amqp']}"

    @property
    def port(self) -> int:
        """The port on which it speaks AMQP."""
        return self._ports["amqp"]

    def knows(self, queue: str) -> bool:
        """Say whether a queue would survive a power cut from now on.

        RabbitMQ 3.10 writes the names of new quorum queues down every half second.
        """
        # An Erlang term: the name, then a binary.
        name = f"_{queue}m".encode()
        files = self._folder.glob("data/*/quorum/*/names.dets")
        return any(name in file.read_bytes() for file in files)

    @property
    def api(self) -> str:
        """Where its management interface is: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._ports['api']}"

    def begin(self) -> None:
        """Start it, without waiting until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self._ports['amqp']}\n"
            f"management.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self._ports['api']}\n"
            "disk_free_limit.absolute = 50MB\n"
            "log.file.level = warning\n"
        )
        (self._folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        if self._names is None:
            # Else Erlang starts one that nobody owns, and it stays.
            self._names = subprocess.Popen(
                ["epmd", "-relaxed_command_check"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        with (self._folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(_program(PROGRAM))],
                # Where it leaves what it dumps as it dies.
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once it answers; raises `TimeoutError` with the end of its log."""
        deadline = time.monotonic() + _START
        while not answers(self.api):
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                log = (self._folder / "out.log").read_text("utf-8", "replace")
                raise TimeoutError(f"RabbitMQ does not start: {log[-2000:]}")
            time.sleep(_GLANCE)

    def start(self) -> None:
        """Start it, and return once it answers."""
        self.begin()
        self.wait()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Have it end in order; kill it where it does not."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        """End it and its epmd for good; its data are worth nothing any more."""
        self.kill()
        if self._names is not None:
            self._names.kill()
            self._names.wait()
            self._names = None

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        # The script waits for the Erlang machine; both are in one session.
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_STOP)

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RABBITMQ_")}
        return kept | {
            "HOME": str(folder),
            "ERL_EPMD_PORT": str(self._ports["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._ports["dist"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            # Else each of a few processors spins for work that does not come.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +S 2:2",
        }


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """Run a server while the context is open; gives the variables that name it.

    Gives none where the program is missing, or where they are set already. It is not
    waited for: it starts while other checks run, and who needs it waits.
    """
    if os.environ.get(AMQP) or not can_run():
        yield {}
        return
    with tempfile.TemporaryDirectory(
        prefix="rabbitmq-", ignore_cleanup_errors=True
    ) as folder:
        server = Server(Path(folder))
        try:
            server.begin()
            yield {AMQP: server.amqp, API: server.api}
        finally:
            server.close()


def can_run() -> bool:
    """Say whether the program is here."""
    return _program(PROGRAM).exists()


def answers(api: str) -> bool:
    """Say whether the server behind a management interface takes connections."""
    try:
        return ask(api, "GET", "/api/health/checks/virtual-hosts") is not None
    except OSError:
        return False


def wait_for(api: str) -> None:
    """Return once a server answers that somebody else started; `TimeoutError`."""
    deadline = time.monotonic() + _START
    while not answers(api):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no RabbitMQ answers at {api}")
        time.sleep(_GLANCE)


def ask(api: str, method: str, path: str, body: object = None) -> object:
    """Ask the management interface as guest; raises `OSError`, 404 included."""
    request = urllib.request.Request(  # noqa: S310 - a server of ours
        api + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": "Basic " + b64encode(b"guest:guest").decode(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        content = answer.read()
    return json.loads(content) if content else {}


def _program(name: str) -> Path:
    return _BIN / name


def _free(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with_sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in with_sockets]
    finally:
        for one in with_sockets:
            one.close()
