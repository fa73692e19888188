"""Numbers of a book: no gap and no twin, whatever happens in between."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from enum import Enum, auto
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.register import Book
from gateway.ports import Store
from gateway.store.store import open_store
from tests.doubles.ids import CountedIds
from tests.gateway.store.values import (
    CHIANG_MAI,
    MINISTRY,
    a_registration,
    keep,
    with_directory,
)
from tests.tables import lay_tables

T = TypeVar("T")


class End(Enum):
    """How a unit ends."""

    KEPT = auto()
    LEFT = auto()
    FAILED = auto()
    CANCELLED = auto()


Key = tuple[OrganizationCode, int]
Unit = tuple[int, Key, End]

KEYS: list[Key] = [(CHIANG_MAI, 2569), (CHIANG_MAI, 2570), (MINISTRY, 2569)]
UNITS = st.tuples(st.sampled_from([0, 1]), st.sampled_from(KEYS), st.sampled_from(End))


class Registers(RuleBasedStateMachine):
    """Two processes take numbers at the same time; their units end in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.data = Path(tempfile.mkdtemp())
        lay_tables(self.data)
        self.ids = CountedIds()
        self.given: Counter[Key] = Counter()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.stores: list[Store] = [
            self.run(self.stack.enter_async_context(open_store(self.data)))
            for _ in range(2)
        ]
        self.run(with_directory(self.stores[0]))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(units=st.lists(UNITS, min_size=1, max_size=6))
    def take_numbers(self, units: list[Unit]) -> None:
        outcomes = self.run(self.all(units))

        kinds = {End.FAILED: LookupError, End.CANCELLED: asyncio.CancelledError}
        for (_, key, end), outcome in zip(units, outcomes, strict=True):
            assert isinstance(outcome, kinds.get(end, type(None)))
            self.given[key] += end is End.KEPT

    @invariant()
    def no_gap_and_no_twin(self) -> None:
        for code, year in KEYS:
            view = self.stores[1].views.register(code, Book.RECEIVED, year)
            serials = [line.registration.number.serial for line in self.run(view)]
            assert sorted(map(int, filter(None, serials))) == list(
                range(1, self.given[code, year] + 1)
            )

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.data)

    async def all(self, units: list[Unit]) -> Sequence[object]:
        tasks = (self.take(self.stores[store], key, end) for store, key, end in units)
        return await asyncio.gather(*tasks, return_exceptions=True)

    async def take(self, store: Store, key: Key, end: End) -> None:
        code, year = key
        async with store.unit() as unit:
            number = LetterId(str(self.ids.new()), "2552-06-05")
            consignment = await keep(unit, self.ids, number)
            serial = await unit.registers.next_number(code, Book.RECEIVED, year)
            await unit.registers.add(
                a_registration(self.ids, consignment.id, serial, code, year)
            )
            task = asyncio.current_task()
            if end is End.CANCELLED and task is not None:
                task.cancel()
            await asyncio.sleep(0)
            if end is End.FAILED:
                raise LookupError
            if end is End.KEPT:
                await unit.commit()


def test_numbers_have_no_gap_and_no_twin() -> None:
    run_state_machine_as_test(
        Registers,
        settings=settings(max_examples=12, stateful_step_count=6, deadline=None),
    )
