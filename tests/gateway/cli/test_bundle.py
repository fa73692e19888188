"""A bundle has all about a letter, and no secret of the hub."""

import asyncio
import json
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest

from envelopes.decoder import decode
from envelopes.dialects import CSHARP
from envelopes.letter import LetterId
from envelopes.requests import SendLetter
from gateway.bootstrap import Hub, open_hub
from gateway.cli.bundle_files import SETTINGS
from gateway.cli.main import main
from gateway.config import FILE, load
from gateway.domain.delivery import Answer, Attempt
from gateway.domain.endpoint import Endpoint, Way
from gateway.workflow.receive import receive
from gateway.workflow.route import route
from tests.cli.test_scripts import SECRET, hub, made  # noqa: F401 - fixtures
from tests.gateway.store.hub import CHIANG_MAI, CIRCULAR, LOEI, MINISTRY, to
from tests.letters import as_wire

NUMBER = LetterId("มท 0210.3/77", "2026-06-09")
OPERATOR = "นายผู้ดูแล ระบบดี"
REASON = "เพราะผู้พัฒนาขอมา"
PASSWORD = "sesame-เปิด"
PEERS = "peers-own-token"


async def _prepare(opened: Hub, secret: str) -> str:
    """Take a letter that came through an address with a secret, and fail to push it."""
    at = f"https://hub.example/ecms/{MINISTRY}/key-{secret}/ecms-ws01/service2"
    wire = as_wire(to(LOEI, NUMBER), CSHARP, to=at)
    assert secret.encode() in wire
    request = decode(wire, dialect=CSHARP).request
    assert isinstance(request, SendLetter)
    custody = await receive(opened.work, MINISTRY, request.document)
    now = opened.work.clock.now()
    for promise in await opened.store.outbox.due(now, limit=100):
        await route(opened.work, promise.id)
    [path] = await opened.store.views.paths(NUMBER.number)
    assert path.entry is not None
    answer = Answer(
        status=503,
        headers={"Set-Cookie": PEERS, "X-Echo": f"Basic {PASSWORD}"},
        body=f"no: {PASSWORD}, https://me:{PEERS}@host/key-{secret}/".encode(),
        seconds=1.5,
    )
    async with opened.store.unit() as unit:
        await unit.attempts.add(
            Attempt(
                promise=UUID(int=5),
                consignment=path.consignment.id,
                entry=path.entry.id,
                endpoint=LOEI,
                at=now,
                number=1,
                outcome="endpoint-busy",
                answer=answer,
            )
        )
        await unit.endpoints.set(
            Endpoint(
                organization=LOEI,
                way=Way.ECMS,
                url=f"https://loei.example/{PEERS}/service2",
                user="node",
                password_file="loei.password",
                changed_at=now,
            )
        )
        await unit.commit()
    return custody.process_id


@pytest.fixture
def prepared(
    hub: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> tuple[Path, str, str]:
    """A hub with a letter around which all its secrets lie; the ProcessID, a secret."""
    add = ["directory", "access", "add", MINISTRY.text, "path-secret", "--json"]
    assert main(add) == 0
    secret = json.loads(capsys.readouterr().out)["secret"]
    (hub / "loei.password").write_text(f"{PASSWORD}\n", "utf-8")

    async def prepare() -> str:
        async with open_hub(load(hub)) as opened:
            return await _prepare(opened, secret)

    process_id = asyncio.run(prepare())
    entry = _entry(capsys)
    assert main(["inbox", "register", LOEI.text, entry, "--by", OPERATOR]) == 0
    capsys.readouterr()
    return hub, process_id, secret


def _entry(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["inbox", "list", LOEI.text, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    return next(
        str(line["process_id"])
        for line in lines
        if line["letter"]["number"] == NUMBER.number
    )


def bundle(*arguments: str) -> dict[str, bytes]:
    file = Path("bundle.zip")
    file.unlink(missing_ok=True)
    named = ["--by", OPERATOR, "--reason", REASON]
    assert main(["letters", "bundle", *arguments, "--to", str(file), *named]) == 0
    with zipfile.ZipFile(file) as found:
        return {name: found.read(name) for name in found.namelist()}


def secrets_of(data: Path, secret: str) -> Sequence[str]:
    """Return all that may stand in no bundle: the hub's secrets, and who runs it."""
    keys = [path for path in data.rglob("*") if path.suffix in {".key", ".keys"}]
    lines = [line for key in keys for line in key.read_text().splitlines()]
    long_ones = [line for line in lines if len(line) > 20 and "-----" not in line]
    assert long_ones
    return [secret, PASSWORD, PEERS, OPERATOR, REASON, str(data.absolute()), *long_ones]


def test_no_secret_of_the_hub_stands_in_a_bundle(
    prepared: tuple[Path, str, str],
) -> None:
    """Neither an access secret, a password, a key, nor an operator, in any file."""
    data, _, secret = prepared

    found = bundle(NUMBER.number)

    assert found["request.xml"].count(b"/key-" + b"*" * 26) == 1
    for name, content in found.items():
        for hidden in secrets_of(data, secret):
            assert hidden.encode() not in content, (name, hidden)
    for name in ("README.txt", "request.xml"):
        assert b"*" in found[name]
    with zipfile.ZipFile("bundle.zip") as whole:
        assert not {*whole.namelist()} - {*found}


def test_a_bundle_has_all_about_the_letter(prepared: tuple[Path, str, str]) -> None:
    """What came, what was answered, what lies there, what was tried, what is proved."""
    _, process_id, _ = prepared

    found = bundle(process_id)

    letter = json.loads(found["letter.json"])
    [attempt] = json.loads(found["attempts.json"])
    journal = json.loads(found["journal.json"])
    assert letter["number"] == NUMBER.number
    assert letter["consignment"]["process_id"] == process_id
    assert letter["consignment"]["registrations"][0]["by"] is None
    assert process_id.encode() in found["answer.xml"]
    assert b"CorrespondenceLetter" in found["request.xml"]
    assert b"CorrespondenceLetter" in found["delivered.xml"]
    assert (attempt["status"], attempt["outcome"]) == (503, "endpoint-busy")
    assert found[attempt["answer"]].startswith(b"no: ***")
    assert [line["happening"] for line in journal][:2] == [
        "letter-accepted",
        "route-chosen",
    ]
    assert "a person" in {line["actor"] for line in journal}
    assert json.loads(found["endpoint.json"])["host"] == "loei.example"
    assert {"gateway", "python", "libxml2"} <= set(json.loads(found["versions.json"]))
    settings = json.loads(found["settings.json"])
    assert settings["database"] == "sqlite"
    assert {*settings} == {*SETTINGS, "database", "broker"}


def test_the_readme_explains_each_file_in_both_languages(
    prepared: tuple[Path, str, str],
) -> None:
    """Whoever gets it needs nobody to say what it is; the sums hold."""
    found = bundle(NUMBER.number)
    readme = found["README.txt"].decode().splitlines()

    for name in set(found) - {"README.txt"}:
        at = readme.index(name)
        assert all(line.strip() for line in readme[at + 1 : at + 3]), name
    for line in found["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert sha256(found[name]).hexdigest() == digest
    assert prepared


def test_the_same_letter_gives_the_same_file(prepared: tuple[Path, str, str]) -> None:
    """Two people who look at it speak of the same bytes."""
    bundle(NUMBER.number)
    first = Path("bundle.zip").read_bytes()
    bundle(NUMBER.number)

    assert Path("bundle.zip").read_bytes() == first
    assert zipfile.ZipFile(BytesIO(first)).testzip() is None
    assert prepared


def test_signed_receipts_come_along(
    hub: Path,  # noqa: F811
) -> None:
    """With the certificate that verifies them, as far as they name no person."""
    found = bundle(CIRCULAR.number, "--receiver", CHIANG_MAI.text)

    names = [name for name in found if name.startswith("receipts/")]
    assert any(name.endswith("receipt.json") for name in names)
    assert any(name.endswith(".crt") for name in names)
    assert hub


def test_a_secret_letter_stays(
    hub: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is refused with the reason and what to do instead; nothing is written."""
    assert main(["letters", "bundle", SECRET.number, "--to", "s.zip"]) == 1
    said = capsys.readouterr().err

    assert "หนังสือลับไม่ออกจากศูนย์กลาง" in said
    assert "gateway letters show" in said
    assert not Path("s.zip").exists()
    assert hub


def test_one_receiver_is_meant(
    hub: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A vendor gets what concerns its office, and nothing of the other 74."""
    assert main(["letters", "bundle", CIRCULAR.number]) == 1
    assert "--receiver" in capsys.readouterr().err
    assert main(["letters", "bundle", "no such thing"]) == 1
    assert hub


def test_what_is_there_is_not_written_over(
    hub: Path,  # noqa: F811
) -> None:
    """A file that exists already stays as it is."""
    Path("b.zip").write_text("mine")
    receiver = ["--receiver", CHIANG_MAI.text]
    assert main(["letters", "bundle", CIRCULAR.number, *receiver, "--to", "b.zip"]) == 1
    assert Path("b.zip").read_text() == "mine"
    assert (hub / FILE).is_file()
