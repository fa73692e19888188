"""Rehearse deploy/README.md: run its commands, in its order, in a folder of their own.

    python tools/rehearse.py [--fast] [--keep]

Every block marked `sh` is run by one shell that stops at the first error. Paths of the
system are moved under a temporary folder, ports are free ones, and what only a booted
Debian has is stood in for: `tools/rehearsal/` has a `systemctl` that reads the units
and starts what they say, and a `rabbitmqctl` that asks the server that the tests run.
PostgreSQL, RabbitMQ, git, the package index, TLS and the hub are real.

The upgrade of step 9 goes to a version with one migration more, made for it.
`--fast` takes the packages of this environment in place of the index.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# The folder of this file is on the path of a script.
import services_rabbitmq

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "deploy" / "README.md"
STAND_INS = Path(__file__).parent / "rehearsal"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
MOVED = (
    "/opt/gateway",
    "/etc/gateway",
    "/var/lib/gateway",
    "/var/backups/gateway",
    "/etc/systemd/system",
    "/usr/local/bin",
)
MIGRATION = '''"""Adds a table for the rehearsal of an upgrade. Runs before deploy."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{last}"


def upgrade() -> None:
    """Add it."""
    op.create_table("rehearsal", sa.Column("id", sa.Integer(), primary_key=True))
'''


def main() -> int:
    """Rehearse; the exit status is that of the first command that failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the folder there")
    chosen = parser.parse_args()
    for name in ("GATEWAY_TEST_PG", services_rabbitmq.AMQP, services_rabbitmq.API):
        if name not in os.environ:
            print(f"rehearse: {name} is not set; run make rehearse", file=sys.stderr)
            return 2
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    # The server's user looks for nothing in here, but git and tar do as others.
    folder.chmod(0o755)
    try:
        return rehearse(folder, fast=chosen.fast)
    finally:
        subprocess.run(
            [STAND_INS / "systemctl", "end"], check=False, env=within(folder)
        )
        drop_databases()
        if chosen.keep:
            print(f"rehearse: left in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def rehearse(folder: Path, *, fast: bool) -> int:
    """Run the guide under a folder."""
    for path in MOVED:
        (folder / path.strip("/")).parent.mkdir(parents=True, exist_ok=True)
    for path in ("/etc/systemd/system", "/usr/local/bin"):
        (folder / path.strip("/")).mkdir(parents=True, exist_ok=True)
    first, second = sources(folder)
    drop_databases()
    services_rabbitmq.wait_for(os.environ[services_rabbitmq.API])
    script = folder / "guide.sh"
    script.write_text(shell(folder, first, second), "utf-8")
    environment = within(folder) | ({"REHEARSE_FAST": "1"} if fast else {})
    return subprocess.run(
        ["/bin/bash", script], check=False, env=environment, cwd=folder
    ).returncode


def within(folder: Path) -> dict[str, str]:
    """Return the environment in which the guide's commands find the stand-ins."""
    server = urlsplit(os.environ["GATEWAY_TEST_PG"])
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GATEWAY_")}
    return kept | {
        "PATH": f"{STAND_INS}:{folder}/usr/local/bin:{os.environ['PATH']}",
        "REHEARSAL": str(folder),
        "REHEARSAL_ENVIRONMENT": str(Path(sys.prefix)),
        "REHEARSAL_AMQP_API": os.environ.get("GATEWAY_TEST_AMQP_API", ""),
        "PGHOST": parse_qs(server.query)["host"][0],
        "HOME": str(folder),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }


def shell(folder: Path, first: Path, second: Path) -> str:
    """Return the guide as one script, with places of the system moved."""
    text = GUIDE.read_text("utf-8")
    server = urlsplit(os.environ["GATEWAY_TEST_AMQP"])
    here, there = free_port(), f"{server.hostname}:{server.port}"
    lines = ["set -euo pipefail", f"SOURCE={first}"]
    at = {match.start(): match[1] for match in HEADING.finditer(text)}
    title = ""
    for block in BLOCK.finditer(text):
        known = [name for start, name in at.items() if start < block.start()]
        if known and known[-1] != title:
            title = known[-1]
            lines.append(f"echo '--- {title}'")
            if title.startswith("9."):
                lines.append(f"SOURCE={second}")
        lines += ["set -x", moved(block[1], folder), "{ set +x; } 2>/dev/null"]
    whole = "\n".join([*lines, "echo '--- done'", ""])
    return (
        whole.replace("8443", str(here))
        .replace("127.0.0.1:5672", there)
        .replace(
            "/run/postgresql",
            parse_qs(urlsplit(os.environ["GATEWAY_TEST_PG"]).query)["host"][0],
        )
    )


def moved(commands: str, folder: Path) -> str:
    """Return commands with the places of the system under a folder."""
    for path in MOVED:
        commands = re.sub(
            rf"(?<![\w.]){path}(?=[/\s'\";)]|$)", f"{folder}{path}", commands
        )
    return commands


def sources(folder: Path) -> tuple[Path, Path]:
    """Clone what is committed, and make a version of it with one migration more."""
    first, second = folder / "source-1", folder / "source-2"
    git("clone", "--quiet", "--shared", str(ROOT), str(first))
    git("clone", "--quiet", "--shared", str(ROOT), str(second))
    versions = second / "gateway/store/migrations/versions"
    last = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    (versions / "9999_rehearsal.py").write_text(MIGRATION.format(last=last), "utf-8")
    git("-C", str(second), "add", "-A")
    git(
        *(
            "-C",
            str(second),
            "-c",
            "user.name=rehearsal",
            "-c",
            "user.email=r@localhost",
        ),
        *("commit", "--quiet", "--message", "store: one table more"),
    )
    return first, second


def git(*arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", "-c", "safe.directory=*", *arguments], check=True)


def drop_databases() -> None:
    """Remove what an earlier rehearsal left in the server."""
    for command in (
        ["dropdb", "--if-exists", "--force", "gateway_copy"],
        ["dropdb", "--if-exists", "--force", "gateway"],
        ["dropuser", "--if-exists", "gateway"],
    ):
        environment = within(Path("/")) | {"PGUSER": "postgres"}
        subprocess.run(command, check=False, env=environment, capture_output=True)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
