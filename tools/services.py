"""Bring the programs and servers that tests need, then run a command.

    python tools/services.py [--in-memory] COMMAND [ARGUMENT …]

As root on Debian or Ubuntu, missing programs are installed by their package, with
their services kept from starting. Elsewhere the tests that need them say so and are
skipped; under `CI=true` they fail instead.
Servers are ours: each on free ports in a temporary directory, stopped on every exit.
`GATEWAY_TEST_…` tells tests where they are; a server that is named there already is
used as it is.

With `--in-memory` all that servers and tests write lies in memory where the system
has room for it there, and is gone afterwards. Every setting stays as it is, and what
a killed process had written is there as on a disk; only a power cut would tell, and
no test cuts the power. What is measured belongs on a disk.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# The folder of this file is on the path of a script.
import services_postgresql
import services_rabbitmq

PROGRAMS = {
    "xmlsec1": "xmlsec1",
    "softhsm2-util": "softhsm2",
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "openssl": "openssl",
    "systemd-analyze": "systemd",
    "curl": "curl",
    "rsync": "rsync",
    services_rabbitmq.PROGRAM: services_rabbitmq.PACKAGE,
}
"""Program on PATH → Debian package."""

SERVERS = (services_rabbitmq.running, services_postgresql.postgresql)
"""Each a context that runs a server, and gives the variables that name it."""

POLICY = Path("/usr/sbin/policy-rc.d")

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM = 6 * 1024**3
"""Bytes that must be free there: several times what the tests write."""


def main() -> int:
    """Bring what is missing, and become the command."""
    missing = {p: d for p, d in PROGRAMS.items() if not shutil.which(p)}
    if services_postgresql.programs() is None:
        missing[services_postgresql.PACKAGE] = services_postgresql.PACKAGE
    if missing and can_install():
        install(sorted(missing.values()))
    elif missing:
        print(
            f"services: {', '.join(missing)} not found; tests that need them are "
            f"left out. Try: apt-get install {' '.join(sorted(missing.values()))}",
            file=sys.stderr,
        )
    # A signal must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    command = sys.argv[1:]
    with ExitStack() as servers:
        if command[0] == "--in-memory":
            del command[0]
            servers.enter_context(in_memory())
        environment = dict(os.environ)
        for running in SERVERS:
            environment |= servers.enter_context(running())
        return subprocess.run(command, check=False, env=environment).returncode


@contextmanager
def in_memory() -> Iterator[None]:
    """Have temporary files lie in memory, where there is room for them."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield
        return
    with tempfile.TemporaryDirectory(
        prefix="", dir=MEMORY, ignore_cleanup_errors=True
    ) as folder:
        # The database server is another user, and must get to its own folder.
        Path(folder).chmod(0o711)
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        yield


def can_install() -> bool:
    """Say whether this is root on a system with apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> None:
    """Install Debian packages without starting anything."""
    print(f"services: installing {' '.join(packages)}", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install_command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    with nothing_starts():
        for command in (["apt-get", "update", "-qq"], [*install_command, *packages]):
            done = subprocess.run(
                command, check=False, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                print(f"services: {' '.join(command)} failed", file=sys.stderr)
                print(done.stderr[-2000:], file=sys.stderr)
                return


@contextmanager
def nothing_starts() -> Iterator[None]:
    """Keep Debian packages from starting their services while they are installed."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


if __name__ == "__main__":
    sys.exit(main())
