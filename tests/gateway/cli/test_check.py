import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from gateway.bootstrap import init, open_broker
from gateway.cli import books_report
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.books import Account, Books, Finding, Place, RegisterAccount
from gateway.keys.signing import new_key_pair
from queues.broker import Message


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False))
    return data


def wrong(hub: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """Return the exit code of `check`, and what it found wrong."""
    code = main(["check", "--json", "--data", str(hub)])
    report = json.loads(capsys.readouterr().out)
    found = {c["name"]: c["found"] for c in report["checks"] if not c["ok"]}
    assert report["in_order"] == (not found)
    return code, found


def test_a_new_hub_is_in_order(hub: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wrong(hub, capsys) == (0, {})


def test_a_broken_database_is_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hub / "hub.db").write_bytes(b"no database at all")

    code, found = wrong(hub, capsys)

    assert code == 1
    assert "not a database" in found["storage"]


def test_a_broken_queue_file_is_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hub / "queues.db").write_bytes(b"no database at all")

    code, found = wrong(hub, capsys)

    assert code != 0
    assert set(found) == {"broker"}


def test_a_broken_certificate_is_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hub / "keys/hub.crt").write_bytes(b"none")

    code, found = wrong(hub, capsys)

    assert code == 2
    assert set(found) == {"certificate"}


def test_a_key_that_others_may_read_is_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hub / "keys/hub.key").chmod(0o644)

    code, found = wrong(hub, capsys)

    assert code == 2
    assert "chmod 600" in found["certificate"]


@pytest.mark.parametrize(
    ("days", "mode", "says"),
    [
        (30 - 3650, 0o600, None),
        (10 - 3650, 0o600, "ใน 9 วัน"),
        (-1 - 3650, 0o600, "has expired"),
        (30 - 3650, 0o640, "chmod 600"),
    ],
)
def test_tls_files_are_looked_at(
    hub: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    days: int,
    mode: int,
    says: str | None,
) -> None:
    made = datetime.now(UTC) + timedelta(days=days)
    files = hub / "tls.key", hub / "tls.crt"
    new_key_pair("ecms.example.go.th", "1", made).write(*files)
    files[0].chmod(mode)
    names = ("tls_key", "tls_certificate")
    lines = [f'{name} = "{file}"' for name, file in zip(names, files, strict=True)]
    (hub / "gateway.toml").write_text("\n".join(lines))

    code, found = wrong(hub, capsys)

    assert code == (1 if says else 0)
    assert set(found) == ({"tls"} if says else set())
    assert says is None or says in found["tls"]


def test_messages_set_aside_are_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def set_aside() -> None:
        async with open_broker(load(hub)) as broker:
            await broker.publish("route", [Message(UUID(int=1), b"")])
            async with broker.consume("route") as claims:
                claim = await anext(claims)
                await claim.reject()

    asyncio.run(set_aside())

    code, found = wrong(hub, capsys)

    assert code == 1
    assert "route: 0 waiting, 1 dead" in found["broker"]


def test_a_setting_tells_where_it_comes_from(
    hub: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (hub / "gateway.toml").write_text("threads = 3", "utf-8")
    monkeypatch.setenv("GATEWAY_POLL_WAIT", "0.5")
    monkeypatch.setenv("GATEWAY_DATA", str(hub))

    assert main(["check"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert f"data\t{hub}\tGATEWAY_DATA" in lines
    assert "threads\t3\tgateway.toml" in lines
    assert "poll_wait\t0.5\tGATEWAY_POLL_WAIT" in lines
    assert "listen\t127.0.0.1:8470\tdefault" in lines


def test_books_out_of_balance_name_the_letter_and_the_sums(
    capsys: pytest.CaptureFixture[str],
) -> None:
    books = Books(
        receivers={"1500200050": Account(taken=2, places={Place.IN_REGISTER: 1})},
        receipts_made=1,
        receipts={},
        registers=(RegisterAccount("1500200050", "received", 2569, 1, 2, 1, 2),),
        findings=(Finding("มท 1/2 (2026-06-05)", "77", "journal", "entry 2 is gone"),),
    )

    books_report.show(books, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert "letters\tรับเข้าทั้งหมด\ttaken\t2" in lines
    assert "finding\tมท 1/2 (2026-06-05)\t77\tjournal\tentry 2 is gone" in lines
    assert "account\t\t1500200050\treceiver\t2 taken, 1 found" in lines
    assert "account\t\t\treceipt\t1 made, 0 found" in lines
    assert (
        "account\t\t1500200050\tregister\t"
        "2569: 1 numbers given, 1 distinct, highest 2, last 2"
    ) in lines
    assert lines[-1] == "บัญชีไม่ตรง / The books do not balance."


def test_what_is_shown_to_push_endpoints_is_told(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last day; red two weeks before it, and where a file cannot be used."""
    now = datetime.now(UTC)
    certificate, key = hub / "push.crt", hub / "push.key"
    settings = 'push_certificate = "push.crt"\npush_key = "push.key"\n'
    (hub / "gateway.toml").write_text(settings, "utf-8")
    new_key_pair("push", "1", now).write(key, certificate)
    assert wrong(hub, capsys) == (0, {})

    for file in (certificate, key):
        file.unlink()
    new_key_pair("push", "2", now - timedelta(days=20 * 365)).write(key, certificate)
    code, found = wrong(hub, capsys)
    assert code == 1
    assert set(found) == {"push"}

    key.unlink()
    _, found = wrong(hub, capsys)
    assert "push_certificate" in found["push"]
