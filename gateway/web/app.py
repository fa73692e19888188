"""The aiohttp application."""

import logging
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.telemetry import emit
from gateway.web.door import PATH, Door
from gateway.web.health import Health

_SERVER: Final = "document-exchange-gateway"


def make_app(door: Door, health: Health) -> web.Application:
    """Return the application with the door and the hub's health.

    Other methods at the door get 405, other paths 404.
    """
    app = web.Application()
    app.router.add_post(PATH, door.answer, expect_handler=_expect)
    app.router.add_get("/health/live", health.live)
    app.router.add_get("/health/ready", health.ready)
    app.on_response_prepare.append(_headers)
    return app


def server_log() -> logging.Logger:
    """Return the log for aiohttp's server: what it says becomes events of ours.

    It speaks of bytes that are no HTTP, which anybody can send, and of mistakes.
    """
    # Not by getLogger: a logger of the process would keep its handler for ever.
    log = logging.Logger("gateway.web", logging.DEBUG)  # noqa: LOG001
    log.addHandler(_Events())
    return log


class _Events(logging.Handler):
    """Turns a record into an event."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            emit("request unreadable", code=error.code, detail=type(error).__name__)
        elif record.levelno >= logging.WARNING:
            emit("request failed", code="internal-error", detail="", error=error, id="")


async def _expect(request: web.Request) -> None:
    """Say `100 Continue`: the .NET clients wait for it at every request (I1).

    Other expectations are let be, since an answer 417 would kill their call.
    """
    expected = request.headers.get(hdrs.EXPECT, "")
    if expected.strip().lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Name the program without its version."""
    response.headers[hdrs.SERVER] = _SERVER
