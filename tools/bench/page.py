"""What was measured, as a page: docs/bench.md is made of docs/bench.json by this."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tools.bench import prose

_KIB = 1024
_MIB = 1024 * 1024

Report = Mapping[str, Any]


def page(report: Report) -> str:
    """Return the page."""
    lines = [
        "# How fast it is",
        "",
        (
            f"`{report['command']}`, {report['date']}, {report['machine']}, "
            f"{report['seconds'] / 60:.0f} minutes; made by `tools/bench`, "
            "all of it in [bench.json](bench.json)."
        ),
        "The generator runs on the same machine, and so do the servers.",
        "",
        *_durable(report["durable"]),
        *_accept(report),
        *_latency(report),
        *_circular(report),
        *_memory(report),
        *_slow(report),
        *_backlog(report),
        *_blocks(report),
        *_profile(report),
    ]
    return "\n".join(lines).rstrip() + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table, with an empty line behind it."""
    return [
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def _durable(found: Sequence[Report]) -> list[str]:
    return [
        prose.DURABLE,
        *table(
            ("setting", "found", "expected"),
            [(one["name"], one["found"], one["expected"]) for one in found],
        ),
    ]


def _accept(report: Report) -> list[str]:
    return [
        prose.ACCEPT,
        *table(
            (
                *("engine", "file", "letters", "accepted/s", "in the inbox/s"),
                *("receipts signed/s", "answer p50/p95/p99 ms", "processor ms"),
                *("ceiling/s", "aim: accepted, in the inbox"),
            ),
            [
                (
                    engine,
                    size_of(one["file_bytes"]),
                    one["letters"],
                    f"{one['accepted_per_second']:.0f}",
                    f"{one['in_inbox_per_second']:.0f}",
                    f"{one['receipts_signed_per_second']:.0f}",
                    spread(one["answer_ms"]),
                    f"{one['hub_processor_ms_until_settled']:.2f}",
                    _ceiling(report, one["file_bytes"]),
                    _aim(report, engine, one["file_bytes"]),
                )
                for engine, found in report["engines"].items()
                for one in found["accept"]
            ],
        ),
    ]


def _latency(report: Report) -> list[str]:
    rows = []
    for engine, found in report["engines"].items():
        paced, trips = found["paced"], found["round_trips"]
        rate, lanes = f"{paced['rate']:.0f} letters/s", trips["lanes"]
        for what, times in (
            (f"posted → answered, {rate}, half of the most", paced["answer_ms"]),
            (f"come → receipt signed, {rate}", paced["receipt_signed_ms"]),
            (
                f"posted → receiver's number read, {lanes} at once",
                trips["number_back_ms"],
            ),
        ):
            rows.append((engine, what, spread(times)))
    heads = ("engine", "what", "p50/p95/p99 ms")
    return [prose.LATENCY, *table(heads, rows)]


def _circular(report: Report) -> list[str]:
    rows = []
    for engine, found in report["engines"].items():
        one = found["circular"]
        rows.append(
            (
                engine,
                one["copies"],
                f"{one['seconds_until_answered']:.2f}",
                f"{one['seconds_until_deliverable']:.2f}",
                mib(one["request_bytes"]),
                mib(one["bytes_written_by_hub"]),
                mib(one["bytes_written_to_postgresql_log"]),
                one["files_kept"],
            )
        )
    return [
        prose.CIRCULAR,
        *table(
            (
                *("engine", "copies", "answered s", "deliverable s", "sent MiB"),
                *("written MiB", "PostgreSQL log MiB", "files kept"),
            ),
            rows,
        ),
    ]


def _memory(report: Report) -> list[str]:
    return [
        prose.MEMORY,
        *table(
            ("engine", "letters at once", "file", "idle MiB", "above idle MiB", "s"),
            [
                (
                    engine,
                    one["letters"],
                    size_of(one["file_bytes"]),
                    f"{one['idle_mib']:.0f}",
                    f"{one['above_idle_mib']:.0f}",
                    f"{one['seconds']:.1f}",
                )
                for engine, found in report["engines"].items()
                for one in found["memory"]
            ],
        ),
    ]


def _slow(report: Report) -> list[str]:
    measured = {e: one for e, one in report["engines"].items() if "slow" in one}
    if not measured:
        return [prose.SLOW, prose.NO_COMPILER]
    return [
        prose.SLOW,
        *table(
            ("engine", "fast/s", "slow/s", "kept", "aim", "syncs a letter"),
            [
                (
                    engine,
                    f"{found['slow']['fast_per_second']:.0f}",
                    f"{found['slow']['slow_per_second']:.0f}",
                    f"{found['slow']['kept']:.0%}",
                    "40%",
                    f"{found['slow']['syncs_per_letter']:.3f}",
                )
                for engine, found in measured.items()
            ],
        ),
    ]


def _backlog(report: Report) -> list[str]:
    rows = []
    for engine, found in report["engines"].items():
        for way, one in found.get("backlog", {}).items():
            before, during = one["others_before_ms"], one["others_during_ms"]
            rows.append(
                (
                    *(engine, way, one["waiting"], f"{one['drained_seconds']:.0f}"),
                    f"{one['drained_per_second']:.0f}",
                    f"{one['others_per_second']:.0f}",
                    *(spread(before["letter"]), spread(during["letter"])),
                    *(spread(before["poll"]), spread(during["poll"])),
                )
            )
    return [
        prose.BACKLOG,
        *table(
            (
                *("engine", "way", "waiting", "drained in s", "letters/s"),
                *("others' requests/s", "letters before", "letters during"),
                *("polls before", "polls during"),
            ),
            rows,
        ),
    ]


def _blocks(report: Report) -> list[str]:
    blocks = report["blocks"]
    stages = list(blocks[0]["ms"]) if blocks else []
    return [
        prose.BLOCKS,
        *table(
            ("file", "envelope", *stages, "letters/s"),
            [
                (
                    size_of(one["file_bytes"]),
                    size_of(one["envelope_bytes"]),
                    *(f"{one['ms'][stage]:.3f}" for stage in stages),
                    f"{one['per_second']:.0f}",
                )
                for one in blocks
            ],
        ),
        prose.GENERATOR.format(**report["generator"]),
    ]


def _profile(report: Report) -> list[str]:
    lines = [prose.PROFILE]
    for engine, found in report["engines"].items():
        one = found["profile"]
        lines += [
            f"{engine}, {size_of(one['file_bytes'])}:",
            "",
            *table(
                ("package", "µs a letter"),
                [(f"`{name}`", f"{us:.0f}") for name, us in one["packages"].items()],
            ),
        ]
    return lines


def _ceiling(report: Report, size: int) -> str:
    found = [one for one in report["blocks"] if one["file_bytes"] == size]
    return f"{found[0]['per_second']:.0f}" if found else "-"


def _aim(report: Report, engine: str, size: int) -> str:
    aim = report["aims"].get(engine, {}).get(str(size))
    return "-" if aim is None else ", ".join(map(str, aim))


def size_of(size: int) -> str:
    """Return a number of bytes as one reads it."""
    if size >= _MIB:
        return f"{size / _MIB:.3g} MiB"
    return f"{size / _KIB:.3g} KiB"


def mib(size: int) -> str:
    """Return a number of bytes in MiB."""
    return f"{size / _MIB:.1f}"


def spread(times: Mapping[str, float]) -> str:
    """Return the three quantiles of some times."""
    return " / ".join(f"{times[name]:.1f}" for name in ("p50", "p95", "p99"))
