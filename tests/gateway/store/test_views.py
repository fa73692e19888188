import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import CursorResult, Executable

from gateway.domain.consignment import Excerpt
from gateway.domain.inbox import Carries
from gateway.domain.lifecycle import Happening, State
from gateway.domain.receipts import ReceiptKind
from gateway.domain.register import Book
from gateway.store.asides import StoredAsides
from gateway.store.connection import Connection
from gateway.store.store import SqlStore, open_store
from gateway.store.views import StoredViews
from tests.gateway.store.hub import (
    CHIANG_MAI,
    CIRCULAR,
    LOEI,
    MINISTRY,
    NAN,
    ON_ITS_WAY,
    RAYONG,
    RETURNED,
    TRAT,
    make_hub,
)


class CountedConnection:
    """Counts the statements that go through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[str] = []

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        self.statements.append(str(statement))
        return await self._connection.execute(statement, parameters)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a hub, to be copied."""
    data = tmp_path_factory.mktemp("hub")
    asyncio.run(make_hub(data))
    return data


@pytest.fixture
async def store(made: Path, tmp_path: Path) -> AsyncIterator[SqlStore]:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    async with open_store(tmp_path) as store:
        yield store


@pytest.fixture
def counted(store: SqlStore) -> CountedConnection:
    return CountedConnection(store.reading)


@pytest.fixture
def views(store: SqlStore, counted: CountedConnection) -> StoredViews:
    return StoredViews(counted, store.vault)


async def test_an_empty_inbox_costs_one_statement_by_its_index(
    store: SqlStore, views: StoredViews, counted: CountedConnection
) -> None:
    assert await views.head(RAYONG) is None

    assert len(counted.statements) == 1
    assert plan_of(store, counted) == [
        "SEARCH inbox_entry USING INDEX inbox_head (organization=?)"
    ]


async def test_what_lies_aside_is_found_by_its_small_index(
    store: SqlStore, counted: CountedConnection
) -> None:
    """Each deletion asks for it, whatever an inbox has seen in its life."""
    asides = StoredAsides(counted)

    await asides.parked(TRAT)
    parked = plan_of(store, counted)
    await asides.parked(None)
    parked_anywhere = plan_of(store, counted)
    await asides.held(TRAT)
    held = plan_of(store, counted)

    assert parked[0].startswith("SEARCH inbox_entry USING INDEX inbox_parked (org")
    assert parked_anywhere[0] == "SCAN inbox_entry USING INDEX inbox_parked"
    assert held[0].startswith("SEARCH inbox_entry USING INDEX inbox_held (org")


async def test_the_newest_of_a_sender_are_not_sorted_out_of_all(
    store: SqlStore, views: StoredViews, counted: CountedConnection
) -> None:
    lines = await views.outbound(MINISTRY, limit=3)

    assert [line.number for line in lines] == [
        ON_ITS_WAY.number,
        RETURNED.number,
        CIRCULAR.number,
    ]
    assert lines[1].state is State.RETURNED
    plan = plan_of(store, counted)
    assert plan[0] == "SEARCH consignment USING INDEX consignment_newest (sender=?)"
    assert not any("TEMP B-TREE" in step for step in plan)


def plan_of(store: SqlStore, counted: CountedConnection) -> list[str]:
    """Return how the last counted statement is carried out."""
    statement = re.sub(r":\w+", "'1'", counted.statements[-1])
    connection = store._database.reading._connection
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    return [row.detail for row in plan]


async def test_the_head_of_an_inbox_has_all_that_its_answer_needs(
    views: StoredViews,
) -> None:
    letter = await views.head(TRAT)
    notifier = await views.head(CHIANG_MAI)

    assert letter is not None
    assert letter.entry.carries is Carries.LETTER
    assert letter.receipt is None
    assert letter.consignment.state is State.WAITING
    assert letter.consignment.letter.letter_id == CIRCULAR
    assert letter.consignment.delivery is not None
    assert notifier is not None
    assert notifier.entry.carries is Carries.NOTIFIER
    assert notifier.receipt is not None
    assert notifier.receipt.kind is ReceiptKind.DISPUTED
    assert notifier.receipt.number == "๑๐๒๔/๒๕๖๙"


async def test_a_delivery_is_read_from_the_vault(views: StoredViews) -> None:
    head = await views.head(TRAT)
    assert head is not None
    assert head.consignment.delivery is not None

    document = await views.bytes_of(head.consignment.delivery)

    assert document.startswith(b"<rsm:GovernmentDocument")
    assert document.endswith(b"</rsm:GovernmentDocument>")
    digest = head.consignment.envelope_digest
    assert document in await views.bytes_of(Excerpt(digest, 0, 10**9))


async def test_letters_come_newest_first_with_their_states(views: StoredViews) -> None:
    lines = await views.letters(limit=10)

    assert [line.letter.letter_id for line in lines] == [
        ON_ITS_WAY,
        RETURNED,
        CIRCULAR,
    ]
    assert [line.sender.code for line in lines] == [MINISTRY] * 3
    assert lines[0].states == {"accepted": 1}
    assert lines[2].states == {"registered": 3, "waiting": 1, "delivered": 1}
    assert lines[2].letter.main is not None
    assert len(lines[2].letter.attachments) == 1
    assert len(await views.letters(limit=1)) == 1


@pytest.mark.parametrize(
    "typed", ["มท 0210.3/ว 1795", "มท ๐๒๑๐.๓/ว ๑๗๙๕", "มท0210.3/ว1795"]
)
async def test_a_number_is_found_in_any_digit_form(
    views: StoredViews, typed: str
) -> None:
    paths = await views.paths(typed)

    assert [path.receiver.code for path in paths] == sorted(
        [CHIANG_MAI, LOEI, NAN, TRAT, RAYONG]
    )


async def test_a_path_tells_all_that_is_known(views: StoredViews) -> None:
    path = next(
        path
        for path in await views.paths(CIRCULAR.number)
        if path.receiver.code == CHIANG_MAI
    )

    assert path.consignment.state is State.REGISTERED
    assert [entry.number for entry in path.journal] == list(
        range(1, path.consignment.entries + 1)
    )
    assert path.journal[0].happening is Happening.LETTER_ACCEPTED
    first, second = path.registrations
    assert (first.number.text, second.number.text) == ("๑๐๒๔/๒๕๖๙", "1025/2569")
    assert second.replaces == first.id
    assert [receipt.kind for receipt in path.receipts] == [
        ReceiptKind.CUSTODY,
        ReceiptKind.RECEIVED,
        ReceiptKind.REGISTERED,
        ReceiptKind.DISPUTED,
        ReceiptKind.REGISTERED,
    ]
    assert path.entry is not None
    assert path.entry.organization == CHIANG_MAI
    assert path.entry.taken_at is not None
    assert [entry.organization for entry in path.notifier_entries] == [
        MINISTRY,
        MINISTRY,
        CHIANG_MAI,
        MINISTRY,
    ]


async def test_paths_take_a_handful_of_statements(
    views: StoredViews, counted: CountedConnection
) -> None:
    await views.paths(CIRCULAR.number)

    assert len(counted.statements) <= 9


async def test_a_number_nobody_sent_has_no_paths(views: StoredViews) -> None:
    assert await views.paths("มท 9999/1") == []


async def test_an_inbox_is_listed_head_first(views: StoredViews) -> None:
    lines = await views.inbox(MINISTRY)

    assert [line.receipt.kind if line.receipt else None for line in lines] == [
        ReceiptKind.REGISTERED,
        ReceiptKind.REGISTERED,
    ]
    queued = [line.entry.queued_at for line in lines]
    assert queued == sorted(queued)
    [waiting] = await views.inbox(TRAT)
    assert waiting.letter.letter_id == CIRCULAR
    assert waiting.state == "waiting"
    assert waiting.sender.code == MINISTRY
    assert await views.inbox(NAN) == []


async def test_a_register_is_shown_in_order_of_entry(views: StoredViews) -> None:
    [line] = await views.register(LOEI, Book.RECEIVED, 2569)
    own = await views.register(CHIANG_MAI, Book.RECEIVED, 2569)

    assert line.registration.number.text == "1/2569"
    assert line.registration.by == "สมศรี"
    assert line.letter.letter_id == CIRCULAR
    assert line.sender.code == MINISTRY
    assert [line.registration.number.text for line in own] == [
        "๑๐๒๔/๒๕๖๙",
        "1025/2569",
    ]
    assert await views.register(LOEI, Book.RECEIVED, 2568) == []


async def test_endpoints_show_what_was_seen_of_them(
    store: SqlStore, views: StoredViews
) -> None:
    seen = (await views.letters(limit=1))[0].first_accepted_at
    await store.seen({TRAT: seen})

    lines = {line.organization.code: line for line in await views.endpoints()}

    assert list(lines) == sorted(lines)
    assert lines[TRAT].last_seen_at == seen
    assert lines[LOEI].last_seen_at is None
    assert (lines[TRAT].waiting, lines[LOEI].waiting) == (1, 0)
    assert lines[MINISTRY].waiting == 2
    [certificate] = lines[MINISTRY].certificates
    assert certificate.organization == MINISTRY
