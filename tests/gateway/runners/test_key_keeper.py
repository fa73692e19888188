"""What a command changes beside a hub that runs is taken over, and noted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from envelopes.trust import Certificate, read_certificate
from gateway.bootstrap import Hub, init, open_hub
from gateway.config import load
from gateway.keys.change import keys_of
from gateway.runners.key_keeper import KeyKeeper
from tests.doubles.clock import HandClock

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    settings, clock = load(tmp_path / "hub"), HandClock(NOW)
    await init(settings, demo=False, clock=clock)
    async with open_hub(settings, clock=clock) as opened:
        yield opened


def keeper(hub: Hub) -> KeyKeeper:
    return KeyKeeper(hub.work, None, stop=asyncio.Event())


async def switched(hub: Hub) -> Certificate:
    """Change the key as a command does that is killed before it notes it."""
    found = await keys_of(hub.keys, hub.store)
    found.new(None, replace=False)
    fresh = read_certificate(found.self_signed(NOW))
    found.install(fresh)
    return fresh


async def in_use(hub: Hub) -> list[str]:
    every = await hub.store.hub_certificates()
    return [one.fingerprint for one in every if one.in_use_until is None]


async def test_a_key_that_was_changed_is_noted_once(hub: Hub) -> None:
    looks = keeper(hub)
    await looks.look()
    with capture_logs() as log:
        fresh = await switched(hub)
        await looks.look()
        await looks.look()

    assert await in_use(hub) == [fresh.fingerprint]
    assert len(await hub.store.hub_certificates()) == 2
    assert log == [
        {
            "event": "signing key changed",
            "log_level": "info",
            "certificate": fresh.fingerprint,
        }
    ]


async def test_a_new_certificate_that_cannot_be_used_is_said_once(hub: Hub) -> None:
    before = await in_use(hub)
    hub.keys.certificate.write_bytes(b"broken")
    with capture_logs() as log:
        looks = keeper(hub)
        for _ in range(3):
            await looks.look()

    assert [event["event"] for event in log] == ["signing key not changed"]
    assert await in_use(hub) == before
    assert hub.work.signer.sign_bytes(b"as before")


async def test_a_hub_of_before_gets_its_certificate_noted_when_opened(
    hub: Hub,
) -> None:
    before = await in_use(hub)
    async with hub.store.unit() as unit:
        await unit.connection.execute(text("DELETE FROM hub_certificate"))
        await unit.commit()
    assert await in_use(hub) == []

    async with open_hub(hub.settings) as again:
        assert await in_use(again) == before
