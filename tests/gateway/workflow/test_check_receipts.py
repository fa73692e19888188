"""`gateway check receipts` finds what is not signed, and what does not hold."""

import asyncio

import pytest
from sqlalchemy import text

from gateway.cli import receipts_check
from gateway.cli.receipts_check import Checked
from gateway.runners.notary import Notary
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, Hub, to


async def look(hub: Hub) -> Checked:
    return await receipts_check.look(hub, lambda _done, _total: None)  # type: ignore[arg-type]


@pytest.fixture
async def signed(hub: Hub) -> Hub:
    """A hub with two receipts."""
    for receiver in (CHIANG_MAI, LOEI):
        await hub.send(to(receiver))
    await Notary(hub.work, stop=asyncio.Event()).look()
    return hub


async def change(hub: Hub, statement: str) -> None:
    async with hub.store.unit() as unit:
        await unit.connection.execute(text(statement))
        await unit.commit()


async def test_all_signed_is_in_order(signed: Hub) -> None:
    found = await look(signed)

    assert (found.backlog.made, found.backlog.waiting, found.closed) == (2, 0, 0)
    assert found.in_order


async def test_a_fact_may_wait_a_while_but_not_for_long(signed: Hub) -> None:
    await change(signed, "DELETE FROM signed_receipt WHERE rowid = 1")

    signed.clock.advance(seconds=600)
    soon = await look(signed)
    signed.clock.advance(seconds=1)
    late = await look(signed)

    assert (soon.backlog.waiting, soon.in_order) == (1, True)
    assert (late.backlog.waiting, late.in_order) == (1, False)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ("document = CAST(replace(document, '0', '1') AS BLOB)", "receipt-"),
        ("document = x'7b7d'", "receipt-unreadable it has no protected"),
        ("kind = 'registered'", "of another fact"),
        (
            "document = (SELECT document FROM signed_receipt WHERE rowid = 2)",
            "of another fact",
        ),
        ("certificate = 'ff'", "receipt-of-another kid"),
    ],
    ids=["payload", "document", "kind", "exchanged", "certificate"],
)
async def test_a_row_that_was_altered_is_named(
    signed: Hub, changed: str, what: str
) -> None:
    await change(signed, f"UPDATE signed_receipt SET {changed} WHERE rowid = 1")  # noqa: S608

    found = await look(signed)

    [(_, fault)] = found.findings
    assert fault.startswith(what)
    assert not found.in_order
