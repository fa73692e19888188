"""Runs `tests/cli/*.txt`: commands as a person types them, and what they answer.

`$ gateway …` is a command in a pipe; the lines behind it are its standard output,
those that begin with `! ` its standard error, `? N` its exit code where it is not 0.
`…` stands for anything within a line; `{name}` for what `_names` knows.
"""

import asyncio
import functools
import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envelopes.letter import Attachment, LetterId, OrganizationCode
from envelopes.notifier import NotifierKind
from gateway.bootstrap import init, open_hub
from gateway.cli.main import main
from gateway.config import FILE, load
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization
from gateway.keys.secret_file import KeyFile
from gateway.runners.notary import Notary
from tests.doubles.clock import HandClock
from tests.doubles.pki import Identity, certified, ec_key
from tests.gateway.store.hub import CHIANG_MAI, CIRCULAR, LOEI, MINISTRY, Hub, to

KEYS = "secret.keys"
SECRET = LetterId("มท 0211/9", "2026-06-07")
PAPER = Attachment("application/pdf", b"%PDF-1.4 what nobody is shown")
OFFICES = {
    MINISTRY: ("สำนักงานปลัดกระทรวงมหาดไทย", "", "Office of the Permanent Secretary"),
    CHIANG_MAI: ("สำนักงานจังหวัดเชียงใหม่", "TH-50", "Chiang Mai Provincial Office"),
    LOEI: ("สำนักงานจังหวัดเลย", "TH-42", "Loei Provincial Office"),
}
CERTIFICATES = {
    "office": ("office", -1, 400),
    "same-key": ("office", -2, 500),
    "soon": ("soon", -1, 20),
    "later": ("later", 30, 400),
    "over": ("over", -9, -1),
}
"""Files with certificates of one office: their key, and days counted from today.

Commands take the time from the system, so these do too."""


@dataclass
class Step:
    """A command, and what it must answer."""

    command: str
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    code: int = 0


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with a circular to two provinces and a secret letter to one."""
    data = tmp_path_factory.mktemp("cli") / "hub"
    asyncio.run(_make(data))
    return data


@pytest.fixture
def hub(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that hub, in a folder the commands find by themselves."""
    shutil.copytree(made, tmp_path / "var")
    keys = shutil.copy(made.parent / KEYS, tmp_path / KEYS)
    setting = f"secret_key_file = {json.dumps(str(keys))}\n"
    (tmp_path / "var" / FILE).write_text(setting, "utf-8")
    for name, (key, begins, ends) in CERTIFICATES.items():
        file = tmp_path / f"{name}.pem"
        file.write_bytes(_certificate(key, begins, ends).pem)
    (tmp_path / "no.pem").write_text("none", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_DATA", raising=False)
    return tmp_path / "var"


async def _make(data: Path) -> None:
    clock = HandClock()
    keys = data.parent / KEYS
    KeyFile.new().create(keys)
    settings = load(data, secret_key_file=keys)
    await init(settings, demo=False, clock=clock)
    async with open_hub(settings, clock=clock) as opened:
        work = opened.work
        hub = Hub(work, opened.store, clock)
        async with opened.store.unit() as unit:
            for code, (thai, iso, english) in OFFICES.items():
                office = Organization(code, thai, english, Signed.HOSTED, iso_code=iso)
                await unit.directory.add(office, [], clock.now())
            await unit.commit()
        for receiver in (CHIANG_MAI, LOEI):
            await hub.send(to(receiver, CIRCULAR), signed=False)
        words = {"subject": "เรื่องที่ปกปิด", "secrecy": "002", "main": PAPER}
        secret = to(LOEI, SECRET, **words)
        await hub.send(secret, signed=False)
        await hub.poll(CHIANG_MAI, delete=True)
        # The hub ended before it could sign a receipt of the number.
        await Notary(work, stop=asyncio.Event()).look()
        await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, CIRCULAR, "๑๐๒๔/๒๕๖๙")


@functools.cache
def _certificate(key: str, begins: int, ends: int) -> Identity:
    day = datetime.now(UTC).replace(microsecond=0)
    return certified(
        ec_key(f"a key of Bueng Kan: {key}"),
        "1500200038",
        not_before=day + timedelta(days=begins),
        not_after=day + timedelta(days=ends),
    )


def _names(data: Path) -> dict[str, str]:
    async def waiting() -> list[str]:
        async with open_hub(load(data)) as hub:
            lines = await hub.store.views.inbox(OrganizationCode(LOEI.text))
            return [line.entry.process_id for line in lines]

    circular, secret = asyncio.run(waiting())
    thai = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    return {
        "circular": circular,
        "circular-thai": circular.translate(thai),
        "secret": secret,
        "office-short": _certificate(*CERTIFICATES["office"]).fingerprint[:16],
    }


def _steps(script: Path, names: dict[str, str]) -> Iterator[Step]:
    text = script.read_text("utf-8")
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    for block in re.split(r"^\$ gateway", text, flags=re.MULTILINE)[1:]:
        command, *answer = block.rstrip("\n").split("\n")
        step = Step(command.strip())
        for line in answer:
            if line.startswith("! "):
                step.err.append(line.removeprefix("! "))
            elif line.startswith("? "):
                step.code = int(line.removeprefix("? "))
            elif line and not line.startswith("#"):
                step.out.append(line)
        yield step


def _agree(expected: list[str], said: str) -> bool:
    pattern = "\n".join(".*".join(map(re.escape, line.split("…"))) for line in expected)
    return re.fullmatch(pattern, said.rstrip("\n")) is not None


@pytest.mark.parametrize(
    "script", sorted(Path(__file__).parent.glob("*.txt")), ids=lambda path: path.stem
)
def test_a_script_is_answered_as_it_says(
    script: Path, hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = list(_steps(script, _names(hub)))

    assert steps
    for step in steps:
        code = main(shlex.split(step.command))
        said = capsys.readouterr()
        assert _agree(step.err, said.err), (step.command, said.err, step.err)
        assert _agree(step.out, said.out), (step.command, said.out, step.out)
        assert code == step.code, (step.command, said)


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["screen", "json"])
def test_nothing_of_a_secret_letter_is_shown(
    hub: Path, capsys: pytest.CaptureFixture[str], as_json: list[str]
) -> None:
    entry = _names(hub)["secret"]
    appoint = ["directory", "person", LOEI.text, "สมศรี", "--secret-registrar"]
    register = ["inbox", "register", LOEI.text, entry, "--by", "สมศรี"]
    assert main(appoint) == main(register) == 0
    commands = (
        ["letters", "list"],
        ["letters", "show", SECRET.number],
        ["letters", "track", SECRET.number],
        ["inbox", "list", MINISTRY.text],
        ["registers", "show", LOEI.text],
        ["check", "books"],
    )
    capsys.readouterr()

    assert [main([*command, *as_json]) for command in commands] == [0] * len(commands)

    said = capsys.readouterr().out
    assert SECRET.number in said
    # The subject, the clerk, the receiver's title, and the file.
    for hidden in ("ปกปิด", "สมศรี", "ผู้ว่าราชการจังหวัด", PAPER.digest):
        assert hidden not in said
    assert as_json or "ลับ" in said


def test_each_reading_of_a_secret_letter_is_an_act(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = ["--by", "สมศรี"]
    both = ["--organization", LOEI.text, *reader]
    assert main(["directory", "person", LOEI.text, "สมศรี", "--secret-registrar"]) == 0

    def acts() -> list[str]:
        with closing(sqlite3.connect(hub / "hub.db")) as database:
            found = database.execute(
                "SELECT what, name, organization, consignment_id IS NULL FROM act "
                "WHERE what NOT LIKE 'directory%' AND what <> 'init' ORDER BY id"
            ).fetchall()
        # The name that was given is kept encrypted.
        assert {(name, whose, none) for _, name, whose, none in found} <= {
            ("", LOEI.text, 0)
        }
        return [what for what, *_ in found]

    for command in (
        ["letters", "show", SECRET.number],
        ["letters", "list"],
        ["letters", "show", CIRCULAR.number, *both],
        ["letters", "show", SECRET.number, "--organization", LOEI.text, "--by", "ใคร"],
        ["inbox", "list", LOEI.text, "--by", "ใคร"],
        ["inbox", "list", CHIANG_MAI.text, *reader],
    ):
        main(command)
    assert acts() == []

    for command in (
        ["letters", "show", SECRET.number, *both],
        ["letters", "track", SECRET.number, *both, "--json"],
        ["inbox", "list", LOEI.text, *reader],
    ):
        assert main(command) == 0
    assert acts() == ["letters show", "letters track", "inbox list"]
    capsys.readouterr()


def _lay_aside(data: Path, entry: str) -> None:
    """Set the letter aside that is named, as its client never gets past it."""
    with closing(sqlite3.connect(data / "hub.db")) as database, database:
        database.execute(
            "UPDATE inbox_entry SET parked_at = queued_at WHERE process_id = ?", [entry]
        )


def test_a_parked_letter_is_named_and_brought_back(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = _names(hub)["circular"]
    _lay_aside(hub, entry)
    number = "มท 0210.3/ว 1795"

    assert main(["check"]) == 1
    assert f"{number}: gateway inbox unpark {LOEI} {entry}" in capsys.readouterr().out
    assert main(["inbox", "parked", LOEI.text]) == 0
    assert capsys.readouterr().out.startswith(f"{entry}\tหนังสือ\t{number}\t")
    assert main(["letters", "track", number]) == 0
    assert "อยู่ในรายการข้างกล่อง พักไว้" in capsys.readouterr().out

    assert main(["inbox", "unpark", LOEI.text, entry, "--by", "สมศรี"]) == 0
    capsys.readouterr()
    assert main(["inbox", "parked", LOEI.text]) == 0
    assert main(["check"]) == 0
    assert entry not in capsys.readouterr().out
    assert main(["letters", "show", number, "--receiver", LOEI.text]) == 0
    assert "กลับเข้ากล่อง\tสมศรี" in capsys.readouterr().out
