"""A stolen disk: a hub in which secret letters lived, searched file by file.

Words in every form `leaks` knows, whole files, and every digest by which somebody
could recognise what he has already; only the key file is not in the thief's hands.
"""

import asyncio
import base64
import hashlib
import json
import re
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envelopes.letter import OrganizationCode, folded
from gateway.bootstrap import open_hub
from gateway.cli.demo_hub import HubProcess
from gateway.config import load
from gateway.domain.organization import Person
from gateway.keys.secret_file import DEMO_FILE
from gateway.simulation import csharp as csharp_client
from gateway.simulation.letter import ACCEPT, INVALID_ACCEPT_ID, RECEIVE, File
from schemas.codes import mime_codes
from tests.journeys.callers import Net, Office
from tests.journeys.conftest import gateway
from tests.journeys.leaks import found_in, wordy

REGISTRAR = "นายทะเบียน ลับสุดใจ"
LARGE = b"%PDF-1.4 " + b"".join(
    hashlib.sha256(str(n).encode()).digest() for n in range(2000)
)
SMALL = b"PK " + hashlib.sha512(b"small").digest() * 4
FILES = (SMALL, LARGE)
_COMPRESSED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")


@dataclass(frozen=True)
class Disk:
    """A data directory as a thief has it, and the one with its keys."""

    stolen: Path
    whole: Path
    contents: Mapping[Path, bytes]
    """All files as they were stolen: opening a database writes to it."""


@pytest.fixture(scope="module")
def disk(
    new_hub: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Disk]:
    """A hub that is still at work, and what was stolen of it."""
    hub = HubProcess(new_hub())
    net = Net("")
    offices = [net.office() for _ in range(4)]
    asyncio.run(_registrars(hub.data, [office.code for office in offices]))
    hub.start({"GATEWAY_LOG_LEVEL": "debug"})
    try:
        asyncio.run(_life(hub, [replace(office, base=hub.base) for office in offices]))
        # While it runs: the write-ahead log is there too.
        stolen = tmp_path_factory.mktemp("stolen") / "disk"
        shutil.copytree(hub.data, stolen)
        (stolen / DEMO_FILE).unlink()
        files = [path for path in stolen.rglob("*") if path.is_file()]
        yield Disk(stolen, hub.data, {path: path.read_bytes() for path in files})
    finally:
        hub.stop()


async def _registrars(data: Path, codes: list[str]) -> None:
    async with open_hub(load(data)) as hub, hub.store.unit() as unit:
        for code in codes:
            at = hub.work.clock.now()
            office = OrganizationCode(code)
            await unit.persons.enter(Person(office, "ผู้อื่น", False, at))  # noqa: FBT003
            await unit.persons.enter(Person(office, REGISTRAR, True, at))  # noqa: FBT003
        await unit.commit()


async def _life(hub: HubProcess, offices: list[Office]) -> None:
    """Send one circular to systems of several makes, and answer it in every way."""
    sender, csharp, boi, clerk = offices
    net = Net(hub.base)
    main = File(mime_codes()["docx"], base64.b64encode(SMALL).decode())
    attached = File("application/pdf", base64.b64encode(LARGE).decode())
    first = net.letter(sender, csharp)
    letters = {
        office.code: wordy(
            replace(net.letter(sender, office), number=first.number),
            main=main,
            attachments=(attached,),
        )
        for office in (csharp, boi, clerk)
    }
    for letter in letters.values():
        await sender.send(letter)
    await sender.send(letters[boi.code])
    await csharp.take()
    await csharp.notify(RECEIVE, letters[csharp.code])
    await csharp.notify(ACCEPT, letters[csharp.code], "1/2569")
    await sender.notify(INVALID_ACCEPT_ID, letters[csharp.code], "1/2569")
    await csharp.take()
    await csharp.notify(ACCEPT, letters[csharp.code], "2/2569")
    pulled = None
    while pulled is None:
        pulled = await boi.poll_as_boi()
    await boi.accept_as_boi(letters[boi.code], "3/2569")
    for _ in range(2):
        await sender.take()
    entry = await clerk.pulled()
    data = ("--data", str(hub.data))
    by = ("--by", REGISTRAR)
    done = await asyncio.to_thread(
        gateway, "inbox", "register", clerk.code, entry.process_id, *by, *data
    )
    assert done.returncode == 0, done.stderr
    shown = await asyncio.to_thread(
        gateway,
        "letters",
        "show",
        first.number,
        "--organization",
        clerk.code,
        *by,
        *data,
    )
    assert "zqxsubjectqzx" in shown.stdout, shown.stderr
    await sender.take()
    refused = wordy(net.letter(sender, clerk), secrecy="004", main=main)
    await sender.post(csharp_client.send_request(refused, message_id="1", to=""))


async def _digests(data: Path) -> set[str]:
    """Return every digest of the letters, as whoever has the key knows them."""
    found = {hashlib.sha256(content).hexdigest() for content in FILES}
    async with open_hub(load(data)) as hub:
        lines = await hub.store.views.letters(limit=10)
        for path in await hub.store.views.paths(lines[0].letter.letter_id.number):
            consignment, letter = path.consignment, path.consignment.letter
            assert letter.is_secret
            assert consignment.delivery is not None
            found |= {
                letter.content_digest,
                consignment.copy_digest,
                consignment.envelope_digest,
                consignment.delivery.digest,
                *(f.digest for f in (letter.main, *letter.attachments) if f),
            }
            for entry in path.journal:
                found |= {v for v in entry.facts.values() if len(v) == 64}
            delivered = await hub.store.views.bytes_of(consignment.delivery)
            found.add(hashlib.sha256(delivered).hexdigest())
    return found


def test_the_letters_lived_and_the_books_balance(disk: Disk) -> None:
    """Else there would be nothing to be found."""
    for table in ("fitted_copy", "signed_receipt", "registration", "act"):
        assert _rows(disk.stolen, table), table
    checked = gateway("check", "books", "--data", str(disk.whole), "--json")

    assert checked.returncode == 0, checked.stdout
    assert '"in-register": 3' in checked.stdout, checked.stdout


def test_no_word_of_them_is_on_the_disk(disk: Disk) -> None:
    for path, content in disk.contents.items():
        assert found_in(content) == set(), path
        for start in _COMPRESSED.finditer(content):
            assert found_in(_inflated(content[start.start() :])) == set(), path
    names = {path.name for path in disk.contents}
    assert {"hub.db", "hub.db-wal", "queues.db", "hub.log", "000001"} <= names


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(47).decompress(content, 1 << 20)
    except zlib.error:
        return b""


def test_no_stretch_of_a_file_is_on_the_disk(disk: Disk) -> None:
    pieces = [
        form
        for content in FILES
        for start in range(0, len(content) - 64, 4096)
        for piece in (content[start : start + 48],)
        for form in (
            piece,
            piece.hex().encode(),
            base64.b64encode(piece),
            base64.b64encode(piece[1:-2]),
            base64.b64encode(piece[2:-1]),
        )
    ]
    for path, content in disk.contents.items():
        assert not any(piece in content for piece in pieces), path


def test_no_digest_tells_what_lies_there(disk: Disk) -> None:
    digests = asyncio.run(_digests(disk.whole))
    forms = [
        form
        for digest in digests
        for raw in (bytes.fromhex(digest),)
        for form in (digest.encode(), digest.upper().encode(), raw, _base64(raw))
    ]

    assert len(digests) > 8
    for path, content in disk.contents.items():
        assert not any(form in content for form in forms), path


def _base64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def test_who_registered_it_is_nowhere_but_in_the_directory(
    disk: Disk,
) -> None:
    """A registrar's name alone tells nothing of any letter; beside one it would."""
    for table in ("registration", "journal", "act", "signed_receipt", "receipt"):
        for row in _rows(disk.stolen, table):
            assert REGISTRAR not in repr(row), table
            assert folded(REGISTRAR) not in repr(row), table


def test_the_thief_can_see_that_there_are_letters_and_open_none(
    disk: Disk,
) -> None:
    listed = gateway("letters", "list", "--json", "--data", str(disk.stolen))
    checked = gateway("check", "books", "--data", str(disk.stolen))
    served = gateway("serve", "--data", str(disk.stolen), "--listen", "127.0.0.1:0")

    assert listed.returncode == 0, listed.stderr
    assert found_in(listed.stdout + listed.stderr) == set()
    assert "secret_key_file" in checked.stdout
    assert found_in(checked.stdout + checked.stderr) == set()
    assert served.returncode != 0
    assert "secret_key_file" in served.stderr


def _rows(data: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data / "hub.db")) as connection:
        return list(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608


def test_the_search_finds_an_open_letter(disk: Disk) -> None:
    """The same letter, not secret: the search is no blind one."""
    hub = HubProcess(disk.whole)
    hub.address = json.loads((disk.whole / "serve.json").read_text())["listen"]
    net = Net(hub.base)
    sender, receiver = net.pair()
    main = File("application/pdf", base64.b64encode(LARGE).decode())
    asyncio.run(
        sender.send(
            wordy(
                net.letter(sender, receiver, date="2026-11-18"),
                main=main,
                secrecy="001",
            )
        )
    )

    contents = [p.read_bytes() for p in disk.whole.rglob("*") if p.is_file()]

    assert {"subject", "receivergiven", "mime"} <= set.union(*map(found_in, contents))
    assert any(LARGE[4096:4144] in content for content in contents)
    digest = hashlib.sha256(LARGE).hexdigest().encode()
    assert any(digest in content for content in contents)
