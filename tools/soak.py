"""Run the long tests at full size, and write what ran into docs/soak.md.

    python tools/soak.py [PATH …]

Each row is one test with the number of its cases, how many passed, and the seconds
they took together. The exit status is the tests'.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "soak.md"
LONG = [
    *("tests/crashes", "tests/properties", "tests/journeys/test_a_year.py"),
    "tests/gateway/store/test_books.py",
]


def main() -> int:
    """Run, print the table, and keep it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = ["-m", "pytest", "--timeout=3600", f"--junitxml={report}"]
        done = subprocess.run(
            [sys.executable, *command, *(sys.argv[1:] or LONG)],
            check=False,
            cwd=ROOT,
            env=os.environ | {"GATEWAY_SOAK": "1"},
        )
        text = page(report)
    print(text)
    TARGET.write_text(text, "utf-8")
    return done.returncode


def page(report: Path) -> str:
    """Return the table of a JUnit report."""
    rows: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own file
        where = case.get("classname", "").removeprefix("tests.")
        name = case.get("name", "").split("[")[0].removeprefix("test_")
        good = case.find("failure") is None and case.find("error") is None
        rows[f"{where} | {name.replace('_', ' ')}"].append(
            (good, float(case.get("time", "0")))
        )
    lines = [
        f"| {name} | {len(cases)} | {sum(good for good, _ in cases)} "
        f"| {sum(seconds for _, seconds in cases):.0f} |"
        for name, cases in rows.items()
    ]
    return "\n".join(
        [
            "# The long tests at full size",
            "",
            f"`make soak`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores.",
            "",
            "| where | what | cases | passed | seconds |",
            "|---|---|---|---|---|",
            *lines,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
