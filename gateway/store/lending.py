"""Connections to a PostgreSQL server, each lent to one at a time.

The driver itself is used (docs/decisions/0036-driver-itself.md): what it is asked for
and what it answers goes through a `Session`, which knows whether a transaction is open
on the connection, and speaks of failures in the store's words.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.found import Found
from gateway.store.plain import Parameters, Plain
from gateway.store.postgresql_errors import FAILURES, told, translated

T = TypeVar("T")

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

DIALECT: Final = create_async_engine("postgresql+asyncpg://").dialect
"""How statements are spelled, and values converted, for the driver."""

_STATEMENTS: Final = 512
"""Statements that each connection keeps prepared, for as long as it lives."""


async def connect(url: str) -> asyncpg.Connection:
    """Make a connection; driver, address, password file and TLS are libpq's."""
    scheme, _, rest = url.partition("://")
    return await asyncpg.connect(
        f"{scheme.partition('+')[0]}://{rest}",
        timeout=CONNECT,
        server_settings=dict(SESSION),
        statement_cache_size=_STATEMENTS,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
    )


class Session:
    """A connection, and what is known of its transaction."""

    __slots__ = ("_is_asked", "driver", "has_begun")

    def __init__(self, driver: asyncpg.Connection) -> None:
        self.driver = driver
        self.has_begun = False
        self._is_asked = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing is open, and every question was answered."""
        return not (self.has_begun or self._is_asked or self.driver.is_closed())

    async def begin(self, how: str = "BEGIN") -> None:
        """Begin a transaction, unless one is open."""
        if not self.has_begun:
            self.has_begun = True
            await self.done(self.driver.execute(how))

    async def commit(self) -> None:
        """End the transaction; durable, if it changed anything."""
        if await self.done(self.driver.execute("COMMIT")) != "COMMIT":
            raise StoreError(detail="the server undid what was to be committed")
        self.has_begun = False

    async def run(
        self, plain: Plain, parameters: Parameters | Sequence[Parameters] | None
    ) -> Found:
        """Run a statement, once or many times."""
        driver = self.driver
        if parameters and not isinstance(parameters, Mapping):
            text, several = plain.many(parameters)
            await self.done(driver.executemany(text, several))
            return Found((), [], -1)
        text, values = plain.filled(parameters or {})  # type: ignore[arg-type]
        if not plain.has_rows:
            status = await self.done(driver.execute(text, *values))
            return Found((), [], _number(status))
        records = await self.done(driver.fetch(text, *values))
        names = tuple(records[0].keys()) if records and not plain.names else ()
        return plain.found([tuple(r) for r in records], len(records), names)

    async def write(self, text: str, values: Sequence[Any]) -> None:
        """Run a statement of which nothing is asked."""
        await self.done(self.driver.execute(text, *values))

    async def done(self, work: Awaitable[T]) -> T:
        """Await the driver; a connection that nobody is to have again is dropped."""
        self._is_asked = True
        try:
            answer = await work
        except FAILURES as error:
            said = translated(error)
            if isinstance(said, StoreUnavailable):
                # What the driver thinks of it may be wrong.
                self.driver.terminate()
            self._is_asked = False
            raise said from error
        self._is_asked = False
        return answer

    async def clear(self) -> None:
        """Undo what is open; a connection that does not answer is dropped.

        A question that was given up is ended first, by the driver.
        """
        if self.driver.is_closed():
            return
        try:
            async with asyncio.timeout(CONNECT):
                await self.driver.execute("ROLLBACK")
        except FAILURES:
            # The server undoes by itself what was not committed.
            self.driver.terminate()
        self.has_begun = self._is_asked = False


class Lending:
    """Connections that are made when they are needed, and again."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._places = asyncio.Semaphore(size)
        self._free: list[Session] = []
        self._closed = False
        self._lent = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def lend(self) -> Session:
        """Return a connection once one is free; raises `StoreUnavailable`."""
        if self._closed:
            raise StoreUnavailable(detail="the store is closed")
        self._count(1)
        try:
            return await self._one()
        except BaseException:
            self._count(-1)
            raise

    async def take_back(self, session: Session) -> None:
        """Undo what was not committed, and let others have the connection."""
        try:
            if not session.is_clean:
                await to_the_end(session.clear())
        finally:
            if session.is_clean:
                self._free.append(session)
            else:
                session.driver.terminate()
            self._places.release()
            self._count(-1)

    async def close(self) -> None:
        """Lend no more, wait until all is given back, and hang up."""
        self._closed = True
        await self._idle.wait()
        while self._free:
            await hang_up(self._free.pop().driver)

    async def _one(self) -> Session:
        if self._places.locked():
            try:
                async with asyncio.timeout(TURN):
                    await self._places.acquire()
            except TimeoutError as error:
                raise StoreUnavailable(detail="all connections are in use") from error
        else:
            await self._places.acquire()
        while self._free:
            if not (session := self._free.pop()).driver.is_closed():
                return session
        try:
            return Session(await told(connect(self._url)))
        except BaseException:
            self._places.release()
            raise

    def _count(self, more: int) -> None:
        self._lent += more
        if self._lent:
            self._idle.clear()
        else:
            self._idle.set()


async def hang_up(driver: asyncpg.Connection) -> None:
    """Say goodbye to the server, which need not answer."""
    try:
        await driver.close(timeout=CONNECT)
    except FAILURES:
        driver.terminate()


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await what must not be left half done, also where this is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _number(status: str) -> int:
    """Return how many rows were met: `UPDATE 1`, `INSERT 0 1`."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else -1
