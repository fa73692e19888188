"""One envelope in, one answer out.

No client of the field understands a SOAP fault, an HTTP error or a missing answer:
whatever bytes come, they get HTTP 200 with an answer or an ErrorDetail. The one
exception is who may not be here at all (401 or 403, and 429 too often).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from aiohttp import web

from envelopes.decoder import decode
from envelopes.dialects import UNKNOWN, dialect_named
from envelopes.letter import OrganizationCode
from gateway.domain.errors import SenderUnknown
from gateway.domain.organization import Organization
from gateway.telemetry import context, emit
from gateway.web import desk
from gateway.web.access import Gate
from gateway.web.addresses import Addresses
from gateway.web.answers import ErrorAnswer, answer_to
from gateway.web.caller import CALLER
from gateway.web.limits import Limits, Room, announced, read_body
from gateway.workflow.endpoint import note_dialect
from gateway.workflow.reading import Asked, Given, Opened, Told
from gateway.workflow.work import Work
from schemas.limits import Limits as EnvelopeLimits

Seen = Callable[[OrganizationCode, datetime], None]
"""Notes that an endpoint was seen; must cost nothing."""

_PAUSES: Final = (0.0, 0.05, 0.25)
"""Seconds before each further try of a verb whose storage was busy."""

_CONTENT_TYPE: Final = "text/xml;charset=UTF-8"
_MESSAGE_ID_LENGTH: Final = 64


class Readers(Protocol):
    """Processes that read requests for this one."""

    def takes(self, size: int) -> bool:
        """Say whether a request of so many bytes should be read there, now."""

    async def read(self, asked: Asked) -> Told | None:
        """Have it read; None: it has to be read here after all.

        Raises the `EnvelopeError` of a request that cannot be decoded, and
        `TemporarilyUnavailable` for one whose reading ended its process.
        """


@dataclass(slots=True)
class _Progress:
    """How far a request came: what its error answer needs."""

    size: int = 0
    envelope: Opened | None = None


class Door:
    """Answers what comes to an organization's address."""

    __slots__ = (
        "_addresses",
        "_closing",
        "_envelope_limits",
        "_gate",
        "_idle",
        "_limits",
        "_readers",
        "_room",
        "_running",
        "_seen",
        "_work",
    )

    def __init__(
        self,
        work: Work,
        *,
        gate: Gate,
        limits: Limits,
        room: Room,
        seen: Seen,
        addresses: Addresses,
        readers: Readers | None = None,
    ) -> None:
        self._work = work
        self._gate = gate
        self._limits = limits
        self._envelope_limits = EnvelopeLimits(body=limits.body)
        self._room = room
        self._seen = seen
        self._addresses = addresses
        self._readers = readers
        self._running = 0
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def close(self, seconds: float) -> None:
        """Wait until what has begun is answered, so long at most.

        aiohttp reads no more of a body once it shuts down: a sender in the middle
        of its letter would get no answer. Connections end with their next answer.
        """
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request; never raises but for an end of the whole hub."""
        named = self._addresses.named(request)
        # What is no code may be a secret in the wrong place.
        organization = named.text if named else ""
        with self._counted(), context(organization=organization):
            progress = _Progress()
            try:
                response = _response(200, await self._answer(request, progress))
            except Exception as error:  # noqa: BLE001 - a peer gets no traceback
                response = self._refused(error, request, progress)
            if self._closing:
                response.force_close()
            return response

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def _answer(self, request: web.Request, progress: _Progress) -> bytes:
        named = self._addresses.named(request)
        await self._gate.settle(request[CALLER], named)
        expected = announced(request, self._limits)
        organization = named.text if named else ""
        async with self._room.of(expected, self._limits.seconds, who=organization):
            body = await read_body(request, self._limits)
            progress.size = len(body)
            door = await self._door(named)
            envelope = await self._read(body, door)
            # Whatever still needs it has it; what was read elsewhere does not.
            del body
            progress.envelope = envelope
            with context(message_id=_printable(envelope.message_id.text)):
                if door is None:
                    raise SenderUnknown(named.text if named else "")
                self._seen(door.code, self._work.clock.now())
                return await self._patiently(
                    partial(self._do, request, door, envelope),
                    envelope.operation.name.lower(),
                )

    async def _door(self, named: OrganizationCode | None) -> Organization | None:
        """Return whose door it is; None where it is nobody's.

        Nobody's is told so once it is known where its answer must stand.
        """
        return await self._work.store.organization(named) if named else None

    async def _read(self, body: bytes, door: Organization | None) -> Opened:
        """Decode, with a repair for an endpoint that is known to need it (Q-B6)."""
        if door and self._readers and self._readers.takes(len(body)):
            asked = await self._asked(body, door)
            if asked and (told := await self._readers.read(asked)):
                return Opened.elsewhere(asked, told)
        known = UNKNOWN if door is None else dialect_named(door.dialect)
        read = partial(decode, body, self._envelope_limits, dialect=known)
        return Opened.here(await self._work.bench.run(len(body), read))

    async def _asked(self, body: bytes, door: Organization) -> Asked | None:
        """Put together what another process needs; None where the store is busy.

        Who reads it here does not need the store yet, and its verb will wait for it.
        """
        try:
            certificates = await self._work.store.certificates(door.code)
        except Exception as error:
            if not getattr(error, "temporary", False):
                raise
            return None
        given = Given.of(door, certificates)
        now = self._work.clock.now()
        return Asked(body, self._envelope_limits, door.dialect, given, now)

    async def _patiently(
        self, verb: Callable[[], Awaitable[bytes]], operation: str
    ) -> bytes:
        """Run a verb; from its beginning again where storage was busy."""
        for attempt, seconds in enumerate(_PAUSES, start=1):
            try:
                return await verb()
            except Exception as error:
                if not getattr(error, "temporary", False):
                    raise
                emit(
                    "request repeated",
                    code=getattr(error, "code", ""),
                    detail=getattr(error, "detail", ""),
                    attempt=attempt,
                    operation=operation,
                )
            await asyncio.sleep(seconds)
        return await verb()

    async def _do(
        self, request: web.Request, door: Organization, envelope: Opened
    ) -> bytes:
        await note_dialect(self._work, door, envelope.dialect)
        address_of = partial(self._addresses.of, request)
        return await desk.answer(self._work, door, envelope, address_of)

    def _refused(
        self, error: Exception, request: web.Request, progress: _Progress
    ) -> web.Response:
        envelope = progress.envelope
        answer: ErrorAnswer = answer_to(
            error,
            envelope.operation if envelope else None,
            self._work.ids.new,
            size=progress.size,
        )
        response = _response(answer.status, answer.body)
        response.headers.update(answer.headers)
        if answer.closes or not request.content.is_eof():
            response.force_close()
        return response


def _response(status: int, body: bytes) -> web.Response:
    return web.Response(
        status=status, body=body, headers={"Content-Type": _CONTENT_TYPE}
    )


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:_MESSAGE_ID_LENGTH]
