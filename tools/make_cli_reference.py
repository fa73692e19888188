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

import typer

from gateway.cli.main import app
from gateway.cli.main import main as run

DOCUMENT = Path(__file__).parent.parent / "docs" / "cli.md"
COLUMNS = "80"
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


def commands(tree: typer.Typer = app, before: str = "") -> Iterator[str]:
    """Yield every command and group, a group before what is in it."""
    if not before:
        yield ""
    for command in tree.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        yield f"{before}{name}"
    for group in tree.registered_groups:
        yield f"{before}{group.name}"
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{before}{group.name} ")


def _sections() -> Iterator[str]:
    kept = environ.get("COLUMNS")
    environ["COLUMNS"] = COLUMNS
    try:
        for words in commands():
            shown = StringIO()
            with redirect_stdout(shown):
                run([*words.split(), "--help"])
            title = f"gateway {words}".strip()
            text = "\n".join(line.rstrip() for line in shown.getvalue().splitlines())
            yield f"## `{title}`\n\n```\n{text.strip()}\n```\n"
    finally:
        environ.pop("COLUMNS")
        if kept is not None:
            environ["COLUMNS"] = kept


if __name__ == "__main__":
    raise SystemExit(main())
