"""A hub killed while it gives a letter up: it fails once, with one dead letter."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from gateway.bootstrap import open_hub
from gateway.config import load
from gateway.domain.books import Place
from gateway.domain.replay_plan import Choice
from gateway.ports import DeadLine
from gateway.simulation import circular, csharp, csharp_reader
from gateway.simulation.circular import letter_to
from gateway.simulation.http import line
from gateway.simulation.provinces import some
from tests.crashes.unsteady import Unsteady
from tests.eventually import eventually
from tests.spoiling import spoiling

Make = Callable[[Sequence[str]], Unsteady]

PROVINCE = some(1)[0]
PATIENCE = 60.0
"""Seconds: the hub is started once more within."""


async def dead_letters(hub: Unsteady) -> Sequence[DeadLine]:
    async with open_hub(load(hub.data)) as opened:
        views = opened.store.views.dead
        return await views.lines(Choice(everything=True), settled=True, limit=10)


async def given_up(hub: Unsteady) -> bool:
    """Say whether there is a dead letter, and the hub has died and come back."""
    return bool(hub.deaths and await dead_letters(hub))


@pytest.mark.parametrize("stop", ["give-up:before-commit#1", "give-up:after-commit#1"])
async def test_it_dies_while_a_letter_is_given_up(unsteady: Make, stop: str) -> None:
    """Before the commit it is given up again, after it the promise is kept."""
    hub = unsteady([stop])
    await asyncio.to_thread(hub.start)
    watching = asyncio.create_task(hub.watch())
    try:
        async with line(
            hub.process.base, circular.MINISTRY, "text/xml", patience=PATIENCE
        ) as ministry:
            with spoiling(hub.data) as mend:
                letter = letter_to(PROVINCE, circular.files(), "2026-11-21T10:00:00")
                message = csharp.send_request(letter, message_id="1", to=ministry.url)
                csharp_reader.read_taken(await ministry.post(message))
                await eventually(lambda: given_up(hub), within=PATIENCE, every=0.1)
    finally:
        watching.cancel()
        hub.process.stop()
    mend()

    books = await hub.books()

    assert hub.deaths == [stop]
    [dead] = await dead_letters(hub)
    assert dead.dead_letter.cause == "vault-damaged"
    assert books.findings == ()
    assert books.in_balance
    assert books.places[Place.DEAD] == 1
