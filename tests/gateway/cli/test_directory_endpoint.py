"""`gateway directory endpoint`: who is reached by push is set, shown and left alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from tests.cli.test_scripts import hub, made  # noqa: F401 - fixtures

CHIANG_MAI = "1500200050"
URL = "https://203.0.113.7/in"
WHO = ("--by", "สมศรี", "--reason", "ตามคำสั่ง")


class Terminal:
    """The command line on one hub."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["directory", "endpoint", *arguments])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def asked(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def terminal(hub: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:  # noqa: F811
    assert hub.is_dir()
    return Terminal(capsys)


def test_all_fetch_by_themselves_at_first(terminal: Terminal) -> None:
    """Nothing is listed, and what to do is said."""
    assert terminal.asked("list") == []
    assert terminal.asked("show", CHIANG_MAI)["way"] == "pull"
    assert "directory endpoint set" in terminal.run("list")[2]


def test_an_endpoint_is_set_with_all_that_can_be_said(terminal: Terminal) -> None:
    """What is shown is what was set, and what waits is what waited."""
    waiting = terminal.asked("show", CHIANG_MAI)["waiting"]

    terminal.asked(
        *("set", CHIANG_MAI, "ecms", "http://10.1.2.3:8080/ecms?wsdl"),
        *("--network", "10.1.0.0/16", "--network", "10.2.0.0/16"),
        *("--user", "hub", "--password-file", "cm.txt"),
        *("--any-order", "--polled", "--replays", *WHO),
    )

    shown = terminal.asked("show", CHIANG_MAI)
    assert shown == {
        "organization": CHIANG_MAI,
        "way": "ecms",
        "url": "http://10.1.2.3:8080/ecms?wsdl",
        "networks": ["10.1.0.0/16", "10.2.0.0/16"],
        "user": "hub",
        "password_file": "cm.txt",
        "in_order": False,
        "polled": True,
        "replays": True,
        "rests": False,
        "paused_at": None,
        "failures": 0,
        "failing_since": None,
        "closed_until": None,
        "last_failure": None,
        "last_success_at": None,
        "changed_at": shown["changed_at"],
        "waiting": waiting,
    }
    assert terminal.asked("list") == [shown]


def test_it_is_paused_resumed_and_set_to_pull(terminal: Terminal) -> None:
    """Each says how it is reached now, and names the next command."""
    code, out, err = terminal.run("set", CHIANG_MAI, "webhook", URL, *WHO)
    assert (code, URL in out) == (0, True)
    assert f"gateway check endpoint {CHIANG_MAI}" in err
    assert "ปกติ / fine" in out

    code, out, err = terminal.run("pause", CHIANG_MAI, *WHO)
    assert (code, "พักไว้ตั้งแต่" in out) == (0, True)
    assert f"gateway directory endpoint resume {CHIANG_MAI}" in err
    assert terminal.asked("show", CHIANG_MAI)["rests"] is True
    terminal.asked("set", CHIANG_MAI, "webhook", f"{URL}2", *WHO)
    assert terminal.asked("show", CHIANG_MAI)["rests"] is True

    terminal.asked("resume", CHIANG_MAI, *WHO)
    assert terminal.asked("show", CHIANG_MAI)["rests"] is False
    terminal.asked("pull", CHIANG_MAI, *WHO)
    assert terminal.asked("list") == []


@pytest.mark.parametrize("verb", ["pull", "pause", "resume"])
def test_who_fetches_by_itself_is_not_paused(terminal: Terminal, verb: str) -> None:
    """There is nothing to leave alone, and the message says what to do."""
    code, _, err = terminal.run(verb, CHIANG_MAI, *WHO)

    assert code == 1
    assert "endpoint-unknown" in err or "มาดึงเอง" in err


def test_nobody_is_reached_who_is_not_in_the_directory(terminal: Terminal) -> None:
    """An endpoint belongs to an organization."""
    code, _, err = terminal.run("set", "9900200000", "webhook", URL, *WHO)

    assert code == 1
    assert "gateway" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", URL),
        ("carrier-pigeon", URL),
        ("webhook", "ftp://203.0.113.7/"),
        ("webhook", "https://user:password@203.0.113.7/"),
        ("webhook", "https://0x7f000001/"),
        ("webhook", URL, "--network", "10.1.2.3/16"),
        ("webhook", URL, "--user", "hub"),
        ("webhook", URL, "--password-file", "cm.txt"),
    ],
)
def test_what_cannot_be_meant_is_not_set(
    terminal: Terminal, arguments: Sequence[str]
) -> None:
    """An address that hides where it leads is refused before anything is kept."""
    assert terminal.run("set", CHIANG_MAI, *arguments, *WHO)[0] == 2
    assert terminal.asked("list") == []


def test_the_directory_shows_the_way_too(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who looks at an organization sees that the hub pushes, and whether it rests."""
    terminal.asked("set", CHIANG_MAI, "webhook", URL, *WHO)
    terminal.asked("pause", CHIANG_MAI, *WHO)

    assert main(["directory", "show", CHIANG_MAI]) == 0
    said = capsys.readouterr().out
    assert URL in said
    assert "พักไว้ตั้งแต่" in said
    assert main(["directory", "list"]) == 0
    assert "webhook !" in capsys.readouterr().out
