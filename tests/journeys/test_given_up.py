"""A letter that cannot be routed: why, mended, replayed, and it arrives; no SQL."""

import asyncio
import io
import json
from contextlib import redirect_stdout
from typing import Any

from gateway.cli.demo_hub import HubProcess
from gateway.cli.main import main
from gateway.simulation.letter import ACCEPT, Letter
from tests.journeys.brokers import ON_BROKERS
from tests.journeys.callers import Net, eventually
from tests.journeys.conftest import on_every_database
from tests.spoiling import spoiling

pytestmark = [on_every_database, ON_BROKERS]

ORDER = ("--by", "สมศรี", "--reason", "กู้แฟ้มจากสำรองแล้ว")


async def said(hub: HubProcess, *command: str, code: int = 0) -> Any:
    """Return what a command says for programs."""
    out = io.StringIO()
    with redirect_stdout(out):
        arguments = [*command, "--json", "--data", str(hub.data)]
        ended = await asyncio.to_thread(main, arguments)
    assert ended == code, out.getvalue()
    return json.loads(out.getvalue())


async def test_the_cause_is_found_mended_and_the_letter_replayed(
    hub: HubProcess, net: Net
) -> None:
    """An operator follows the next commands from `gateway check` to balanced books."""
    sender, receiver = net.pair()
    letter = net.letter(sender, receiver)

    async def given_up() -> dict[str, Any] | None:
        lines: list[dict[str, Any]] = await said(hub, "dead", "list", "--each")
        return next((x for x in lines if x["number"] == letter.number), None)

    with spoiling(hub.data) as mend:
        await sender.send(letter)
        dead = await eventually(given_up)

    # What is wrong, and what to type next.
    assert (dead["cause"], dead["stage"], dead["state"]) == (
        "vault-damaged",
        "route",
        "failed",
    )
    found = {
        c["name"]: c
        for c in (await said(hub, "check", code=1))["checks"]
        if not c["ok"]
    }
    assert found["dead letters"]["found"] == "1: gateway dead list"
    assert found["incident"]["found"].endswith(dead["next"])
    assert dead["next"] == "gateway check books"
    books = await said(hub, "check", "books", code=1)
    assert {finding["table"] for finding in books["findings"]} == {"envelope"}
    # The province sees nothing, and its sender sees that it failed.
    assert await receiver.poll() is None
    assert await _state(hub, letter) == "failed"

    mend()
    assert (await said(hub, "check", "books"))["in_balance"]
    plan = await said(hub, "dead", "replay", "--incident", dead["incident"])
    assert plan["eligible"] == 1
    await said(hub, "dead", "replay", "start", plan["id"], "--yes", *ORDER)

    pulled = await receiver.take()
    assert isinstance(pulled.content, Letter)
    assert pulled.content.number == letter.number
    await receiver.notify(ACCEPT, letter, "17/2569")
    told = await sender.take()
    assert told.content.accept_id == "17/2569"
    assert await said(hub, "dead", "list") == []

    async def mended() -> bool | None:
        return await said(hub, "incidents", "list") == [] or None

    await eventually(mended)
    shown = await said(hub, "dead", "show", dead["id"])
    happened = [entry["happening"] for entry in shown["consignment"]["journal"]]
    assert happened[:4] == [
        "letter-accepted",
        "work-given-up",
        "operator-replayed",
        "route-chosen",
    ]


async def _state(hub: HubProcess, letter: Letter) -> str:
    [shown] = await said(hub, "letters", "show", letter.number)
    [consignment] = shown["consignments"]
    return str(consignment["state"])
