"""The generator's own ceiling: how fast it posts to something that only answers."""

import asyncio
import multiprocessing
import re
from multiprocessing.connection import Connection
from pathlib import Path

from tools.bench.cases import Measured, Post

_LENGTH = re.compile(rb"Content-Length: *(\d+)")
_HEAD_END = b"\r\n\r\n"
_BODY = b"<ProcessID>0</ProcessID>".ljust(600)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


def ceiling(post: Post, file: Path) -> Measured:
    """Return how many letters a second the generator posts at most."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    server.start()
    try:
        outcome = post.send(f"127.0.0.1:{ours.recv()}", file)
    finally:
        server.terminate()
        server.join()
    return {
        "per_second": outcome["per_second"],
        "processor_ms": outcome["generator_processor_ms"],
    }


class _Echo(asyncio.Protocol):
    """Reads requests to their ends, and answers each with the same."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._left = 0

    def data_received(self, data: bytes) -> None:
        if not self._left:
            head = data.find(_HEAD_END)
            length = _LENGTH.search(data, 0, head)
            self._left = head + len(_HEAD_END) + (int(length[1]) if length else 0)
        self._left -= len(data)
        if self._left <= 0:
            self._left = 0
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]


def _serve(said: Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Echo, "127.0.0.1", 0)
        said.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
