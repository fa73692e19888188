"""Posts letters that were made beforehand, and notes when each was answered.

    python -m tools.bench.generator --address HOST:PORT --letters FILE --out FILE …

A process of its own, so that it costs the hub nothing but its share of the machine.
Without `--rate` each connection posts its next letter as soon as it is answered. With
it letters fall due at even distances; the time to an answer counts from when a letter
was due, not from when a connection was free, so that a hub that stalls is not spared.
"""

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import letters

_LENGTH = re.compile(rb"Content-Length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_TAKEN = b"<ProcessID>"
_ERRORS_KEPT = 5


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    began: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    answers: list[bytes] = field(default_factory=list)


class Sender(asyncio.Protocol):
    """One connection, with one request on its way at most."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Stand ready."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the types
        self._transport = transport
        transport.set_write_buffer_limits(high=1 << 26)

    def post(self, request: bytes, began: float) -> None:
        """Send a request."""
        assert self._transport is not None  # noqa: S101 - for the types
        self._began = began
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer; with its last one, stand ready again."""
        self._came += data
        head = self._came.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._came, 0, head)
        size = head + len(_HEAD_END) + (int(length[1]) if length else 0)
        if len(self._came) >= size:
            answer = bytes(self._came[:size])
            del self._came[:size]
            self._run.answered(self, self._began, answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the run: a hub that hangs up is not measured."""
        self._run.lost(exc)


class Run:
    """Posts all requests, once each."""

    def __init__(
        self, requests: list[bytes], rate: float | None, *, keep: bool = False
    ) -> None:
        self.outcome = Outcome()
        self.over = asyncio.get_running_loop().create_future()
        self._waiting = deque(requests)
        self._left = len(requests)
        self._rate = rate
        self._keep = keep
        self._idle: deque[Sender] = deque()
        self._due: deque[float] = deque()

    def begin(self, senders: list[Sender]) -> None:
        """Let the connections post."""
        if self._rate is None:
            for sender in senders:
                self._next(sender)
            return
        self._idle.extend(senders)
        self._pace(time.perf_counter(), len(self._waiting), 0)

    def answered(self, sender: Sender, began: float, answer: bytes) -> None:
        """Note an answer."""
        now = time.perf_counter()
        self.outcome.began.append(began)
        self.outcome.seconds.append(now - began)
        if self._keep:
            self.outcome.answers.append(answer)
        if _TAKEN not in answer:
            self.outcome.refused[answer.partition(_HEAD_END)[2].decode()[:400]] += 1
        self._left -= 1
        if not self._left:
            self._end(None)
        elif self._rate is None:
            self._next(sender)
        else:
            self._idle.append(sender)
            self._serve()

    def lost(self, error: Exception | None) -> None:
        """Note that a connection ended."""
        self._end(error or ConnectionError("the hub hung up"))

    def _end(self, error: Exception | None) -> None:
        if self.over.done():
            return
        if error is None:
            self.over.set_result(None)
        else:
            self.over.set_exception(error)

    def _next(self, sender: Sender) -> None:
        if self._waiting:
            sender.post(self._waiting.popleft(), time.perf_counter())

    def _pace(self, start: float, total: int, made: int) -> None:
        assert self._rate is not None  # noqa: S101 - for the types
        now = time.perf_counter()
        while made < total and start + made / self._rate <= now:
            self._due.append(start + made / self._rate)
            made += 1
        self._serve()
        if made < total:
            wait = max(start + made / self._rate - now, 0.0005)
            loop = asyncio.get_running_loop()
            loop.call_later(wait, self._pace, start, total, made)

    def _serve(self) -> None:
        while self._due and self._idle:
            self._idle.popleft().post(self._waiting.popleft(), self._due.popleft())


async def post_all(
    address: str,
    requests: list[bytes],
    *,
    connections: int,
    rate: float | None,
    keep: bool = False,
) -> Outcome:
    """Post all requests over so many connections; `rate` is a second's."""
    host, _, port = address.rpartition(":")
    run = Run(requests, rate, keep=keep)
    loop = asyncio.get_running_loop()
    senders = [
        (await loop.create_connection(lambda: Sender(run), host, int(port)))[1]
        for _ in range(min(connections, len(requests)))
    ]
    run.begin(senders)
    await run.over
    return run.outcome


def main() -> int:
    """Post what a file holds, and write down what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--address", required=True)
    parser.add_argument("--letters", required=True, type=Path)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    stop = None if given.count is None else given.first + given.count
    requests = letters.read(given.letters)[given.first : stop]
    before = resource.getrusage(resource.RUSAGE_SELF)
    outcome = asyncio.run(
        post_all(
            given.address, requests, connections=given.connections, rate=given.rate
        )
    )
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    given.out.write_text(json.dumps(report(outcome, spent)), "utf-8")
    return 0


def report(outcome: Outcome, processor: float) -> dict[str, object]:
    """Return what a run came to; times are seconds, `began` on the machine's clock."""
    ends = [b + s for b, s in zip(outcome.began, outcome.seconds, strict=True)]
    began, ended = min(outcome.began), max(ends)
    return {
        "letters": len(ends),
        "refused": dict(outcome.refused.most_common(_ERRORS_KEPT)),
        "began": began,
        "ended": ended,
        "seconds": ended - began,
        "per_second": len(ends) / (ended - began),
        "generator_processor_ms": 1000 * processor / len(ends),
        "answer_ms": {
            name: 1000 * quantile(outcome.seconds, share)
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        },
    }


def quantile(values: list[float], share: float) -> float:
    """Return the value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    sys.exit(main())
