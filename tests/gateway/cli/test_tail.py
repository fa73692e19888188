import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.cli.test_scripts import (  # noqa: F401 - fixtures
    SECRET,
    _names,
    hub,
    made,
)
from tests.gateway.store.hub import CIRCULAR, LOEI, MINISTRY

ALL = ["--no-follow", "--lines", "1000"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[list[str]]:
    assert main(["tail", *ALL, *arguments]) == 0
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("hub")
def test_each_line_says_when_whose_which_what_and_whose_turn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Thai first, English beside it, years of the Buddhist era, both offices."""
    lines = told(capsys, "--number", "มท๐๒๑๐.๓/ว๑๗๙๕", "--state", "registered")

    at, who, number, what, turn = lines[0]
    assert at.startswith("1 ก.ค. 2569 09:0")
    assert who == "สำนักงานปลัดกระทรวงมหาดไทย 1500200000 → เชียงใหม่ 1500200050"
    assert number == CIRCULAR.number
    assert what == "ลงเลขรับ / number given number=๑๐๒๔/๒๕๖๙"
    assert turn == "- / nobody"


def test_of_a_secret_letter_the_number_is_told_and_no_person(
    hub: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither its journal's facts nor who did it."""
    entry = _names(hub)["secret"]
    appoint = ["directory", "person", LOEI.text, "สมศรี", "--secret-registrar"]
    assert main(appoint) == 0
    assert main(["inbox", "register", LOEI.text, entry, "--by", "สมศรี"]) == 0
    capsys.readouterr()

    lines = told(capsys, "--number", SECRET.number)
    main(["tail", *ALL, "--json", "--number", SECRET.number])
    documents = capsys.readouterr().out

    assert any(what == "ลงเลขรับ / number given" for *_, what, _ in lines)
    assert "สมศรี" not in str(lines) + documents
    assert "ปกปิด" not in str(lines) + documents


@pytest.mark.usefixtures("hub")
def test_lines_are_the_last_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--lines` is the end of what happened, oldest first; 0 shows nothing of it."""
    everything = told(capsys)

    assert told(capsys, "--lines", "3") == everything[-3:]
    assert told(capsys, "--lines", "0") == []
    assert told(capsys, "--organization", LOEI.text) != everything


@pytest.mark.usefixtures("hub")
def test_for_programs_each_line_is_a_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Keys name each happening for good."""
    assert main(["tail", *ALL, "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert len({one["key"] for one in found}) == len(found) > 10
    assert {one["kind"] for one in found} == {"journal", "act"}
    letter = next(one for one in found if one.get("happening") == "letter-accepted")
    assert letter["sender"]["code"] == MINISTRY.text
    assert letter["state"] == "accepted"


@pytest.mark.usefixtures("hub")
def test_a_time_that_is_none_is_wrong_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says how a time is written."""
    assert main(["tail", "--since", "soon"]) == 2
    assert "10m" in capsys.readouterr().err


def test_what_happens_meanwhile_is_told_and_ctrl_c_is_no_failure(
    hub: Path,  # noqa: F811
) -> None:
    """It reads beside others, tells at once, and ends with 0."""
    command = [sys.executable, "-m", "gateway", "tail", "--lines", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    # Where the tests run in the background, the shell has Ctrl-C ignored, and what they
    # start would ignore it too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # Its own group: a Ctrl-C at the test run itself is another matter.
        process = subprocess.Popen(
            [*command, "--data", str(hub)],
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process as watching:
        assert watching.stdout is not None
        try:
            assert watching.stdout.readline()
            assert main(["broker", "declare", "--data", str(hub)]) == 0
            assert "broker declare" in watching.stdout.readline().decode()
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait(30) == 0


def test_on_a_terminal_what_is_wrong_is_red(
    hub: Path,  # noqa: F811
) -> None:
    """Colour is for people only."""
    main_end, end = pty.openpty()
    command = [sys.executable, "-m", "gateway", "tail", *ALL, "--data", str(hub)]
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    with subprocess.Popen(command, stdout=end, env=environment) as watching:
        os.close(end)
        said = b""
        try:
            while part := os.read(main_end, 4096):
                said += part
        except OSError:
            # So Linux says that the other end is closed.
            pass
        assert watching.wait() == 0
    os.close(main_end)

    assert b"\x1b[32m" in said
    assert "เชียงใหม่".encode() in said
