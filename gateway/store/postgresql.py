"""A PostgreSQL database: a few connections that write, a few that read.

Each unit is a transaction of its own; the server puts the commits of all connections
and processes into one flush of its log, so units need no groups of ours (decision
26). Units run at READ COMMITTED: what a unit changes it changes only as it read it;
the table in docs/decisions/0026-postgresql.md says by what that is guarded.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self, TypeVar

import asyncpg
from sqlalchemy import CursorResult, Executable, NullPool, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.store.connection import Connection
from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.leading import SessionLocks
from gateway.store.postgresql_errors import FAILURES, told
from gateway.store.segments import Segments
from gateway.store.together import Together

T = TypeVar("T")

SCHEMES: Final = ("postgresql", "postgres")

WRITERS: Final = 8
"""Connections of one process that write: as many commits share one flush."""

READERS: Final = 4

CONNECT: Final = 5.0
"""Seconds to wait for the server when a connection is made."""

TURN: Final = 30.0
"""Seconds to wait for a connection that is free."""

SESSION: Final[Mapping[str, str]] = {
    "application_name": "gateway",
    "timezone": "UTC",
    "synchronous_commit": "on",
    # Milliseconds. A unit waits for no network, so nobody holds a lock for long.
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "60000",
    # Seconds after which the server asks, and asks again, whether a machine that
    # says nothing is still there; and how often. Its locks end with its sessions.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""What every connection is set to, whatever the server's defaults are."""

_DRIVER: Final = "postgresql+asyncpg://"
_STATEMENTS: Final = 512
"""Statements that each connection keeps prepared."""

_DESCRIBED: Final = text(
    "SELECT current_database() AS name, current_setting('server_version') AS version,"
    " pg_database_size(current_database()) AS size,"
    " current_setting('fsync') AS fsync,"
    " current_setting('full_page_writes') AS full_page_writes"
)


class PostgresConnection:
    """A `Connection` in a transaction of its own."""

    __slots__ = ("_began", "_connection", "_together")

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._together = Together()
        self._began = False

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run a statement; a sequence of parameters runs it once for each."""
        await self.write()
        self._began = True
        return await self._done(self._connection.execute(statement, parameters))

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep an INSERT back, to be run together with others."""
        if self._began:
            self._together.add(statement, rows)
        else:
            # The driver begins no transaction for what is sent past SQLAlchemy.
            await self.execute(statement, rows)

    async def write(self) -> None:
        """Run the INSERTs that were kept back."""
        if self._together.rows:
            await self._done(self._together.write(self._connection))

    async def _done(self, work: Awaitable[T]) -> T:
        try:
            return await told(work)
        except StoreUnavailable:
            # What the driver thinks of it may be wrong: nobody is to have it again.
            await _to_the_end(self._connection.invalidate())
            raise


class ReadingConnections:
    """A `Connection` that runs each statement by itself, on any that is free."""

    __slots__ = ("_engine",)

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run a statement; again where the server had gone away meanwhile.

        After a restart each connection finds out by itself.
        """
        for _ in range(READERS):
            with suppress(StoreUnavailable):
                return await self._execute(statement, parameters)
        return await self._execute(statement, parameters)

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Run an INSERT by itself."""
        await self.execute(statement, rows)

    async def _execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
    ) -> CursorResult[Any]:
        connection = await told(_start(self._engine.connect()))
        try:
            return await PostgresConnection(connection).execute(statement, parameters)
        finally:
            await _to_the_end(connection.close())


class PostgresTurn:
    """A transaction on a connection that nobody else has meanwhile."""

    sees_others = True

    def __init__(self, database: "PostgresDatabase") -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._lent: PostgresConnection | None = None
        self._losses = 0

    async def take(self) -> PostgresConnection:
        """Wait for a connection; its first statement begins the transaction."""
        self._losses = self._database.segments.losses
        self._connection = await self._database.lend()
        self._lent = PostgresConnection(self._connection)
        return self._lent

    async def done(self) -> None:
        """Return when it is durable; what lies in segments is so before."""
        if self._connection is None or self._lent is None:
            raise StoreError(detail="the turn has not begun")
        segments = self._database.segments
        try:
            if not segments.is_settled or segments.losses != self._losses:
                await asyncio.to_thread(segments.sync, self._losses)
            await self._lent.write()
            await told(self._connection.commit())
        finally:
            await self.undone()

    async def undone(self) -> None:
        """Give the connection back; what was not committed is undone with that."""
        if (connection := self._connection) is not None:
            self._connection = None
            await self._database.take_back(connection)


class PostgresDatabase:
    """An open database; connections are made when they are needed, and again."""

    is_shared = True

    def __init__(
        self,
        writing: AsyncEngine,
        reading: AsyncEngine,
        leading: AsyncEngine,
        segments: Segments,
    ) -> None:
        self._writing = writing
        self._reading = reading
        self.leading = SessionLocks(leading)
        self._closed = False
        self._lent = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.segments = segments
        self.reading = ReadingConnections(reading)
        """Sees what is committed, and nothing else."""

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, segments: Segments) -> AsyncIterator[Self]:
        """Open a database; leaving waits for units that have begun.

        `url` is `postgresql://USER@HOST:PORT/NAME`, with the options libpq knows.
        Raises `StoreUnavailable` where the server does not answer.
        """
        writing = _engine(url, WRITERS)
        reading = _engine(url, READERS, isolation_level="AUTOCOMMIT")
        leading = engine_of(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        opened = cls(writing, reading, leading, segments)
        try:
            await opened.reading.execute(text("SELECT 1"))
            yield opened
        finally:
            await opened.close()
            await opened.leading.close()
            await writing.dispose()
            await reading.dispose()

    def turn(self) -> PostgresTurn:
        """Return a turn that has not begun yet."""
        return PostgresTurn(self)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PostgresConnection]:
        """Open a connection that shows one moment, however long it reads.

        The server cleans up no row that was changed since, until it is closed.
        """
        connection = await told(_start(self._reading.connect()))
        try:
            await told(
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            )
            snapshot = PostgresConnection(connection)
            # The moment is that of the first statement.
            await snapshot.execute(text("SELECT 1"))
            yield snapshot
        finally:
            await _to_the_end(connection.close())

    async def lend(self) -> AsyncConnection:
        """Return a connection that writes, once one is free."""
        if self._closed:
            raise StoreUnavailable(detail="the store is closed")
        self._count(1)
        try:
            return await told(_start(self._writing.connect()))
        except BaseException:
            self._count(-1)
            raise

    async def take_back(self, connection: AsyncConnection) -> None:
        """Undo what was not committed, and let others have the connection."""
        try:
            await _to_the_end(connection.close())
        finally:
            self._count(-1)

    async def close(self) -> None:
        """Lend no more, and wait until all is given back."""
        self._closed = True
        await self._idle.wait()

    def _count(self, more: int) -> None:
        self._lent += more
        if self._lent:
            self._idle.clear()
        else:
            self._idle.set()


async def describe(connection: Connection) -> str:
    """Say what the server is, and how large the database.

    Raises `StoreError` where it would lose what it has committed.
    """
    found = (await connection.execute(_DESCRIBED)).mappings().one()
    lost = [name for name in ("fsync", "full_page_writes") if found[name] != "on"]
    if lost:
        off = " and ".join(lost)
        raise StoreError(detail=f"{off} off: a power failure would lose letters")
    size = int(found["size"]) / (1024 * 1024)
    return f"{found['name']}, {size:.1f} MiB, PostgreSQL {found['version']}"


def engine_of(url: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's own
    """Return an engine; driver, address, password file and TLS are libpq's."""
    dsn = _plain(url)

    async def creator() -> asyncpg.Connection:
        return await asyncpg.connect(
            dsn, timeout=CONNECT, server_settings=dict(SESSION)
        )

    return create_async_engine(
        _DRIVER,
        connect_args={
            "async_creator_fn": creator,
            "prepared_statement_cache_size": _STATEMENTS,
        },
        hide_parameters=True,
        **options,
    )


def _engine(url: str, size: int, **options: Any) -> AsyncEngine:  # noqa: ANN401
    return engine_of(url, pool_size=size, max_overflow=0, pool_timeout=TURN, **options)


def _plain(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


async def _start(connection: AsyncConnection) -> AsyncConnection:
    return await connection.start()


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await what must not be left half done, also where this is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
    except FAILURES:
        # The connection was lost: the server has undone what it had not committed.
        return
