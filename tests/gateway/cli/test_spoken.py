"""Every error that a command may end with names a next command, and it is one."""

import importlib
import pkgutil
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

import envelopes
import gateway
import queues
from gateway.cli import spoken
from gateway.cli.errors import NotInOrder, SeveralReceivers
from gateway.cli.main import app, families
from gateway.config import SettingsError

ARGUMENTS = ["letters", "show", "มท 1", "--organization", "1500200050", "--data", "/x"]
WHERE = "มท 0210.3/ว 1795"
OURS = frozenset({"gateway", "envelopes", "queues"})


def _load_all() -> None:
    for package in (gateway, envelopes, queues):
        prefix = f"{package.__name__}."
        for module in pkgutil.walk_packages(package.__path__, prefix):
            if (
                not module.name.endswith("__main__")
                and ".migrations" not in module.name
            ):
                importlib.import_module(module.name)


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _below(one)


def _kinds() -> list[type[Exception]]:
    _load_all()
    found = {kind for family in families() for kind in _below(family)}
    ours = {k for k in found if k.__module__.split(".")[0] in OURS}
    return sorted(ours - {NotInOrder}, key=lambda kind: kind.__qualname__)


def an_error(kind: type[Exception]) -> Exception:
    """Make one without its constructor: what it says is its class's."""
    error = kind.__new__(kind)
    error.where = WHERE  # type: ignore[attr-defined]
    return error


def is_a_command(line: str) -> bool:
    """Whether a line names a command of ours, with options that it has."""
    # Typer brings its own copy of click, whose types it does not show.
    command: Any = typer.main.get_command(app)
    program, *words = shlex.split(line)
    if program != "gateway":
        return False
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if hasattr(command, "commands") and words != ["--help"]:
        return False
    options = {name for one in command.params for name in one.opts} | {"--help"}
    return {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("kind", _kinds(), ids=lambda kind: kind.__name__)
def test_every_error_ends_with_a_command_that_can_be_copied(
    kind: type[Exception],
) -> None:
    """Thai first, and a next command that exists, on the same hub."""
    document = spoken.as_document(an_error(kind), ARGUMENTS)["error"]

    assert is_a_command(document["try"]), document
    assert not re.search("[{}]", document["try"])
    assert document["remedy"]
    assert re.search("[ก-๙]", document["thai"])
    assert document["message"]


def test_places_with_blanks_are_quoted() -> None:
    """A number with blanks in it is one word to the shell."""
    remedy = spoken.remedy_of(SeveralReceivers(WHERE), ["letters", "bundle", WHERE])

    assert shlex.split(remedy)[3] == WHERE


def test_what_a_person_has_to_mend_first_is_said_before_the_command() -> None:
    """No command mends a setting: it is written, then the same is tried again."""
    error = SettingsError("lisen", "there is no such setting", "Did you mean listen?")

    said = spoken.as_document(error, ["check", "--data", "/x"])["error"]

    assert said["remedy"] == "Did you mean listen?"
    assert said["try"] == "gateway check --data /x"


def test_where_the_error_names_a_command_it_is_that() -> None:
    """As where there is no hub."""
    error = SettingsError("data", "there is no hub", "Make one: gateway init --data d")

    said = spoken.as_document(error, ["check"])["error"]

    assert said["remedy"] == said["try"] == "gateway init --data d"


def test_a_file_that_cannot_be_used_leads_to_the_help_of_the_command() -> None:
    """What the system says of a file stands there, then how the command is used."""
    said = spoken.remedy_of(FileNotFoundError(2, "none", "f.pem"), ["keys", "install"])

    assert said == "gateway keys install --help"


def test_a_report_says_itself_what_comes_next() -> None:
    """`check` writes a command beside each line that is wrong."""
    assert spoken.remedy_of(NotInOrder(), ["check"]) == ""
