"""Something that only answers, to the generator or to the hub that pushes.

The generator's own ceiling is how fast it posts to it.
"""

import asyncio
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from tools.bench.cases import Measured, Post

_LENGTH = re.compile(rb"Content-Length: *(\d+)", re.IGNORECASE)
_START = 60.0
_HEAD_END = b"\r\n\r\n"
_BODY = b"<ProcessID>0</ProcessID>".ljust(600)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


def ceiling(post: Post, file: Path) -> Measured:
    """Return how many letters a second the generator posts at most."""
    with webhook() as (port, _):
        outcome = post.send(f"127.0.0.1:{port}", file)
    return {
        "per_second": outcome["per_second"],
        "processor_ms": outcome["generator_processor_ms"],
    }


@contextmanager
def webhook() -> Iterator[tuple[int, "Synchronized[int]"]]:
    """Answer in a process of its own; gives its port, and how often it did."""
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe()
    answered = spawned.Value("q", 0)
    server = spawned.Process(target=_serve, args=(theirs, answered))
    server.start()
    try:
        if not ours.poll(_START):
            raise TimeoutError("what is to answer did not start")
        yield ours.recv(), answered
    finally:
        server.terminate()
        server.join()


class _Echo(asyncio.Protocol):
    """Reads requests to their ends, and answers each with the same."""

    def __init__(self, answered: "Synchronized[int]") -> None:
        self._answered = answered
        self._came = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head = self._came.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._came, 0, head)
        if len(self._came) >= head + len(_HEAD_END) + (int(length[1]) if length else 0):
            self._came.clear()
            # Nobody else counts.
            self._answered.value += 1
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]


def _serve(said: Connection, answered: "Synchronized[int]") -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Echo(answered), "127.0.0.1", 0)
        said.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
