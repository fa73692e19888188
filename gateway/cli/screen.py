"""What goes to the screen: tables for people, lines for pipes, JSON for programs.

On a terminal a table is drawn; in a pipe each row is one line, its cells parted by
tabs, never folded and never cut, without headings. Data goes to standard output, all
else to standard error. Texts of strangers are shown without their control characters.
"""

import json
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

GREEN: Final = "green"
RED: Final = "red"
PLAIN: Final = ""

_CONTROL: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Thai words are parted by it; it is shown by nothing and does no harm.
_HARMLESS: Final = "\u200b"


@dataclass(frozen=True, slots=True)
class Column:
    """A column, named in both languages."""

    thai: str
    english: str
    right: bool = False
    """Whether its cells stand at its right edge."""
    fold: bool = False
    """Whether its cells may take several lines on a narrow terminal."""
    least: int = 0
    """Columns of the terminal from which on it is shown; in a pipe it always is."""


def width() -> int:
    """Return the columns of the terminal."""
    return Console().width


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout.isatty()


def show_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
    *,
    title: str = "",
    styles: Sequence[str] = (),
) -> None:
    """Write rows to standard output; `styles` names one for each row, or none."""
    if not is_terminal():
        for row in rows:
            print("\t".join(printable(cell) for cell in row))  # noqa: T201
        return
    console = Console()
    shown = [c.least <= console.width for c in columns]
    table = Table(
        title=Text(printable(title)) if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in compress(columns, shown):
        table.add_column(
            f"{column.thai}\n{column.english}",
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=not column.fold,
            ratio=1 if column.fold else None,
        )
    for place, row in enumerate(rows):
        style = styles[place] if styles else PLAIN
        cells = (Text(printable(cell)) for cell in compress(row, shown))
        table.add_row(*cells, style=style or None)
    console.print(table)


def show_facts(facts: Sequence[tuple[Column, object]]) -> None:
    """Write what is known of one thing, a line for each fact.

    In a pipe the first cell is the English name of the fact.
    """
    if not is_terminal():
        for column, value in facts:
            print(f"{column.english}\t{printable(value)}")  # noqa: T201
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    for column, value in facts:
        name = Text(f"{column.thai} / {column.english}", style="dim")
        table.add_row(name, Text(printable(value), overflow="fold"))
    Console().print(table)


def show_json(document: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Write the one document of a `--json` command.

    What would steer a terminal is written by its number, which is the same to JSON.
    """
    print(_safe(json.dumps(document, ensure_ascii=False, indent=2)))  # noqa: T201


def show_json_line(document: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Write one of many JSON documents, on a line of its own, at once."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    print(_safe(text), flush=True)  # noqa: T201


def show_line(cells: Sequence[object], *, style: str = PLAIN) -> None:
    """Write one of many lines at once, as they come: no table is known beforehand.

    In a pipe its cells are parted by tabs, on a terminal by two blanks.
    """
    texts = [printable(cell) for cell in cells]
    if is_terminal():
        Console().print(Text("  ".join(texts), style=style), soft_wrap=True)
    else:
        print("\t".join(texts), flush=True)  # noqa: T201


def say(text: str, *, style: str = PLAIN) -> None:
    """Write a line to standard output."""
    text = _steady(text)
    out = Console() if is_terminal() else None
    if out is None:
        print(text)  # noqa: T201
    else:
        out.print(Text(text, style=style), soft_wrap=True)


def tell(text: str, *, style: str = PLAIN) -> None:
    """Write a line to standard error."""
    Console(stderr=True).print(Text(_steady(text), style=style), soft_wrap=True)


def nothing_here(thai: str, english: str, command: str) -> None:
    """Say on standard error that a list is empty, and which command comes next."""
    tell(f"{thai} / {english}")
    tell(f"ลองใช้ / Try: {command}")


def printable(value: object) -> str:
    """Return a text in one line, without characters that steer a terminal."""
    return " ".join(_steady(str(value)).split())


def _steady(text: str) -> str:
    """Put a blank where a character would steer a terminal or begin a line."""
    return "".join(" " if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    return unicodedata.category(sign) in _CONTROL and sign != _HARMLESS


def _safe(text: str) -> str:
    # Line feeds stand between its parts only: inside texts they are escaped already.
    safe = (
        _numbered(sign) if _steers(sign) and sign != "\n" else sign for sign in text
    )
    return "".join(safe)


def _numbered(sign: str) -> str:
    """Write a character as JSON does where it writes ASCII only."""
    return json.dumps(sign)[1:-1]
