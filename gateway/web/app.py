"""The aiohttp application."""

import logging
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.telemetry import emit
from gateway.web.addresses import PATHS
from gateway.web.caller import Proxies, entry
from gateway.web.door import Door
from gateway.web.health import Health
from gateway.web.vendors import Vendors, asks_wsdl

SERVER: Final = "document-exchange-gateway"


def make_app(
    door: Door, vendors: Vendors, health: Health, proxies: Proxies
) -> web.Application:
    """Return the application: door, what vendors need, and the hub's health.

    Everything stands behind the entry, which settles who calls (`caller.py`).
    At the door a POST is a request, a GET may ask for `?wsdl`, and anything else gets
    405; other paths get 404.
    """

    async def at_door(request: web.Request) -> web.StreamResponse:
        if request.method == hdrs.METH_POST:
            return await door.answer(request)
        if request.method in {hdrs.METH_GET, hdrs.METH_HEAD} and asks_wsdl(request):
            return await vendors.wsdl(request)
        raise web.HTTPMethodNotAllowed(request.method, [hdrs.METH_POST])

    app = web.Application(middlewares=[entry(proxies)])
    for path in PATHS:
        app.router.add_route("*", path, at_door, expect_handler=_let_be)
    app.router.add_get("/schemas/", vendors.listing)
    app.router.add_get("/schemas/{name}", vendors.schema)
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
        if isinstance(error, web.RequestPayloadError):
            # The rest of a body whose beginning was refused, and written down, before.
            return
        if isinstance(error, HttpProcessingError):
            emit("request unreadable", code=error.code, detail=type(error).__name__)
        elif record.levelno >= logging.WARNING:
            emit("request failed", code="internal-error", detail="", error=error, id="")


async def _let_be(_request: web.Request) -> None:
    """Answer no expectation yet: who asks before sending is told when it is read."""


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Name the program without its version."""
    response.headers[hdrs.SERVER] = SERVER
