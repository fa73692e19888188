"""`gateway check receipts` finds what is not signed, and what does not hold."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Executable, delete, select, update

from gateway.cli import receipts_check
from gateway.cli.receipts_check import Checked
from gateway.runners.notary import Notary
from gateway.store.tables import Row
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


SIGNED = Row.metadata.tables["signed_receipt"]


async def first_two(hub: Hub) -> tuple[dict[str, Any], dict[str, Any]]:
    found = await hub.store.reading.execute(select(SIGNED).order_by(SIGNED.c.about))
    one, other = (dict(row) for row in found.mappings())
    return one, other


async def change(hub: Hub, statement: Executable) -> None:
    async with hub.store.unit() as unit:
        await unit.connection.execute(statement)
        await unit.commit()


async def test_all_signed_is_in_order(signed: Hub) -> None:
    found = await look(signed)

    assert (found.backlog.made, found.backlog.waiting, found.closed) == (2, 0, 0)
    assert found.in_order


async def test_a_fact_may_wait_a_while_but_not_for_long(signed: Hub) -> None:
    one, _ = await first_two(signed)
    await change(signed, delete(SIGNED).where(SIGNED.c.about == one["about"]))

    signed.clock.advance(seconds=600)
    soon = await look(signed)
    signed.clock.advance(seconds=1)
    late = await look(signed)

    assert (soon.backlog.waiting, soon.in_order) == (1, True)
    assert (late.backlog.waiting, late.in_order) == (1, False)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (
            lambda one, _: {"document": one["document"].replace(b"0", b"1")},
            "receipt-",
        ),
        (lambda *_: {"document": b"{}"}, "receipt-unreadable it has no protected"),
        (lambda *_: {"kind": "registered"}, "of another fact"),
        (lambda _, other: {"document": other["document"]}, "of another fact"),
        (lambda *_: {"certificate": "ff"}, "receipt-of-another kid"),
    ],
    ids=["payload", "document", "kind", "exchanged", "certificate"],
)
async def test_a_row_that_was_altered_is_named(
    signed: Hub, changed: Callable[..., dict[str, Any]], what: str
) -> None:
    one, other = await first_two(signed)
    of_first = update(SIGNED).where(SIGNED.c.about == one["about"])
    await change(signed, of_first.values(changed(one, other)))

    found = await look(signed)

    [(_, fault)] = found.findings
    assert fault.startswith(what)
    assert not found.in_order
