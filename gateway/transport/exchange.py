"""One request to an endpoint and its answer: bounded, timed, and never believed.

1. POST, or nothing; no redirect is followed, no cookie kept, no proxy asked, no
   `Expect` sent: a node that never says 100 would cost a timeout each.
2. `Accept-Encoding: identity`; an answer that is compressed all the same is none.
3. At most so many bytes of an answer are read, and 16 KiB of it kept; its head has
   8 KiB a line.
4. Connecting has its own time, and the whole so much more as there are bytes to send
   or to fetch; silence is never longer than what an answer may take.
5. What a library raises becomes a `DeliveryError` that says whose move it is.
"""

import io
import os
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from gateway.domain.delivery import (
    Answer,
    DeliveryError,
    EndpointBusy,
    EndpointMisbehaved,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
    EndpointUntrusted,
)

KEPT: Final = 16 * 1024
"""Bytes of an answer that are kept."""
READ: Final = 1024 * 1024
"""Bytes of an answer that are read."""

_SLOWEST: Final = 32 * 1024
"""Bytes a second that the slowest line takes: provinces have had less than 1 Mbit/s."""
_LONGEST_WAIT: Final = 24 * 3600.0
_HEADERS: Final = 50
_HEADER: Final = 500
_PIECE: Final = 64 * 1024
_TAKEN: Final = range(200, 300)
_LATER: Final = frozenset({408, 425, 429})
_REFUSED: Final = range(400, 500)
_BROKEN: Final = range(500, 600)
_IDENTITY: Final = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint may take."""

    connect: float = 10.0
    """Seconds until a connection stands."""
    answer: float = 100.0
    """Seconds until the whole answer is there, beside those for sending."""

    def total(self, size: int) -> float:
        """Return the seconds in which so many bytes are sent, or come."""
        return self.connect + self.answer + size / _SLOWEST


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A whole answer with status 2xx."""

    answer: Answer
    body: bytes = field(repr=False)
    date: datetime | None
    """What the endpoint's clock says, to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is posted."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    most: int = READ
    """Bytes of the answer that are read."""


async def post(
    session: aiohttp.ClientSession, request: Request, patience: Patience, now: datetime
) -> Exchanged:
    """Post, and return the answer where its status is 2xx; else `DeliveryError`."""
    began = time.monotonic()
    async with (
        _translated(began),
        session.post(
            request.url,
            # In pieces: one large write would hold up everybody else.
            data=io.BytesIO(request.body),
            headers={**request.headers, "Accept-Encoding": "identity"},
            allow_redirects=False,
            timeout=_timeout(request, patience),
        ) as response,
    ):
        body = await _read(response, request.most)
        answer = Answer(
            status=response.status,
            headers=_kept(response.headers),
            body=body[:KEPT],
            seconds=round(time.monotonic() - began, 3),
        )
        coding = response.headers.get("Content-Encoding", "")
        _judge(answer, now)
    if len(body) > request.most:
        raise EndpointMisbehaved(f"more than {request.most} bytes", answer=answer)
    if coding.strip().lower() not in _IDENTITY:
        raise EndpointMisbehaved("compressed unasked", answer=answer)
    return Exchanged(answer, body, _date(answer.headers.get("Date", "")))


def _timeout(request: Request, patience: Patience) -> aiohttp.ClientTimeout:
    size = len(request.body)
    return aiohttp.ClientTimeout(
        total=patience.total(size + max(request.most - READ, 0)),
        # It runs while the request is still being sent.
        sock_read=patience.total(size),
        sock_connect=patience.connect,
    )


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the head of an answer as it is kept: short, and without cookies."""
    told = [(k, v) for k, v in headers.items() if k.lower() != "set-cookie"]
    return {name: value[:_HEADER] for name, value in told[:_HEADERS]}


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read to the end, or one piece beyond what is allowed."""
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            # Nobody waits for the rest, and the connection is not used again.
            response.close()
            break
    return b"".join(pieces)


def _judge(answer: Answer, now: datetime) -> None:
    """Say what a status means, whatever stands below it."""
    status = answer.status or 0
    told = f"HTTP {status}"
    if status in _TAKEN:
        return
    if status in _LATER or status in _BROKEN:
        raise EndpointBusy(told, answer=answer, wait=_wait(answer, now))
    if status in _REFUSED:
        raise EndpointRefused(told, answer=answer)
    raise EndpointMisbehaved(told, answer=answer)


def _wait(answer: Answer, now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, a day at most (RFC 9110)."""
    written = next(
        (v for k, v in answer.headers.items() if k.lower() == "retry-after"), ""
    ).strip()
    if written.isascii() and written.isdigit():
        return min(float(written[:9]), _LONGEST_WAIT)
    at = _date(written)
    if at is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _date(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


@asynccontextmanager
async def _translated(began: float) -> AsyncIterator[None]:
    """Turn what a library raises into a `DeliveryError` (rule 5)."""
    try:
        yield
    except DeliveryError:
        raise
    except (
        TimeoutError,
        ssl.SSLError,
        OSError,
        aiohttp.ClientError,
        ValueError,
    ) as error:
        seconds = round(time.monotonic() - began, 3)
        raise _meaning(error, Answer(seconds=seconds)) from error


def _meaning(error: Exception, answer: Answer) -> DeliveryError:
    """Say which error it is; the order of the questions matters."""
    told, below = said_of(error), _below(error)
    # An alert of the endpoint comes behind the handshake, as an error of reading.
    if isinstance(below, ssl.SSLError) and not isinstance(below, ssl.SSLEOFError):
        return EndpointUntrusted(told, answer=answer)
    for kinds, meaning in _MEANINGS:
        if isinstance(error, kinds):
            return meaning(told, answer=answer)
    return EndpointMisbehaved(told, answer=answer)


_MEANINGS: Final[
    tuple[tuple[tuple[type[Exception], ...], type[DeliveryError]], ...]
] = (
    ((aiohttp.ClientConnectorCertificateError,), EndpointUntrusted),
    (
        (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError),
        EndpointUnreachable,
    ),
    # It may have been read whole before the connection ended.
    ((TimeoutError, aiohttp.ServerDisconnectedError), EndpointSilent),
    ((aiohttp.ClientPayloadError,), EndpointSilent),
    ((aiohttp.ClientResponseError, aiohttp.InvalidURL), EndpointMisbehaved),
    ((OSError, aiohttp.ClientError), EndpointSilent),
)


def _below(error: BaseException) -> BaseException:
    """Return what a library's error was made of."""
    return error.__cause__ or getattr(error, "os_error", None) or error


def said_of(error: BaseException) -> str:
    """Return what is known of an error, without what a peer wrote."""
    below = _below(error)
    if isinstance(below, ssl.SSLCertVerificationError):
        return f"certificate: {below.verify_message}"
    if isinstance(below, ssl.SSLError) and below.reason:
        return f"TLS: {below.reason}"
    if isinstance(below, OSError) and below.strerror:
        # asyncio writes the address into it; names are asked with numbers of their own.
        number = below.errno or 0
        return os.strerror(number) if number > 0 else below.strerror
    return type(error).__name__
