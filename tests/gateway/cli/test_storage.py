import json

import pytest

from gateway.cli.main import main
from gateway.cli.storage import in_words
from tests.cli.test_scripts import hub, made  # noqa: F401 - fixtures
from tests.gateway.store.hub import LOEI, MINISTRY

LONG = ["storage", "--months", "240"]


@pytest.mark.usefixtures("hub")
def test_growth_is_told_by_organization_and_month(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Letters, receivers and bytes; the secret letter is counted, nothing more."""
    assert main([*LONG, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    [month] = found["months"]
    assert (month["month"], month["organization"]) == ("2026-07", MINISTRY.text)
    assert (month["letters"], month["consignments"]) == (2, 3)
    assert month["bytes"] == month["envelope_bytes"] + month["file_bytes"] > 0
    assert found["disk_bytes"] > found["free_bytes"] > 0
    assert found["used_bytes"] > 0


@pytest.mark.usefixtures("hub")
def test_people_read_months_of_their_calendar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And when the disk is full, or that it does not get full."""
    assert main(LONG) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].startswith(f"ก.ค. 2569\t{MINISTRY}\tสำนักงานปลัด")
    assert "█" in lines[0]
    assert any(line.startswith("Added a day\t") for line in lines)
    assert "disk" in lines[-1]


@pytest.mark.usefixtures("hub")
def test_what_one_organization_sent(capsys: pytest.CaptureFixture[str]) -> None:
    """One that sent nothing has no line, and the disk is told all the same."""
    assert main([*LONG, "--organization", LOEI.text]) == 0
    said = capsys.readouterr()

    assert "No letters yet" in said.err
    assert "Free\t" in said.out


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1536, "1.5 KiB"),
        (5 * 1024**3, "5.0 GiB"),
        (3 * 1024**5, "3,072.0 TiB"),
    ],
)
def test_bytes_are_written_in_the_largest_unit(size: int, words: str) -> None:
    """As people say them."""
    assert in_words(size) == words
