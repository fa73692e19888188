"""Ask a vulnerability service about every pinned dependency, and note the date.

    python tools/audit.py

Needs the network. Only a run that could ask about every package and found nothing
changes the line `Last audit` in docs/security.md; any other leaves it and fails.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "requirements" / "run.txt"
DOCUMENT = ROOT / "docs" / "security.md"
LINE = re.compile(r"^Last audit: .*$", re.MULTILINE)


def main() -> int:
    """Run pip-audit over what a hub runs on."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--strict", "--disable-pip"),
            *("--require-hashes", "--format", "json", "--requirement", str(PINNED)),
        ],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        print(done.stdout)
        print("audit: not clean, or not everything could be asked", file=sys.stderr)
        return 1
    packages = json.loads(done.stdout)["dependencies"]
    today = datetime.now(UTC).date()
    line = f"Last audit: {today}, {len(packages)} packages, no known vulnerability."
    DOCUMENT.write_text(LINE.sub(line, DOCUMENT.read_text("utf-8")), "utf-8")
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
