"""The aiohttp application."""

from typing import Final

from aiohttp import hdrs, web

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
