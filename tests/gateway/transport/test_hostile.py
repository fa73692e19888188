"""Endpoints that are hostile or broken: each behaviour, its error, whose move it is.

One row per behaviour. None may raise anything else, wait longer than the patience, or
be read beyond the bound; only what may pass by itself is temporary.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from gateway.domain.delivery import (
    DeliveryError,
    EndpointBusy,
    EndpointMisbehaved,
    EndpointRefused,
    EndpointSilent,
    EndpointUntrusted,
)
from gateway.domain.endpoint import Way
from gateway.transport.exchange import KEPT, READ, Patience
from tests.doubles.endpoint import (
    Behaviour,
    an_endpoint,
    answers_with,
    drips,
    says,
    silent,
)
from tests.gateway.transport.parcels import a_handover, a_parcel, an_endpoint_record

OK: Final = b"HTTP/1.1 200 OK\r\n"
BOMB: Final = gzip.compress(bytes(20 * 1024 * 1024))


@dataclass(frozen=True)
class Row:
    """A behaviour, and what must come of it."""

    name: str
    behave: Behaviour
    error: type[DeliveryError] | None
    """None: it is custody all the same."""
    way: Way = Way.WEBHOOK


ROWS: Final = (
    Row("never answers", silent, EndpointSilent),
    Row("drips its head", drips(b"HTTP/1.1 200 ", b"x", 0.05), EndpointSilent),
    Row("drips header lines", drips(OK, b"X-Y: z\r\n", 0.05), EndpointSilent),
    Row(
        "drips its body",
        drips(OK + b"Content-Length: 9999\r\n\r\n", b"x", 0.05),
        EndpointSilent,
    ),
    Row(
        "drips chunks without an end",
        drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.05),
        EndpointSilent,
    ),
    Row(
        "says 100 for ever",
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
        EndpointSilent,
    ),
    Row(
        "says 103, then takes it",
        says(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"),
        None,
    ),
    Row("closes before its answer", says(), EndpointSilent),
    Row("closes in the head", says(OK + b"Content-Le"), EndpointSilent),
    Row(
        "closes mid-answer",
        says(OK + b"Content-Length: 100\r\n\r\nhalf"),
        EndpointSilent,
    ),
    Row(
        "closes mid-chunk",
        says(OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\nhalf"),
        EndpointSilent,
    ),
    Row("HTTP/0.9", says(b"<html>hello</html>\r\n"), EndpointMisbehaved),
    Row("another protocol", says(b"SSH-2.0-OpenSSH_9.2\r\n"), EndpointMisbehaved),
    Row("bytes without sense", says(bytes(range(256)) * 8), EndpointMisbehaved),
    Row(
        "TLS on a plain port", says(b"\x15\x03\x01\x00\x02\x02\x46"), EndpointMisbehaved
    ),
    Row("HTTP/2", says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), EndpointMisbehaved),
    Row("a status of no class", says(b"HTTP/1.1 999 What\r\n\r\n"), EndpointMisbehaved),
    Row("a status of text", says(b"HTTP/1.1 OK\r\n\r\n"), EndpointMisbehaved),
    Row(
        "a long status line",
        says(b"HTTP/1.1 200 " + b"x" * 20_000 + b"\r\n\r\n"),
        EndpointMisbehaved,
    ),
    Row(
        "a long header",
        says(OK + b"X: " + b"x" * 20_000 + b"\r\n\r\n"),
        EndpointMisbehaved,
    ),
    Row(
        "two lengths",
        says(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        EndpointMisbehaved,
    ),
    Row(
        "a length below nothing",
        says(OK + b"Content-Length: -1\r\n\r\n"),
        EndpointMisbehaved,
    ),
    Row(
        "a chunk of no size",
        says(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        EndpointMisbehaved,
    ),
    Row(
        "switches protocols",
        says(b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n"),
        EndpointMisbehaved,
    ),
    Row("a huge answer", answers_with(body=b"x" * (READ + 1)), EndpointMisbehaved),
    Row(
        "announces terabytes",
        drips(OK + b"Content-Length: 9999999999999\r\n\r\n", b"x" * 65_536, 0),
        EndpointMisbehaved,
    ),
    Row(
        "a decompression bomb",
        answers_with(body=BOMB, headers={"Content-Encoding": "gzip"}),
        EndpointMisbehaved,
    ),
    Row(
        "compressed by what nobody knows",
        answers_with(body=b"x", headers={"Content-Encoding": "br"}),
        EndpointMisbehaved,
    ),
    Row(
        "redirects to the metadata service",
        answers_with(302, headers={"Location": "http://169.254.169.254/"}),
        EndpointMisbehaved,
    ),
    Row("asks for a password", answers_with(401), EndpointRefused),
    Row("asks a proxy's password", answers_with(407), EndpointRefused),
    Row("overloaded", answers_with(503), EndpointBusy),
    Row(
        "takes it in a type nobody asked for",
        answers_with(headers={"Content-Type": "image/gif"}),
        None,
    ),
    Row(
        "answers twice",
        says((OK + b"Content-Length: 0\r\n\r\n") * 2, closes=False),
        None,
    ),
    Row("an answer of nothing", answers_with(), EndpointMisbehaved, Way.ECMS),
    Row(
        "a page of its proxy",
        answers_with(body=b"<html/>"),
        EndpointMisbehaved,
        Way.ECMS,
    ),
    Row(
        "entities that grow",
        answers_with(body=b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;&b;</a>'),
        EndpointMisbehaved,
        Way.ECMS,
    ),
    Row(
        "an answer a thousand deep",
        answers_with(body=b"<a>" * 1000 + b"</a>" * 1000),
        EndpointMisbehaved,
        Way.ECMS,
    ),
    Row(
        "an answer of many elements",
        answers_with(body=b"<a>" + b"<b/>" * 100_000 + b"</a>"),
        EndpointMisbehaved,
        Way.ECMS,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_it_does_has_one_meaning(row: Row) -> None:
    """Each behaviour ends in its error, or in custody, within the patience."""
    async with (
        asyncio.timeout(10),
        an_endpoint(row.behave) as endpoint,
        a_handover() as handover,
    ):
        record = an_endpoint_record(endpoint.url, row.way)
        found = await _handed_over(handover.hand_over(record, a_parcel()))

    if row.error is None:
        assert found is None
        return
    assert type(found) is row.error
    assert found.temporary is row.error.temporary
    assert len(found.answer.body) <= KEPT


async def _handed_over(handing: object) -> DeliveryError | None:
    try:
        await handing  # type: ignore[misc]
    except DeliveryError as error:
        return error
    return None


async def test_an_answer_beyond_its_end_is_no_answer_to_the_next() -> None:
    """What came behind the first answer says nothing of the second parcel."""
    twice = (OK + b"Content-Length: 0\r\n\r\n") * 2
    async with an_endpoint(says(twice, closes=False)) as hook, a_handover() as handover:
        record = an_endpoint_record(hook.url, Way.WEBHOOK)
        await handover.hand_over(record, a_parcel())
        hook.behave = answers_with(503)
        with pytest.raises(EndpointBusy):
            await handover.hand_over(record, a_parcel())


@asynccontextmanager
async def _raw(answer: bytes) -> AsyncIterator[int]:
    """Listen without HTTP or TLS: say this to whoever connects, and close."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b""],
)
async def test_what_speaks_no_tls_is_not_spoken_to(answer: bytes) -> None:
    """Where https is asked for, nothing is sent to what has not proven itself."""
    async with _raw(answer) as port, a_handover() as handover:
        with pytest.raises(DeliveryError) as caught:
            await handover.hand_over(
                an_endpoint_record(f"https://127.0.0.1:{port}/"), a_parcel()
            )

    assert caught.value.temporary
    assert answer == b"" or type(caught.value) is EndpointUntrusted


async def test_an_answer_before_the_question_takes_nothing() -> None:
    """A 200 that was there before the letter was sent is no custody."""
    async with (
        _raw(OK + b"Content-Length: 0\r\n\r\n") as port,
        a_handover() as handover,
    ):
        record = an_endpoint_record(f"http://127.0.0.1:{port}/", Way.ECMS)
        with pytest.raises(DeliveryError) as caught:
            await handover.hand_over(record, a_parcel())

    assert caught.value.temporary


def test_more_time_for_more_bytes() -> None:
    """A slow line gets its time for a large letter, and none for a small one."""
    patience = Patience(connect=10, answer=100)

    assert patience.total(0) == 110
    assert patience.total(32 * 1024 * 60) == 170
