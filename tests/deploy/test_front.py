"""The proxy in front of several hubs, as it is delivered."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector, web

from gateway.keys.signing import new_key_pair
from tests.eventually import eventually

FRONT = Path(__file__).parents[2] / "deploy" / "proxy" / "front.conf"
OFFICES = [f"15002000{number:02}" for number in range(20)]

_MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/front.conf;
}}
"""

pytestmark = pytest.mark.nginx


class Hub:
    """Answers with its name, and notes for whom it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.headers: list[dict[str, str]] = []
        self.port = free()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve while the context is open."""

        async def answer(request: web.Request) -> web.Response:
            self.headers.append(dict(request.headers))
            await request.read()
            return web.Response(text=self.name)

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield
        finally:
            await runner.cleanup()


def free() -> int:
    with create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@asynccontextmanager
async def front(folder: Path, first: Hub, second: Hub) -> AsyncIterator[str]:
    """Run the delivered file in front of two hubs; gives its address."""
    port = free()
    text = FRONT.read_text("utf-8")
    for old, new in (
        ("hub-1:8470", f"127.0.0.1:{first.port}"),
        ("hub-2:8470", f"127.0.0.1:{second.port}"),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/nginx/hub", str(folder)),
        ("/var/log/nginx", str(folder)),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "front.conf").write_text(text, "utf-8")
    (folder / "main.conf").write_text(_MAIN.format(folder=folder), "utf-8")
    new_key_pair("front", "front", datetime.now(UTC)).write(
        folder / "tls.key", folder / "tls.crt"
    )
    process = await asyncio.create_subprocess_exec(
        "nginx", "-c", str(folder / "main.conf"), "-e", "stderr"
    )
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def unchecked() -> ClientSession:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return ClientSession(connector=TCPConnector(ssl=context))


async def asked(session: ClientSession, address: str, office: str) -> str:
    where = f"{address}/ecms/{office}/ecms-ws01/service2"
    async with session.post(where, data=b"<a/>") as answer:
        assert 200 == answer.status
        return await answer.text()


async def listens(session: ClientSession, address: str) -> None:
    """Return once the proxy answers."""

    async def answers() -> bool:
        try:
            return bool(await asked(session, address, OFFICES[0]))
        except ClientError:
            return False

    await eventually(answers, every=0.05)


async def test_an_office_is_led_to_the_same_hub_and_to_another_when_it_is_gone(
    tmp_path: Path,
) -> None:
    """Both hubs have work; where one is gone, every office is answered by the other."""
    first, second = Hub("one"), Hub("two")
    async with (
        second.serving(),
        front(tmp_path, first, second) as address,
        unchecked() as session,
    ):
        async with first.serving():
            await listens(session, address)
            before = {o: await asked(session, address, o) for o in OFFICES}
            again = {o: await asked(session, address, o) for o in OFFICES}
        after = {await asked(session, address, office) for office in OFFICES}

    assert {"one", "two"} == set(before.values())
    assert before == again
    assert {"two"} == after


async def test_what_a_client_says_of_itself_is_dropped(tmp_path: Path) -> None:
    """A forged header does not come through; the caller's own address does."""
    first, second = Hub("one"), Hub("two")
    forged = {
        "X-Forwarded-For": "10.9.9.9",
        "X-Client-Certificate": "forged",
        "Forwarded": "for=10.9.9.9",
        "X-Real-IP": "10.9.9.9",
    }
    async with (
        first.serving(),
        second.serving(),
        front(tmp_path, first, second) as address,
        unchecked() as session,
    ):
        await listens(session, address)
        first.headers.clear()
        second.headers.clear()
        async with session.get(f"{address}/ecms/1500200042", headers=forged) as answer:
            assert 200 == answer.status

    (seen,) = [*first.headers, *second.headers]
    assert "127.0.0.1" == seen["X-Forwarded-For"]
    assert {"X-Client-Certificate", "Forwarded", "X-Real-IP"}.isdisjoint(seen)
