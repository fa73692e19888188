"""The ceiling: what one processor could do at most with the parts a letter needs.

Nothing waits here, nothing is sent, and nothing is kept twice: no hub can be faster
on one processor that does all of it, and the distance to it is what the hub costs.
"""

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from envelopes.decoder import decode, letter_from
from envelopes.letter import OrganizationCode
from envelopes.parsing import parse
from envelopes.parts import take_apart
from envelopes.requests import SendLetter
from envelopes.signature import verify
from gateway.bootstrap import registered
from gateway.keys.signing import KeySigner, new_key_pair
from gateway.store import sqlite
from gateway.store.turns import GROUP
from schemas.catalog import Operation
from schemas.limits import Limits
from schemas.validator import violations
from tools.bench import letters
from tools.bench.cases import Measured, repeated
from tools.bench.letters import Sender

_ROWS = 9
"""What one letter writes until its receipt is signed: rows of some hundred bytes."""

_HEAD_END = b"\r\n\r\n"
_STAGES = ("parse", "schema", "verify", "take_apart", "receipt", "commit")


def ceiling(file: Path, senders: Sequence[Sender], size: int) -> Measured:
    """Return the milliseconds of each part for letters of a file, and the rate."""
    requests = letters.read(file)[: len(senders)]
    bodies = [request.partition(_HEAD_END)[2] for request in requests]
    costs = _stages(bodies, senders)
    costs["receipt"] = _receipt()
    costs["commit"] = _commit(size)
    whole = sum(costs[stage] for stage in _STAGES)
    return {
        "file_bytes": size,
        "envelope_bytes": sum(map(len, bodies)) // len(bodies),
        "ms": {stage: round(1000 * costs[stage], 4) for stage in _STAGES},
        "per_second": 1 / whole,
    }


def _stages(bodies: Sequence[bytes], senders: Sequence[Sender]) -> dict[str, float]:
    found: dict[str, float] = dict.fromkeys(_STAGES, 0.0)
    limits, now = Limits(), datetime.now(UTC)
    for body, sender in zip(bodies, senders, strict=True):
        request = decode(body, limits).request
        if not isinstance(request, SendLetter):
            raise TypeError(request)
        document, tree = request.document, request.document.tree.getparent()
        trusted = [registered(OrganizationCode(sender.code), sender.certificate)]
        letter = letter_from(verify(document, trusted, now))
        files = {one.digest: one.content for one in letter.files}
        parts: dict[str, Any] = {
            "parse": lambda body=body: parse(body, limits),
            "schema": lambda tree=tree: violations(tree, Operation.SEND_LETTER),
            "verify": lambda document=document, trusted=trusted: letter_from(
                verify(document, trusted, now)
            ),
            "take_apart": lambda body=body, files=files: take_apart(body, files),
        }
        for name, part in parts.items():
            found[name] += repeated(part, seconds=0.1) / len(bodies)
    return found


def _receipt() -> float:
    """Return the seconds that a P-256 signature over a receipt takes."""
    pair = new_key_pair("bench", "1500200000", datetime.now(UTC))
    private = serialization.load_pem_private_key(pair.key, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError(private)
    signer, content = KeySigner(private, pair.certificate), os.urandom(2048)
    return repeated(lambda: signer.sign_bytes(content))


def _commit(size: int) -> float:
    """Return the seconds that a letter's rows take in a group that is synced."""
    body = os.urandom(min(size, 32 * 1024))
    row = os.urandom(300)
    with tempfile.TemporaryDirectory(dir=_disk()) as folder:
        file = Path(folder, "rows.db")
        connection = sqlite.connect(file, make=True)
        connection.execute("CREATE TABLE t (id BLOB PRIMARY KEY, a BLOB) WITHOUT ROWID")

        def group() -> None:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(GROUP):
                _written(connection, body, row)
            if size > len(body):
                _synced(Path(folder, "segment"), size)
            connection.execute("COMMIT")

        seconds = repeated(group, most=30)
        connection.close()
    return seconds / GROUP


def _written(connection: sqlite3.Connection, body: bytes, row: bytes) -> None:
    add = "INSERT INTO t VALUES (?, ?)"
    connection.execute(add, (os.urandom(32), body))
    for _ in range(_ROWS):
        connection.execute(add, (os.urandom(16), row))


def _synced(file: Path, size: int) -> None:
    """Append a group's large files, and sync them once."""
    content = bytes(size)
    with file.open("wb", buffering=0) as out:
        for _ in range(GROUP):
            out.write(content)
        os.fsync(out.fileno())


def _disk() -> str:
    return os.environ.get("TMPDIR", tempfile.gettempdir())
