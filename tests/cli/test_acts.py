"""Every command that changes something is an act; a new one must be listed here."""

import asyncio
import os
import pwd
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.cli.main import app, main
from gateway.config import load
from gateway.domain.act import Act
from tests.cli.test_scripts import _names, hub, made  # noqa: F401 - fixtures

WHO: Final = "--by 'สมศรี ใจดี' --reason 'ตามคำสั่ง'"

CHANGING: Final = {
    "directory add": f"1500200038 --th-name ก --en-name K --signature none {WHO}",
    "directory dialect": f"1500200050 boi {WHO}",
    "directory secrecy": f"1500200050 002 {WHO}",
    "directory person": f"1500200050 สมชาย --secret-registrar {WHO}",
    "directory signing": f"1500200050 none {WHO}",
    "directory weak-signatures": f"1500200050 --allow {WHO}",
    "directory access add": f"1500200050 path-secret {WHO}",
    "directory access rotate": f"1500200050 {{access}} {WHO}",
    "directory access end": f"1500200050 {{access}} {WHO}",
    "directory certificate add": f"1500200050 office.pem {WHO}",
    "directory certificate revoke": f"1500200050 {{office-short}} {WHO}",
    "directory endpoint set": (
        f"1500200050 webhook https://203.0.113.7/in --any-order {WHO}"
    ),
    "directory endpoint pause": f"1500200050 {WHO}",
    "directory endpoint resume": f"1500200050 {WHO}",
    "directory endpoint pull": f"1500200050 {WHO}",
    "inbox register": "1500200042 {circular} --by 'สมศรี ใจดี'",
    "letters bundle": f"'มท 0210.3/ว 1795' --receiver 1500200050 --to b.zip {WHO}",
    "retention set": f"open 12 --organization 1500200050 {WHO}",
    "keys new": WHO,
    "keys install": f"--self-signed {WHO}",
    "keys rotate": WHO,
    "keys secrecy rotate": WHO,
    "keys secrecy prune": WHO,
    "journal restart": WHO,
    "broker declare": WHO,
}
"""In an order in which each can be done, and how it is called."""

ELSEWHERE: Final = {
    "init": "tests/cli/test_acts.py::test_that_a_hub_was_made_is_its_first_act",
    "archive make": "tests/gateway/cli/test_archive.py",
    "archive purge": "tests/gateway/cli/test_archive_purge.py",
    "inbox unpark": "tests/gateway/workflow/test_acts.py",
    "keys begin": "tests/gateway/cli/test_keys.py",
    "keys secrecy new": "tests/gateway/keys/test_secrecy.py",
    "database upgrade": "tests/gateway/test_bootstrap.py",
    "dead discard": "tests/gateway/cli/test_dead.py",
    "dead replay": "tests/gateway/cli/test_dead_replay.py",
    "dead replay start": "tests/gateway/cli/test_dead_replay.py",
    "dead replay rate": "tests/gateway/cli/test_dead_replay.py",
    "dead replay cancel": "tests/gateway/cli/test_dead_replay.py",
    "incidents close": "tests/gateway/cli/test_dead.py",
    "directory certificate refresh": "tests/gateway/cli/test_certificates.py",
}
"""What needs more than this hub has; its act is looked for there."""

LOOKING: Final = frozenset(
    {
        "broker show",
        "serve",
        "work",
        "demo",
        "check",
        "dead list",
        "dead show",
        "dead replay watch",
        "dead replay report",
        "dead replay list",
        "incidents list",
        "incidents show",
        "directory list",
        "directory show",
        "directory persons",
        "directory endpoint list",
        "directory endpoint show",
        "directory access list",
        "directory certificate list",
        "directory certificate expiring",
        "letters list",
        "letters show",
        "letters track",
        "receipts show",
        "receipts export",
        "receipts verify",
        "inbox list",
        "inbox parked",
        "registers show",
        "keys list",
        "keys certificate",
        "keys secrecy list",
        "journal list",
        "storage",
        "tail",
        "archive verify",
        "archive list",
        "retention show",
    }
)
"""Changes nothing; where a secret letter is shown, the reading is an act besides."""


def commands(tree: typer.Typer, before: str = "") -> Iterator[str]:
    for command in tree.registered_commands:
        yield f"{before}{command.name or getattr(command.callback, '__name__', '')}"
    for group in tree.registered_groups:
        assert group.typer_instance is not None
        if group.typer_instance.info.invoke_without_command is True:
            yield f"{before}{group.name}"
        yield from commands(group.typer_instance, f"{before}{group.name} ")


def acts(data: Path) -> list[Act]:
    async def newest() -> list[Act]:
        async with open_hub(load(data)) as opened:
            return list(await opened.store.views.acts(None, limit=100))

    return asyncio.run(newest())


def test_every_command_is_listed_once() -> None:
    listed = [*CHANGING, *ELSEWHERE, *LOOKING]

    assert sorted(listed) == sorted(commands(app))


@pytest.mark.parametrize("file", sorted(set(ELSEWHERE.values())))
def test_what_is_looked_for_elsewhere_is_there(file: str) -> None:
    assert (Path(__file__).parents[2] / file.partition("::")[0]).is_file()


def test_that_a_hub_was_made_is_its_first_act(tmp_path: Path) -> None:
    assert main(["init", "--data", str(tmp_path / "new")]) == 0

    (first,) = acts(tmp_path / "new")
    assert first.what == "init"
    assert first.who.account == pwd.getpwuid(os.getuid()).pw_name


def test_what_is_changed_says_who_did_it_and_why(hub: Path) -> None:  # noqa: F811
    names = _names(hub)
    for command, arguments in CHANGING.items():
        before = len(acts(hub))
        names["access"] = str(_access(hub))

        code = main(shlex.split(f"{command} {arguments.format_map(names)}"))

        made_now = acts(hub)
        assert code == 0, command
        assert len(made_now) == before + 1, command
        assert made_now[0].what == command
        assert made_now[0].who.account == pwd.getpwuid(os.getuid()).pw_name
        assert made_now[0].who.name == "สมศรี ใจดี"
        assert made_now[0].why == ("ตามคำสั่ง" if "--reason" in arguments else "")


def _access(data: Path) -> object:
    async def last() -> object:
        async with open_hub(load(data)) as opened:
            accesses = await opened.store.accesses(OrganizationCode("1500200050"))
            return accesses[-1].id if accesses else ""

    return asyncio.run(last())
