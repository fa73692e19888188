"""A SQLite file: one connection that writes, one that reads what is committed.

Statements run in place, since a local statement costs less than a thread hop; what
waits for the disk or for another process runs in a thread of its own. Durable means
synced: WAL with `synchronous=FULL`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

from sqlalchemy import Connection as AlchemyConnection
from sqlalchemy import CursorResult, Engine, Executable, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.store.database import Alone, Leading
from gateway.store.errors import ConcurrentChange, StoreError, StoreUnavailable
from gateway.store.found import Found
from gateway.store.plain import Parameters, Plain, Plains
from gateway.store.turns import Turns

LOCKED: Final = 5.0
"""Seconds to wait for a lock that another process holds."""

_TAKEN: Final = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
_PASSES: Final = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_NOMEM",
    "SQLITE_CANTOPEN",
    "SQLITE_PROTOCOL",
    "SQLITE_INTERRUPT",
)


class SqliteConnection:
    """A `Connection` on which statements run in place."""

    __slots__ = ("_connection", "_driver", "_plains")

    def __init__(self, connection: AlchemyConnection) -> None:
        self._connection = connection
        self._driver = _driver(connection)
        self._plains = Plains(connection.dialect)

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Found:
        """Run a statement; a sequence of parameters runs it once for each."""
        plain = self._plains.of(statement, parameters)
        try:
            if plain is not None:
                return run(plain, self._driver, parameters or {})
            return _of_alchemy(self._connection.execute(statement, parameters))
        except sqlite3.Error as error:
            raise _of_driver(error) from error
        except SQLAlchemyError as error:
            raise translated(error) from error

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Run an INSERT at once, since nothing is gained by waiting."""
        await self.execute(statement, rows)


class SqliteTransaction:
    """The one transaction of the connection that writes, and its savepoint."""

    def __init__(
        self, connection: sqlite3.Connection, before_commit: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._before_commit = before_commit

    @property
    def is_open(self) -> bool:
        """Whether it has begun; some errors of SQLite end it."""
        return self._connection.in_transaction

    def begin_at_once(self) -> bool:
        """Begin unless another process holds the lock; say whether it began."""
        try:
            self._run("BEGIN IMMEDIATE")
        except StoreUnavailable:
            return False
        return True

    def begin(self) -> None:
        """Begin; blocks while another process holds the lock, for some seconds."""
        self._run(f"PRAGMA busy_timeout = {int(LOCKED * 1000)}")
        try:
            self._run("BEGIN IMMEDIATE")
        finally:
            self._run("PRAGMA busy_timeout = 0")

    def mark(self) -> None:
        """Begin what can be undone alone."""
        self._run("SAVEPOINT unit")

    def keep(self) -> None:
        """Let what came after the mark share the transaction's fate."""
        self._run("RELEASE unit")

    def undo(self) -> None:
        """Undo what came after the mark."""
        self._run("ROLLBACK TO unit")
        self._run("RELEASE unit")

    def commit(self) -> None:
        """Make it durable; blocks. Where that fails, nothing of it is kept."""
        try:
            self._before_commit()
            self._run("COMMIT")
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """Undo all of it, if it is open; never raises."""
        # Where even this fails, the next BEGIN does, and says so.
        with suppress(sqlite3.Error):
            if self.is_open:
                self._connection.execute("ROLLBACK")

    def _run(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except sqlite3.Error as error:
            raise _of_driver(error) from error


class SqliteDatabase:
    """An open database file: turns to write, a connection to read."""

    leading: Leading = Alone()
    is_shared = False

    def __init__(
        self,
        turns: Turns,
        writing: SqliteConnection,
        reading: SqliteConnection,
        engine: Engine,
    ) -> None:
        self._engine = engine
        self.turns = turns
        self.writing = writing
        """To be used only by who has the turn."""
        self.reading = reading
        """Sees what is committed, and nothing else."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, before_commit: Callable[[], None]
    ) -> AsyncIterator[Self]:
        """Open a file that is there; leaving waits for a commit that has begun.

        `before_commit` runs in the committing thread; what it raises undoes the
        group. Raises `StoreUnavailable`.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        engine = _engine(path)
        try:
            with _connected(engine) as write, _connected(engine) as read:
                driver = _driver(write)
                driver.execute("PRAGMA busy_timeout = 0")
                transaction = SqliteTransaction(driver, before_commit)
                turns = Turns(transaction, thread)
                try:
                    yield cls(
                        turns, SqliteConnection(write), SqliteConnection(read), engine
                    )
                finally:
                    await turns.close()
        finally:
            engine.dispose()
            await asyncio.to_thread(thread.shutdown)

    def turn(self) -> "SqliteTurn":
        """Return a turn that has not begun yet."""
        return SqliteTurn(self)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SqliteConnection]:
        """Open a connection of its own that shows one moment, however long it reads.

        The file that the writer appends to grows until it is closed.
        """
        with _connected(self._engine) as connection:
            driver = _driver(connection)
            driver.execute("BEGIN")
            try:
                yield SqliteConnection(connection)
            finally:
                driver.execute("ROLLBACK")


class SqliteTurn:
    """A savepoint on the connection that writes; its group commits together."""

    sees_others = False

    def __init__(self, database: SqliteDatabase) -> None:
        self._turns = database.turns
        self._writing = database.writing

    async def take(self) -> SqliteConnection:
        """Wait for the turn; what follows can be undone alone."""
        await self._turns.take()
        return self._writing

    async def done(self) -> None:
        """Return when what was done in it is durable, with its group."""
        await self._turns.done()

    async def undone(self) -> None:
        """Undo what was done in the turn, and give it up; nothing is awaited."""
        self._turns.undone()


def run(
    plain: Plain,
    driver: sqlite3.Connection,
    parameters: Parameters | Sequence[Parameters],
) -> Found:
    """Run a statement without SQLAlchemy; raises `sqlite3.Error`."""
    if not isinstance(parameters, Mapping):
        text, values = plain.many(parameters)
        return Found((), [], driver.executemany(text, values).rowcount)
    cursor = driver.execute(*plain.filled(parameters))
    return plain.found(cursor.fetchall() if plain.has_rows else [], cursor.rowcount)


def _of_alchemy(result: CursorResult[Any]) -> Found:
    if not result.returns_rows:
        return Found((), [], result.rowcount)
    rows = [tuple(row) for row in result.all()]
    return Found(tuple(result.keys()), rows, result.rowcount)


def translated(error: SQLAlchemyError) -> StoreError:
    """Say in our own words what the database could not do; never with its values."""
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, sqlite3.Error):
        return _of_driver(original)
    return StoreError(detail=type(original or error).__name__)


def _of_driver(error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    detail = f"{name}: {error}"
    if name in _TAKEN:
        return ConcurrentChange(detail=detail)
    if name.startswith(_PASSES):
        return StoreUnavailable(detail=detail)
    return StoreError(detail=detail)


def connect(file: Path, *, make: bool = False) -> sqlite3.Connection:
    """Open a file; one that is not there is an error unless it is to be made."""
    # The name is quoted, and `#` and `?` are names like others.
    connection = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode={'rwc' if make else 'rw'}",
        uri=True,
        timeout=LOCKED,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _engine(file: Path) -> Engine:
    def creator() -> sqlite3.Connection:
        connection = connect(file)
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    return create_engine(
        "sqlite://",
        creator=creator,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )


def _connected(engine: Engine) -> AlchemyConnection:
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        raise translated(error) from error


def _driver(connection: AlchemyConnection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(type(driver))
    return driver
