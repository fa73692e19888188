"""A push endpoint over real sockets: a node or a webhook, well-behaved or not.

`an_endpoint` serves until its context ends. What it does with a request is a
`Behaviour`, changed at any time; what came, whole, stands in `arrived`.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final
from uuid import uuid4

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from envelopes import answers
from envelopes.decoder import decode
from envelopes.requests import AskTime, DeleteEntry, Poll, SendLetter
from tests.doubles.pki import Authority, Identity, authority

HOST: Final = "127.0.0.1"
NAME: Final = "node.example.go.th"
"""Stands in its certificate beside its address."""
NOW: Final = datetime.now(UTC)
VOUCHES: Final = authority(
    "Endpoints", not_before=NOW - timedelta(days=9), not_after=NOW + timedelta(days=9)
)

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Arrived:
    """A request as it came."""

    headers: Mapping[str, str]
    body: bytes
    path: str


@dataclass
class AnEndpoint:
    """An endpoint that listens."""

    behave: Behaviour
    port: int = 0
    scheme: str = "http"
    host: str = HOST
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    queue: list[tuple[str, bytes]] = field(default_factory=list)
    """What a node keeps: ProcessID, and the answer to a poll. The head is first."""
    taken: dict[str, str] = field(default_factory=dict)
    """MessageID → ProcessID: a repeat is answered alike."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/ecms-ws01/service2"


def server_certificate(
    *,
    issuer: Authority = VOUCHES,
    name: str = NAME,
    address: str = HOST,
    until: datetime = NOW + timedelta(days=1),
) -> Identity:
    """Issue a certificate for an endpoint's address."""
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(IPv4Address(address))]
    )
    return issuer.issue(
        extensions=[(names, False)],
        not_before=NOW - timedelta(days=2),
        not_after=until,
    )


def server_tls(
    folder: Path, own: Identity, *, clients: Authority | None = None
) -> ssl.SSLContext:
    """Return what an endpoint listens with; `clients` vouches for those it lets in."""
    chain, key = folder / f"{uuid4()}.crt", folder / f"{uuid4()}.key"
    chain.write_bytes(own.pem)
    key.write_bytes(own.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.sslobject_class = _Alerting
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(
            cadata=clients.certificate.public_bytes(Encoding.DER)
        )
    return context


class _Alerting(ssl.SSLObject):
    """Says why a handshake failed, as other servers do: asyncio closes before that."""

    _failed: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError):
            raise
        except ssl.SSLError as error:
            self._failed = error
            raise ssl.SSLWantReadError from error


@asynccontextmanager
async def an_endpoint(
    behave: Behaviour | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[AnEndpoint]:
    """Listen on a free port until the context ends; a node where nothing is said."""
    endpoint = AnEndpoint(behave or _silent, scheme="https" if tls else "http")
    if behave is None:
        endpoint.behave = a_node(endpoint)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        endpoint.arrived.append(Arrived(request.headers, body, request.path))
        assert isinstance(request, web.Request)
        return await endpoint.behave(request)

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{anything:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0, ssl_context=tls)
        await site.start()
        endpoint.port = runner.addresses[0][1]
        yield endpoint
    finally:
        await runner.cleanup()


def a_node(endpoint: AnEndpoint) -> Behaviour:
    """Behave as an e-CMS node: takes custody, keeps a queue, knows repeats."""

    async def behave(request: web.Request) -> web.StreamResponse:
        asked = decode(await request.read())
        now = datetime.now(UTC)
        match asked.request:
            case Poll():
                head = endpoint.queue[0][1] if endpoint.queue else None
                return _xml(head or answers.inbox_empty())
            case DeleteEntry(process_id):
                endpoint.queue[:] = [e for e in endpoint.queue if e[0] != process_id]
                return _xml(answers.entry_deleted(process_id, now))
            case AskTime():
                return _xml(answers.time(now))
        number = asked.message_id.text
        process_id = endpoint.taken.setdefault(number, f"N{len(endpoint.taken) + 1}")
        assert isinstance(asked.request, SendLetter) or number
        return _xml(answers.letter_taken(process_id, now))

    return behave


def a_webhook(endpoint: AnEndpoint) -> Behaviour:
    """Behave as a webhook: keeps what comes once by its key, and no ping."""

    async def behave(request: web.Request) -> web.StreamResponse:
        if request.headers["Gateway-Event"] != "ping":
            key = request.headers["Idempotency-Key"]
            endpoint.taken.setdefault(key, f"N{len(endpoint.taken) + 1}")
        return web.Response(status=202)

    return behave


def _xml(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/xml", charset="utf-8")


def answers_with(
    status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Behaviour:
    """Answer each request alike."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return behave


async def _silent(_request: web.Request) -> web.StreamResponse:
    """Take the request and never answer."""
    await asyncio.Event().wait()
    raise AssertionError


silent: Final[Behaviour] = _silent


def says(*pieces: bytes, closes: bool = True) -> Behaviour:
    """Write these bytes to the wire in place of an answer, then close or hang."""

    async def behave(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        for piece in pieces:
            request.transport.write(piece)
            await asyncio.sleep(0)
        if closes:
            request.transport.close()
        return await _silent(request)

    return behave


def drips(head: bytes, piece: bytes, every: float) -> Behaviour:
    """Write a beginning, and then a piece again and again, without an end."""

    async def behave(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        transport.write(head)
        while not transport.is_closing():
            transport.write(piece)
            await asyncio.sleep(every)
        return await _silent(request)

    return behave


def loses_its_answer(inner: Behaviour) -> Behaviour:
    """Take what came as `inner` does, and close the connection instead of answering."""

    async def behave(request: web.Request) -> web.StreamResponse:
        await inner(request)
        assert request.transport is not None
        request.transport.abort()
        return await _silent(request)

    return behave
