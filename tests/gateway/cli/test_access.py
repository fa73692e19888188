"""Ways in, as an operator gives and takes them; what is written down of it."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from envelopes.letter import OrganizationCode
from gateway.bootstrap import init, open_hub
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.access import digest_of
from gateway.domain.consignment import Signed
from gateway.domain.organization import (
    Organization,
    Purpose,
    RegisteredCertificate,
)
from tests.doubles.clock import HandClock
from tests.doubles.pki import identity

LOEI = "1500200042"
NAN = "1500200055"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database of a hub with two offices."""
    data = tmp_path_factory.mktemp("access") / "hub"
    asyncio.run(_make(data))
    return (data / "hub.db").read_bytes()


@pytest.fixture
def hub(tmp_path: Path, made: bytes) -> Path:
    data = tmp_path / "hub"
    asyncio.run(init(load(data), demo=False, clock=HandClock()))
    for more in data.glob("hub.db*"):
        more.unlink()
    (data / "hub.db").write_bytes(made)
    return data


async def _make(data: Path) -> None:
    await init(load(data), demo=False, clock=HandClock())
    async with open_hub(load(data)) as hub, hub.store.unit() as unit:
        for code in (LOEI, NAN):
            office = Organization(OrganizationCode(code), "เลย", "Loei", Signed.NONE)
            await unit.directory.add(office, [], hub.work.clock.now())
        await unit.commit()


class Shell:
    """Runs `gateway directory access …` on one hub."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.capsys = capsys
        self.err = ""

    def __call__(self, *words: str, code: int = 0, json_: bool = True) -> Any:
        more = ["--json"] if json_ else []
        command = ["directory", "access", *words, "--data", str(self.data), *more]
        assert main(command) == code, self.capsys.readouterr()
        said = self.capsys.readouterr()
        self.err = said.err
        return json.loads(said.out) if json_ else said.out

    def rows(self, table: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.data / "hub.db")) as database:
            database.row_factory = sqlite3.Row
            found = database.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
            return [dict(row) for row in found.fetchall()]


@pytest.fixture
def access(hub: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(hub, capsys)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_secret_is_shown_once_and_kept_as_its_digest(access: Shell) -> None:
    given = access("add", LOEI, "path-secret")

    assert given["address"] == (
        f"/ecms/{LOEI}/key-{given['secret']}/ecms-ws01/service2"
    )
    assert len(given["secret"]) == 26
    (row,) = access.rows("access")
    assert row["value"] == digest_of(given["secret"])
    (listed,) = access("list", LOEI)
    assert listed == {k: v for k, v in given.items() if k not in {"secret", "address"}}
    assert given["secret"] not in access("list", LOEI, json_=False)


def test_no_two_secrets_are_alike(access: Shell) -> None:
    given = [access("add", LOEI, "basic")["secret"] for _ in range(5)]

    assert len(set(given)) == 5


def test_a_password_is_not_in_the_address_and_its_user_is_the_code(
    access: Shell,
) -> None:
    given = access("add", LOEI, "basic")

    assert given["user"] == LOEI
    assert given["secret"] not in given["address"]


def test_the_whole_address_is_told_where_the_hub_knows_it(
    access: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://hub.example.go.th/")
    given = access("add", LOEI, "path-secret")

    start = f"https://hub.example.go.th/ecms/{LOEI}/key-{given['secret']}/"
    assert given["address"].startswith(start)


def test_a_rotated_secret_ends_after_the_overlap(access: Shell) -> None:
    old = access("add", LOEI, "path-secret")
    new = access("rotate", LOEI, old["id"][:13], "--overlap", "3")

    was, now = access("list", LOEI)
    assert (was["id"], now["id"]) == (old["id"], new["id"])
    left = moment(was["ends_at"]) - moment(new["added_at"])
    assert timedelta(days=3) - left < timedelta(seconds=10)
    assert was["counts"]
    assert now["counts"]
    assert now["ends_at"] is None
    assert new["secret"] != old["secret"]


def test_rotating_again_gives_the_old_one_no_longer(access: Shell) -> None:
    old = access("add", LOEI, "basic")
    access("rotate", LOEI, old["id"], "--overlap", "1")
    (first, _) = access("list", LOEI)
    access("rotate", LOEI, old["id"], "--overlap", "90")

    assert access("list", LOEI)[0]["ends_at"] == first["ends_at"]


def test_without_overlap_it_ends_at_once_and_is_rotated_no_more(access: Shell) -> None:
    old = access("add", LOEI, "basic")
    access("rotate", LOEI, old["id"], "--overlap", "0")

    assert not access("list", LOEI)[0]["counts"]
    assert access("rotate", LOEI, old["id"], code=2)["error"]["code"] == "wrong-usage"


def test_an_id_is_named_by_its_beginning_or_its_end(access: Shell) -> None:
    given = access("add", LOEI, "basic")
    short = access("list", LOEI, json_=False).split("\t")[0]

    assert given["id"].endswith(short)
    assert access("end", LOEI, short.upper())["id"] == given["id"]
    assert access("end", LOEI, given["id"])["id"] == given["id"]
    for wrong in ("", "zz", short + "0"):
        error = access("end", LOEI, wrong, code=1)["error"]
        assert error["code"] == "access-unknown"


def test_anothers_access_is_not_ended(access: Shell) -> None:
    given = access("add", LOEI, "basic")

    assert access("end", NAN, given["id"], code=1)["error"]["code"] == "access-unknown"
    assert access("list", LOEI)[0]["counts"]


def test_ending_twice_changes_nothing(access: Shell) -> None:
    given = access("add", LOEI, "basic")
    first = access("end", LOEI, given["id"])
    again = access("end", LOEI, given["id"])

    assert first == again
    assert not first["counts"]
    assert len(access.rows("act")) == len({"init", "add", "end"})


def test_who_ends_a_network_is_told_that_the_door_is_wider(access: Shell) -> None:
    access("add", LOEI, "basic")
    net = access("add", LOEI, "network", "10.1.0.0/16")
    access("end", LOEI, net["id"], json_=False)

    assert "from every network" in access.err


def test_who_ends_a_secret_is_told_that_networks_do_not_take_its_place(
    access: Shell,
) -> None:
    given = access("add", LOEI, "basic")
    access("add", LOEI, "network", "10.1.0.0/16")
    access("end", LOEI, given["id"], json_=False)

    assert "let in nowhere now" in access.err


def test_acts_say_who_and_why_and_no_secret(access: Shell) -> None:
    by = ("--by", "สมศรี", "--reason", "หนังสือที่ ๑")
    old = access("add", LOEI, "path-secret", *by)
    new = access("rotate", LOEI, old["id"], *by)
    access("end", LOEI, new["id"], *by)
    net = access("add", LOEI, "network", "10.1.0.0/16", *by)

    acts = [act for act in access.rows("act") if "access" in act["what"]]
    assert [act["what"] for act in acts] == [
        "directory access add",
        "directory access rotate",
        "directory access end",
        "directory access add",
    ]
    assert {(a["name"], a["why"], a["organization"]) for a in acts} == {
        ("สมศรี", "หนังสือที่ ๑", LOEI)
    }
    assert json.loads(acts[1]["before"])["access"] == old["id"]
    assert json.loads(acts[1]["after"])["access"] == new["id"]
    assert json.loads(acts[3]["after"]) == {
        "access": net["id"],
        "kind": "network",
        "network": "10.1.0.0/16",
    }
    for secret in (old["secret"], new["secret"]):
        assert secret not in str(acts)
        assert digest_of(secret) not in str(acts)


def test_certificates_for_access_are_listed_too(access: Shell) -> None:
    whose = identity("ec", LOEI)

    async def enter() -> None:
        async with open_hub(load(access.data)) as hub, hub.store.unit() as unit:
            for purpose, one in (
                (Purpose.ACCESS, whose),
                (Purpose.SIGNATURE, identity("p384", LOEI)),
            ):
                await unit.directory.add_certificate(
                    RegisteredCertificate(
                        one.organization,
                        one.der,
                        one.fingerprint,
                        one.not_before,
                        one.not_after,
                        frozenset({purpose}),
                    ),
                    hub.work.clock.now(),
                )
            await unit.commit()

    asyncio.run(enter())

    (listed,) = access("list", LOEI)
    assert (listed["kind"], listed["id"]) == ("certificate", whose.fingerprint)
    assert "certificate" in access("list", LOEI, json_=False)


def checks(access: Shell, code: int = 0) -> dict[str, dict[str, Any]]:
    assert main(["check", "--json", "--data", str(access.data)]) == code
    report = json.loads(access.capsys.readouterr().out)
    return {line["name"]: line for line in report["checks"]}


def test_check_names_who_is_let_in_nowhere(access: Shell) -> None:
    found = checks(access)["access"]["found"]
    assert f"2 of 2 are let in nowhere: {LOEI}, {NAN}: gateway directory" in found

    access("add", LOEI, "network", "10.1.0.0/16")
    given = access("add", NAN, "basic")
    assert "all 2 have access" in checks(access)["access"]["found"]

    access("end", NAN, given["id"])
    assert f"1 of 2 are let in nowhere: {NAN}:" in checks(access)["access"]["found"]


def test_check_tells_where_secrets_are_overheard(
    access: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network alone is no secret; a proxy in front speaks TLS for the hub."""
    access("add", LOEI, "network", "10.1.0.0/16")
    assert "transport" not in checks(access)
    monkeypatch.setenv("GATEWAY_LISTEN", "0.0.0.0:8470")
    assert checks(access)["transport"]["ok"]

    access("add", LOEI, "basic")
    assert not checks(access, code=1)["transport"]["ok"]
    monkeypatch.setenv("GATEWAY_PROXIES", "10.1.0.1/32")
    assert "transport" not in checks(access)
