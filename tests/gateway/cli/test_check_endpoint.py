"""`gateway check endpoint CODE`: what an operator is told; nothing is changed by it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from envelopes.decoder import decode
from envelopes.letter import OrganizationCode
from envelopes.requests import SendLetter
from gateway.bootstrap import Hub, init, open_hub
from gateway.cli import check_endpoint
from gateway.cli.check_endpoint import Line, look
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.consignment import Signed
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.organization import Organization
from gateway.identity import Identities
from gateway.workflow.receive import receive
from gateway.workflow.route import route
from tests.doubles.clock import HandClock
from tests.doubles.endpoint import AnEndpoint, an_endpoint, answers_with
from tests.letters import a_letter, as_wire

OFFICE: Final = OrganizationCode("1500200050")
NOW: Final = datetime.now(UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A production hub that knows one office."""
    data = tmp_path / "hub"
    asyncio.run(_made(data))
    return data


async def _made(data: Path) -> None:
    await init(load(data), demo=False)
    async with open_hub(load(data)) as hub, hub.store.unit() as unit:
        office = Organization(OFFICE, "เชียงใหม่", "Chiang Mai", Signed.OWN)
        await unit.directory.add(office, [], NOW)
        await unit.commit()


def _record(url: str, **changes: Any) -> Endpoint:
    record = Endpoint(
        organization=OFFICE,
        way=Way.ECMS,
        url=url,
        networks=("127.0.0.0/8",),
        changed_at=NOW,
    )
    return replace(record, **changes)


async def _set(hub: Hub, record: Endpoint) -> None:
    async with hub.store.unit() as unit:
        await unit.endpoints.set(record)
        await unit.commit()


def _looked(
    data: Path, record: Callable[[AnEndpoint], Endpoint], **how: Any
) -> list[Line]:
    """Look at an endpoint that really listens."""

    async def story() -> list[Line]:
        async with open_hub(load(data)) as hub, an_endpoint(**how) as endpoint:
            await _set(hub, record(endpoint))
            return await look(hub, OFFICE)

    return asyncio.run(story())


def _run(work: Callable[[Hub], Awaitable[None]], data: Path) -> None:
    async def story() -> None:
        async with open_hub(load(data)) as hub:
            await work(hub)

    asyncio.run(story())


def test_the_way_to_a_node_is_open(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each step with its name in both languages, all green."""
    lines = _looked(data, lambda endpoint: _record(endpoint.url))
    check_endpoint.show(OFFICE, lines, as_json=False)

    shown = capsys.readouterr().out
    assert all(line.ok for line in lines)
    assert [line.name for line in lines][:2] == ["state", "record"]
    assert "นาฬิกาต่างกัน\tclock" in shown
    assert "ต่อไป" not in shown


def test_the_step_that_fails_says_what_to_do(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The likely cause in both languages, and the next command with the code in it."""
    lines = _looked(
        data, lambda endpoint: _record(endpoint.url), behave=answers_with(403)
    )
    check_endpoint.show(OFFICE, lines, as_json=False)

    shown = capsys.readouterr().out
    assert not lines[-1].ok
    assert lines[-1].name == "protocol"
    assert "HTTP 403" in shown
    assert f"ต่อไป / Next: gateway directory endpoint show {OFFICE}" in shown


def test_a_document_for_programs(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cause and next command beside the error's code."""
    lines = _looked(data, lambda _: _record("https://10.0.0.1/"))
    check_endpoint.show(OFFICE, lines, as_json=True)

    document = json.loads(capsys.readouterr().out)
    last = document["lines"][-1]
    assert not document["in_order"]
    assert (last["name"], last["error"]) == ("record", "address-forbidden")
    assert last["cause"]
    assert last["next"].startswith("gateway directory endpoint set")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"paused_at": NOW}, "paused since"),
        ({"closed_until": NOW + timedelta(hours=1), "failures": 3}, "rests until"),
    ],
)
def test_an_endpoint_that_rests_is_walked_to_all_the_same(
    data: Path, changes: dict[str, Any], said: str
) -> None:
    """That it rests is told first; the way may be open again."""
    lines = _looked(data, lambda endpoint: _record(endpoint.url, **changes))

    assert not lines[0].ok
    assert said in lines[0].found
    assert all(line.ok for line in lines[1:])


def test_the_command_ends_as_the_error_says(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens: temporary, exit code 3; a wrong record: refused, 1."""
    command = ["check", "endpoint", str(OFFICE), "--data", str(data)]
    _run(lambda hub: _set(hub, _record("http://127.0.0.1:1/")), data)
    assert main(command) == 3
    assert "Next: nc -vz 127.0.0.1 1\n" in capsys.readouterr().out
    _run(lambda hub: _set(hub, _record("http://10.0.0.1/")), data)
    assert main(command) == 1

    assert "Next: gateway directory endpoint set" in capsys.readouterr().out


def test_an_office_that_pulls_needs_access_and_a_certificate(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It must sign its letters and has no certificate; nobody is let in at its door."""
    code = main(["check", "endpoint", str(OFFICE), "--json", "--data", str(data)])

    lines = json.loads(capsys.readouterr().out)["lines"]
    wrong = {line["name"]: line["next"] for line in lines if not line["ok"]}
    assert code == 1
    assert wrong == {
        "access": f"gateway directory access add {OFFICE} KIND",
        "certificate": f"gateway directory certificate list {OFFICE}",
    }


@pytest.mark.parametrize(
    "arguments", [["endpoint"], ["books", str(OFFICE)], ["endpoint", "12"]]
)
def test_a_code_stands_behind_endpoint_and_nowhere_else(
    data: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong use is told, and nothing is looked at."""
    assert main(["check", *arguments, "--data", str(data)]) == 2
    assert not capsys.readouterr().out


def test_looking_changes_nothing(data: Path) -> None:
    """Neither the endpoint's record nor anything else of the hub."""

    async def story() -> None:
        async with open_hub(load(data)) as hub, an_endpoint() as endpoint:
            await _set(hub, _record(endpoint.url, failures=2, last_failure="x"))
            before = await _all(hub)
            await look(hub, OFFICE)
            assert await _all(hub) == before

    asyncio.run(story())


async def _all(hub: Hub) -> list[Any]:
    async with hub.store.unit() as unit:
        return [await unit.endpoints.find(OFFICE), await unit.directory.find(OFFICE)]


def test_an_office_that_stopped_to_fetch_is_told(data: Path) -> None:
    """What waits for a day, and nobody has called: both say where to look."""

    async def story() -> list[Line]:
        async with open_hub(load(data)) as hub:
            await _waits_since(hub, NOW - timedelta(days=2))
            return await look(hub, OFFICE)

    lines = {line.name: line for line in asyncio.run(story())}
    assert not lines["seen"].ok
    assert lines["seen"].command == f"gateway directory access list {OFFICE}"
    assert not lines["head"].ok
    assert lines["head"].command == f"gateway inbox list {OFFICE}"
    assert "1 รายการ" in lines["backlog"].found


async def _waits_since(hub: Hub, at: datetime) -> None:
    """Put a letter into the office's inbox, as of then."""
    old = HandClock(at)
    work = replace(hub.work, clock=old, ids=Identities(old))
    sender = OrganizationCode("1500200000")
    async with hub.store.unit() as unit:
        ministry = Organization(sender, "กระทรวง", "Ministry", Signed.NONE)
        await unit.directory.add(ministry, [], at)
        await unit.commit()
    wire = as_wire(a_letter(send_date="2026-11-18T10:00:00"))
    request = decode(wire).request
    assert isinstance(request, SendLetter)
    await receive(work, sender, request.document)
    (promise,) = await hub.store.outbox.due(NOW, limit=9)
    await route(work, promise.id)
