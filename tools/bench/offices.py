"""Offices that send, poll, delete and register, one message after another each."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.simulation import csharp
from gateway.simulation.letter import ACCEPT, Notifier
from tools.bench import letters
from tools.bench.cases import Measured, quantiles
from tools.bench.hub import Hub

_ID = re.compile(rb"<ProcessID>([^<]+)</ProcessID>")
_NUMBER = re.compile("<ram:ID>(.*?)</ram:ID>")
_DATE = re.compile("<ram:CorrespondenceDate>(.*?)</ram:CorrespondenceDate>")
_SUBJECT = re.compile("<ram:Subject>(.*?)</ram:Subject>")
_DOOR = re.compile(rb"^POST /ecms/(\d+)/")
_TO = re.compile(rb"<wsa:To[^>]*>http://bench/ecms/(\d+)/")
_LENGTH = re.compile(rb"Content-Length: *(\d+)", re.IGNORECASE)
_LOOKS = 2000


@dataclass(slots=True)
class Line:
    """One connection to the hub, which may be used for any door."""

    address: str
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> bytes:
        """Send a request, and return the body of its answer."""
        if self.reader is None or self.writer is None:
            host, _, port = self.address.rpartition(":")
            self.reader, self.writer = await asyncio.open_connection(host, int(port))
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return await self.reader.readexactly(int(length[1]) if length else 0)

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()


@dataclass(slots=True)
class Times:
    """How long each kind of request took, in seconds."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)

    async def of(self, kind: str, line: Line, request: bytes) -> bytes:
        """Ask, and note how long it took."""
        began = time.perf_counter()
        answer = await line.ask(request)
        self.by_kind.setdefault(kind, []).append(time.perf_counter() - began)
        return answer

    def quantiles(self) -> dict[str, dict[str, float]]:
        """Return p50, p95 and p99 of each kind, in milliseconds."""
        return {kind: quantiles(times) for kind, times in sorted(self.by_kind.items())}


def poll(code: str) -> bytes:
    """Return the request that polls an inbox."""
    return letters.post(code, csharp.poll_request(message_id="1", own_url="http://b"))


def delete(code: str, process_id: str) -> bytes:
    """Return the request that takes an entry out."""
    message = csharp.delete_request(process_id, message_id="2", own_url="http://b")
    return letters.post(code, message)


def process_id(answer: bytes) -> str | None:
    """Return the number of the entry in an answer, None for an empty inbox."""
    found = _ID.search(answer)
    return found[1].decode() if found else None


async def emptied(line: Line, code: str, times: Times) -> int:
    """Poll and delete until an inbox is empty; return how many entries it had."""
    taken = 0
    while found := process_id(await times.of("poll", line, poll(code))):
        await times.of("delete", line, delete(code, found))
        taken += 1
    return taken


def round_trips(hub: Hub, file: Path, lanes: int) -> Measured:
    """Send letters one by one on some lanes, each until its number has come back.

    From sending to reading the receiver's AcceptLetterNotifier out of the sender's
    inbox; receivers and senders poll all the time.
    """
    requests = letters.read(file)
    seconds = asyncio.run(_trips(hub.address, requests, lanes))
    return {
        "letters": len(seconds),
        "lanes": lanes,
        "number_back_ms": quantiles(seconds),
    }


async def _trips(address: str, requests: Sequence[bytes], lanes: int) -> list[float]:
    # Of one office's entries only one lane may poll: letters are shared out by sender.
    by_sender: dict[bytes, list[bytes]] = {}
    for request in requests:
        by_sender.setdefault(_code(_DOOR, request), []).append(request)
    shares: list[list[bytes]] = [[] for _ in range(min(lanes, len(by_sender)))]
    for number, share in enumerate(by_sender.values()):
        shares[number % len(shares)] += share
    done = await asyncio.gather(*(_lane(address, share) for share in shares))
    return [seconds for lane in done for seconds in lane]


async def _lane(address: str, requests: Sequence[bytes]) -> list[float]:
    line, seconds = Line(address), []
    try:
        for request in requests:
            began = time.perf_counter()
            await _trip(line, request)
            seconds.append(time.perf_counter() - began)
    finally:
        line.close()
    return seconds


async def _trip(line: Line, request: bytes) -> None:
    sender = _code(_DOOR, request).decode()
    receiver = _code(_TO, request).decode()
    await line.ask(request)
    number, date, subject = await _letter(line, receiver)
    notifier = Notifier(
        kind=ACCEPT, number=number, accept_id="1/2569", date=date, subject=subject
    )
    message = csharp.notifier_request(notifier, message_id="3", to="http://b")
    await line.ask(letters.post(receiver, message))
    await _head(line, sender)


async def _letter(line: Line, code: str) -> tuple[str, str, str]:
    """Take out entries until one is a letter: an office may be told something too."""
    while True:
        text = (await _head(line, code)).decode()
        found = [next(_texts(one, text), "") for one in (_NUMBER, _DATE, _SUBJECT)]
        if all(found):
            number, date, subject = found
            return number, date, subject


async def _head(line: Line, code: str) -> bytes:
    """Poll until there is an entry; take it out, and return it."""
    for _ in range(_LOOKS):
        answer = await line.ask(poll(code))
        if found := process_id(answer):
            await line.ask(delete(code, found))
            return answer
    raise TimeoutError(f"nothing comes for {code}")


def _texts(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for found in pattern.finditer(text):
        yield found[1]


def _code(pattern: re.Pattern[bytes], request: bytes) -> bytes:
    found = pattern.search(request)
    if found is None:
        raise ValueError("a request names no office")
    return found[1]
