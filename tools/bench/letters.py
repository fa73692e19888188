"""Letters as clients sign them, made beforehand: no two alike, ready to be posted.

Each is a whole HTTP request in a file, so that who sends them does nothing but send.
Files are random bytes: nothing compresses, and no file is known from another letter.
"""

import base64
import os
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gateway.simulation import csharp
from gateway.simulation.http import PATH
from gateway.simulation.letter import File, Letter, Party
from gateway.simulation.signing import Signer

_LENGTH = struct.Struct("<I")
MOST_SIGNED = 7_000_000
"""Bytes of a file up to which the client's signer works; larger letters come unsigned,
and the hub signs them."""

_DATE = "2026-07-01"
_SENT = "2026-07-01T09:00:00"


@dataclass(frozen=True, slots=True)
class Sender:
    """An office that sends, and the PEM of its key and certificate."""

    code: str
    key: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """So many letters of one size."""

    name: str
    """Stands in their numbers: two batches with one name are the same letters."""
    size: int
    """Bytes of the file in each, before base64."""
    count: int
    senders: Sequence[Sender]
    receivers: Sequence[str]


def party(code: str) -> Party:
    """Return somebody in an office."""
    return Party(
        given_name="สมมุติ",
        family_name="ทดสอบ",
        job_title="ผู้อำนวยการ",
        ministry=code[:2],
        organization=code,
    )


def write(batch: Batch, file: Path, processes: int = 2) -> None:
    """Write a batch as requests, each behind its length."""
    share = -(-batch.count // processes)
    starts = range(0, batch.count, share)
    with ProcessPoolExecutor(processes) as pool, file.open("wb") as out:
        parts = [
            pool.submit(_write_part, batch, start, file.with_suffix(f".{start}"))
            for start in starts
        ]
        for part in parts:
            path = part.result()
            with path.open("rb") as made:
                while piece := made.read(1 << 24):
                    out.write(piece)
            path.unlink()


def read(file: Path) -> list[bytes]:
    """Return the requests of a file."""
    content = file.read_bytes()
    found, at = [], 0
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        found.append(content[at : at + length])
        at += length
    return found


def framed(request: bytes) -> bytes:
    """Return a request as it stands in a file."""
    return _LENGTH.pack(len(request)) + request


def post(code: str, message: str) -> bytes:
    """Return the request that posts a message at an organization's door."""
    body = message.encode()
    head = (
        f"POST {PATH.format(organization=code)} HTTP/1.1\r\nHost: bench\r\n"
        f"Content-Type: {csharp.CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _write_part(batch: Batch, start: int, file: Path) -> Path:
    share = -(-batch.count // 2)
    with file.open("wb") as out:
        for request in _requests(batch, start, min(start + share, batch.count)):
            out.write(framed(request))
    return file


def _requests(batch: Batch, start: int, stop: int) -> Iterator[bytes]:
    signers = [Signer.of_pem(one.key, one.certificate) for one in batch.senders]
    for number in range(start, stop):
        sender = batch.senders[number % len(batch.senders)]
        to = batch.receivers[number % len(batch.receivers)]
        letter = Letter(
            number=f"ทส 01/{batch.name}-{number}",
            date=_DATE,
            subject=f"วัดความเร็ว {batch.name} {number}",
            sender=party(sender.code),
            receiver=party(to),
            send_date=_SENT,
            main=File("application/pdf", text_of(os.urandom(batch.size))),
        )
        if batch.size > MOST_SIGNED:
            yield unsigned(letter, str(number))
        else:
            yield signed(letter, signers[number % len(signers)], str(number))


def unsigned(letter: Letter, message_id: str) -> bytes:
    """Return the request that sends a letter without a signature."""
    to = f"http://bench{PATH.format(organization=letter.receiver.organization)}"
    message = csharp.send_request(letter, message_id=message_id, to=to)
    return post(letter.sender.organization, message)


def signed(letter: Letter, signer: Signer, message_id: str) -> bytes:
    """Return the request that sends a letter with its sender's signature."""
    message = csharp.signed_send_request(
        letter,
        message_id=message_id,
        to=f"http://bench{PATH.format(organization=letter.receiver.organization)}",
        signer=signer,
        signed_by=letter.sender,
    )
    return post(letter.sender.organization, message)


def text_of(content: bytes) -> str:
    """Return the base64 of a file."""
    return base64.b64encode(content).decode("ascii")
