"""What happens below the envelope: methods, paths, connections, any bytes."""

import asyncio
import gzip
from collections.abc import Iterable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.gateway.web.conftest import CHIANG_MAI, MINISTRY, Caller, Calling, sample
from tests.letters import a_letter, as_wire

POLL = sample("cs-07-inbound-poll-request")
PATH = f"/ecms/{MINISTRY}/ecms-ws01/service2"


def told(lines: Iterable[MutableMapping[str, Any]]) -> list[str]:
    """Return what was said of requests; runners speak in their own time."""
    events = [line["event"] for line in lines]
    return [event for event in events if event.startswith("request ")]


async def test_the_door_is_for_posts(caller: Caller) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await caller.ask(method, caller.base + PATH)
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/ecms", f"{PATH}/more", "/ecms/1/x/service2"])
async def test_other_paths_are_not_there(caller: Caller, path: str) -> None:
    assert (await caller.ask("POST", caller.base + path, data=POLL)).status == 404


async def test_health_says_live_and_ready(caller: Caller) -> None:
    assert (await caller.ask("GET", f"{caller.base}/health/live")).status == 200
    ready = await caller.ask("GET", f"{caller.base}/health/ready")
    assert ready.status == 200
    assert ready.headers["Server"] == "document-exchange-gateway"


async def test_a_compressed_answer_is_never_sent(caller: Caller) -> None:
    answer = await caller.post(MINISTRY, POLL, Accept_Encoding="gzip")

    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "kind", ["text/xml", "text/xml; encoding='utf-8'", "nonsense", "image/png;;"]
)
async def test_any_content_type_is_read(caller: Caller, kind: str) -> None:
    answer = await caller.post(MINISTRY, POLL, Content_Type=kind)

    assert answer.payload.tag == "CorrespondenceLetterInboundResponse"


async def test_a_small_body_that_unpacks_to_a_large_one_is_too_large(
    calling: Calling,
) -> None:
    async with calling(body_limit=65_536) as caller:
        packed = gzip.compress(b" " * 10_000_000)
        answer = await caller.post(MINISTRY, packed, Content_Encoding="gzip")
        assert answer.error[1] == "limit-exceeded"

        broken = await caller.post(MINISTRY, b"no gzip", Content_Encoding="gzip")
        assert broken.status in (200, 400)


class Line:
    """A connection on which bytes are written as they are."""

    def __init__(self, base: str) -> None:
        self._host, _, port = base.removeprefix("http://").partition(":")
        self._port = int(port)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(
            self._host, self._port
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def write(self, head: str, body: bytes = b"") -> None:
        self._writer.write(head.replace("\n", "\r\n").encode("latin-1") + body)

    async def ended(self) -> bool:
        """Wait for the other side to close."""
        async with asyncio.timeout(10):
            return await self._reader.read() == b""

    async def answer(self) -> tuple[bytes, bytes]:
        """Return the head and body of one answer."""
        async with asyncio.timeout(10):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            return head, await self._reader.readexactly(length)


def head_of(length: int, *more: str) -> str:
    lines = [f"POST {PATH} HTTP/1.1", "Host: x", f"Content-Length: {length}", *more]
    return "\n".join([*lines, "", ""])


async def test_a_client_that_waits_for_100_continue_gets_it(caller: Caller) -> None:
    async with Line(caller.base) as line:
        line.write(head_of(len(POLL), "Expect: 100-continue"))
        assert (await line.answer())[0] == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.write("", POLL)
        assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_asks_first_is_told_at_once_what_is_too_large(
    calling: Calling,
) -> None:
    """Nothing of the body is waited for: .NET sends none of it after such an answer."""
    async with calling(body_limit=65_536) as caller, Line(caller.base) as line:
        line.write(head_of(65_537, "Expect: 100-continue"))
        head, body = await line.answer()

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in head.lower()
    assert b"<ErrorCode>limit-exceeded</ErrorCode>" in body


async def test_a_client_that_asks_first_is_told_at_once_that_it_may_not(
    caller: Caller,
) -> None:
    async with Line(caller.base) as line:
        line.write(head_of(100, "Expect: 100-continue", "Via: proxy"))
        head, body = await line.answer()

    assert head.startswith(b"HTTP/1.1 403 ")
    assert b"<ErrorCode>access-denied</ErrorCode>" in body


async def test_a_body_four_times_too_large_is_read_before_the_answer(
    calling: Calling,
) -> None:
    """Who reads nothing before it has sent everything still gets its answer."""
    size = 4 * 65_536
    async with calling(body_limit=65_536) as caller, Line(caller.base) as line:
        line.write(head_of(size), b" " * size)
        head, body = await line.answer()
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"limit-exceeded" in body
        line.write(head_of(len(POLL)), POLL)
        assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")


async def test_a_head_that_never_ends_is_timed_out(calling: Calling) -> None:
    async with calling(idle_seconds=0.2) as caller, Line(caller.base) as slow:
        slow.write(f"POST {PATH} HTTP/1.1\nHost: x\nX: half")
        async with Line(caller.base) as line:
            line.write(head_of(len(POLL)), POLL)
            assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")
        assert await slow.ended()


async def test_a_slow_body_keeps_nobody_waiting(calling: Calling) -> None:
    async with calling(read_seconds=0.5) as caller, Line(caller.base) as slow:
        slow.write(head_of(100), b"half")
        async with Line(caller.base) as line:
            line.write(head_of(len(POLL)), POLL)
            assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")
        assert b"limit-exceeded" in (await slow.answer())[1]


async def test_slow_bodies_at_one_door_keep_nobody_waiting_at_another(
    calling: Calling,
) -> None:
    """Chunked ones are held room for as if they were as large as may be."""
    endless = f"POST {PATH} HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n1\n"
    limits = {"body_limit": 65_536, "bodies_limit": 4 * 65_536}
    async with calling(**limits, read_seconds=5) as caller, AsyncExitStack() as open_:
        for _ in range(8):
            slow = await open_.enter_async_context(Line(caller.base))
            slow.write(endless, b" ")
        async with asyncio.timeout(3):
            assert (await caller.poll(CHIANG_MAI)).status == 200


async def test_an_answer_has_exactly_the_length_it_says(caller: Caller) -> None:
    async with Line(caller.base) as line:
        line.write(head_of(len(POLL), "Connection: close"), POLL)
        head, body = await line.answer()
        assert await line.ended()

    assert b"transfer-encoding" not in head.lower()
    assert body.endswith(b"</SOAP-ENV:Envelope>")


async def test_a_strange_expectation_kills_no_call(caller: Caller) -> None:
    async with Line(caller.base) as line:
        line.write(head_of(len(POLL), "Expect: wonders"), POLL)
        assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")


async def test_a_connection_serves_many_requests(caller: Caller) -> None:
    async with Line(caller.base) as line:
        for body in (POLL, b"nonsense", POLL):
            line.write(head_of(len(body)), body)
            assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")


async def test_a_body_far_over_the_limit_is_answered_and_the_line_closed(
    calling: Calling,
) -> None:
    async with calling(body_limit=65_536) as caller, Line(caller.base) as line:
        line.write(head_of(10_000_000), b" " * (4 * 65_536 + 1))
        head, body = await line.answer()

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in head.lower()
    assert b"limit-exceeded" in body


async def test_a_body_that_never_comes_is_answered(calling: Calling) -> None:
    async with calling(read_seconds=0.05) as caller, Line(caller.base) as line:
        line.write(head_of(100), b"half")
        head, body = await line.answer()

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"limit-exceeded" in body


async def test_what_is_no_http_is_answered_and_written_down(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as lines:
        async with Line(caller.base) as line:
            line.write("HELLO\n\n")
            head, body = await line.answer()

    assert b" 400 " in head
    # What it could not read is not said again, nor which library could not.
    assert body == b"400 Bad Request"
    assert b"\r\nServer: document-exchange-gateway\r\n" in head
    assert told(lines) == ["request unreadable"]
    assert caplog.text == ""


async def test_a_broken_chunk_is_answered(caller: Caller) -> None:
    async with Line(caller.base) as line:
        line.write(
            f"POST {PATH} HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nzz\n", b"x"
        )
        head, body = await line.answer()

    assert head.split()[1] in (b"200", b"400")
    assert b"Traceback" not in body


async def test_a_body_that_cannot_be_unpacked_is_no_mistake_of_ours(
    caller: Caller,
) -> None:
    with capture_logs() as lines:
        async with Line(caller.base) as line:
            line.write(head_of(4, "Content-Encoding: gzip"), b"<x/>")
            await line.answer()
            assert await line.ended()

    assert told(lines) == ["request refused"]


async def test_a_caller_that_hangs_up_hurts_nobody(caller: Caller) -> None:
    for sent in ("", "POST", head_of(100), head_of(100) + "half"):
        async with Line(caller.base) as line:
            line.write(sent)
    assert (await caller.poll(MINISTRY)).status == 200


async def test_a_request_that_has_begun_is_answered_while_the_hub_stops(
    calling: Calling,
) -> None:
    hub = calling()
    caller = await hub.__aenter__()
    async with Line(caller.base) as line, Line(caller.base) as idle:
        line.write(head_of(len(POLL), "Expect: 100-continue"))
        await line.answer()
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(hub.__aexit__(None, None, None))
            for _ in range(10):
                await asyncio.sleep(0)
            with pytest.raises(ConnectionRefusedError):
                await Line(caller.base).__aenter__()
            assert not stopping.done()
            line.write("", POLL)
            assert (await line.answer())[0].startswith(b"HTTP/1.1 200 ")
        assert await idle.ended()


ANY_BODY = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=8)).map(
        lambda change: _changed(as_wire(a_letter()), *change)
    ),
    st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)).map(
        lambda change: _changed(POLL, *change)
    ),
)
ANY_DOOR = st.one_of(
    st.just(MINISTRY), st.from_regex(r"[A-Za-z0-9%~._-]{1,20}", fullmatch=True)
)


def _changed(wire: bytes, place: int, by: bytes) -> bytes:
    place %= len(wire)
    return wire[:place] + by + wire[place + len(by) :]


async def test_any_bytes_whatever_are_answered(caller: Caller) -> None:
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(body=ANY_BODY)
    def post(body: bytes) -> None:
        answer = asyncio.run_coroutine_threadsafe(
            caller.post(MINISTRY, body), loop
        ).result(20)
        assert answer.status == 200
        assert answer.body.startswith(b"<?xml")
        assert b"internal-error" not in answer.body
        assert b"Traceback" not in answer.body

    await asyncio.to_thread(post)


async def test_any_request_whatever_is_answered(caller: Caller) -> None:
    loop = asyncio.get_running_loop()

    async def send(raw: bytes) -> bytes:
        async with Line(caller.base) as line:
            line.write("", raw)
            return b"".join(await line.answer())

    @settings(
        max_examples=100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(door=ANY_DOOR, header=st.binary(max_size=40), body=st.binary(max_size=60))
    def post(door: str, header: bytes, body: bytes) -> None:
        head = f"POST /ecms/{door}/ecms-ws01/service2 HTTP/1.1\r\nHost: x\r\n"
        head += f"Content-Length: {len(body)}\r\n"
        raw = head.encode() + b"X: " + header + b"\r\n\r\n" + body
        got = asyncio.run_coroutine_threadsafe(send(raw), loop).result(30)
        assert got.startswith(b"HTTP/1.")
        assert b"Traceback" not in got

    await asyncio.to_thread(post)
