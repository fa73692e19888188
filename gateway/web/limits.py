"""How much is read of a request, how long, and how many at once.

Counted are the bytes after decompression: a small compressed body can be a large one.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from envelopes.errors import LimitExceeded, MalformedEnvelope
from gateway.web.errors import TemporarilyUnavailable

_DRAINED: Final = 4
"""Times the limit: what is read and dropped of a body that is too large.

An old client reads no answer before it has sent everything (docs/protocol/ecms.md,
I1), so a body not far over the limit is let in to be told so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost."""

    body: int
    """Bytes."""
    seconds: float
    """For the whole body to come in, waiting for room included."""


class Room:
    """The bytes of all requests that are being read and worked on.

    One organization holds half of it at most, but for a single request: slow or
    endless bodies at one door keep nobody waiting at the others.
    """

    __slots__ = ("_changed", "_free", "_half", "_held")

    def __init__(self, size: int) -> None:
        """Take the bytes of all together."""
        self._free = size
        self._half = size // 2
        self._held: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, size: int, seconds: float, *, who: str) -> AsyncIterator[None]:
        """Hold room for `size` bytes of an organization's request.

        Raises `TemporarilyUnavailable` after so many seconds.
        """
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._has(size, who))
                self._free -= size
                self._held[who] += size
        except TimeoutError as error:
            raise TemporarilyUnavailable(detail="no room for its bytes") from error
        try:
            yield
        finally:
            self._free += size
            self._held[who] -= size
            if not self._held[who]:
                del self._held[who]
            async with self._changed:
                self._changed.notify_all()

    def _has(self, size: int, who: str) -> bool:
        held = self._held[who]
        return self._free >= size and (not held or held + size <= self._half)


def announced(request: web.Request, limits: Limits) -> int:
    """Return how many bytes a request may turn out to be.

    The Content-Length where that is what it is: compressed or chunked ones may be
    anything up to the limit.
    """
    plain = "Content-Encoding" not in request.headers
    if plain and request.content_length is not None:
        return min(request.content_length, limits.body)
    return limits.body


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """Read the body of a request.

    Raises `LimitExceeded` where it is too large or comes too slowly,
    `MalformedEnvelope` where it ends before its end. Who asked whether to send it is
    told here: to go on, or by the error alone.
    """
    if _asks_first(request):
        if (request.content_length or 0) > limits.body:
            raise LimitExceeded(f"{limits.body} bytes")
        _go_on(request)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _read(request, limits.body)
    except TimeoutError as error:
        raise LimitExceeded(f"{limits.seconds:g} s") from error
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        # Its text quotes the body: where chunks are broken, a piece of the letter.
        said = f"body broken off: {type(error).__name__}"
        raise MalformedEnvelope(detail=said) from error


def _asks_first(request: web.Request) -> bool:
    """Whether a sender waits for `100 Continue`, as .NET does at each request (I1).

    Other expectations are let be: an answer 417 would kill the call.
    """
    return request.headers.get(hdrs.EXPECT, "").strip().lower() == "100-continue"


def _go_on(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(request: web.Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if size > _DRAINED * limit:
            break
    if size > limit:
        raise LimitExceeded(f"{limit} bytes")
    return b"".join(chunks)
