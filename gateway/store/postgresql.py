"""A PostgreSQL database: a few connections that write, a few that read.

Each unit is a transaction of its own; the server puts the commits of all connections
and processes into one flush of its log, so units need no groups of ours (decision
26). Units run at READ COMMITTED: what a unit changes it changes only as it read it;
the table in docs/decisions/0026-postgresql.md says by what that is guarded.

So the transaction begins with the first statement that changes or locks something:
what is read before sees the same outside of it, and a unit that only reads, or writes
all it has to write in one statement at its end, makes no journey to begin and to
commit (decision 36).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self

import asyncpg
from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.store.connection import Connection
from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.found import Found
from gateway.store.leading import SessionLocks
from gateway.store.lending import DIALECT, Lending, Session, connect
from gateway.store.plain import Plains
from gateway.store.segments import Segments
from gateway.store.together import Together

SCHEMES: Final = ("postgresql", "postgres")

WRITERS: Final = 8
"""Connections of one process that write: as many commits share one flush."""

READERS: Final = 4

_DRIVER: Final = "postgresql+asyncpg://"
_PLAINS: Final = Plains(DIALECT)
_ONE_MOMENT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_DESCRIBED: Final = text(
    "SELECT current_database() AS name, current_setting('server_version') AS version,"
    " pg_database_size(current_database()) AS size,"
    " current_setting('fsync') AS fsync,"
    " current_setting('full_page_writes') AS full_page_writes"
)


class PostgresConnection:
    """A `Connection` in a transaction of its own."""

    __slots__ = ("_session", "_together")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._together = Together(_PLAINS)

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Found:
        """Run a statement; a sequence of parameters runs it once for each."""
        plain = _PLAINS.any(statement, parameters)
        if self._together.rows:
            await self._write()
        if not plain.only_reads:
            await self._session.begin()
        return await self._session.run(plain, parameters)

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Keep an INSERT back, to be run together with others."""
        self._together.add(statement, rows)

    async def commit(self) -> None:
        """Return when all of it is durable."""
        session = self._session
        if self._together.is_one and not session.has_begun:
            # One statement is a transaction of its own.
            await session.write(*self._together.take())
            return
        if self._together.rows:
            await self._write()
        if session.has_begun:
            await session.commit()

    async def _write(self) -> None:
        await self._session.begin()
        while self._together.rows:
            await self._session.write(*self._together.take())


class ReadingConnections:
    """A `Connection` that runs each statement by itself, on any that is free."""

    __slots__ = ("_lending",)

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Found:
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
    ) -> Found:
        plain = _PLAINS.any(statement, parameters)
        session = await self._lending.lend()
        try:
            return await session.run(plain, parameters)
        finally:
            await self._lending.take_back(session)


class PostgresTurn:
    """A transaction on a connection that nobody else has meanwhile."""

    sees_others = True

    def __init__(self, writing: Lending, segments: Segments) -> None:
        self._writing = writing
        self._segments = segments
        self._session: Session | None = None
        self._lent: PostgresConnection | None = None
        self._losses = 0

    async def take(self) -> PostgresConnection:
        """Wait for a connection; the transaction begins when it has to."""
        self._losses = self._segments.losses
        self._session = await self._writing.lend()
        self._lent = PostgresConnection(self._session)
        return self._lent

    async def done(self) -> None:
        """Return when it is durable; what lies in segments is so before."""
        if self._session is None or self._lent is None:
            raise StoreError(detail="the turn has not begun")
        segments = self._segments
        try:
            if not segments.is_settled or segments.losses != self._losses:
                await asyncio.to_thread(segments.sync, self._losses)
            await self._lent.commit()
        finally:
            await self.undone()

    async def undone(self) -> None:
        """Give the connection back; what was not committed is undone with that."""
        if (session := self._session) is not None:
            self._session = None
            await self._writing.take_back(session)


class PostgresDatabase:
    """An open database; connections are made when they are needed, and again."""

    is_shared = True

    def __init__(self, url: str, segments: Segments) -> None:
        self._writing = Lending(url, WRITERS)
        self._lent_to_read = Lending(url, READERS)
        self.leading = SessionLocks(url)
        self.segments = segments
        self.reading = ReadingConnections(self._lent_to_read)
        """Sees what is committed, and nothing else."""

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, segments: Segments) -> AsyncIterator[Self]:
        """Open a database; leaving waits for units that have begun.

        `url` is `postgresql://USER@HOST:PORT/NAME`, with the options libpq knows.
        Raises `StoreUnavailable` where the server does not answer.
        """
        opened = cls(url, segments)
        try:
            await opened.reading.execute(text("SELECT 1"))
            yield opened
        finally:
            await opened.close()

    def turn(self) -> PostgresTurn:
        """Return a turn that has not begun yet."""
        return PostgresTurn(self._writing, self.segments)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[PostgresConnection]:
        """Open a connection that shows one moment, however long it reads.

        The server cleans up no row that was changed since, until it is closed.
        """
        session = await self._lent_to_read.lend()
        try:
            await session.begin(_ONE_MOMENT)
            snapshot = PostgresConnection(session)
            # The moment is that of the first statement.
            await snapshot.execute(text("SELECT 1"))
            yield snapshot
        finally:
            await self._lent_to_read.take_back(session)

    async def close(self) -> None:
        """Lend no more, and wait until all is given back."""
        await self._writing.close()
        await self.leading.close()
        await self._lent_to_read.close()


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
    """Return an engine for what makes and changes tables."""

    async def creator() -> asyncpg.Connection:
        return await connect(url)

    return create_async_engine(
        _DRIVER,
        connect_args={"async_creator_fn": creator},
        hide_parameters=True,
        **options,
    )
