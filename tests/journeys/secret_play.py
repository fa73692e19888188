"""What happens to secret letters in `test_no_trace.py`, and all that is said of it."""

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.cli.demo_hub import HubProcess
from gateway.simulation import csharp, csharp_lookups
from gateway.simulation.errors import HubUnreachable
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_ACCEPT_ID,
    RECEIVE,
    REJECT,
    Letter,
    Party,
)
from tests.journeys.callers import Net, Office, eventually, notifier
from tests.journeys.leaks import WORDS, word, wordy

REGISTRAR: Final = "นายทะเบียน zqxregistrarqzx"
"""Stands in the directory of persons, and with no secret letter."""
LIMIT: Final = 256 * 1024
READS: Final = 20
"""Of an entry that is never deleted, until its place is lost (`java-keeping`)."""

_TEXTS: Final = re.compile(r"<((?:ram:)?[A-Za-z]+)([^<>]*)>([^<>]*)</\1>")


@dataclass
class Said:
    """Everything that came out, and to whom."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    """By what was asked: what offices that are no party of the letters were told."""
    refusals: dict[str, str] = field(default_factory=dict)
    """By what was wrong: what the sender itself was told."""
    numbers: dict[str, str] = field(default_factory=dict)
    """By what happened to it: the number of a secret letter."""

    def stranger(self, what: str, answer: str) -> None:
        self.answers.setdefault(what, []).append(answer)


@dataclass
class Play:
    """Offices, and one hub."""

    hub: HubProcess
    net: Net
    sender: Office
    receiver: Office
    stranger: Office
    environment: Mapping[str, str]
    """Of the hub's process."""
    said: Said = field(default_factory=Said)

    def letter(self, what: str, **changes: object) -> Letter:
        """Return a secret letter, and remember its number."""
        letter = wordy(self.net.letter(self.sender, self.receiver), **changes)
        self.said.numbers[what] = letter.number
        return letter

    async def lives(self) -> None:
        """Let letters come to every end they can come to."""
        sender, receiver = self.sender, self.receiver
        registered = self.letter("registered")
        await sender.send(registered)
        await receiver.take()
        await receiver.notify(RECEIVE, registered)
        await receiver.notify(ACCEPT, registered, "1/2569")
        await self._told(2)
        await sender.notify(INVALID_ACCEPT_ID, registered, "1/2569")
        await receiver.take()
        await receiver.notify(ACCEPT, registered, "2/2569")
        await self._told(1)

        returned = self.letter("returned")
        await sender.send(returned)
        await receiver.take()
        await receiver.notify(REJECT, returned)
        await self._told(1)

        recalled = self.letter("recalled")
        await sender.send(recalled)
        await receiver.pulled()
        await sender.post(self._freeing(recalled, sender.code))
        await self._asked_again(registered, receiver.code)

    async def _told(self, times: int) -> None:
        for _ in range(times):
            await self.sender.take()

    async def waits(self) -> None:
        """Have letters wait: one is parked, one is for the clerk to enter."""
        parked = self.letter("parked")
        await self.sender.send(parked)
        await self.receiver.pulled()
        for _ in range(3 * READS):
            if await self.receiver.poll() is None:
                break
        await self.sender.send(self.letter("waiting"))
        await self.receiver.pulled()

    async def strangers(self) -> None:
        """Let an office that is no party of the letters ask for all it can."""
        said, own = self.said, self.stranger
        waiting = await self.receiver.pulled()
        letter = wordy(
            self.net.letter(self.sender, self.receiver),
            number=self.said.numbers["waiting"],
        )
        asks = {
            "status": csharp_lookups.question(
                "OutboundStatusRequest", message_id="1", own_url=own.url
            ),
            "poll": csharp.poll_request(message_id="1", own_url=own.url),
            "delete": csharp.delete_request(
                waiting.process_id, message_id="1", own_url=own.url
            ),
            "free": self._freeing(letter, own.code),
            "free in another's name": self._freeing(letter, self.sender.code),
            **{
                f"again: {what}": self._again(what, letter, own.code)
                for what in csharp_lookups.ASKED_AGAIN
            },
            **{
                f"notice: {kind}": csharp.notifier_request(
                    notifier(kind, _bare(letter), "1/2569"), message_id="1", to=""
                )
                for kind in (RECEIVE, ACCEPT, REJECT, INVALID_ACCEPT_ID)
            },
        }
        for what, message in asks.items():
            said.stranger(what, await own.post(message, csharp.CONTENT_TYPE))
        async with aiohttp.ClientSession() as session:
            for path in ("/health/live", "/health/ready", "/schemas/", "/nothing"):
                async with session.get(f"{self.hub.base}{path}") as got:
                    said.stranger(path, await got.text())
            async with session.get(f"{own.url}?wsdl") as got:
                said.stranger("wsdl", await got.text())

    async def refused(self) -> None:
        """Send what is refused, in every way there is."""
        said, post = self.said, self.sender.post
        first = self.letter("refused")
        good = csharp.send_request(first, message_id="1", to="")
        for what, wire in _broken(good):
            said.refusals[what] = await post(wire, csharp.CONTENT_TYPE)
        for level in ("004", "005", "x", "", "๐๐๒", word("subject")):
            wire = csharp.send_request(
                self.letter("no level", secrecy=level), message_id="1", to=""
            )
            said.refusals[f"level {level}"] = await post(wire)
        await post(good)
        changed = csharp.send_request(
            wordy(first, description=f"{word('description')} 2"), message_id="1", to=""
        )
        said.refusals["number taken"] = await post(changed)
        for what, code in (
            ("unknown receiver", "9900200000"),
            ("no door", "1500299999"),
        ):
            receiver = wordy(first).receiver
            nobody = self.letter(what, receiver=_of(receiver, code), date="2026-11-20")
            said.refusals[what] = await post(
                csharp.send_request(nobody, message_id="1", to="")
            )
        said.refusals["future"] = await post(
            csharp.send_request(
                self.letter("future", date="2099-01-01"), message_id="1", to=""
            )
        )
        said.refusals["another's door"] = await self.stranger.post(good)
        said.refusals["signature"] = await post(_signed_badly(good))
        for what, piece in _pieces(good):
            said.refusals[what] = await self._raw(piece)

    async def _raw(self, sent: bytes) -> str:
        """Send bytes that are no whole HTTP request, and read until it is closed."""
        host = urlsplit(self.hub.base)
        reader, writer = await asyncio.open_connection(host.hostname, host.port)
        path = urlsplit(self.sender.url).path.encode()
        head, _, rest = sent.replace(b"PATH", path).partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        if b"100-continue" in head:
            # Only now is the body read as one; before, it is part of the request.
            await reader.readuntil(b"\r\n\r\n")
        writer.write(rest)
        # The hub may have answered the beginning, and be gone already.
        with contextlib.suppress(OSError):
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer.decode("utf-8", "replace")

    async def fails(self) -> None:
        """Let the hub itself fail while a letter is in its hands."""
        said, post = self.said, self.sender.post
        for table in ("letter", "file", "letter_file"):
            wire = csharp.send_request(
                self.letter(f"no {table}"), message_id="1", to=""
            )
            with self._without(table):
                said.refusals[f"no {table}"] = await post(wire)
        with self._locked():
            wire = csharp.send_request(self.letter("locked"), message_id="1", to="")
            said.refusals["locked"] = await post(wire)
        with self._without("inbox_entry"):
            await post(csharp.send_request(self.letter("stuck"), message_id="1", to=""))
            await eventually(self._set_aside)
        with self._spoiling():
            letter = self.letter("spoilt")
            await post(csharp.send_request(letter, message_id="1", to=""))
            await eventually(self._given_up)
        with self._without("envelope"):
            said.refusals["no envelope"] = await self.receiver.post(
                csharp.poll_request(message_id="1", own_url="")
            )

    async def ends(self) -> None:
        """Let a runner die of a mistake, and the hub with it; start it again."""
        with self._without("promise"):
            wire = csharp.send_request(self.letter("the end"), message_id="1", to="")
            with contextlib.suppress(HubUnreachable):
                self.said.refusals["no promise"] = await self.sender.post(wire)
            await eventually(self._ended)
        self.hub.start(self.environment)

    async def _ended(self) -> bool | None:
        return self.hub.ended or None

    async def _given_up(self) -> bool | None:
        return "work given up" in self.log() or None

    async def _set_aside(self) -> bool | None:
        return "message set aside" in self.log() or None

    def log(self) -> str:
        """Return all that the hub has written to its standard streams."""
        return (self.hub.data / "hub.log").read_text("utf-8", "replace")

    @contextmanager
    def _without(self, table: str) -> Iterator[None]:
        """Take a table away for a while, as a broken migration would."""
        self._execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            self._execute(f"ALTER TABLE {table}_away RENAME TO {table}")

    def _execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self._database, timeout=10)) as database:
            database.execute("PRAGMA legacy_alter_table = ON")
            database.execute(statement)
            database.commit()

    @contextmanager
    def _spoiling(self) -> Iterator[None]:
        """Damage each envelope as soon as it is kept, as a dying disk would."""
        self._execute(
            "CREATE TRIGGER spoil AFTER INSERT ON envelope BEGIN"
            " UPDATE envelope SET skeleton = x'00' WHERE digest = NEW.digest; END"
        )
        try:
            yield
        finally:
            self._execute("DROP TRIGGER spoil")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the database for writing, as a backup tool gone mad would."""
        with closing(sqlite3.connect(self._database, timeout=10)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.rollback()

    @property
    def _database(self) -> Path:
        return self.hub.data / "hub.db"

    def _freeing(self, letter: Letter, sender: str) -> str:
        return csharp_lookups.delete_letter_request(
            letter.number,
            letter.date,
            sender=sender,
            receiver=self.receiver.code,
            message_id="1",
            own_url="",
        )

    def _again(self, what: str, letter: Letter, receiver: str) -> str:
        return csharp_lookups.ask_again_request(
            what,
            letter.number,
            letter.date,
            sender=self.sender.code,
            receiver=receiver,
            message_id="1",
            own_url="",
        )

    async def _asked_again(self, letter: Letter, receiver: str) -> None:
        what = "GovernmentDocument"
        await self.receiver.post(self._again(what, letter, receiver))
        await self.receiver.take()


def _bare(letter: Letter) -> Letter:
    """A letter as a stranger knows it: by its number, with no word of it."""
    return wordy(letter, subject="ไม่ทราบเรื่อง")


def _of(party: Party, code: str) -> Party:
    return replace(party, organization=code)


def _broken(good: str) -> Iterator[tuple[str, str]]:
    """Yield an envelope that is wrong at each of its texts, in each of three ways."""
    for place, found in enumerate(_TEXTS.finditer(good)):
        name, rest, text = found.groups()
        # A number is seen by everybody: no word may stand in it.
        other_text = "x" if name == "ram:ID" else word("subject")
        before, after = good[: found.start()], good[found.end() :]
        for what, other in (
            ("unknown element", f"<{name}X{rest}>{text}</{name}X>"),
            ("element inside", f"<{name}{rest}>{text}<b>{text}</b></{name}>"),
            ("another text", f"<{name}{rest}>{text}{other_text}</{name}>"),
            ("no text", f"<{name}{rest}></{name}>"),
            ("no end", f"<{name}{rest}>{text}"),
            ("a bare sign", f"<{name}{rest}>{text}& {text}</{name}>"),
            ("an entity", f"<{name}{rest}>&{WORDS['subject'][1]};</{name}>"),
        ):
            yield f"{what}: {name} {place}", f"{before}{other}{after}"
    subject = f">{word('subject')}<"
    yield "cut off", good[: good.index(subject) + len(subject) // 2]
    yield "too large", good.replace(subject, f">{word('subject') * LIMIT}<", 1)
    yield "long number", good.replace("<ram:ID>", f"<ram:ID>{word('subject') * 20}", 1)
    yield "doctype", f"<!DOCTYPE {WORDS['subject'][1]}>{good[good.index('<SOAP') :]}"
    yield "instruction", good.replace(subject, f"><?x {word('subject')}?><", 1)
    yield "no letter at all", word("subject") * 20
    yield (
        "another operation",
        good.replace("CorrespondenceLetterOutboundRequest", WORDS["subject"][1]),
    )


def _pieces(good: str) -> Iterator[tuple[str, bytes]]:
    """Yield what is no whole HTTP request, or whose body is not what it says."""
    head = "POST PATH HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
    said, body, marked = word("subject"), good.encode(), WORDS["subject"][1]
    thai = good.replace("UTF-8", "TIS-620").encode("tis-620", "replace")
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n"
    asking = f"{head}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    sized = f"{head}Content-Length: {len(body)}\r\n"
    for what, before, after in (
        ("broken chunks", f"{chunked}10\r\n{said}\r\n", body),
        ("chunk size", f"{chunked}{marked}\r\n", body),
        ("chunk size, asked for", f"{asking}{marked}\r\n", body),
        ("broken chunk, asked for", f"{asking}10\r\n{said}\r\n", body),
        ("no deflate", f"{sized}Content-Encoding: deflate\r\n\r\n", body),
        ("half", f"{sized}\r\n", body[: len(body) // 2]),
        ("no request", f"{said}\r\n\r\n", body),
        ("a header", f"{head}{marked}\r\n\r\n", body),
        ("another code", f"{head}Content-Length: {len(thai)}\r\n\r\n", thai),
    ):
        yield what, before.encode() + after


def _signed_badly(good: str) -> str:
    """Put a signature over nothing where the sender's would stand."""
    end = "</rsm:GovernmentDocument>"
    digest = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    signature = (
        '<ram:GovernmentSignature><ds:Signature xmlns:ds="http://www.w3.org/2000/09/'
        'xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.'
        'org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/'
        '2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#Letter">'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        f"<ds:SignatureValue>{digest}</ds:SignatureValue></ds:Signature>"
        "</ram:GovernmentSignature>"
    )
    return good.replace(end, f"{signature}{end}")
