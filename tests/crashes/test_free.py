"""A hub killed while a number is freed: it is free once, and can be sent anew."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from gateway.domain.books import Place
from gateway.simulation import circular, csharp, csharp_lists, csharp_reader
from gateway.simulation.circular import letter_to
from gateway.simulation.csharp_lookups import delete_letter_request
from gateway.simulation.http import Line, line
from gateway.simulation.provinces import some
from tests.crashes.unsteady import Unsteady

Make = Callable[[Sequence[str]], Unsteady]

PROVINCE = some(1)[0]


async def send(ministry: Line, sent_at: str) -> str:
    letter = letter_to(PROVINCE, circular.files(), sent_at)
    message = csharp.send_request(letter, message_id="1", to=ministry.url)
    return csharp_reader.read_taken(await ministry.post(message)).process_id


async def free(ministry: Line) -> None:
    message = delete_letter_request(
        circular.NUMBER,
        circular.DATE,
        sender=circular.MINISTRY,
        receiver=PROVINCE.code,
        message_id="2",
        own_url=ministry.url,
    )
    csharp_lists.read_letter_deleted(await ministry.post(message))


@pytest.mark.parametrize("stop", ["free:before-commit#1", "free:after-commit#1"])
async def test_it_dies_while_a_number_is_freed(unsteady: Make, stop: str) -> None:
    hub = unsteady([stop])
    await asyncio.to_thread(hub.start)
    watching = asyncio.create_task(hub.watch())
    try:
        async with line(
            hub.process.base, circular.MINISTRY, "text/xml", patience=30
        ) as ministry:
            first = await send(ministry, "2026-11-21T10:00:00")
            await free(ministry)
            again = await send(ministry, "2026-11-21T10:05:00")
    finally:
        watching.cancel()
        hub.process.stop()

    books = await hub.books()

    assert first != again
    assert hub.deaths == [stop]
    assert books.findings == ()
    assert books.in_balance
    assert books.places[Place.RECALLED] == 1
    assert books.taken == 2
