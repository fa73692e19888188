"""A secret is planted, used well and badly, and looked for wherever the hub speaks."""

import asyncio
import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from envelopes.letter import OrganizationCode
from gateway import telemetry
from gateway.bootstrap import Hub
from gateway.cli.main import main
from gateway.domain.access import digest_of
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from tests.gateway.web.conftest import (
    CHIANG_MAI,
    MINISTRY,
    SAMPLES,
    Caller,
    Calling,
    sample,
)
from tests.letters import a_letter, as_wire

POLL = sample("cs-07-inbound-poll-request")


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """All that is written as an event, and all that libraries would say."""
    stream = io.StringIO()
    telemetry.configure(request.param, "debug", stream)
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()


async def entered(hub: Hub) -> None:
    async with hub.store.unit() as unit:
        for code in (MINISTRY, CHIANG_MAI):
            office = Organization(
                OrganizationCode(code), "หน่วยงาน", "Office", Signed.HOSTED
            )
            await unit.directory.add(office, [], hub.work.clock.now())
        await unit.commit()


class Sent:
    """Requests, and all that was answered."""

    def __init__(self, caller: Caller, secret: str, password: str) -> None:
        self.caller = caller
        self.secret = secret
        self.password = password
        self.answers = ""

    async def send(self, method: str, path: str, **more: Any) -> int:
        answer = await self.caller.ask(method, self.caller.base + path, **more)
        self.answers += f"{answer.headers}\n{answer.body.decode('utf-8', 'replace')}\n"
        return answer.status

    async def well(self) -> None:
        """Use each as it is meant, for every operation."""
        path = f"/ecms/{MINISTRY}/key-{self.secret}/ecms-ws01/service2"
        bodies = [sample(one.stem) for one in SAMPLES.glob("cs-*-request.xml")]
        for body in (*bodies, POLL, as_wire(a_letter())):
            assert await self.send("POST", path, data=body) == 200
        shown = {"Authorization": self._basic(CHIANG_MAI, self.password)}
        plain = f"/ecms/{CHIANG_MAI}"
        assert await self.send("POST", plain, data=POLL, headers=shown) == 200

    async def badly(self) -> None:
        """Use it where it is wrong, and where the request is."""
        right = f"/ecms/{MINISTRY}/key-{self.secret}"
        for body in (b"", b"hello", b"<a", POLL[:-9], b"x" * 300_000):
            await self.send("POST", right, data=body)
        for path in (right, f"{right}/", f"{right}/no", f"{right}?wsdl"):
            for method in ("GET", "PUT", "HEAD", "OPTIONS"):
                await self.send(method, path)
        for path in (
            f"/ecms/{CHIANG_MAI}/key-{self.secret}",
            f"/ecms/9900000000/key-{self.secret}",
            f"/ecms/key-{self.secret}",
            f"/ecms/key-{self.secret}/ecms-ws01/service2",
            f"/ecms/{MINISTRY}/{self.secret}",
            f"/ecms/{self.secret}",
            f"/key-{self.secret}",
            f"/key-{self.secret}?wsdl",
            f"/ecms/{self.secret}?wsdl",
            f"/{self.secret}",
            f"/schemas/key-{self.secret}",
            f"/health/live?{self.secret}",
            f"/ecms/{MINISTRY}?key={self.secret}",
        ):
            await self.send("POST", path, data=POLL)
            await self.send("GET", path)
        for user, password in (
            (MINISTRY, self.password),
            (self.password, CHIANG_MAI),
            (self.password, ""),
        ):
            shown = {"Authorization": self._basic(user, password)}
            await self.send("POST", f"/ecms/{CHIANG_MAI}", data=POLL, headers=shown)
        shown = {"Authorization": f"Basic {self.password}"}
        await self.send("POST", f"/ecms/{CHIANG_MAI}", data=POLL, headers=shown)
        await self.send("GET", "/health/ready")

    @staticmethod
    def _basic(user: str, password: str) -> str:
        return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def given(data: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Have the command line make a secret; return what it shows this once."""
    capsys.readouterr()
    command = ["directory", "access", *words, "--data", str(data), "--json"]
    assert main([*command, "--by", "สมชาย", "--reason", "เปิดใช้"]) == 0
    return str(json.loads(capsys.readouterr().out)["secret"])


async def test_a_secret_stands_in_nothing_that_leaves_the_hub(
    calling: Calling,
    tmp_path: Path,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "hub"

    async def give(*words: str) -> str:
        # Commands open the hub in an event loop of their own.
        return await asyncio.to_thread(given, data, capsys, *words)

    async with calling(demo=False, before=entered, body_limit=200_000) as caller:
        secret = await give("add", MINISTRY, "path-secret")
        password = await give("add", CHIANG_MAI, "basic")
        sent = Sent(caller, secret, password)
        await sent.well()
        await sent.badly()

    hidden = [
        (f"{name} of the {kind}", value)
        for kind, one in (("path", secret), ("password", password))
        for name, value in {
            "whole": one,
            "first half": one[:13],
            "second half": one[13:],
            "base 64": base64.b64encode(one.encode()).decode()[4:-4],
        }.items()
    ]
    places = {
        "answers": sent.answers,
        "log": log.getvalue(),
        "metrics": str(telemetry.counts()),
    }
    for command in (
        ["directory", "list"],
        ["directory", "show", MINISTRY],
        ["directory", "show", CHIANG_MAI],
        ["directory", "access", "list", MINISTRY],
        ["directory", "access", "list", CHIANG_MAI],
        ["letters", "list"],
        ["letters", "track", a_letter().id.number],
        ["inbox", "list", CHIANG_MAI],
        ["check"],
        ["check", "books"],
        ["check", "journal"],
    ):
        for more in ([], ["--json"]):
            arguments = [*command, "--data", str(data), *more]
            capsys.readouterr()
            await asyncio.to_thread(main, arguments)
            said = capsys.readouterr()
            places[" ".join([*command, *more])] = said.out + said.err
    for file in data.rglob("*"):
        if file.is_file():
            places[str(file.relative_to(data))] = file.read_bytes().decode("latin-1")

    found = [
        (place, name)
        for place, text in places.items()
        for name, value in hidden
        if value.lower() in text.lower()
    ]
    assert found == []
    # It was looked for where it could have been.
    assert "access-denied" in places["answers"]
    assert "access denied" in places["log"]
    assert digest_of(secret) in "".join(places.values())
    for place, text in places.items():
        if not place.startswith(("hub.db", "queues.db")):
            assert digest_of(secret) not in text, place
