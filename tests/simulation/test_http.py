"""A client's line repeats what got no answer, and gives up at what it cannot read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gateway.simulation.errors import ClientBroken, HubUnreachable
from gateway.simulation.http import PATH, line

CODE = "1500200050"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(answer: Answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post(PATH, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_it_posts_as_the_old_clients_do() -> None:
    seen: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=await request.read())

    async with node(answer) as base, line(base, CODE, "text/xml") as own:
        assert await own.post("หนังสือ") == "หนังสือ"

    (request,) = seen
    assert request.path == f"/ecms/{CODE}/ecms-ws01/service2"
    assert request.headers["Content-Type"] == "text/xml"
    assert request.headers["Expect"] == "100-continue"
    assert request.content_length == len("หนังสือ".encode())
    for unsent in ("SOAPAction", "Accept", "Accept-Encoding", "User-Agent"):
        assert unsent not in request.headers


async def test_what_got_no_answer_is_sent_again_unchanged() -> None:
    bodies: list[bytes] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        if len(bodies) < 3:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(text="<a/>")

    async with node(answer) as base, line(base, CODE, "text/xml") as own:
        assert await own.post("<b/>") == "<a/>"

    assert bodies == [b"<b/>"] * 3


async def test_patience_ends_where_nobody_listens() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    async with node(answer) as base:
        gone = base
    async with line(gone, CODE, "text/xml", patience=0) as own:
        with pytest.raises(HubUnreachable):
            await own.post("<b/>")


@pytest.mark.parametrize("status", [201, 202, 404, 500])
async def test_only_200_is_understood(status: int) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text="<a/>")

    async with node(answer) as base, line(base, CODE, "text/xml") as own:
        with pytest.raises(ClientBroken, match=str(status)):
            await own.post("<b/>")
