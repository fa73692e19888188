"""A process that enters letters in one book: `numbering.py URL DATA FIRST COUNT`.

Each seventh unit is undone after it took its number. Prints how many were kept.
"""

import asyncio
import sys
from pathlib import Path

from envelopes.letter import LetterId
from gateway.domain.register import Book
from gateway.identity import Identities, SystemClock
from gateway.store.errors import ConcurrentChange
from gateway.store.store import SqlStore, open_store
from tests.gateway.store.values import CHIANG_MAI, a_registration, keep

AT_ONCE = 16
UNDONE = 7


async def enter(store: SqlStore, ids: Identities, number: int) -> int:
    """Enter a letter; again where another process was faster. Says if it was kept."""
    while True:
        try:
            async with store.unit() as unit:
                letter = LetterId(str(number), "2552-06-05")
                consignment = await keep(unit, ids, letter)
                serial = await unit.registers.next_number(
                    CHIANG_MAI, Book.RECEIVED, 2569
                )
                await unit.registers.add(
                    a_registration(ids, consignment.id, serial, CHIANG_MAI, 2569)
                )
                if number % UNDONE == 0:
                    return 0
                await unit.commit()
        except ConcurrentChange:
            continue
        return 1


async def run(url: str, data: Path, numbers: range) -> int:
    """Enter all of them, some at the same time."""
    async with open_store(data, database=url) as store:
        ids, turns = Identities(SystemClock()), asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> int:
            async with turns:
                return await enter(store, ids, number)

        return sum(await asyncio.gather(*(one(number) for number in numbers)))


if __name__ == "__main__":
    url, data, first, count = sys.argv[1:]
    numbers = range(int(first), int(first) + int(count))
    sys.stdout.write(f"{asyncio.run(run(url, Path(data), numbers))}\n")
