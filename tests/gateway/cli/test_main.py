import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from envelopes.errors import SchemaViolated
from gateway.cli import main, spoken
from gateway.cli.errors import NoSuchLetter, NotInOrder
from gateway.config import SettingsError
from gateway.domain.errors import EntryUnknown, OrganizationExists
from gateway.store.errors import StoreUnavailable, VaultDamaged
from queues.errors import BrokerUnavailable, UnknownQueue

HEAVY = {"aiohttp", "alembic", "cryptography", "lxml", "pydantic", "sqlalchemy"}
WRONG = SettingsError("listen", "is wrong", "Mend it")


def commands(app: typer.Typer) -> Iterator[object]:
    yield from (each.callback for each in app.registered_commands)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance)


def test_no_command_is_a_coroutine_function() -> None:
    found = list(commands(main.app))

    assert len(found) > 40
    assert [each for each in found if inspect.iscoroutinefunction(each)] == []


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from gateway.cli.main import main; main(['--help']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "Exit codes: 0 done" in done.stdout
    assert HEAVY.intersection(done.stderr.split()) == set()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EntryUnknown("1"), 1),
        (NoSuchLetter("1"), 1),
        (SchemaViolated("x"), 1),
        (VaultDamaged(), 1),
        (UnknownQueue(), 1),
        (FileNotFoundError(2, "no such file", "x"), 1),
        (WRONG, 2),
        (StoreUnavailable(), 3),
        (BrokerUnavailable(), 3),
        (NotInOrder(), 1),
        (NotInOrder([StoreUnavailable()]), 3),
        (NotInOrder([StoreUnavailable(), VaultDamaged()]), 1),
        (NotInOrder([VaultDamaged(), WRONG]), 2),
    ],
)
def test_an_error_means_a_code_to_who_called(error: Exception, code: int) -> None:
    assert isinstance(error, main.families())
    assert main.exit_code(error) == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["letters", "lst"],
        ["letters", "list", "--limit", "0"],
        ["letters", "list", "--nothing"],
        ["inbox", "list"],
        ["inbox", "list", "15"],
        ["registers", "show", "1500200050", "--year", "2026"],
        ["registers", "show", "1500200050", "--year", "-"],
        ["inbox", "register", "1500200050", "1", "--by", " "],
        ["check", "everything"],
        ["letters"],
        [],
    ],
)
def test_wrong_usage_ends_with_2_and_writes_nothing_to_standard_output(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(arguments) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "gateway" in said.err


@pytest.mark.parametrize(
    "command", ["letters list", "directory list", "check books", "inbox list 15002"]
)
def test_where_there_is_no_hub_the_next_command_is_told(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([*command.split(), "--data", str(tmp_path)]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("ยังไม่มีศูนย์กลางในโฟลเดอร์นี้ / data: there is no hub in")
    assert lines[1] == f"ลองใช้ / Try: gateway init --data {tmp_path}"


def test_the_same_for_programs_is_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["letters", "list", "--json", "--data", str(tmp_path)]) == 2

    said = capsys.readouterr()
    error = json.loads(said.out)["error"]
    assert said.err == ""
    assert error["code"] == "settings-wrong"
    assert error["message"].startswith("data: there is no hub in")
    assert error["remedy"] == f"gateway init --data {tmp_path}"


def test_a_wrong_setting_is_told_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gateway.toml").write_text("lisen = 1", "utf-8")

    assert main.main(["letters", "list", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "lisen" in said
    assert "แก้ไข / Mend: Did you mean listen?" in said
    assert f"Try: gateway letters list --data {tmp_path}\n" in said


def test_a_remedy_can_be_copied() -> None:
    known = OrganizationExists("1500200050")
    arguments = ["directory", "add", "1500200050", "--data", "/my data"]
    entry = ["inbox", "register", "๑๕๐๐๒๐๐๐๕๐", "7", "--data=x"]

    assert (
        spoken.remedy_of(known, arguments)
        == "gateway directory show 1500200050 --data '/my data'"
    )
    assert (
        spoken.remedy_of(EntryUnknown("7"), entry)
        == "gateway inbox list 1500200050 --data x"
    )


def test_what_is_temporary_is_worth_the_same_command_once_more() -> None:
    remedy = spoken.remedy_of(StoreUnavailable(), ["letters", "track", "มท 1"])

    assert remedy == "gateway letters track 'มท 1'"
