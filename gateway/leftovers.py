"""What nobody handled in a serving process becomes an event, without its text.

asyncio and libraries write to standard error by themselves, and what they write may
quote what a task held: a letter. Their words are left out, where they speak stays.
"""

import asyncio
import logging
from typing import Any

from gateway.telemetry import emit


def note_leftovers(loop: asyncio.AbstractEventLoop) -> None:
    """Have this process's leftovers become events from now on."""
    loop.set_exception_handler(_of_loop)
    root = logging.getLogger()
    root.handlers = [_Libraries(logging.WARNING)]


def _of_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Note an error that no task was asked for; its message is one of asyncio's own."""
    error = context.get("exception")
    emit(
        "request failed",
        code="internal-error",
        detail=str(context.get("message", "")) if error is not None else "",
        error=error,
        id="",
    )


class _Libraries(logging.Handler):
    """Turns a record of a library into an event."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        place = f"{record.module}:{record.lineno}"
        emit("library warned", library=record.name, place=place, error=error)
