"""Every vector gets its verdict, and leaves no trace but what that says."""

import asyncio
import contextlib
import importlib.util
import io
import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from envelopes.decoder import decode
from envelopes.errors import EnvelopeError
from envelopes.letter import OrganizationCode
from envelopes.reading import letter_from
from envelopes.requests import SendLetter
from envelopes.signature import verify
from gateway.cli.main import main
from gateway.telemetry import EVENTS
from tests.hostile import judge, parties, trial
from tests.hostile.corpus import FEWEST, MOST, corpus
from tests.hostile.documents import TRAP
from tests.hostile.hub import certificates, registered
from tests.hostile.making import EVIL, a_letter, number_of
from tests.hostile.offices import CHIANG_MAI, HEALTH, LANDS, MINISTRY, NOW
from tests.hostile.screens import Terminal, controls
from tests.hostile.vector import SIGNATURES, Carried, Kind, Vector

ROOT = Path(__file__).parents[2]


def _loaded() -> ModuleType:
    path = ROOT / "tools" / "make_hostile.py"
    spec = importlib.util.spec_from_file_location("make_hostile", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _loaded()
CANARY = "canary-of-the-environment"
VECTORS = corpus()
CARRIED = [vector for vector in VECTORS if isinstance(vector.verdict, Carried)]
BY_NAME = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.file)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[trial.Record]:
    """Everything was tried once."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
            patch.delenv(name)
        patch.setenv("HOSTILE_CANARY", CANARY)
        yield asyncio.run(trial.hold(tmp_path_factory.mktemp("hostile")))


class TestCorpus:
    def test_there_are_enough_and_none_is_there_twice(self) -> None:
        assert len(VECTORS) >= 200
        assert len({vector.name for vector in VECTORS}) == len(VECTORS)
        assert len({(v.door, v.content) for v in VECTORS}) == len(VECTORS)

    def test_no_class_is_small_and_none_is_large(self) -> None:
        counts = Counter(vector.kind for vector in VECTORS)

        assert set(counts) == set(Kind)
        assert all(FEWEST <= count <= MOST for count in counts.values()), counts

    def test_building_twice_gives_the_same_bytes(self) -> None:
        again = corpus.__wrapped__()

        assert [v.content for v in again] == [v.content for v in VECTORS]

    def test_a_vector_says_what_is_wrong_in_a_line(self) -> None:
        for vector in VECTORS:
            assert vector.wrong
            assert "\n" not in vector.wrong
            assert re.fullmatch(r"[a-z0-9.-]+", vector.name), vector.name


@BY_NAME
def test_a_vector_gets_its_verdict(vector: Vector, record: trial.Record) -> None:
    assert judge.complaints(vector, record.outcomes[vector.name]) == []


@BY_NAME
def test_none_costs_more_than_its_size_allows(
    vector: Vector, record: trial.Record
) -> None:
    outcome = record.outcomes[vector.name]
    seconds, peak, parsed = trial.bounds(len(vector.content), record.honest)

    assert outcome.seconds <= seconds
    assert outcome.peak <= peak
    assert outcome.parsed <= parsed


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector.kind in SIGNATURES],
    ids=lambda vector: vector.file,
)
def test_none_reads_what_was_not_signed(vector: Vector) -> None:
    """Below the door, with every certificate of the office: what is read is signed."""
    office = LANDS if vector.door == LANDS else vector.door
    trusted = [
        registered(OrganizationCode(office), signer) for signer in certificates(office)
    ]
    try:
        request = decode(vector.content).request
        assert isinstance(request, SendLetter)
        letter = letter_from(verify(request.document, trusted, NOW))
    except EnvelopeError:
        return

    assert letter == a_letter(vector.name, sender=office)


class TestTraces:
    def test_nobody_fetches_anything(self, record: trial.Record) -> None:
        assert record.visits == 0

    def test_nobody_is_called_but_the_hub(self, record: trial.Record) -> None:
        ports = {int(base.rpartition(":")[2]) for base in record.bases}

        assert record.seen.connected == {("127.0.0.1", port) for port in ports}

    def test_no_program_is_started(self, record: trial.Record) -> None:
        assert record.seen.programs == []

    def test_nothing_is_written_outside_the_hubs_folder(
        self, record: trial.Record
    ) -> None:
        home = record.data.parent
        outside = {
            path
            for path in record.seen.written
            if home not in path.absolute().parents
            and path != Path("/proc/self/clear_refs")
        }

        assert outside == set()
        assert not Path("/tmp/hostile-was-here").exists()  # noqa: S108 - in vectors

    def test_nothing_of_this_machine_comes_in(self, record: trial.Record) -> None:
        """No environment, no file: neither in what is kept nor in what is shown."""
        kept = b"".join(
            path.read_bytes() for path in record.data.rglob("*") if path.is_file()
        )
        shown = b"".join(outcome.read for outcome in record.outcomes.values())

        for words in (CANARY.encode(), b"root:x:0:0", EVIL.encode()):
            assert words not in kept
            assert words not in shown
            assert words.decode() not in record.log

    def test_the_hub_made_no_mistake(self, record: trial.Record) -> None:
        events = Counter(json.loads(line)["event"] for line in record.log.splitlines())

        assert events["request refused"] > 100
        assert events["request failed"] == 0
        assert events["request repeated"] == 0

    def test_a_line_of_the_log_is_one_event(self, record: trial.Record) -> None:
        lines = record.log.split("\n")[:-1]

        assert lines == record.log.splitlines()
        for line in lines:
            assert json.loads(line)["event"] in EVENTS
            assert not controls(line), line

    def test_a_line_for_people_is_one_event(self, record: trial.Record) -> None:
        lines = record.text.split("\n")[:-1]

        assert lines == record.text.splitlines()
        for line in lines:
            event = re.match(r"\S+ \[\w+ *\] ([a-z ]+?)  ", f"{line}  ")
            assert event, line
            assert event[1] in EVENTS
            assert not controls(line), line

    def test_no_key_of_the_log_is_forged(self, record: trial.Record) -> None:
        """What a stranger wrote stands in quotes where it would look like a key."""
        for line in record.text.splitlines():
            bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
            keys = Counter(re.findall(r"(\w+)=", bare))
            assert all(count == 1 for count in keys.values()), line

    def test_the_books_balance(
        self, record: trial.Record, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["check", "books", "--data", str(record.data)]) == 0
        assert capsys.readouterr().out


ODD = ("c1-controls", "bidi", "invisible", "plane-end", "separators")
COMMANDS = (
    ["letters", "list", "--limit", "1000"],
    ["inbox", "list", HEALTH],
    ["inbox", "list", CHIANG_MAI],
    ["registers", "show", HEALTH],
    ["check"],
)


def commands(record: trial.Record) -> Iterator[list[str]]:
    """Yield every command that shows something of a letter."""
    data = ["--data", str(record.data)]
    numbers = [
        vector.verdict.text
        if vector.kind is Kind.IN_NUMBER and isinstance(vector.verdict, Carried)
        else number_of(vector.name)
        for vector in CARRIED
        if is_steering(vector)
    ]
    assert len(numbers) > 30
    for command in COMMANDS:
        yield [*command, *data]
    for number in numbers:
        shown = number.replace(TRAP, f"127.0.0.1:{record.port}")
        for verb in ("show", "track"):
            yield ["letters", verb, *data, "--", shown]


def is_steering(vector: Vector) -> bool:
    """Whether what it says, wherever, means something to a screen."""
    steers = {"line", "terminal", "tabs", "turned", "rich", "option"}
    said = steers.intersection(vector.name.split("-"))
    numbered = vector.kind is Kind.IN_NUMBER
    written = vector.kind in (Kind.IN_SUBJECT, Kind.IN_FIELDS) and said
    strange = vector.kind is Kind.ENCODING and vector.name in ODD
    return bool(numbered or written or strange) and "accept-id" not in vector.name


def said(command: list[str], terminal: io.StringIO) -> str:
    errors = io.StringIO()
    with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(errors):
        code = main(command)
    assert code in (0, 1), (command, errors.getvalue())
    assert not controls(errors.getvalue())
    return terminal.getvalue()


class TestScreens:
    def test_no_control_character_reaches_a_terminal(
        self, record: trial.Record, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setenv("COLUMNS", "160")
        for command in commands(record):
            out = said(command, Terminal())
            assert out or command[0] == "inbox"
            assert not controls(out), command

    def test_a_row_in_a_pipe_is_one_line_of_as_many_cells(
        self, record: trial.Record
    ) -> None:
        for command in commands(record):
            out = said(command, io.StringIO())
            assert not controls(out), command
            if command[1] == "list":
                cells = {line.count("\t") for line in out.splitlines()}
                assert len(cells) <= 1, command
        listed = said(next(commands(record)), io.StringIO())
        with closing(sqlite3.connect(record.data / "hub.db")) as database:
            (letters,) = database.execute("SELECT count(*) FROM letter").fetchone()
        assert len(listed.splitlines()) == letters

    def test_json_is_json_and_says_exactly_what_was_written(
        self, record: trial.Record
    ) -> None:
        subjects = set()
        for command in list(commands(record))[::2]:
            place = command.index("--data")
            out = said([*command[:place], "--json", *command[place:]], io.StringIO())
            assert not controls(out), command
            document = json.loads(out)
            if command[:2] == ["letters", "list"]:
                subjects = {line["subject"] for line in document}
        written = {
            vector.verdict.text
            for vector in CARRIED
            if isinstance(vector.verdict, Carried)
            and vector.kind is Kind.IN_SUBJECT
            and TRAP not in vector.verdict.text
        }
        assert written <= subjects


def test_nobody_is_shown_as_sender_of_what_came_at_another_door(
    record: trial.Record,
) -> None:
    doors = {number_of(v.name): v.door.partition("/")[0] for v in VECTORS}
    doors |= {number_of(name): MINISTRY for name in parties.seeds()}
    doors |= {number_of(parties.SEED_SIGNED): LANDS}
    with closing(sqlite3.connect(record.data / "hub.db")) as database:
        rows = database.execute("SELECT number, sender FROM letter").fetchall()
    senders = {number: sender for number, sender in rows if number in doors}

    assert len(senders) > 50
    assert senders == {number: doors[number] for number in senders}


class TestTool:
    def test_the_document_tells_of_every_vector(self) -> None:
        assert TOOL.is_current(), "make docs"
        written = TOOL.DOCUMENT.read_text("utf-8")
        for vector in VECTORS:
            section = written.partition(f"\n## {vector.kind}\n")[2].partition("\n## ")[
                0
            ]
            [row] = [
                line
                for line in section.splitlines()
                if line.startswith(f"| {vector.name} |")
            ]
            assert row.endswith(f"| {vector.verdict} |")

    def test_vectors_are_written_as_files(self, tmp_path: Path) -> None:
        TOOL.write_files(tmp_path)

        for vector in VECTORS:
            assert (tmp_path / vector.file).read_bytes() == vector.content
        listed = (tmp_path / "vectors.tsv").read_text("utf-8").splitlines()
        assert len(listed) == len(VECTORS) + 1
        assert {line.count("\t") for line in listed} == {3}
