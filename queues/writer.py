"""The one thread that writes to a SQLite file, and commits in groups.

A sync costs milliseconds, however much it syncs. So whatever is asked for while one
transaction is being committed waits and goes into the next, together: a lone change
is committed at once, a hundred at the price of one. Durable means synced
(`synchronous=FULL`): a change that returned is there after a power cut.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar, cast

from queues.errors import BrokerUnavailable

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], T]

GROUP: Final = 128
"""Changes in one transaction at most, so that the first does not wait for ever."""
LOCKED: Final = 5.0
"""Seconds to wait for a lock that another process (a backup, say) holds."""

_Waiting = tuple[Change[object], "asyncio.Future[object]"]


class Writer:
    """Runs changes one after another, several in a transaction; all or none of them."""

    def __init__(
        self, connection: sqlite3.Connection, thread: ThreadPoolExecutor
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._closed = False

    @classmethod
    async def open(cls, path: Path, schema: Sequence[str]) -> Self:
        """Open a file, or make it, and bring it to a schema of statements.

        Raises `BrokerUnavailable`.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="broker")
        opening = asyncio.get_running_loop().run_in_executor(
            thread, _connected, path, schema
        )
        try:
            return cls(await opening, thread)
        except sqlite3.Error as error:
            thread.shutdown(wait=False)
            raise BrokerUnavailable(str(error)) from error

    async def run(self, change: Change[T]) -> T:
        """Run a change; its result comes once everything in its group is durable.

        Raises `BrokerUnavailable` for the whole group: whether it was stored is then
        not known.
        """
        return cast("T", await self._submitted(change))

    async def close(self) -> None:
        """Finish what waits, then close the file."""
        last = self._submitted(lambda _: None)
        self._closed = True
        await asyncio.wait([last])
        last.exception()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    def _submitted(self, change: Change[object]) -> "asyncio.Future[object]":
        if self._closed:
            raise BrokerUnavailable("the broker is closed")
        result = asyncio.get_running_loop().create_future()
        self._waiting.append((change, result))
        if not self._busy:
            self._begin()
        return result

    def _begin(self) -> None:
        """Start a transaction with what waits."""
        group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        self._busy = True
        changes = [change for change, _ in group]
        asyncio.get_running_loop().run_in_executor(
            self._thread, _transaction, self._connection, changes
        ).add_done_callback(partial(self._ended, [result for _, result in group]))

    def _ended(
        self,
        results: Sequence["asyncio.Future[object]"],
        transaction: "asyncio.Future[list[object]]",
    ) -> None:
        """Hand out the results of a transaction, and start the next one."""
        self._busy = False
        error = transaction.exception()
        outcomes = [None] * len(results) if error else transaction.result()
        for result, outcome in zip(results, outcomes, strict=True):
            if result.done():  # its waiter was cancelled
                continue
            if error:
                result.set_exception(_translated(error))
            else:
                result.set_result(outcome)
        if self._waiting:
            self._begin()


def _connected(path: Path, schema: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=LOCKED, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        for statement in schema:
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _transaction(
    connection: sqlite3.Connection, changes: Sequence[Change[object]]
) -> list[object]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [change(connection) for change in changes]
        connection.execute("COMMIT")
    except BaseException:
        # Some errors of SQLite have undone the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return results


def _translated(error: BaseException) -> BaseException:
    """Give each waiter an error of its own, since raising one changes it."""
    if not isinstance(error, sqlite3.Error):
        return error
    translated = BrokerUnavailable(str(error))
    translated.__cause__ = error
    return translated
