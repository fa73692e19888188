"""`gateway broker`, and what `gateway check` says of each broker."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, open_broker, open_hub
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.consignment import Signed
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.organization import Organization
from gateway.domain.promise import Stage
from queues.broker import Message
from tests import rabbit


@contextmanager
def embedded() -> Iterator[str]:
    yield "embedded:queues.db"


@contextmanager
def rabbitmq() -> Iterator[str]:
    with rabbit.fresh() as fresh:
        yield fresh.url


@pytest.fixture(params=[embedded, pytest.param(rabbitmq, marks=pytest.mark.rabbitmq)])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False))
    with request.param() as url:
        (data / "gateway.toml").write_text(f'broker_url = "{url}"\n')
        yield data


def said(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    assert main([*command, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def queue(
    name: str, waiting: int | None = 0, dead: int | None = 0
) -> dict[str, object]:
    return {
        "queue": name,
        "declared": waiting is not None,
        "waiting": waiting,
        "dead": dead,
    }


def test_queues_are_not_there_until_they_are_declared(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--data", str(hub))
    stages = ("route", "notify", "deliver")
    nothing = [queue(stage, None, None) for stage in stages]

    assert said(capsys, "broker", "show", *at) == nothing
    declared = said(capsys, "broker", "declare", "--by", "ธนา", *at)

    assert declared == [queue(stage) for stage in stages]
    assert said(capsys, "broker", "declare", *at) == declared
    assert said(capsys, "broker", "show", *at) == declared


def test_declaring_is_noted(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--data", str(hub))
    said(capsys, "broker", "declare", "--by", "ธนา", "--reason", "ติดตั้งใหม่", *at)

    newest = said(capsys, "journal", "list", *at)[0]

    assert newest["what"] == "broker declare"
    assert newest["after"]["queues"] == "route notify deliver"


def test_an_endpoint_has_a_queue_of_its_own(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is declared with those of the stages, and shown behind them."""
    at = ("--data", str(hub))
    asyncio.run(_push_to(hub, OrganizationCode("1500200050")))

    declared = said(capsys, "broker", "declare", *at)

    assert declared[-1] == queue("deliver.1500200050")
    assert said(capsys, "broker", "show", *at) == declared


async def _push_to(data: Path, code: OrganizationCode) -> None:
    async with open_hub(load(data)) as opened, opened.store.unit() as unit:
        now = opened.work.clock.now()
        office = Organization(code, "หน่วยงาน", "Office", Signed.HOSTED)
        await unit.directory.add(office, [], now)
        url = "https://ecms.example.go.th"
        endpoint = Endpoint(organization=code, way=Way.ECMS, url=url, changed_at=now)
        await unit.endpoints.set(endpoint)
        await unit.commit()


def test_what_waits_and_what_was_set_aside_is_shown(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def use() -> None:
        async with open_broker(load(hub)) as opened:
            for stage in Stage:
                await opened.declare(stage)
            messages = [Message(UUID(int=n), b"") for n in range(3)]
            await opened.publish("route", messages)
            async with opened.consume("route") as claims:
                await (await anext(claims)).reject()

    asyncio.run(use())

    shown = said(capsys, "broker", "show", "--data", str(hub))

    assert shown == [queue("route", 2, 1), queue("notify"), queue("deliver")]
    assert main(["check", "--data", str(hub)]) == 1
    assert "route: 2 waiting, 1 dead" in capsys.readouterr().out


def test_people_read_it_in_lines(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["broker", "show", "--data", str(hub)])
    assert "gateway broker declare" in capsys.readouterr().out

    main(["broker", "declare", "--data", str(hub)])
    assert "route, notify, deliver" in capsys.readouterr().out

    main(["broker", "show", "--data", str(hub)])
    lines = [f"{stage}\t0\t0" for stage in Stage]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_new_hub_is_in_order(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--data", str(hub)]) == 0
    capsys.readouterr()

    main(["broker", "declare", "--data", str(hub)])

    assert main(["check", "--data", str(hub)]) == 0
    assert "route: 0 waiting, 0 dead" in capsys.readouterr().out


def test_a_broker_that_is_away_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False))
    (data / "gateway.toml").write_text('broker_url = "amqp://127.0.0.1:1/x"\n')

    assert main(["check", "--json", "--data", str(data)]) == 3
    report = json.loads(capsys.readouterr().out)
    (wrong,) = [check for check in report["checks"] if not check["ok"]]
    assert wrong["name"] == "broker"
    assert wrong["code"] == "broker-unavailable"
    assert "amqp://" in wrong["found"]
    assert "127.0.0.1:1" in wrong["found"]

    assert main(["broker", "declare", "--data", str(data)]) == 3
    assert "gateway broker declare" in capsys.readouterr().err


@pytest.mark.rabbitmq
def test_a_wrong_password_is_told_and_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False))
    secret = tmp_path / "password"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    with rabbit.fresh() as fresh:
        (data / "gateway.toml").write_text(
            f'broker_url = "{fresh.url}"\nbroker_password_file = "{secret}"\n'
        )

        assert main(["check", "--json", "--data", str(data)]) == 3
        told = capsys.readouterr()

    report = json.loads(told.out)
    (wrong,) = [check for check in report["checks"] if not check["ok"]]
    assert wrong["code"] == "broker-refused"
    assert "sesame" not in told.out + told.err
