"""Run every check of the project, fast ones first, and say which failed.

    python tools/checks.py [--only NAME …]

All checks run even when one fails, so that one run tells everything; the exit
status is 0 only if all passed. The tests come last, so that their closing line is
the last thing on screen.
"""

import argparse
import os
import subprocess
import sys
import time

PYTHON = [sys.executable]
MODULE = [*PYTHON, "-m"]
CODE = ["conformance", "envelopes", "gateway", "queues", "registry_sync", "schemas"]

LOADFILE = ["--dist", "loadfile", "--no-loadscope-reorder"]

UNKEPT = "PYTHONDONTWRITEBYTECODE"

CHECKS: dict[str, list[str]] = {
    "format": [*MODULE, "ruff", "format", "--check", "."],
    "lint": [*MODULE, "ruff", "check", "."],
    "types": [*MODULE, "mypy"],
    "imports": [
        *PYTHON,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ],
    "reference": [*PYTHON, "tools/make_reference.py", "--check"],
    "commands": [*PYTHON, "tools/make_cli_reference.py", "--check"],
    "definitions": [*PYTHON, "tools/make_definitions.py", "--check"],
    "hostile": [*PYTHON, "tools/make_hostile.py", "--check"],
    "lifecycle": [*PYTHON, "tools/draw_lifecycle.py", "--check"],
    # In the order that tests/conftest.py gives them.
    "tests": [*MODULE, "pytest", "-n", "2", *LOADFILE],
}


def main() -> int:
    """Run the checks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=CHECKS, metavar="NAME")
    chosen = parser.parse_args().only or list(CHECKS)
    results = {name: run(name) for name in chosen}
    failed = [name for name, good in results.items() if not good]
    if failed:
        print(f"checks: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run(name: str) -> bool:
    """Run one check; its output is shown where it fails, a test's always."""
    started = time.monotonic()
    quiet = name != "tests"
    # Tests start some hundred commands: what was compiled once is not compiled again.
    environment = {k: v for k, v in os.environ.items() if k != UNKEPT}
    done = subprocess.run(
        CHECKS[name],
        check=False,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        env=environment | ({"NO_COLOR": "1"} if quiet else {}),
    )
    good = done.returncode == 0
    if quiet and not good:
        print(done.stdout)
    mark = "ok" if good else "FAILED"
    print(f"checks: {name:11} {mark:6} {time.monotonic() - started:6.1f} s", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
