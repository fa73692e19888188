"""A wire that can be cut: a TCP proxy on this machine, in the test's own loop."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65536


class Wire:
    """Passes bytes on between whoever connects and one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._server: asyncio.Server
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_whole = True
        self._flows = asyncio.Event()
        self._flows.set()
        self.connections = 0
        """How many were made."""
        self.sent = bytearray()
        """What was sent to the server, of all connections."""

    @property
    def port(self) -> int:
        """Where to connect to, on 127.0.0.1."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @classmethod
    @asynccontextmanager
    async def to(
        cls, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["Wire"]:
        """Lay a wire to a server; with `tls` it speaks TLS, and the server does not."""
        wire = cls(host, port)
        wire._server = await asyncio.start_server(
            wire._connected, "127.0.0.1", 0, ssl=tls
        )
        try:
            yield wire
        finally:
            wire.cut()
            wire._server.close()
            await wire._server.wait_closed()

    def cut(self) -> None:
        """End every connection at once; new ones end as soon as they are made."""
        self._is_whole = False
        for writer in self._writers:
            writer.transport.abort()

    def hold(self) -> None:
        """Pass nothing on from now on; connections stay, and nobody is told."""
        self._flows.clear()

    def mend(self) -> None:
        """Let new connections pass again, and what was held."""
        self._is_whole = True
        self._flows.set()

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        if not self._is_whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(
            self._pass(reader, far_writer, self.sent), self._pass(far_reader, writer)
        )
        self._writers -= {writer, far_writer}

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        copy: bytearray | None = None,
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if copy is not None:
                    copy += chunk
                await self._flows.wait()
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()
