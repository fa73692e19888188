"""What a command changes, and who is said to have changed it."""

import asyncio
import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import init, open_hub
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.act import Act


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False))
    return data


def said(hub: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Run a command of `gateway keys`, and return its one JSON document."""
    assert main(["keys", *words, "--data", str(hub), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def acts(hub: Path) -> Sequence[Act]:
    async def ask() -> Sequence[Act]:
        async with open_hub(load(hub)) as opened:
            return await opened.store.views.acts(None, limit=9)

    return asyncio.run(ask())


def test_the_certificate_is_handed_out_as_it_is_in_use(
    hub: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["keys", "certificate", "--data", str(hub)]) == 0
    told = capsys.readouterr().out
    own = (hub / "keys/hub.crt").read_text()

    assert ssl.PEM_cert_to_DER_cert(told) == ssl.PEM_cert_to_DER_cert(own)
    out = tmp_path / "out.pem"
    said(hub, capsys, "certificate", "--out", str(out))
    assert out.read_text() == told


def test_an_older_certificate_is_handed_out_by_its_fingerprint(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = (hub / "keys/hub.crt").read_text()
    (old,) = said(hub, capsys, "list")["certificates"]
    said(hub, capsys, "rotate", "--by", "สมชาย")

    found = said(hub, capsys, "certificate", old["fingerprint"][:12].upper())

    assert ssl.PEM_cert_to_DER_cert(found["pem"]) == ssl.PEM_cert_to_DER_cert(own)
    assert found["in_use_until"] is not None


def test_who_changed_the_key_stands_in_the_journal(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (old,) = said(hub, capsys, "list")["certificates"]
    said(hub, capsys, "new", "--by", "สมศรี", "--name", "ศูนย์กลาง")
    fresh = said(
        hub, capsys, "install", "--self-signed", "--by", "สมชาย", "--reason", "ประจำปี"
    )["certificates"][0]

    installed, made, _ = acts(hub)
    assert (made.what, made.who.name) == ("keys new", "สมศรี")
    assert (installed.what, installed.who.name, installed.why) == (
        "keys install",
        "สมชาย",
        "ประจำปี",
    )
    assert installed.before == {"certificate": old["fingerprint"]}
    assert installed.after == {"certificate": fresh["fingerprint"]}


def test_what_is_refused_changes_nothing_and_is_no_act(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = said(hub, capsys, "list")

    assert main(["keys", "install", "--self-signed", "--by", "x", "--data", str(hub)])
    capsys.readouterr()
    assert said(hub, capsys, "list") == before
    assert [act.what for act in acts(hub)] == ["init"]
