import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.cli.test_scripts import hub, made  # noqa: F401 - fixtures
from tests.gateway.store.hub import CHIANG_MAI

ORDERED = ["--by", "สมศรี", "--reason", "ระเบียบใหม่"]


def rules(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> list[tuple[str | None, str, int, bool]]:
    capsys.readouterr()
    assert main(["retention", "show", "--json", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    return [(r["organization"], r["kind"], r["years"], r["set"]) for r in found]


@pytest.mark.usefixtures("hub")
def test_ten_years_count_until_something_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For the hub and for single organizations, each kind by itself."""
    assert rules(capsys) == [
        (None, kind, 10, False) for kind in ("open", "secret", "test")
    ]

    assert main(["retention", "set", "test", "1", *ORDERED]) == 0
    own = ["--organization", CHIANG_MAI.text]
    assert main(["retention", "set", "open", "20", *own, *ORDERED]) == 0
    assert main(["retention", "set", "open", "25", *own, *ORDERED]) == 0

    assert rules(capsys)[2:] == [
        (None, "test", 1, True),
        (CHIANG_MAI.text, "open", 25, True),
    ]
    assert [rule[2] for rule in rules(capsys, *own)] == [25, 10, 1]


@pytest.mark.usefixtures("hub")
def test_what_was_before_is_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    """A shorter retention is a decision, and has a name and a reason."""
    for years in ("12", "9"):
        assert main(["retention", "set", "open", years, *ORDERED]) == 0
    capsys.readouterr()
    assert main(["journal", "list", "--json", "--limit", "1"]) == 0

    [act] = json.loads(capsys.readouterr().out)
    assert act["what"] == "retention set"
    assert (act["before"]["years"], act["after"]["years"]) == ("12", "9")
    assert act["why"] == "ระเบียบใหม่"


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("years", ["0", "201", "ten"])
def test_no_years_that_nobody_means(
    years: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is wrong usage, and says so."""
    assert main(["retention", "set", "open", years, *ORDERED]) == 2
    assert "Try: gateway retention set --help" in capsys.readouterr().err


@pytest.mark.usefixtures("hub")
def test_an_organization_nobody_knows_gets_none() -> None:
    """A code typed wrongly would keep nothing."""
    own = ["--organization", "9900200000"]
    assert main(["retention", "set", "open", "20", *own, *ORDERED]) == 1
    assert Path("var").is_dir()
