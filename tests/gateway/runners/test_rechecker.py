import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from envelopes.letter import OrganizationCode
from gateway import telemetry
from gateway.bootstrap import Hub, init, open_hub
from gateway.config import load
from gateway.domain.certificates import Standing, standing
from gateway.domain.consignment import HUB, Signed
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.runners.rechecker import AT_LEAST, INTERVAL, Rechecker
from tests.doubles.clock import HandClock
from tests.doubles.pki import AT, Identity, authority
from tests.eventually import eventually
from tests.gateway.runners.running import Pauses, running

CHIANG_MAI = OrganizationCode("1500200050")
ROOT = authority("Root")
LINK = ROOT.vouches_for("Link")
OFFICE = LINK.issue(CHIANG_MAI.text)
SERIAL = int(CHIANG_MAI.text) + 1

Told = Callable[[], list[dict[str, Any]]]


class Folders:
    """What the runner looks at."""

    def __init__(self, path: Path, hub: Hub, clock: HandClock) -> None:
        self.hub, self.clock = hub, clock
        self.authorities, self.lists = path / "authorities", path / "lists"
        self.authorities.mkdir()
        self.lists.mkdir()
        for one in (ROOT, LINK):
            (self.authorities / f"{one.name}.pem").write_bytes(one.pem)
        self.stop = asyncio.Event()
        self.pauses = Pauses()
        self.runner = Rechecker(
            hub.work, self.authorities, self.lists, stop=self.stop, pause=self.pauses
        )

    def publish(self, content: bytes, name: str = "link.crl") -> None:
        (self.lists / name).write_bytes(content)

    async def known(self) -> RegisteredCertificate:
        async with self.hub.store.unit() as unit:
            [found] = await unit.directory.certificates(CHIANG_MAI)
        return found

    async def standing(self) -> Standing:
        return standing(await self.known(), self.clock.now())


def registered(identity: Identity) -> RegisteredCertificate:
    return RegisteredCertificate(
        identity.organization,
        identity.der,
        identity.fingerprint,
        identity.not_before,
        identity.not_after,
    )


@pytest.fixture
async def folders(tmp_path: Path) -> AsyncIterator[Folders]:
    clock = HandClock(AT)
    settings = load(tmp_path / "hub")
    await init(settings, demo=False, clock=clock)
    async with open_hub(settings, clock=clock) as hub:
        async with hub.store.unit() as unit:
            office = Organization(CHIANG_MAI, "เชียงใหม่", "Chiang Mai", Signed.OWN)
            await unit.directory.add(office, [registered(OFFICE)], AT)
            await unit.commit()
        yield Folders(tmp_path, hub, clock)


@pytest.fixture
def told() -> Iterator[Told]:
    """What the log says, one dictionary for each event."""
    stream = StringIO()
    telemetry.configure("json", "info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


async def test_a_list_that_appears_revokes(folders: Folders) -> None:
    await folders.runner.look()
    assert await folders.standing() is Standing.VALID
    folders.publish(LINK.revokes(SERIAL))
    folders.clock.advance(seconds=INTERVAL)

    await folders.runner.look()

    found = await folders.known()
    assert found.revoked_at == folders.clock.now()
    assert found.revoked_why == "crl keyCompromise"
    [act] = await folders.hub.store.views.acts(CHIANG_MAI, limit=9)
    assert (act.what, act.who.account, act.who.name) == (
        "certificate taken back",
        "",
        HUB,
    )


async def test_a_list_that_changes_is_read_again(folders: Folders) -> None:
    folders.publish(LINK.revokes())
    await folders.runner.look()
    folders.publish(LINK.revokes(SERIAL))

    await folders.runner.look()

    assert await folders.standing() is Standing.REVOKED


async def test_a_list_that_goes_away_unlocks_nothing(folders: Folders) -> None:
    folders.publish(LINK.revokes(SERIAL))
    await folders.runner.look()
    (folders.lists / "link.crl").unlink()
    folders.publish(LINK.revokes(), "new.crl")
    folders.clock.advance(days=2)

    await folders.runner.look()

    assert await folders.standing() is Standing.REVOKED


async def test_nothing_is_read_where_nothing_changed(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    before = Path.read_bytes

    def counted(path: Path) -> bytes:
        reads.append(path.name)
        return before(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    await folders.runner.look()
    assert sorted(reads) == ["Link.pem", "Root.pem"]
    folders.clock.advance(seconds=AT_LEAST.total_seconds() - 1)

    await folders.runner.look()
    assert len(reads) == 2

    folders.clock.advance(seconds=1)
    await folders.runner.look()
    assert len(reads) == 4


async def test_what_is_wrong_is_told_and_stops_nobody(
    folders: Folders, told: Told
) -> None:
    (folders.authorities / "Link.pem").write_text("half")
    folders.publish(
        ROOT.revokes(this_update=AT - timedelta(9), next_update=AT - timedelta(1))
    )

    await folders.runner.look()

    assert await folders.standing() is Standing.VALID
    events = {line["event"]: line for line in told()}
    assert events["authority file not used"]["file"] == "Link.pem"
    assert events["revocation list stale"]["file"] == "link.crl"
    assert events["certificates without authority"]["count"] == 1
    assert "certificate revoked" not in events


async def test_what_is_revoked_is_told(folders: Folders, told: Told) -> None:
    folders.publish(LINK.revokes(SERIAL))

    await folders.runner.look()

    [event] = [e for e in told() if e["event"] == "certificate revoked"]
    assert (event["organization"], event["why"]) == (
        CHIANG_MAI.text,
        "crl keyCompromise",
    )
    assert event["certificate"] == OFFICE.fingerprint


async def test_it_looks_at_each_interval(folders: Folders) -> None:
    async with running(folders.runner, folders.stop):
        await eventually(lambda: len(folders.pauses.seconds) > 1)
        folders.publish(LINK.revokes(SERIAL))
        seen = len(folders.pauses.seconds)
        await eventually(lambda: len(folders.pauses.seconds) > seen + 1)

    assert set(folders.pauses.seconds) == {INTERVAL}
    assert await folders.standing() is Standing.REVOKED


async def test_a_folder_that_is_not_there_ends_nothing(folders: Folders) -> None:
    for one in folders.authorities.iterdir():
        one.unlink()
    folders.authorities.rmdir()

    await folders.runner.look()

    assert await folders.standing() is Standing.VALID


async def test_without_folders_there_is_nothing_to_do(folders: Folders) -> None:
    runner = Rechecker(
        folders.hub.work, None, None, stop=folders.stop, pause=folders.pauses
    )

    await runner.run()

    assert folders.pauses.seconds == []
