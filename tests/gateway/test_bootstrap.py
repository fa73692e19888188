import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import capture_logs

from envelopes.encoder import encode_document
from envelopes.letter import OrganizationCode
from gateway import steps
from gateway.bootstrap import (
    init,
    open_broker,
    open_hub,
    serving,
    upgrade_tables,
    working,
)
from gateway.cli import serve
from gateway.config import Settings, SettingsError, load
from gateway.domain.act import Order, Who
from gateway.domain.consignment import Signed
from gateway.domain.promise import Stage
from tests.doubles.clock import HandClock
from tests.gateway.store.yesterday import make_old_tables
from tests.letters import a_letter

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINISTRY = OrganizationCode("1500200000")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in os.environ:
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)
    yield
    steps.arm(demo=False)
    structlog.reset_defaults()


async def made(data: Path, *, demo: bool = True) -> Settings:
    settings = load(data, listen="127.0.0.1:0")
    await init(settings, demo=demo, clock=HandClock(NOW))
    return settings


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_demo_hub_knows_ministry_and_provinces(tmp_path: Path) -> None:
    settings = await made(tmp_path / "new" / "hub")

    async with open_hub(settings) as hub, hub.store.unit() as unit:
        assert hub.demo
        offices = await unit.directory.all()
        certificates = [
            certificate
            for office in offices
            for certificate in await hub.store.certificates(office.code)
        ]

    assert len(offices) == len(certificates) == 76
    assert {office.signing for office in offices} == {Signed.HOSTED}
    assert len({certificate.fingerprint for certificate in certificates}) == 76
    assert all(c.not_before < NOW < c.not_after for c in certificates)


async def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    await made(tmp_path / "hub")
    keys = list((tmp_path / "hub").rglob("*.key"))

    assert len(keys) == 77
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE((tmp_path / "hub").stat().st_mode) == 0o700


async def test_another_hub_knows_nobody(tmp_path: Path) -> None:
    settings = await made(tmp_path, demo=False)

    async with open_hub(settings) as hub, hub.store.unit() as unit:
        assert not hub.demo
        assert list(await unit.directory.all()) == []
    assert not (tmp_path / "demo-keys").exists()


async def test_the_hub_signs_with_its_key(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with open_hub(settings) as hub:
        letter = a_letter()
        signed = hub.work.signer.sign(encode_document(letter, signer=letter.sender))

    assert b"<ds:Signature" in signed


async def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()

    with pytest.raises(SettingsError, match="not empty"):
        await made(tmp_path)
    with pytest.raises(SettingsError, match="Name a folder"):
        await made(tmp_path / "letter.txt")
    assert names(tmp_path) == ["letter.txt"]


async def test_where_no_hub_is_the_next_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="gateway init --data"):
        async with open_hub(load(tmp_path)):
            pass
    assert names(tmp_path) == []


async def test_a_hub_not_made_to_the_end_is_not_opened(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with open_hub(settings) as hub, hub.store.unit() as unit:
        await unit.connection.execute(text("DELETE FROM hub"))
        await unit.commit()

    with pytest.raises(SettingsError, match="not made to the end"):
        async with open_hub(settings):
            pass


async def test_while_it_serves_the_folder_says_where(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    with capture_logs() as lines:
        async with serving(settings) as address:
            said = json.loads((tmp_path / "serve.json").read_text())
            assert said["pid"] == os.getpid()
            assert said["address"] == address == f"http://{said['listen']}"
            assert not address.endswith(":0")

    assert not (tmp_path / "serve.json").exists()
    said_of = [line["event"] for line in lines if line["log_level"] != "debug"]
    assert said_of == ["hub started", "hub stopped"]


async def test_one_process_serves_a_folder(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with serving(settings) as address:
        with pytest.raises(SettingsError, match="another process serves"):
            async with serving(settings):
                pass
        said = json.loads((tmp_path / "serve.json").read_text())
        assert said["address"] == address
    async with serving(settings):
        pass


@pytest.mark.parametrize("name", ["database_url", "broker_url"])
async def test_an_embedded_hub_has_no_workers(tmp_path: Path, name: str) -> None:
    """A worker, or a door without runners, is refused where a hub is one process."""
    urls = {"database_url": "postgresql:///hub", "broker_url": "embedded:queues.db"}
    if name == "database_url":
        urls = {}
    settings = load(tmp_path, **urls)

    with pytest.raises(SettingsError, match="Run gateway serve alone"):
        async with working(settings):
            pass
    with pytest.raises(SettingsError, match="one process"):
        async with serving(settings, door_only=True):
            pass
    assert names(tmp_path) == []


async def test_a_command_opens_the_hub_beside_its_server(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with serving(settings), open_hub(settings) as hub:
        assert await hub.store.organization(MINISTRY) is not None


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
async def test_a_demo_hub_listens_on_loopback_only(tmp_path: Path, listen: str) -> None:
    await made(tmp_path)

    with pytest.raises(SettingsError, match="this machine only") as caught:
        async with serving(load(tmp_path, listen=listen)):
            pass
    assert caught.value.name == "listen"


async def test_an_address_in_use_is_named(tmp_path: Path) -> None:
    settings = await made(tmp_path / "one")
    await made(tmp_path / "two")
    async with serving(settings) as address:
        taken = load(tmp_path / "two", listen=address.removeprefix("http://"))
        with pytest.raises(SettingsError, match="cannot listen on"):
            async with serving(taken):
                pass


async def test_a_hub_of_another_version_is_not_served(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with open_hub(settings) as hub, hub.store.unit() as unit:
        await unit.connection.execute(
            text("UPDATE alembic_version SET version_num = '0000'")
        )
        await unit.commit()

    with pytest.raises(SettingsError, match="another version"):
        async with serving(settings):
            pass


async def test_only_a_demo_hub_ends_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_STOP_AT", "no:such-step")
    plain = await made(tmp_path / "plain", demo=False)
    async with serving(plain):
        pass
    demo = await made(tmp_path / "demo")

    with pytest.raises(SettingsError, match="GATEWAY_STOP_AT"):
        async with serving(demo):
            pass


async def test_the_broker_has_the_queue_of_every_stage(tmp_path: Path) -> None:
    settings = await made(tmp_path)

    async with open_broker(settings) as broker:
        assert {await broker.waiting(stage) for stage in Stage} == {0}


def test_init_says_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve.init(tmp_path / "a", demo=True)
    assert f"gateway serve --data {tmp_path / 'a'}" in capsys.readouterr().out

    serve.init(tmp_path / "b", as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "data": str(tmp_path / "b"),
        "demo": False,
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_the_server(
    tmp_path: Path, number: signal.Signals
) -> None:
    serve.init(tmp_path / "hub", demo=True)
    code = (
        "import sys; from pathlib import Path; from gateway.cli.serve import serve; "
        "serve(Path(sys.argv[1]), listen='127.0.0.1:0', as_json=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "hub")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        with urllib.request.urlopen(f"{address}/health/ready") as answer:  # noqa: S310
            assert json.load(answer)["ready"] is True
        process.send_signal(number)
        _, log = process.communicate(timeout=20)

    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events == ["hub started", "hub stopped"]
    assert not (tmp_path / "hub" / "serve.json").exists()


async def of_yesterday(tmp_path: Path) -> Settings:
    """A hub whose tables are those of the version before."""
    settings = await made(tmp_path, demo=False)
    settings.database_file.unlink()
    make_old_tables(settings.database_file, "0002")
    with closing(sqlite3.connect(settings.database_file)) as database, database:
        facts = [("made_at", "2026-07-01T00:00:00+00:00"), ("demo", "no")]
        database.executemany("INSERT INTO hub VALUES (?, ?)", facts)
    return settings


UPGRADING = Order("database upgrade", Who("operator", "สมชาย"), "รุ่นใหม่")


async def test_tables_of_yesterday_are_told_by_every_command(tmp_path: Path) -> None:
    settings = await of_yesterday(tmp_path)

    with pytest.raises(SettingsError, match="gateway database upgrade --data"):
        async with open_hub(settings):
            pass


async def test_tables_are_upgraded_once_and_who_did_it_is_known(
    tmp_path: Path,
) -> None:
    settings = await of_yesterday(tmp_path)

    steps = [
        await asyncio.to_thread(upgrade_tables, settings, UPGRADING) for _ in range(2)
    ]

    newest = steps[1][1]
    assert steps == [("0002", newest), (newest, newest)]
    async with open_hub(settings) as hub:
        (act,) = await hub.store.views.acts(None, limit=9)
    assert (act.what, act.who, act.why) == (
        UPGRADING.what,
        UPGRADING.who,
        UPGRADING.why,
    )
    assert (act.before, act.after) == ({"tables": "0002"}, {"tables": newest})


async def test_a_hub_that_is_served_is_not_upgraded(tmp_path: Path) -> None:
    settings = await made(tmp_path)
    async with serving(settings):
        with pytest.raises(SettingsError, match="another process serves"):
            await asyncio.to_thread(upgrade_tables, settings, UPGRADING)
