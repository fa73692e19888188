"""Secret letters live and fail on a real hub; no output of it has a word of them.

The database and the vault are left out: what lies there is encrypted, which other
tests show. What sender and receiver are told of their own letters is theirs.
"""

import asyncio
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import pytest
import typer

from envelopes.letter import OrganizationCode
from gateway.bootstrap import open_hub
from gateway.cli.demo_hub import HubProcess
from gateway.cli.main import app, main
from gateway.config import load
from gateway.domain.organization import Person
from tests.journeys.callers import Net
from tests.journeys.leaks import WORDS, found_in, word, wordy
from tests.journeys.secret_play import LIMIT, REGISTRAR, Play

EXEMPT: Final[Mapping[str, str]] = {
    "init": "makes another hub, which has no letters",
    "serve": "its output is the log, which is read here",
    "work": "its output is the log, which is that of serve",
    "demo": "makes a hub of its own, which has no secret letters",
    "receipts verify": "needs no hub: it shows what stands in the files it is given",
    "database upgrade": "changes tables, and shows their version",
    "keys begin": "the hub's own key, which no letter is about",
    "keys new": "the hub's own key, which no letter is about",
    "keys install": "the hub's own key, which no letter is about",
    "keys rotate": "the hub's own key, which no letter is about",
    "archive verify": "needs no hub: it reads the folder it is given",
    "keys secrecy new": "makes the key file of a hub that has none",
}
"""Commands that are not run here, and why they can show no letter of this hub."""

NO_OPTIONS: Final = ((),)
ONCE: Final = pytest.mark.parametrize("play", ["json"], indirect=True, scope="module")
"""For what does not depend on how the log is written."""
ENDS: Final = (
    *("registered", "returned", "recalled"),
    *("parked", "waiting", "stuck", "spoilt"),
)
UNRESTRICTED: Final = ("directory",)
"""What speaks of persons of the directory, whom an operator entered."""

Arguments = Sequence[tuple[str, ...]]


def commands(tree: typer.Typer, before: str = "") -> Iterator[str]:
    for command in tree.registered_commands:
        assert command.callback is not None
        yield f"{before}{command.name or command.callback.__name__}"
    for group in tree.registered_groups:
        assert group.typer_instance is not None
        if group.typer_instance.info.invoke_without_command is True:
            yield f"{before}{group.name}"
        yield from commands(group.typer_instance, f"{before}{group.name} ")


def arguments(play: Play, entry: str) -> Mapping[str, Arguments]:
    """Return how each command is run: all that an operator may ask of these letters.

    A command that is added stands here, or in `EXEMPT` with the reason.
    """
    numbers = [(play.said.numbers[what],) for what in ENDS]
    receiver, stranger = play.receiver.code, play.stranger.code
    sides = [(play.sender.code,), (receiver,), (stranger,)]
    named = ("--by", REGISTRAR)
    ordered = ("--by", "ผู้อื่น", "--reason", "ทดลอง")
    as_stranger = ("--organization", stranger, *named)
    certificate = play.hub.data / "demo-keys" / f"{stranger}.crt"
    given_up, planned = dead_letter_of(play), plan_of(play)
    kept = ("--to", str(play.hub.data / "kept"))
    shown = [*numbers, *((*n, *as_stranger) for n in numbers)]
    return {
        "check": (
            *((), ("books",), ("journal",), ("receipts",)),
            ("endpoint", receiver),
        ),
        "directory list": NO_OPTIONS,
        "directory show": sides,
        "directory persons": sides,
        "directory person": ((receiver, "ผู้อื่น", "--no-secret-registrar"),),
        "directory secrecy": ((stranger, "hub"),),
        "directory dialect": ((stranger, "auto"),),
        "directory add": ((stranger, "--th-name", "ก", "--en-name", "a"),),
        "directory signing": ((stranger, "hosted"),),
        "directory weak-signatures": ((stranger, "--forbid", *ordered),),
        "directory endpoint list": NO_OPTIONS,
        "directory endpoint show": sides,
        "directory endpoint set": (
            (stranger, "webhook", "https://203.0.113.7/in", *ordered),
        ),
        "directory endpoint pause": ((stranger, *ordered),),
        "directory endpoint resume": ((stranger, *ordered),),
        "directory endpoint pull": ((stranger, *ordered),),
        "directory access list": sides,
        "directory access add": ((stranger, "network", "10.1.0.0/16"),),
        "directory access rotate": ((stranger, "00000000"),),
        "directory access end": ((stranger, "00000000"),),
        "directory certificate list": sides,
        "directory certificate add": ((stranger, str(certificate)),),
        "directory certificate revoke": ((stranger, "00000000", *ordered),),
        "directory certificate expiring": NO_OPTIONS,
        "directory certificate refresh": NO_OPTIONS,
        "dead list": ((), ("--all",), ("--each",), ("--each", "--all")),
        "dead show": ((given_up["id"],),),
        "dead discard": ((given_up["id"], *ordered),),
        "dead replay": (("--all", *ordered[:2]),),
        "dead replay start": ((planned, *ordered, "--yes"),),
        "dead replay rate": ((planned, "2", *ordered),),
        "dead replay cancel": ((planned, *ordered),),
        "dead replay watch": ((planned,),),
        "dead replay report": ((planned,), (planned, "--each")),
        "dead replay list": NO_OPTIONS,
        "incidents list": ((), ("--all",)),
        "incidents show": ((given_up["incident"],),),
        "incidents close": ((given_up["incident"], *ordered),),
        "broker declare": (ordered,),
        "broker show": NO_OPTIONS,
        "keys list": NO_OPTIONS,
        "keys certificate": NO_OPTIONS,
        "keys secrecy list": NO_OPTIONS,
        "keys secrecy rotate": (ordered,),
        "keys secrecy prune": (ordered,),
        "letters bundle": [(*n, "--to", str(play.hub.data / "b.zip")) for n in numbers],
        "letters list": NO_OPTIONS,
        "letters show": shown,
        "letters track": shown,
        "inbox list": [*sides, (stranger, *named), (receiver, "--by", "ผู้อื่น")],
        "inbox parked": sides,
        "inbox unpark": ((receiver, entry, "--by", "ผู้อื่น"),),
        "inbox register": (
            (receiver, entry, "--by", "ผู้อื่น"),
            (stranger, entry, *named),
        ),
        "registers show": [*sides, (stranger, *named), (receiver, "--by", "ผู้อื่น")],
        "receipts show": shown,
        "receipts export": [("--out", "-", *each) for each in shown],
        "retention show": [(), *(("--organization", *side) for side in sides)],
        "retention set": (("secret", "12", *ordered),),
        "archive make": (("--until", "2600-01-01", *kept, *ordered),),
        "archive list": NO_OPTIONS,
        "archive purge": ((kept[1], *ordered), (kept[1], "--yes", *ordered)),
        "storage": NO_OPTIONS,
        "journal restart": (ordered,),
        "journal list": [(), *(("--organization", *side) for side in sides)],
        "tail": (("--no-follow", "--lines", "2000"),),
    }


@pytest.fixture(scope="module", params=["json", "text"])
def play(request: pytest.FixtureRequest, new_hub: Callable[[], Path]) -> Iterator[Play]:
    """All that happens, on a hub that writes all it can into its log."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
            patch.delenv(name)
        yield from _played(request.param, new_hub)


def _played(form: str, new_hub: Callable[[], Path]) -> Iterator[Play]:
    hub = HubProcess(new_hub())
    asyncio.run(_directory(hub.data))
    environment = {
        "GATEWAY_LOG_LEVEL": "debug",
        "GATEWAY_LOG_FORMAT": form,
        "GATEWAY_BODY_LIMIT": str(LIMIT),
        # aiohttp reads HTTP in two ways; their errors quote different things.
        "AIOHTTP_NO_EXTENSIONS": "1" if form == "text" else "",
    }
    hub.start(environment)
    net = Net(hub.base)
    sender, receiver = net.pair()
    played = Play(hub, net, sender, receiver, net.office(), environment)
    try:
        asyncio.run(_play(played))
        yield played
    finally:
        hub.stop()


async def _directory(data: Path) -> None:
    """Appoint registrars of offices that will be sender, receiver and stranger."""
    net = Net("")
    offices = [net.office(), net.office(), net.office()]
    async with open_hub(load(data)) as hub, hub.store.unit() as unit:
        for office, is_registrar in zip(offices, (True, True, True), strict=True):
            person = Person(
                OrganizationCode(office.code),
                REGISTRAR,
                is_registrar,
                hub.work.clock.now(),
            )
            await unit.persons.enter(person)
        await unit.commit()


async def _play(played: Play) -> None:
    await played.lives()
    # Its client loses patience sooner.
    impatient = ("directory", "dialect", played.receiver.code, "java-keeping")
    await asyncio.to_thread(run, *impatient, "--data", str(played.hub.data))
    await played.waits()
    await played.strangers()
    await played.refused()
    await played.fails()
    await played.ends()


def run(*arguments: str) -> str:
    """Run a command, and return all that it wrote."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        main(arguments)
    return out.getvalue()


def entry_of(play: Play, what: str) -> str:
    """Return the ProcessID of what waits under this number."""
    lines = json.loads(
        run("inbox", "list", play.receiver.code, "--json", "--data", data_of(play))
    )
    number = play.said.numbers[what]
    return str(next(x["process_id"] for x in lines if x["letter"]["number"] == number))


def dead_letter_of(play: Play) -> Mapping[str, str]:
    """Return what `dead list` says of the letter that cannot be read any more."""
    every = ("dead", "list", "--each", "--all", "--json", "--data", data_of(play))
    number = play.said.numbers["spoilt"]
    lines: list[dict[str, str]] = json.loads(run(*every))
    return next(line for line in lines if line["number"] == number)


def plan_of(play: Play) -> str:
    """Return the id of the first plan to send back all that was given up."""
    there = run("dead", "replay", "list", "--json", "--data", data_of(play))
    if plans := json.loads(there):
        return str(plans[-1]["id"])
    every = ("dead", "replay", "--all", "--json", "--data", data_of(play))
    return str(json.loads(run(*every))["id"])


def data_of(play: Play) -> str:
    return str(play.hub.data)


def test_the_letters_did_what_they_are_here_for(play: Play) -> None:
    """Else the others would look into nothing."""
    states = {
        what: json.loads(
            run("letters", "show", number, "--json", "--data", data_of(play))
        )
        for what, number in play.said.numbers.items()
        if what in ENDS
    }
    found = {what: one[0]["consignments"][0]["state"] for what, one in states.items()}
    log = play.log()

    # No runner could put it into an inbox, or write down that it gave it up; after a
    # minute it is tried again, and given up by what looks after dead queues.
    assert found.pop("stuck") in {"accepted", "waiting", "failed"}
    assert found == {
        "registered": "registered",
        "returned": "returned",
        "recalled": "recalled",
        "parked": "waiting",
        "waiting": "waiting",
        # It cannot be read any more.
        "spoilt": "failed",
    }
    assert "letter parked" in log
    # The last words of the process that a runner took along.
    assert "\nฐานข้อมูลทำงานไม่ได้" in log
    for event in (
        "work given up",
        "message set aside",
        "request failed",
        "request repeated",
    ):
        assert event in log, event
    refused = " ".join(play.said.refusals.values())
    for code in (
        "schema-violated",
        "malformed-envelope",
        "limit-exceeded",
        "signature-invalid",
        "secrecy-not-carried",
        "number-taken",
        "receiver-unknown",
        "date-in-future",
        "sender-not-of-this-door",
        "internal-error",
        "temporarily-unavailable",
        "operation-unknown",
    ):
        assert code in refused, code


def test_no_word_stands_in_the_log(play: Play) -> None:
    lines = play.log().splitlines()

    assert [line for line in lines if found_in(line)] == []
    assert [line for line in lines if REGISTRAR in line] == []


def test_a_third_office_is_told_no_word(play: Play) -> None:
    told = {
        what: found_in("".join(answers)) for what, answers in play.said.answers.items()
    }

    assert {what for what, words in told.items() if words} == set()
    assert len(told) > 12


def test_a_refusal_repeats_no_word_to_its_sender(play: Play) -> None:
    told = {what: found_in(said) for what, said in play.said.refusals.items()}

    # The name of an element that is none is said, whatever the sender made of it.
    del told["another operation"]
    assert {what for what, words in told.items() if words} == set()


@ONCE
def test_every_command_is_walked_or_exempt(play: Play) -> None:
    listed = {*arguments(play, "1"), *EXEMPT}

    assert set(commands(app)) - listed == set()
    assert listed - set(commands(app)) == set()


@ONCE
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["screen", "json"])
@pytest.mark.parametrize("command", sorted(set(commands(app)) - set(EXEMPT)))
def test_no_command_shows_a_word(
    play: Play, command: str, form: tuple[str, ...]
) -> None:
    known = arguments(play, entry_of(play, "waiting"))

    for given in known.get(command, ()):
        said = run(*command.split(), *given, *form, "--data", data_of(play))
        assert said
        assert found_in(said) == set(), (given, said)
        if not command.startswith(UNRESTRICTED):
            assert "zqxregistrar" not in said.replace(REGISTRAR, "", len(given)), said


def test_no_file_beside_the_storage_has_a_word(play: Play) -> None:
    looked_into = []
    for file in play.hub.data.rglob("*"):
        at_rest = file.name.startswith("hub.db") or "vault" in file.parts
        if file.is_file() and not at_rest:
            looked_into.append(file.name)
            assert found_in(file.read_bytes()) == set(), file

    assert {"queues.db", "hub.log", "serve.json"} <= set(looked_into)


@ONCE
def test_a_registrar_of_either_side_sees_all_and_is_noted(play: Play) -> None:
    number = play.said.numbers["registered"]
    for office in (play.sender, play.receiver):
        read = ("letters", "show", number, "--organization", office.code)
        named = (*read, "--by", REGISTRAR, "--data", data_of(play))
        assert "subject" in found_in(run(*named))
        assert {"subject", "mime", "receivergiven"} <= found_in(run(*named, "--json"))

    acts = run("journal", "list", "--data", data_of(play), "--json")
    assert acts.count('"letters show"') >= 4


@ONCE
def test_the_search_finds_what_an_open_letter_shows(play: Play) -> None:
    """The same words in a letter that is not secret: the search is no blind one."""
    letter = wordy(play.net.letter(play.sender, play.receiver), secrecy="001")
    asyncio.run(play.sender.send(letter))

    shown = run("letters", "show", letter.number, "--data", data_of(play))
    as_json = run("letters", "show", letter.number, "--json", "--data", data_of(play))
    pulled = "".join(str(part) for part in (word("subject"),))

    assert {"subject", "mime"} <= found_in(shown)
    assert {"subject", "receivertitle"} <= found_in(as_json)
    assert found_in(pulled) == {"subject"}
    assert len(WORDS) > 10
