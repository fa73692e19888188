"""An office changes its certificate while it sends: not one letter is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from envelopes.letter import LetterId, OrganizationCode, Party
from gateway.bootstrap import init, open_hub, serving
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.access import Shown, Verdict, judged
from tests.doubles.pki import Identity, certified, ec_key
from tests.eventually import eventually
from tests.letters import a_letter, as_wire

PROVINCE = "1500200050"
RECEIVER = OrganizationCode("1500200000")
ENDPOINT = f"/ecms/{PROVINCE}/ecms-ws01/service2"
TODAY = datetime.now(UTC)
"""Commands take the time from the system, so these certificates do too."""


def certificate(name: str) -> Identity:
    day = TODAY.replace(microsecond=0)
    return certified(
        ec_key(name),
        PROVINCE,
        not_before=day - timedelta(days=1),
        not_after=day + timedelta(days=400),
    )


OLD, NEW = certificate("old"), certificate("new")


@dataclass
class Office:
    """The province's system, and the hub's operator at a terminal beside it."""

    data: Path
    http: aiohttp.ClientSession
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    refused: list[str] = field(default_factory=list)
    taken: int = 0

    async def send(self, signed_by: Identity) -> bool:
        """Send a letter; say whether it was taken."""
        day = TODAY.date().isoformat()
        letter = a_letter(id=LetterId(f"ชม 0017/{next(self.numbers)}", day))
        own = OrganizationCode(PROVINCE)
        letter = replace(
            letter,
            send_date=f"{day}T09:00:00",
            sender=replace(letter.sender, organization=own),
            receiver=Party("", "", "ปลัดกระทรวงมหาดไทย", "15", RECEIVER),
        )
        wire = as_wire(letter, signed_by=signed_by)
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        async with self.http.post(ENDPOINT, data=wire, headers=headers) as answer:
            body = etree.fromstring(await answer.read())
        if body.find(".//{*}ProcessID") is not None:
            self.taken += 1
            return True
        self.refused.append(etree.tostring(body, encoding="unicode"))
        return False

    async def operator(self, *command: str) -> int:
        """Have the operator run a command, in a hub opened beside the served one."""
        line = ["directory", "certificate", *command, "--data", str(self.data)]
        return await asyncio.to_thread(main, line)

    async def lines(self, *signers: Identity, each: int) -> None:
        """Send from several machines at once, each with its own certificate."""

        async def line(signer: Identity) -> None:
            for _ in range(each):
                await self.send(signer)

        async with asyncio.TaskGroup() as group:
            for signer in signers:
                group.create_task(line(signer))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    settings = load(tmp_path / "hub", listen="127.0.0.1:0", poll_wait=0)
    await init(settings, demo=True)
    for name, identity in (("old", OLD), ("new", NEW)):
        (tmp_path / f"{name}.pem").write_bytes(identity.pem)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(settings))
        http = await stack.enter_async_context(aiohttp.ClientSession(base))
        office = Office(settings.data, http)
        assert await office.operator("add", PROVINCE, str(tmp_path / "old.pem")) == 0
        yield office


async def known_soon(office: Office, signer: Identity) -> None:
    """Wait until the hub that serves knows a certificate: a second, not more."""
    await eventually(lambda: office.send(signer), within=2, every=0.05)
    office.refused.clear()


async def test_not_one_letter_is_refused(office: Office, tmp_path: Path) -> None:
    await known_soon(office, OLD)

    async with asyncio.TaskGroup() as group:
        group.create_task(office.lines(OLD, each=30))
        assert await office.operator("add", PROVINCE, str(tmp_path / "new.pem")) == 0
    assert office.refused == []

    await known_soon(office, NEW)
    await office.lines(OLD, NEW, OLD, NEW, each=10)
    assert office.refused == []

    taken = office.taken
    async with asyncio.TaskGroup() as group:
        group.create_task(office.lines(NEW, NEW, each=30))
        revoked = await office.operator(
            *("revoke", PROVINCE, OLD.fingerprint[:12]),
            *("--reason", "เปลี่ยนใบรับรอง", "--by", "สมศรี"),
        )
    assert revoked == 0
    assert office.refused == []
    assert office.taken == taken + 60

    async def is_refused() -> bool:
        return not await office.send(OLD)

    await eventually(is_refused, within=2, every=0.05)
    assert "certificate-revoked" in office.refused[-1]
    assert await office.send(NEW)


async def test_two_certificates_let_in_at_once_until_one_is_revoked(
    office: Office, tmp_path: Path
) -> None:
    access = ("--purpose", "access")
    for name in ("old", "new"):
        file = str(tmp_path / f"{name}.pem")
        assert await office.operator("add", PROVINCE, file, *access) == 0

    assert await judge(office, OLD, NEW) == [Verdict.LET_IN, Verdict.LET_IN]

    why = ("--reason", "เปลี่ยนเครื่อง", "--by", "สมศรี")
    assert await office.operator("revoke", PROVINCE, OLD.fingerprint, *why) == 0

    assert await judge(office, OLD, NEW) == [Verdict.WRONG, Verdict.LET_IN]


async def judge(office: Office, *callers: Identity) -> list[Verdict]:
    """Say which callers a gate lets in now, by the certificates they prove."""
    code = OrganizationCode(PROVINCE)
    async with open_hub(load(office.data)) as hub:
        own = await hub.store.certificates(code)
        now = hub.work.clock.now()
    return [judged(code, [], own, _shown(caller), now) for caller in callers]


def _shown(caller: Identity) -> Shown:
    return Shown(certificate=caller.fingerprint)
