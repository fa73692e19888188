"""Turns on a transaction that writes down what is asked of it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.store.errors import StoreError, StoreUnavailable
from gateway.store.turns import GROUP, Turns


class ScriptedTransaction:
    """Keeps a list of units; what blocks waits until the test lets it go on."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.is_open = False
        self.fails: dict[str, Exception] = {}
        """What the next call of this name raises."""
        self.is_locked = False
        self.go_on = threading.Event()
        self.go_on.set()

    def begin_at_once(self) -> bool:
        if self.is_locked:
            return False
        self._do("begin")
        self.is_open = True
        return True

    def begin(self) -> None:
        self.go_on.wait(10)
        self._do("begin late")
        self.is_open = True

    def mark(self) -> None:
        self._do("mark")

    def keep(self) -> None:
        self._do("keep")

    def undo(self) -> None:
        self._do("undo")

    def commit(self) -> None:
        self.go_on.wait(10)
        self.is_open = False
        self._do("commit")

    def rollback(self) -> None:
        if self.is_open:
            self.is_open = False
            self._do("rollback")

    def _do(self, name: str) -> None:
        self.log.append(name)
        if error := self.fails.pop(name, None):
            raise error


@pytest.fixture
def transaction() -> ScriptedTransaction:
    return ScriptedTransaction()


@pytest.fixture
async def turns(transaction: ScriptedTransaction) -> AsyncIterator[Turns]:
    with ThreadPoolExecutor(1) as thread:
        made = Turns(transaction, thread)
        yield made
        transaction.go_on.set()
        await made.close()
        assert not transaction.is_open


async def unit(turns: Turns, *, fail: bool = False) -> None:
    await turns.take()
    is_done = False
    try:
        await asyncio.sleep(0)
        is_done = not fail
    finally:
        if not is_done:
            turns.undone()
    if fail:
        raise LookupError
    await turns.done()


async def test_a_lone_unit_is_committed_at_once(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    await unit(turns)

    assert transaction.log == ["begin", "mark", "keep", "commit"]


async def test_who_waits_meanwhile_is_committed_with_it(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    await asyncio.gather(unit(turns), unit(turns), unit(turns))

    assert transaction.log == ["begin", *["mark", "keep"] * 3, "commit"]


async def test_a_group_has_an_end(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    await asyncio.gather(*(unit(turns) for _ in range(GROUP + 1)))

    assert transaction.log.count("commit") == 2
    assert transaction.log.index("commit") == 1 + 2 * GROUP


async def test_units_that_only_read_do_not_hold_the_lock_for_ever(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    await asyncio.gather(
        *(unit(turns, fail=True) for _ in range(GROUP + 1)), return_exceptions=True
    )

    assert "commit" not in transaction.log
    assert transaction.log.count("rollback") == 2


async def test_the_last_that_fails_has_the_others_committed(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    outcomes = await asyncio.gather(
        unit(turns), unit(turns, fail=True), return_exceptions=True
    )

    assert outcomes[0] is None
    assert isinstance(outcomes[1], LookupError)
    assert transaction.log == ["begin", "mark", "keep", "mark", "undo", "commit"]


async def test_turns_come_in_the_order_of_asking(turns: Turns) -> None:
    order = []

    async def note(n: int) -> None:
        await turns.take()
        order.append(n)
        await asyncio.sleep(0)
        await turns.done()

    await asyncio.gather(*map(note, range(20)))

    assert order == list(range(20))


async def test_nothing_runs_while_a_commit_is_in_its_thread(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.go_on.clear()
    first = asyncio.create_task(unit(turns))
    for _ in range(5):
        await asyncio.sleep(0)
    second = asyncio.create_task(unit(turns))
    for _ in range(5):
        await asyncio.sleep(0)

    assert transaction.log == ["begin", "mark", "keep"]
    transaction.go_on.set()
    await asyncio.gather(first, second)
    assert transaction.log[3:] == ["commit", "begin", "mark", "keep", "commit"]


async def test_a_commit_that_fails_fails_for_all_of_its_group(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.fails["commit"] = OSError("no space")

    outcomes = await asyncio.gather(unit(turns), unit(turns), return_exceptions=True)

    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert outcomes[0] is not outcomes[1]
    await unit(turns)
    assert transaction.log[-1] == "commit"


async def test_a_transaction_the_database_undid_is_lost_for_all_of_it(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    """A full disk undoes more than the statement that found it."""

    async def finds_the_disk_full() -> None:
        await turns.take()
        await asyncio.sleep(0)
        transaction.is_open = False
        turns.undone()

    outcomes = await asyncio.gather(
        unit(turns), finds_the_disk_full(), unit(turns), return_exceptions=True
    )

    assert isinstance(outcomes[0], StoreUnavailable)
    assert outcomes[1:] == [None, None]


async def test_what_cannot_be_kept_is_undone(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.fails["keep"] = StoreUnavailable()

    with pytest.raises(StoreUnavailable):
        await unit(turns)

    assert transaction.log == ["begin", "mark", "keep", "undo", "rollback"]


async def test_what_cannot_be_undone_alone_takes_its_group_with_it(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.fails["undo"] = StoreError()

    outcomes = await asyncio.gather(
        unit(turns), unit(turns, fail=True), return_exceptions=True
    )

    assert isinstance(outcomes[0], StoreUnavailable)
    assert isinstance(outcomes[1], StoreError)
    assert "commit" not in transaction.log


async def test_a_unit_that_cannot_be_marked_gives_its_turn_on(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.fails["mark"] = StoreError()

    outcomes = await asyncio.gather(unit(turns), unit(turns), return_exceptions=True)

    assert isinstance(outcomes[0], StoreError)
    assert outcomes[1] is None


async def test_a_lock_of_another_process_is_waited_for_in_the_thread(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.is_locked = True

    await unit(turns)

    assert transaction.log == ["begin late", "mark", "keep", "commit"]


async def test_a_lock_that_stays_is_told_to_all_who_wait(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.is_locked = True
    transaction.fails["begin late"] = StoreUnavailable(detail="locked")

    outcomes = await asyncio.gather(unit(turns), unit(turns), return_exceptions=True)

    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    transaction.is_locked = False
    await unit(turns)


async def test_a_transaction_that_cannot_begin_is_told(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.fails["begin"] = StoreError(detail="corrupt")

    with pytest.raises(StoreError):
        await unit(turns)

    await unit(turns)


@pytest.mark.parametrize("steps", range(6))
async def test_one_cancelled_anywhere_stops_nobody(turns: Turns, steps: int) -> None:
    first, second, third = (asyncio.create_task(unit(turns)) for _ in range(3))
    for _ in range(steps):
        await asyncio.sleep(0)
    second.cancel()

    await asyncio.gather(first, second, third, return_exceptions=True)

    assert first.exception() is None
    assert third.exception() is None


async def test_one_cancelled_while_it_waits_for_the_lock_leaves_it(
    turns: Turns, transaction: ScriptedTransaction
) -> None:
    transaction.is_locked = True
    transaction.go_on.clear()
    task = asyncio.create_task(unit(turns))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    transaction.go_on.set()
    await turns.close()

    assert transaction.log == ["begin late", "rollback"]


async def test_a_closed_store_gives_no_turns(turns: Turns) -> None:
    await turns.close()

    with pytest.raises(StoreUnavailable):
        await turns.take()
