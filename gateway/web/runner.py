"""Serves the application, and answers what is no HTTP without repeating it.

aiohttp tells who sent a broken request the line that it could not read, which may
hold a secret of a path, a password or a word of a letter, and names itself.
"""

from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from gateway.web.app import SERVER


class _Handler(RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer by the status alone; the log is written as aiohttp does."""
        del message
        super().handle_error(request, status, exc)
        answer = web.Response(
            status=status, text=f"{status} {HTTPStatus(status).phrase}"
        )
        answer.headers[hdrs.SERVER] = SERVER
        answer.force_close()
        return answer


class _Server(web.Server):
    """All connections."""

    def __call__(self) -> _Handler:
        """Return what serves a new connection."""
        return _Handler(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """aiohttp's own runner, with connections of ours."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        # The application makes it, and has no word in which class it is of.
        server.__class__ = _Server
        return server
