"""A bar for work that takes long, on standard error and on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn


@contextmanager
def progress(words: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is; gives what is told how much is done, of how much."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as drawn:
        bar = drawn.add_task(words, total=None)

        def advance(done: int, total: int) -> None:
            drawn.update(bar, completed=done, total=total)

        yield advance
