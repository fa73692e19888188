"""What is measured of a hub, one function for each question.

Every case is given a hub that is served, and letters it has never seen.
"""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench import letters
from tools.bench.generator import quantile
from tools.bench.hub import Hub
from tools.bench.letters import Batch, Sender

CONNECTIONS = 64

Measured = dict[str, Any]

_PATIENCE = 600.0
_ENTRIES = "SELECT count(*) FROM inbox_entry"
_SIGNED = "SELECT count(*) FROM signed_receipt"
_MIB = 1024 * 1024


@dataclass(slots=True)
class Post:
    """Makes letters in a folder, and has the generator post them."""

    folder: Path
    senders: Sequence[Sender]
    receivers: Sequence[str]
    made: int = 0

    def prepare(self, name: str, size: int, count: int) -> Path:
        """Make letters that nobody has seen; returns their file."""
        self.made += 1
        batch = Batch(
            f"{name}-{self.made}-{secrets.token_hex(4)}",
            size,
            count,
            self.senders,
            self.receivers,
        )
        file = self.folder / f"letters-{self.made}"
        letters.write(batch, file)
        return file

    def send(
        self,
        address: str,
        file: Path,
        *,
        connections: int = CONNECTIONS,
        rate: float | None = None,
    ) -> Measured:
        """Post what a file holds; raises `RuntimeError` where one is refused."""
        out = self.folder / "outcome.json"
        command = [
            *(sys.executable, "-m", "tools.bench.generator", "--address", address),
            *("--letters", str(file), "--out", str(out)),
            *("--connections", str(connections)),
        ]
        if rate is not None:
            command += ["--rate", str(rate)]
        subprocess.run(command, check=True)
        outcome: Measured = json.loads(out.read_text("utf-8"))
        if outcome["refused"]:
            raise RuntimeError(f"refused: {outcome['refused']}")
        return outcome


def accept(hub: Hub, post: Post, size: int, count: int) -> Measured:
    """Post letters as fast as they are answered, and wait until all has settled."""
    file = post.prepare("accept", size, count)
    entries, receipts = hub.asked(_ENTRIES), hub.asked(_SIGNED)
    before = hub.processor()
    outcome = post.send(hub.address, file)
    accepted = hub.processor()
    began = outcome["began"]
    in_inbox = hub.reaches(_ENTRIES, entries + count, _PATIENCE)
    signed = hub.reaches(_SIGNED, receipts + count, _PATIENCE)
    file.unlink()
    return {
        "letters": count,
        "file_bytes": size,
        "accepted_per_second": outcome["per_second"],
        "in_inbox_per_second": count / (in_inbox - began),
        "receipts_signed_per_second": count / (signed - began),
        "answer_ms": outcome["answer_ms"],
        "hub_processor_ms_until_answered": 1000 * (accepted - before) / count,
        "hub_processor_ms_until_settled": 1000 * (hub.processor() - before) / count,
        "generator_processor_ms": outcome["generator_processor_ms"],
    }


def paced(hub: Hub, post: Post, size: int, rate: float, seconds: float) -> Measured:
    """Post letters at a steady rate; the answers' times, and the receipts'."""
    count = max(1, int(rate * seconds))
    file = post.prepare("paced", size, count)
    receipts = hub.asked(_SIGNED)
    known = hub.asked("SELECT count(*) FROM consignment")
    outcome = post.send(hub.address, file, rate=rate)
    hub.reaches(_SIGNED, receipts + count, _PATIENCE)
    file.unlink()
    return {
        "letters": count,
        "file_bytes": size,
        "rate": rate,
        "answer_ms": outcome["answer_ms"],
        "receipt_signed_ms": _receipts(hub, known),
    }


def circular(hub: Hub, post: Post, files: Path, copies: int) -> Measured:
    """Post one letter's copies, each signed, until all lie in their inboxes."""
    entries = hub.asked(_ENTRIES)
    kept = hub.asked("SELECT count(*) FROM file")
    written, pages = hub.written(), _log(hub)
    outcome = post.send(hub.address, files)
    in_inbox = hub.reaches(_ENTRIES, entries + copies, _PATIENCE)
    return {
        "copies": copies,
        "seconds_until_answered": outcome["seconds"],
        "seconds_until_deliverable": in_inbox - outcome["began"],
        "request_bytes": files.stat().st_size,
        "bytes_written_by_hub": hub.written() - written,
        "bytes_written_to_postgresql_log": _log(hub) - pages,
        "files_kept": hub.asked("SELECT count(*) FROM file") - kept,
        "answer_ms": outcome["answer_ms"],
    }


def memory(hub: Hub, post: Post, size: int, count: int) -> Measured:
    """Post large letters at once; the most memory it took above what it had idle."""
    file = post.prepare("memory", size, count)
    idle = hub.memory()
    hub.level()
    outcome = post.send(hub.address, file, connections=count)
    peak = hub.peak()
    file.unlink()
    return {
        "letters": count,
        "file_bytes": size,
        "idle_mib": idle / _MIB,
        "above_idle_mib": (peak - idle) / _MIB,
        "seconds": outcome["seconds"],
    }


def settled(hub: Hub) -> None:
    """Wait until nothing is on its way any more."""
    hub.reaches(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM promise WHERE kept_at IS NULL)"
        " THEN 0 ELSE 1 END",
        1,
        _PATIENCE,
    )


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return what half, and what nearly all, did not exceed, in milliseconds."""
    values = list(seconds)
    shares: Mapping[str, float] = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: 1000 * quantile(values, share) for name, share in shares.items()}


def repeated(
    action: Callable[[], object], *, seconds: float = 0.5, most: int = 2000
) -> float:
    """Return the seconds that one takes, of as many as this time holds."""
    action()
    began, done = time.perf_counter(), 0
    while not done or (done < most and time.perf_counter() - began < seconds):
        action()
        done += 1
    return (time.perf_counter() - began) / done


def _receipts(hub: Hub, known: int) -> dict[str, float]:
    """Return how long after a letter came its custody receipt was signed."""
    rows = hub.engine.rows(
        hub.data,
        "SELECT c.accepted_at, s.made_at FROM consignment c"  # noqa: S608 - a number
        " JOIN signed_receipt s ON s.about = c.id"
        f" ORDER BY c.accepted_at, c.id LIMIT 1000000 OFFSET {known}",
    )
    return quantiles([_seconds(made) - _seconds(came) for came, made in rows])


def _seconds(moment: Any) -> float:  # noqa: ANN401 - as each database gives it
    """Read a time of either database: a number of microseconds, a text, or a time."""
    if isinstance(moment, int | float):
        return moment / 1_000_000
    if isinstance(moment, str):
        # Imported here, since only SQLite may need it.
        from datetime import datetime  # noqa: PLC0415

        return datetime.fromisoformat(moment).timestamp()
    return float(moment.timestamp())


def _log(hub: Hub) -> int:
    """Return how far PostgreSQL's log has come, in bytes."""
    if "GATEWAY_DATABASE_URL" not in hub.engine.settings:
        return 0
    return hub.asked("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
