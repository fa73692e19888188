"""Units of work take turns on one connection, and are committed in groups.

A sync costs milliseconds, however much it syncs. So a unit that is done does not
commit: it waits for its group, which is committed when nobody waits for a turn, or
when it is full. There is no timer: a lone unit is committed at once, and those that
come while a commit is on its way make the next group.

The turn is fair. Whoever has it may run statements; while a commit is in its thread
nobody has it. A unit that is undone, or cancelled before it is done, takes nothing
with it; one cancelled while it waits for its group may have been kept.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol

from gateway.store.errors import StoreError, StoreUnavailable

GROUP: Final = 128
"""Turns in one transaction at most, so that the first does not wait for ever."""

_Waiter = asyncio.Future[None]


class Transaction(Protocol):
    """The one transaction of a connection; what blocks runs in a thread."""

    @property
    def is_open(self) -> bool:
        """Whether it has begun; some errors of the database end it."""

    def begin_at_once(self) -> bool:
        """Begin unless that would block; say whether it began."""

    def begin(self) -> None:
        """Begin; blocks while another process writes."""

    def mark(self) -> None:
        """Begin what can be undone alone."""

    def keep(self) -> None:
        """Let what came after the mark share the transaction's fate."""

    def undo(self) -> None:
        """Undo what came after the mark."""

    def commit(self) -> None:
        """Make it durable; blocks. Where that fails, nothing of it is kept."""

    def rollback(self) -> None:
        """Undo all of it; never raises."""


class Turns:
    """Gives turns, one at a time, and commits what was done in them."""

    def __init__(self, transaction: Transaction, thread: ThreadPoolExecutor) -> None:
        self._transaction = transaction
        self._thread = thread
        self._waiting: deque[_Waiter] = deque()
        self._group: list[_Waiter] = []
        self._turns = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def take(self) -> None:
        """Wait for the turn; what follows can be undone alone.

        Raises `StoreUnavailable` where another process holds the lock too long.
        """
        if self._closed:
            raise StoreUnavailable(detail="the store is closed")
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        if self._idle.is_set():
            self._idle.clear()
            self._go_on()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and not waiter.exception():
                self._go_on()
            raise
        try:
            self._transaction.mark()
        except StoreError:
            self._go_on()
            raise

    async def done(self) -> None:
        """Give up the turn; return when what was done in it is durable.

        Raises a temporary `StoreError`; nothing of it is kept then.
        """
        try:
            self._transaction.keep()
        except StoreError:
            self.undone()
            raise
        durable = asyncio.get_running_loop().create_future()
        self._group.append(durable)
        self._go_on()
        await durable

    def undone(self) -> None:
        """Undo what was done in the turn, and give it up."""
        try:
            if self._transaction.is_open:
                self._transaction.undo()
        except StoreError:
            # What cannot be undone alone is undone with its group.
            self._transaction.rollback()
            raise
        finally:
            self._go_on()

    async def close(self) -> None:
        """Wait until nobody has a turn and nothing is being committed."""
        self._closed = True
        await self._idle.wait()

    def _go_on(self) -> None:
        """Nobody has the turn: give it to the next, or commit first."""
        if self._turns and not self._transaction.is_open:
            self._settle(StoreUnavailable(detail="the database undid the group"))
        self._forget_cancelled()
        if self._group and (not self._waiting or self._turns >= GROUP):
            self._in_thread(self._transaction.commit, self._committed)
        elif self._waiting and self._turns < GROUP and self._transaction.is_open:
            self._give()
        else:
            # Nothing was done in it, or by units that only read.
            self._transaction.rollback()
            self._turns = 0
            if self._waiting:
                self._begin()
            else:
                self._idle.set()

    def _forget_cancelled(self) -> None:
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()

    def _give(self) -> None:
        self._turns += 1
        self._waiting.popleft().set_result(None)

    def _begin(self) -> None:
        try:
            began = self._transaction.begin_at_once()
        except StoreError as error:
            self._refuse(error)
            return
        if began:
            self._give()
        else:
            self._in_thread(self._transaction.begin, self._begun)

    def _begun(self, error: BaseException | None) -> None:
        if error is None:
            self._go_on()
        else:
            self._refuse(error)

    def _refuse(self, error: BaseException) -> None:
        """Those who wait have waited long enough."""
        _settle(self._waiting, error)
        self._waiting.clear()
        self._go_on()

    def _committed(self, error: BaseException | None) -> None:
        self._settle(error)
        self._go_on()

    def _settle(self, error: BaseException | None) -> None:
        group, self._group, self._turns = self._group, [], 0
        _settle(group, error)

    def _in_thread(
        self, work: Callable[[], None], then: Callable[[BaseException | None], None]
    ) -> None:
        # Not awaited by any unit: a cancelled one must not leave it half done.
        asyncio.get_running_loop().run_in_executor(
            self._thread, work
        ).add_done_callback(partial(_hand_over, then))


def _hand_over(
    then: Callable[[BaseException | None], None], done: "asyncio.Future[None]"
) -> None:
    then(done.exception())


def _settle(
    waiters: "deque[_Waiter] | list[_Waiter]", error: BaseException | None
) -> None:
    for waiter in waiters:
        if waiter.done():  # cancelled meanwhile
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(_own(error))


def _own(error: BaseException) -> StoreUnavailable:
    """Give each waiter an error of its own, since raising one changes it."""
    detail = error.detail if isinstance(error, StoreError) else type(error).__name__
    own = StoreUnavailable(detail=detail)
    own.__cause__ = error
    return own
