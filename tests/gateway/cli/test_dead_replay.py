"""`gateway dead replay` at the command line: nothing is sent that was not said."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from gateway.bootstrap import Hub, init, open_hub
from gateway.cli import replay_watch
from gateway.cli.acting import order
from gateway.cli.dead_choice import moment
from gateway.cli.main import main
from gateway.cli.replay_found import Found, find
from gateway.config import load
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from gateway.domain.register import BANGKOK
from gateway.domain.replay import GOOD_FOR, Progress
from gateway.domain.replay_plan import Choice
from gateway.identity import SystemClock
from gateway.runners.replayer import Replayer
from gateway.store.errors import VaultDamaged
from gateway.workflow.give_up import give_up
from gateway.workflow.replay import plan
from gateway.workflow.route import route
from tests.gateway.workflow import hub as by_hand
from tests.gateway.workflow.failing import due, not_routed, numbered
from tests.gateway.workflow.hub import CHIANG_MAI, LOEI, MINISTRY, Stage

WHO = ("--by", "สมศรี ใจดี", "--reason", "ซ่อมแล้ว")
LETTERS = 3


class Now(SystemClock):
    """Goes by itself: commands take the time from the system too."""

    def advance(self, **by: float) -> None:
        """Let no time pass."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that gave up routing two letters to Chiang Mai and one to Loei."""
    data = tmp_path_factory.mktemp("dead") / "hub"
    asyncio.run(_make(data))
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "hub")
    return tmp_path / "hub"


async def _make(data: Path) -> None:
    await init(load(data), demo=False)
    async with open_hub(load(data)) as opened:
        async with opened.store.unit() as unit:
            for code in (MINISTRY, CHIANG_MAI, LOEI):
                office = Organization(code, "หน่วยงาน", "Office", Signed.HOSTED)
                await unit.directory.add(office, [], opened.work.clock.now())
            await unit.commit()
        hub = by_hand.Hub(opened.work, opened.store, Now())  # type: ignore[arg-type]
        await not_routed(hub, CHIANG_MAI, CHIANG_MAI, LOEI)


class Shell:
    """Runs `gateway dead replay …` on one hub."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.capsys = capsys
        self.err = ""

    def __call__(self, *words: str, code: int = 0) -> str:
        command = ["dead", "replay", *words, "--data", str(self.data)]
        assert main(command) == code, self.capsys.readouterr()
        said = self.capsys.readouterr()
        self.err = said.err
        return said.out

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", code=code))

    def plan(self) -> str:
        return str(self.json("--all")["id"])


@pytest.fixture
def shell(data: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(data, capsys)


def with_hub(data: Path, verb: Callable[[Hub], Awaitable[Any]]) -> Any:
    async def session() -> Any:
        async with open_hub(load(data)) as opened:
            return await verb(opened)

    return asyncio.run(session())


async def _carry_on(opened: Hub, looks: int = 4) -> None:
    """Let the replayer look, and letters be routed between its looks."""
    hub = by_hand.Hub(opened.work, opened.store, Now())  # type: ignore[arg-type]
    replayer = Replayer(opened.work, stop=asyncio.Event())
    for _ in range(looks):
        await replayer.look()
        for promise in await due(hub, Stage.ROUTE):
            await route(opened.work, promise.id)


def test_nothing_never_means_all(shell: Shell) -> None:
    """Without any words it is help; with none that choose, wrong usage."""
    shell(code=2)

    assert "--incident ID" in shell.err


def test_a_plan_says_what_is_sent_and_how_to_go_on(shell: Shell) -> None:
    """By endpoint and cause, with its end, and that there is no undo."""
    said = shell("--all")

    assert f"{CHIANG_MAI}\tvault-damaged\t2\t0\t" in said
    assert "Eligible\t3" in said
    assert "There is no undo" in shell.err
    assert "gateway dead replay start" in shell.err
    assert shell("--cause", "no-such-cause") == ""
    assert shell.json("--cause", "no-such-cause") is None
    assert shell.json("--endpoint", LOEI.text)["eligible"] == 1


def test_a_plan_is_a_document(shell: Shell) -> None:
    """All that the screen shows, and each letter besides."""
    found = shell.json("--all", "--rate", "0.5")

    assert found["progress"] == "planned"
    assert found["endpoints"] == {CHIANG_MAI.text: 2, LOEI.text: 1}
    assert found["causes"] == {"vault-damaged": LETTERS}
    assert found["ages"] == {"<1h": LETTERS}
    assert found["seconds"] == 4
    assert [letter["position"] for letter in found["letters"]] == [1, 2, 3]


def test_what_is_held_back_is_said_with_the_reason(shell: Shell) -> None:
    """And how to go on only where something may go."""

    async def recall(opened: Hub) -> None:
        hub = by_hand.Hub(opened.work, opened.store, Now())  # type: ignore[arg-type]
        await hub.free(LOEI, numbered(LETTERS)[-1])

    with_hub(shell.data, recall)

    said = shell("--endpoint", LOEI.text)
    assert "1\tตีกลับหรือดึงกลับแล้ว / returned or taken back" in said
    assert "dead replay start" not in shell.err
    assert shell.json("--all")["verdicts"] == {"eligible": 2, "answered": 1}
    plan = shell.json("--endpoint", LOEI.text)["id"]
    assert "returned or taken back" in shell("report", plan, "--each")
    shell("start", plan, *WHO, "--yes", code=1)


def test_without_a_terminal_yes_must_be_said(shell: Shell) -> None:
    """Nobody can be asked there; nothing is started."""
    plan = shell.plan()

    shell("start", plan, *WHO, code=2)

    assert "--yes" in shell.err
    assert shell.json("report", plan)["progress"] == "planned"


def test_on_a_terminal_the_numbers_are_repeated(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is sent by who thinks better of it."""
    plan = shell.plan()
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", confirm)
    shell("start", plan, *WHO, code=130)

    assert "Send 3 again (0 of them stamped), hold back 0?" in asked[0]
    assert "There is no undo" in shell.err


def test_a_plan_is_started_carried_on_and_reported(shell: Shell) -> None:
    """From the plan to its report, with who did it and why."""
    plan = shell.plan()
    started = shell.json("start", plan[:18], *WHO, "--yes", "--rate", "50")
    assert (started["progress"], started["rate"]) == ("running", 50)
    assert started["started_by"] == "สมศรี ใจดี"
    shell("start", plan, *WHO, "--yes", code=1)
    assert f"gateway dead replay report {plan}" in shell.err

    with_hub(shell.data, _carry_on)

    report = shell.json("report", plan)
    assert report["progress"] == "done"
    assert report["outcomes"]["done"] == LETTERS
    assert [letter["ahead"] for letter in report["letters"]] == [True, False, True]
    assert "Done\t3" in shell("report", plan)
    assert len(shell("report", plan, "--each").splitlines()) == LETTERS
    assert shell("watch", plan).endswith("done\tdone 3\n")
    [line] = shell.json("list")
    assert line["id"] == plan
    assert f"{plan}\t" in shell("list")


def test_what_is_on_its_way_is_looked_up_where_nobody_notes_it(
    shell: Shell,
) -> None:
    """A replay that was called off is carried on by nobody; its report is right."""
    plan = shell.plan()
    shell("start", plan, *WHO, "--yes")
    with_hub(shell.data, lambda hub: _carry_on(hub, looks=1))

    assert shell.json("rate", plan, "5", *WHO)["rate"] == 5
    called_off = shell.json("cancel", plan, *WHO)

    assert called_off["progress"] == "cancelled"
    assert called_off["outcomes"]["done"] == 2
    assert called_off["outcomes"]["not-attempted"] == 1
    shell("rate", plan, "5", code=1)
    assert json.loads(shell("watch", plan, "--json"))["progress"] == "cancelled"


def test_what_is_not_there_is_said(shell: Shell) -> None:
    """Each with the next command to try."""
    assert shell("list") == ""
    shell("report", "0123", code=1)
    assert "gateway dead replay list" in shell.err
    plan = shell.plan()
    shell("watch", plan, code=1)
    assert f"gateway dead replay report {plan}" in shell.err
    shell("start", plan, *WHO, "--yes", "--even-if-stamped", "2", code=1)
    assert "stamped" in shell.err


async def test_a_watch_tells_what_changes_until_the_end(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same again is not told; one that stopped is the end."""
    ends = [Progress.RUNNING, Progress.RUNNING, Progress.STOPPED]
    pauses: list[float] = []
    async with open_hub(load(data)) as opened:
        made = await plan(opened.work, Choice(everything=True), order("dead replay"))
        assert made is not None
        found = await find(opened, str(made.id))

    async def look() -> Found:
        return replace(found, replay=replace(made, progress=ends.pop(0)))

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    ended = await replay_watch.watch(look, as_json=True, pause=pause)

    lines = capsys.readouterr().out.splitlines()
    assert ended.progress is Progress.STOPPED
    assert [json.loads(line)["progress"] for line in lines] == ["running", "stopped"]
    assert pauses == [replay_watch.PAUSE] * 2


def test_a_replay_that_stopped_by_itself_is_no_success(shell: Shell) -> None:
    """Whoever watches it in a script is told so by the exit code."""

    async def fails(opened: Hub) -> None:
        hub = by_hand.Hub(opened.work, opened.store, Now())  # type: ignore[arg-type]
        replayer = Replayer(opened.work, stop=asyncio.Event())
        await replayer.look()
        for promise in await due(hub, Stage.ROUTE):
            await give_up(opened.work, promise.id, VaultDamaged())
        await replayer.look()

    plan = shell.plan()
    shell("start", plan, *WHO, "--yes")
    with_hub(shell.data, fails)

    said = shell("watch", plan, code=1)

    assert "stopped" in said
    assert "Failed again\t2" in shell("report", plan)
    assert "2\tvault-damaged" in shell("report", plan)


def test_each_way_of_changing_something_is_an_act(shell: Shell) -> None:
    """The journal says who planned, started, slowed down and called off."""
    plan = shell.plan()
    shell("start", plan, *WHO, "--yes")
    shell("rate", plan, "2", *WHO)
    shell("cancel", plan, *WHO)

    acts = with_hub(shell.data, lambda hub: hub.store.views.acts(None, limit=10))

    names = ["dead replay", *(f"dead replay {w}" for w in ("start", "rate", "cancel"))]
    assert [act.what for act in reversed(acts)][-4:] == names
    assert all(act.after["replay"] == plan for act in acts[:4])
    assert [act.why for act in acts[:3]] == ["ซ่อมแล้ว"] * 3


def test_a_time_is_written_in_either_era_or_as_how_long_ago() -> None:
    """Days and minutes are those of Bangkok."""
    day = datetime(2026, 11, 21, tzinfo=BANGKOK)

    assert moment("2026-11-21") == moment("๒๕๖๙-๑๑-๒๑") == day
    assert moment("2569-11-21T14:05") == day + timedelta(hours=14, minutes=5)
    assert moment("2026-11-21T07:00+00:00") == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert moment(day) is day
    said, hours = datetime.now(UTC), timedelta(hours=2)
    assert said - hours <= moment("2h") <= datetime.now(UTC) - hours
    with pytest.raises(typer.BadParameter):
        moment("yesterday")


def test_a_plan_of_the_list_expires(shell: Shell) -> None:
    """Nobody writes that down; it is told by the clock."""
    plan = shell.plan()

    async def later(opened: Hub) -> Progress:
        found = await find(opened, plan)
        return found.replay.stands(found.now + GOOD_FOR)

    assert with_hub(shell.data, later) is Progress.EXPIRED
