"""The notary looks again and again, and waits where the store is busy."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from uuid import UUID

from gateway.ports import Page
from gateway.runners.notary import INTERVAL, SETTLING, Notary, Place
from gateway.store.errors import StoreUnavailable
from gateway.workflow.work import Work
from tests.doubles.clock import HandClock
from tests.eventually import eventually
from tests.gateway.runners.running import Pauses, running

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = (UUID(int=number) for number in range(3))


class BusyEvidence:
    """Answers only from the third question on, and then that all is signed."""

    def __init__(self) -> None:
        self.asked = 0

    async def page(self, _source: object, after: UUID, *, limit: int) -> Page:
        assert limit > 1
        self.asked += 1
        if self.asked <= 2:
            raise StoreUnavailable
        return Page([], after, is_last=True)


def test_a_place_moves_to_where_an_earlier_look_ended() -> None:
    place = Place()

    place.note_end(SECOND, AT)
    assert place.settled == FIRST
    place.note_end(THIRD, AT + SETTLING - timedelta(seconds=1))
    assert place.settled == FIRST, "something before the end may still be committed"
    place.note_end(THIRD, AT + SETTLING)
    assert place.settled == SECOND
    place.forget()
    assert place.settled == FIRST


async def test_it_waits_where_the_store_is_busy_and_then_looks_every_second() -> None:
    evidence, pauses, stop = BusyEvidence(), Pauses(), asyncio.Event()
    work = SimpleNamespace(clock=HandClock(), store=SimpleNamespace(evidence=evidence))
    notary = Notary(cast("Work", work), stop=stop, pause=pauses)

    async with running(notary, stop):
        await eventually(lambda: len(pauses.seconds) >= 4)

    assert pauses.seconds[:4] == [0.05, 0.1, INTERVAL, INTERVAL]
