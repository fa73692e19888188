"""`check books` beside a hub at work: it sees one moment."""

from pathlib import Path

from envelopes.letter import LetterId
from gateway.domain.books import Place
from gateway.store.books import check_books
from gateway.store.schema import upgrade, url_of
from gateway.store.store import DATABASE, open_store
from tests.gateway.store.hub import NAN, a_hub_on, enter_directory, to


async def test_what_comes_while_it_reads_is_not_half_seen(tmp_path: Path) -> None:
    """A letter taken in the middle of the check belongs to the next check."""
    upgrade(url_of(tmp_path / DATABASE))
    async with open_store(tmp_path) as store:
        hub = a_hub_on(store)
        await enter_directory(hub)
        await hub.send(to(NAN, LetterId("มท 1/1", "2026-06-05")))
        async with store._database.snapshot() as connection:
            before = await check_books(connection, store.vault)
            await hub.send(to(NAN, LetterId("มท 1/2", "2026-06-05")))
            during = await check_books(connection, store.vault)
        after = await store.check_books()

    assert before == during
    assert (before.taken, after.taken) == (1, 2)
    assert before.in_balance
    assert after.in_balance
    assert after.places[Place.IN_INBOX] == 2
