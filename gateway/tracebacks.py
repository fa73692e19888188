"""Tracebacks that say where something went wrong, and quote nothing of a letter.

1. Of each error stand its class and the lines of code it passed, never the values of
   variables.
2. An error of ours says its code and its detail, which are made for the log; never
   its place (`where`), which may be in a peer's own words.
3. An error of the operating system or of SQLite says its text: that names files and
   tables, and no value of a row.
4. The text of any other error is left out: `ValueError` and its like quote what they
   were given, and that may have stood in a secret letter, or in one whose level was
   not yet known.
"""

import sqlite3
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

_OURS: Final = ("envelopes", "gateway", "queues", "registry_sync", "schemas")
_DEEPEST: Final = 8
"""Errors of one chain, and of groups within groups, that are written."""


def written(error: BaseException) -> str:
    """Write an error with all that led to it, the cause first."""
    return "".join(_chain(error, _DEEPEST))


def line(error: BaseException) -> str:
    """Say in one line what an error is."""
    said = _text(error)
    return f"{_name(type(error))}: {said}" if said else _name(type(error))


def install() -> None:
    """Have Python itself write errors that nobody caught like this from now on."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _of_thread


def _uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    del kind, trace
    sys.stderr.write(written(error))


def _unraisable(what: "sys.UnraisableHookArgs") -> None:
    if what.exc_value is not None:
        sys.stderr.write(written(what.exc_value))


def _of_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None:
        sys.stderr.write(written(what.exc_value))


def _chain(error: BaseException, depth: int) -> Iterator[str]:
    earlier = error.__cause__
    if earlier is None and not error.__suppress_context__:
        earlier = error.__context__
    if earlier is not None and depth:
        yield from _chain(earlier, depth - 1)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_list(traceback.extract_tb(error.__traceback__))
    yield f"{line(error)}\n"
    if isinstance(error, BaseExceptionGroup) and depth:
        for place, inner in enumerate(error.exceptions, start=1):
            yield f"\n{place} of {len(error.exceptions)}:\n\n"
            yield from _chain(inner, depth - 1)


def _name(kind: type[BaseException]) -> str:
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"


def _text(error: BaseException) -> str:
    if type(error).__module__.partition(".")[0] in _OURS:
        said = (getattr(error, "code", ""), getattr(error, "detail", ""))
        return ", ".join(str(part) for part in said if part)
    if isinstance(error, OSError):
        known = (error.strerror, error.filename)
        return ": ".join(str(part) for part in known if part)
    return str(error) if isinstance(error, sqlite3.Error) else ""
