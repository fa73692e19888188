"""What the vault took, by sender and time."""

from datetime import UTC, datetime, timedelta

from envelopes.letter import LetterId
from gateway.store.growth import StoredGrowth
from gateway.store.store import SqlStore
from tests.doubles.clock import START
from tests.doubles.ids import CountedIds
from tests.gateway.store.conftest import Opener
from tests.gateway.store.values import MINISTRY, kept
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, a_hub, to
from tests.letters import a_letter

OTHER = LetterId("มท 0210.3/9", "2552-06-05")
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def test_nothing_grows_where_nothing_came(store: SqlStore) -> None:
    """No letter, no line, and no rate."""
    growth = StoredGrowth(store.reading)

    assert await growth.first() is None
    assert await growth.between(*ALWAYS) == []


async def test_letters_count_where_they_began(store: SqlStore, ids: CountedIds) -> None:
    """From the first moment to before the last."""
    await kept(store, ids)
    await kept(store, ids, OTHER, START + timedelta(days=1))
    growth = StoredGrowth(store.reading)

    assert await growth.first() == START
    [one] = await growth.between(START, START + timedelta(days=1))
    assert (one.sender, one.letters, one.consignments) == (MINISTRY, 1, 1)
    assert (one.files, one.envelopes) == (0, len(b"<envelope/>"))


async def test_the_files_of_a_circular_count_once(opener: Opener) -> None:
    """Two receivers, two envelopes, one set of files."""
    size = sum(len(file.content) for file in a_letter().files)
    async with opener() as store:
        hub = await a_hub(store)
        for receiver in (CHIANG_MAI, LOEI):
            await hub.deliver(to(receiver))

        [grown] = await StoredGrowth(store.reading).between(*ALWAYS)

    assert (grown.letters, grown.consignments) == (1, 2)
    assert grown.files == size > 0
    assert grown.envelopes > 2000
