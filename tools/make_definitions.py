"""Make deploy/rabbitmq/definitions.json from the topology, or check that it is current.

    python tools/make_definitions.py [--check]

It says the same as `gateway broker declare` does, for who sets up a broker before
there is a hub. With `--check` nothing is written, and the exit status is 1 where the
file is not current.
"""

import argparse
import json
import sys
from pathlib import Path

from gateway.domain.promise import Stage
from queues.topology import definitions

FILE = Path(__file__).parent.parent / "deploy" / "rabbitmq" / "definitions.json"
VHOST = "gateway"


def main() -> int:
    """Write or check the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    if FILE.exists() and FILE.read_text("utf-8") == text():
        return 0
    if check:
        print(f"{FILE.name} is not current: make docs", file=sys.stderr)
        return 1
    FILE.write_text(text(), "utf-8")
    print(f"{FILE.name} written")
    return 0


def text() -> str:
    """Return what the file is to hold."""
    return json.dumps(definitions(Stage, VHOST), indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
