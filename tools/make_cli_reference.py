"""Make docs/cli.md from the help texts of the commands, or check that it is current.

    python tools/make_cli_reference.py [--check]

With `--check` nothing is written and the exit status is 1 where it is not current.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from os import environ
from pathlib import Path

from gateway.cli.main import main as command

DOCUMENT = Path(__file__).parent.parent / "docs" / "cli.md"
COLUMNS = "80"
COMMANDS = (
    "",
    "init",
    "serve",
    "demo",
    "directory",
    "directory list",
    "directory show",
    "directory dialect",
    "directory secrecy",
    "directory person",
    "directory persons",
    "directory add",
    "directory access",
    "directory access list",
    "directory access add",
    "directory access rotate",
    "directory access end",
    "directory certificate",
    "directory certificate add",
    "directory certificate list",
    "directory certificate revoke",
    "directory certificate expiring",
    "directory certificate refresh",
    "letters",
    "letters list",
    "letters show",
    "letters track",
    "receipts",
    "receipts show",
    "receipts export",
    "receipts verify",
    "inbox",
    "inbox list",
    "inbox parked",
    "inbox unpark",
    "inbox register",
    "registers",
    "registers show",
    "keys",
    "keys list",
    "keys new",
    "keys install",
    "keys rotate",
    "keys begin",
    "keys certificate",
    "check",
)
HEAD = """# Command line

<!-- Made by tools/make_cli_reference.py from the help texts; change them there. -->

Data goes to standard output, all else to standard error.
On a terminal tables are drawn, and a narrow one leaves out columns.
In a pipe each row is one line, its cells parted by tabs: no headings, nothing cut.
`--json` gives one document, lists as arrays.
An error is `{"error": {"code", "message", "thai", "where", "remedy"}}`.
Thai digits are accepted in every argument.
Of a letter whose level of secrecy is not ปกติ, subject, persons and files are shown
to a secret registrar of its sender or receiver only, who is named by `--by`.
Exit codes: 0 done, 1 refused or failed, 2 wrong settings or usage, 3 temporary.
"""


def main() -> int:
    """Write or check the document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true")
    made = reference()
    if parser.parse_args().check:
        current = DOCUMENT.exists() and DOCUMENT.read_text("utf-8") == made
        if not current:
            print("docs/cli.md is not current: make docs", file=sys.stderr)
        return 0 if current else 1
    DOCUMENT.write_text(made, "utf-8")
    return 0


def reference() -> str:
    """Return the document."""
    environ.pop("GATEWAY_DATA", None)
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    kept = environ.get("COLUMNS")
    environ["COLUMNS"] = COLUMNS
    try:
        for words in COMMANDS:
            shown = StringIO()
            with redirect_stdout(shown):
                command([*words.split(), "--help"])
            title = f"gateway {words}".strip()
            text = "\n".join(line.rstrip() for line in shown.getvalue().splitlines())
            yield f"## `{title}`\n\n```\n{text.strip()}\n```\n"
    finally:
        environ.pop("COLUMNS")
        if kept is not None:
            environ["COLUMNS"] = kept


if __name__ == "__main__":
    raise SystemExit(main())
