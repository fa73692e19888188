"""`gateway dead` and `gateway incidents` on a hub where work was given up."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from envelopes.letter import LetterId
from envelopes.notifier import NotifierKind
from gateway.bootstrap import open_hub
from gateway.cli.main import main
from gateway.config import load
from gateway.domain.act import Act
from gateway.domain.promise import Stage
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from tests.cli.test_scripts import hub, made  # noqa: F401 - fixtures
from tests.doubles.clock import HandClock
from tests.gateway.store.hub import CHIANG_MAI, CIRCULAR, LOEI, Hub, to

FAILED = LetterId("มท 0214/1", "2026-06-08")
SECRET = LetterId("มท 0214/2", "2026-06-08")
HIDDEN = "เรื่องที่ปกปิด"
ORDER = ("--by", "สมศรี ใจดี", "--reason", "ส่งทางไปรษณีย์แล้ว")


@dataclass
class Dead:
    """A hub with two letters, one of them secret, and a notifier given up."""

    data: Path
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, code: int = 0) -> list[list[str]]:
        """Run a command in a pipe; return the cells of its lines."""
        said = main(arguments)
        out = self.capsys.readouterr()
        assert said == code, (arguments, out)
        return [line.split("\t") for line in out.out.splitlines()]

    def json(self, *arguments: str) -> Any:
        assert main([*arguments, "--json"]) == 0, arguments
        return json.loads(self.capsys.readouterr().out)

    def acts(self) -> Sequence[Act]:
        async def newest() -> Sequence[Act]:
            async with open_hub(load(self.data)) as opened:
                return await opened.store.views.acts(None, limit=5)

        return asyncio.run(newest())


@pytest.fixture
def dead(hub: Path, capsys: pytest.CaptureFixture[str]) -> Dead:  # noqa: F811
    asyncio.run(_give_up(hub))
    return Dead(hub, capsys)


async def _give_up(data: Path) -> None:
    async with open_hub(load(data), clock=HandClock()) as opened:
        sending = Hub(opened.work, opened.store, HandClock(), held={*Stage})
        await sending.send(to(CHIANG_MAI, FAILED), signed=False)
        secret = to(LOEI, SECRET, secrecy="002", subject=HIDDEN)
        await sending.send(secret, signed=False)
        await sending.tell(CHIANG_MAI, NotifierKind.REGISTERED, CIRCULAR, "1025/2569")
        due = await opened.store.outbox.due(opened.work.clock.now(), limit=10)
        for promise in due:
            damaged = VaultDamaged(detail="file 17: is not there")
            await give_up(opened.work, promise.id, damaged)


def test_a_line_for_each_cause_says_what_mends_it(dead: Dead) -> None:
    """Routing and notifying failed for the same reason, each at its own stage."""
    rows = dead.run("dead", "list")

    assert {(row[0], row[1], row[3]) for row in rows} == {
        ("vault-damaged", "นำเข้ากล่อง", "2"),
        ("vault-damaged", "แจ้งผล", "1"),
    }
    assert all("กู้จากสำรอง" in row[6] for row in rows)
    assert {row[7] for row in rows} == {"gateway check books"}
    incidents = {row[8] for row in rows}
    assert {one["incident"] for one in dead.json("incidents", "list")} == incidents


def test_each_dead_letter_is_named_by_its_number_alone(dead: Dead) -> None:
    """Filters take away; of a secret letter nothing else is said."""
    rows = dead.run("dead", "list", "--each", "--stage", "route")

    assert {(row[1], row[4], row[6]) for row in rows} == {
        (FAILED.number, "vault-damaged", "ส่งไม่สำเร็จ"),
        (SECRET.number, "vault-damaged", "ส่งไม่สำเร็จ"),
    }
    assert HIDDEN not in str(rows)
    of_loei = dead.run("dead", "list", "--each", "--endpoint", LOEI.text)
    assert [row[1] for row in of_loei] == [SECRET.number]
    assert dead.run("dead", "list", "--each", "--cause", "internal-error") == []
    assert dead.run("dead", "list", "--each", "--until", "2569-01-01") == []
    assert len(dead.run("dead", "list", "--each", "--limit", "1")) == 1


def test_one_dead_letter_is_shown_with_all_about_it(dead: Dead) -> None:
    """Number, path so far, cause, what mends it, and what comes after that."""
    [line] = dead.json("dead", "list", "--each", "--endpoint", CHIANG_MAI.text)

    facts = dict(cells[:2] for cells in dead.run("dead", "show", line["id"]))

    assert facts["Number"] == FAILED.number
    assert facts["Detail"] == "file 17: is not there"
    assert facts["Letter now"] == "ส่งไม่สำเร็จ"
    assert facts["Number given"] == facts["Fetched"] == "-"
    assert facts["If replayed"] == "ส่งซ้ำได้ / eligible"
    assert facts["Next"] == "gateway check books"
    assert facts["Once mended"] == f"gateway dead replay --incident {line['incident']}"
    whole = dead.json("dead", "show", line["id"])
    happened = [one["happening"] for one in whole["consignment"]["journal"]]
    assert happened == ["letter-accepted", "work-given-up"]
    assert whole["verdict"] == "eligible"


def test_a_secret_dead_letter_shows_its_number_only(dead: Dead) -> None:
    """Neither the screen nor the document says what it is about."""
    [line] = dead.json("dead", "list", "--each", "--endpoint", LOEI.text)

    whole = dead.json("dead", "show", line["id"])

    assert whole["letter"]["subject"] is None
    assert whole["detail"] is None
    assert HIDDEN not in str(whole) + str(dead.run("dead", "show", line["id"]))


def test_what_is_discarded_is_in_the_list_no_more(dead: Dead) -> None:
    """It is an act, with the name and the reason; a second time it is refused."""
    lines = dead.json("dead", "list", "--each", "--stage", "route")
    ids = [line["id"] for line in lines]

    dead.run("dead", "discard", *ids, *ORDER)

    assert dead.json("dead", "list", "--each", "--stage", "route") == []
    settled = dead.json("dead", "list", "--each", "--all", "--stage", "route")
    assert {line["settled"] for line in settled} == {"discarded"}
    assert {line["state"] for line in settled} == {"failed"}
    acts = [act for act in dead.acts() if act.what == "dead discard"]
    assert len(acts) == 2
    assert {act.why for act in acts if not act.secret} == {"ส่งทางไปรษณีย์แล้ว"}
    dead.run("dead", "discard", ids[0], *ORDER, code=1)
    dead.run("check", "books")


def test_nothing_is_discarded_where_one_is_not_there(dead: Dead) -> None:
    """All of them, or none."""
    [line] = dead.json("dead", "list", "--each", "--endpoint", LOEI.text)
    unknown = "01928374-0000-7000-8000-000000000000"

    dead.run("dead", "discard", line["id"], unknown, *ORDER, code=1)

    assert dead.json("dead", "show", line["id"])["settled"] is None
    dead.run("dead", "show", unknown, code=1)


def test_check_names_each_cause_and_the_next_command(dead: Dead) -> None:
    """Who looks whether all is well is told what is not, and what to type."""
    assert main(["check", "--json"]) == 1
    report = json.loads(dead.capsys.readouterr().out)

    wrong = [(c["name"], c["found"]) for c in report["checks"] if not c["ok"]]

    named = [found for name, found in wrong if name == "incident"]
    assert len(named) == 2
    assert all(found.startswith("vault-damaged") for found in named)
    assert all(found.endswith(": gateway check books") for found in named)
    assert ("dead letters", "3: gateway dead list") in wrong


def test_an_incident_is_shown_and_closed(dead: Dead) -> None:
    """Closed by hand, it stands among all of them with the reason."""
    [one] = [x for x in dead.json("incidents", "list") if x["stage"] == "route"]
    assert (one["count"], one["open_dead_letters"]) == (2, 2)
    newest = dead.json("incidents", "show", one["incident"])["newest"]
    assert {line["number"] for line in newest} == {FAILED.number, SECRET.number}
    facts = dict(c[:2] for c in dead.run("incidents", "show", one["incident"]))
    assert facts["Next"] == "gateway check books"

    dead.run("incidents", "close", one["incident"], *ORDER)

    assert len(dead.run("incidents", "list")) == 1
    [closed] = [
        row
        for row in dead.run("incidents", "list", "--all")
        if row[0] == one["incident"]
    ]
    assert closed[-1].endswith("ส่งทางไปรษณีย์แล้ว")
    assert dead.acts()[0].what == "incidents close"
    dead.run("incidents", "show", "01928374-0000-7000-8000-000000000000", code=1)
