"""A hub to be measured: made, served by its own process, and looked at from outside."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from envelopes.letter import OrganizationCode
from gateway import bootstrap
from gateway.config import load
from gateway.keys.signing import new_key_pair
from tools.bench.engines import SERVERS, Engine
from tools.bench.letters import Sender

SENDERS = 8
"""Offices that send: half of them sign with P-256, half with RSA-2048."""

_END = 30.0
_KIB = 1024
_GLANCE = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Hub:
    """A hub that is served: one process, or on servers a door and a worker."""

    engine: Engine
    data: Path
    address: str
    pids: Sequence[int]
    """Those that were started here; they have children that work for them."""

    def asked(self, question: str) -> int:
        """Return the number that a statement finds in its database."""
        return int(self.engine.asked(self.data, question) or 0)

    def reaches(self, question: str, number: int, within: float) -> float:
        """Wait until a statement finds so much; return when it did."""
        return until(lambda: self.asked(question) >= number, within)

    def processor(self) -> float:
        """Return the seconds of processor time its processes took so far."""
        return sum(_processor(pid) for pid in self._all())

    def written(self) -> int:
        """Return the bytes its processes had written to disk so far."""
        return sum(_figure(pid, "io", "write_bytes") for pid in self._all())

    def memory(self) -> int:
        """Return the bytes of memory its processes have."""
        return _KIB * sum(_figure(pid, "status", "VmRSS") for pid in self._all())

    def peak(self) -> int:
        """Return the bytes of memory they had at most since `level`."""
        return _KIB * sum(_figure(pid, "status", "VmHWM") for pid in self._all())

    def level(self) -> None:
        """Let the peak of their memory begin anew."""
        for pid in self._all():
            Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")

    def _all(self) -> list[int]:
        """Return its processes and their children, which read letters for them."""
        return [*self.pids, *(child for pid in self.pids for child in _children(pid))]


def made(engine: Engine, data: Path, senders: Sequence[Sender]) -> list[str]:
    """Make a hub that knows the ministry, the provinces and these senders.

    Returns the codes of the provinces.
    """
    with _settings(engine.settings):
        return asyncio.run(_made(data, senders))


@contextmanager
def served(
    engine: Engine,
    data: Path,
    *,
    environment: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
) -> Iterator[Hub]:
    """Serve a hub; `through` stands behind `python`.

    On servers door and work are two processes, as on any hub of some size.
    """
    commands = [["serve", "--listen", "127.0.0.1:0"]]
    if engine.name == SERVERS and not through:
        commands = [[*commands[0], "--door-only"], ["work"]]
    with ExitStack() as stack:
        whole = {**os.environ, **engine.settings, **(environment or {})}
        started = [
            stack.enter_context(_process(data, command, whole, through))
            for command in commands
        ]
        listens = str(started[0]["address"]).removeprefix("http://")
        yield Hub(engine, data, listens, [int(one["pid"]) for one in started])


@contextmanager
def _process(
    data: Path,
    command: Sequence[str],
    environment: Mapping[str, str],
    through: Sequence[str],
) -> Iterator[dict[str, object]]:
    """Run a command of the hub; gives its id, and what it says once it runs."""
    log = data / f"{command[0]}.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, *through, "-m", "gateway", *command),
                *("--data", str(data), "--json"),
            ],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        said = process.stdout.readline() if process.stdout else b""
        if not said:
            raise RuntimeError(log.read_text("utf-8")[-2000:])
        # What a worker says goes on, and only tells that it works.
        address = json.loads(said)["address"] if command[0] == "serve" else ""
        yield {"address": address, "pid": process.pid}
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def until(is_so: Callable[[], bool], within: float) -> float:
    """Wait until something is so; return when it was."""
    deadline = time.perf_counter() + within
    while not is_so():
        if time.perf_counter() > deadline:
            raise TimeoutError("what was waited for did not come")
        time.sleep(_GLANCE)
    return time.perf_counter()


def new_senders(codes: Sequence[str]) -> list[Sender]:
    """Make keys and certificates for offices, P-256 and RSA-2048 by turns."""
    return [
        _rsa_sender(code) if number % 2 else _curve_sender(code)
        for number, code in enumerate(codes)
    ]


async def _made(data: Path, senders: Sequence[Sender]) -> list[str]:
    settings = load(data)
    await bootstrap.init(settings, demo=True)
    async with bootstrap.open_hub(settings) as hub:
        async with hub.store.unit() as unit:
            for sender in senders:
                code = OrganizationCode(sender.code)
                await unit.directory.add_certificate(
                    bootstrap.registered(code, sender.certificate),
                    hub.work.clock.now(),
                )
            await unit.commit()
        async with hub.store.unit() as unit:
            known = await unit.directory.all()
    return sorted(one.code.text for one in known)[1:]


def _curve_sender(code: str) -> Sender:
    pair = new_key_pair("bench", code, datetime.now(UTC))
    return Sender(code, pair.key, pair.certificate)


def _rsa_sender(code: str) -> Sender:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"bench {code}")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return Sender(
        code,
        key.private_bytes(serialization.Encoding.PEM, form, plain),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text("ascii").split()]


def _processor(pid: int) -> float:
    text = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2]
    user, system = text.split()[11:13]
    return (int(user) + int(system)) / _TICKS


def _figure(pid: int, file: str, name: str) -> int:
    """Return the number behind a name in one of a process's files."""
    for line in Path(f"/proc/{pid}/{file}").read_text("utf-8").splitlines():
        found, _, value = line.partition(":")
        if found == name:
            return int(value.split()[0])
    return 0


@contextmanager
def _settings(settings: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
