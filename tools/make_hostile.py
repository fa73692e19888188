"""Make docs/hostile.md, write the hostile vectors as files, or measure what they cost.

    python tools/make_hostile.py [--check | --out FOLDER | --costs]

Without an option the document is written; `--check` says whether it is current.
`--out` writes each vector as a file for who builds a system of their own: `.xml` ones
are bodies, `.http` ones all that is written on a connection. `--costs` tries them all
on a hub and writes the figures into the document, too, and prints them.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.hostile import trial  # noqa: E402 - found by the line above
from tests.hostile.controls import CONTROLS, Control  # noqa: E402
from tests.hostile.corpus import corpus  # noqa: E402
from tests.hostile.documents import TRAP  # noqa: E402
from tests.hostile.judge import Outcome  # noqa: E402
from tests.hostile.parties import ENTRY  # noqa: E402
from tests.hostile.vector import (  # noqa: E402
    MEANINGS,
    Kind,
    Vector,
    of_class,
)

DOCUMENT = ROOT / "docs" / "hostile.md"
MEASURED = "<!-- What stands below was measured, and differs from run to run. -->"

_MIB = 1024 * 1024
_SHOWN = 40


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--out", type=Path)
    what.add_argument("--costs", action="store_true")
    arguments = parser.parse_args()
    if arguments.out:
        write_files(arguments.out)
        return 0
    if arguments.check:
        if is_current():
            return 0
        print("docs/hostile.md is not current: make docs", file=sys.stderr)
        return 1
    below = measured() if arguments.costs else _below()
    DOCUMENT.write_text(f"{document()}\n{MEASURED}\n\n{below}", "utf-8")
    print(below if arguments.costs else "docs/hostile.md written")
    return 0


def write_files(folder: Path) -> None:
    """Write every vector as a file, and a list of them parted by tabs."""
    lines = ["file\tdoor\tverdict\twhat is wrong"]
    for vector in corpus():
        file = folder / vector.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(vector.content)
        told = str(vector.verdict).replace("`", "")
        lines.append(f"{vector.file}\t{vector.door}\t{told}\t{vector.wrong}")
    (folder / "vectors.tsv").write_text("\n".join([*lines, ""]), "utf-8")


def is_current() -> bool:
    """Say whether the document tells of the vectors and controls there are."""
    written = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else ""
    return written.partition(MEASURED)[0].rstrip() == document().rstrip()


def document() -> str:
    """Write all of it but what was measured."""
    vectors = corpus()
    parts = [
        "# Hostile envelopes",
        "",
        "<!-- Made by tools/make_hostile.py from tests/hostile/; change it there. -->",
        "",
        (
            f"{len(vectors)} attempts in {len(Kind)} classes, built from test keys, "
            "the same in every build. Each is tried on a production hub over HTTP "
            "(`tests/hostile/test_hostile.py`) and has its verdict:"
        ),
        "",
        "- **refused**: with this error code; no row and no file has changed;",
        (
            "- **carried as text**: the receiver reads exactly these characters, and "
            "wherever they appear (terminal, pipe, JSON, log) they are words;"
        ),
        "- **answered, changes nothing**: a repeat, a deletion of nothing;",
        "- **HTTP**: answered below the envelope, or hung up.",
        "",
        (
            "`python tools/make_hostile.py --out FOLDER` writes them as files, for who "
            f"builds a system of their own. `{TRAP}` stands where something would be "
            f"fetched, `{ENTRY}` for the ProcessID of another office's entry."
        ),
        "",
        (
            "While they are tried: no connection but to the hub, no program started, "
            "nothing written outside its folder, no fetch (a server listens where they "
            "would go), nothing of the environment or of other files anywhere; the log "
            "has one event a line and no mistake of ours; the books balance after it. "
            "Whatever is read of a signed one is what was signed."
        ),
        "",
        (
            "There is no export to spreadsheets yet: a formula in a subject stays text "
            "in tables, pipes and JSON. Whoever opens the output of a pipe in a "
            "spreadsheet has it read texts as texts."
        ),
        "",
        "## Classes",
        "",
        "| class | vectors | what is wrong |",
        "|---|---|---|",
        *(
            f"| [{kind}](#{kind}) | {len(of_class(kind, vectors))} | {MEANINGS[kind]} |"
            for kind in Kind
        ),
        "",
        *_lists(vectors),
        *_controls(CONTROLS),
        *_bounds(),
    ]
    return "\n".join(parts)


def _lists(vectors: Iterable[Vector]) -> Iterable[str]:
    vectors = list(vectors)
    for kind in Kind:
        yield f"## {kind}"
        yield ""
        yield "| vector | what is wrong | verdict |"
        yield "|---|---|---|"
        for vector in of_class(kind, vectors):
            yield f"| {vector.name} | {_cell(vector.wrong)} | {vector.verdict} |"
        yield ""


def _controls(controls: Iterable[Control]) -> Iterable[str]:
    yield "## Controls"
    yield ""
    yield (
        "Each is switched off in `tests/hostile/test_controls.py`; its vectors then "
        "do not get their verdict. Where another control refuses the same, it is "
        "named: alone, nothing gets through; with all of them off, the vectors do. "
        "What aiohttp refuses of HTTP by itself has no switch here."
    )
    yield ""
    yield "| control | what it does | needed by | also refused by |"
    yield "|---|---|---|---|"
    for control in controls:
        needed = ", ".join(control.vectors)
        beside = ", ".join(control.beside) or "–"
        yield f"| {control.name} | {_cell(control.what)} | {needed} | {beside} |"
    yield ""


def _bounds() -> Iterable[str]:
    yield "## What one may cost"
    yield ""
    yield " ".join((trial.bounds.__doc__ or "").split())
    yield ""
    yield (
        "Seconds are of the processor, for hub and caller together; memory is the "
        "peak of the process above what it had; both stand below as they were once. "
        "`python tools/make_hostile.py --costs` measures them anew."
    )
    yield ""


def measured() -> str:
    """Try everything, and write what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        record = asyncio.run(trial.hold(Path(folder)))
    vectors = sorted(
        corpus(), key=lambda v: _share(v, record.outcomes, record.honest), reverse=True
    )
    rows = [
        _cost(
            f"{vector.kind}/{vector.name}",
            len(vector.content),
            record.outcomes[vector.name],
            _share(vector, record.outcomes, record.honest),
        )
        for vector in vectors[:_SHOWN]
    ]
    honest = [
        _cost("an honest letter", size, outcome, None)
        for size, outcome in record.honest.items()
    ]
    return "\n".join(
        [
            "## What they cost",
            "",
            (
                f"On one machine (Python {platform.python_version()}, "
                f"{platform.machine()}): honest letters, and the {_SHOWN} vectors that "
                "came nearest to a bound."
            ),
            "",
            "| vector | bytes | seconds | MiB | parsed, bytes | of the bound |",
            "|---|---|---|---|---|---|",
            *honest,
            *rows,
            "",
        ]
    )


def _share(
    vector: Vector, outcomes: Mapping[str, Outcome], honest: dict[int, Outcome]
) -> float:
    """Return how much of what it may cost a vector did cost, the worst of three."""
    outcome = outcomes[vector.name]
    seconds, peak, parsed = trial.bounds(len(vector.content), honest)
    return max(outcome.seconds / seconds, outcome.peak / peak, outcome.parsed / parsed)


def _cost(name: str, size: int, outcome: Outcome, share: float | None) -> str:
    part = "–" if share is None else f"{share:.0%}"
    return (
        f"| {name} | {size:,} | {outcome.seconds:.3f} | {outcome.peak / _MIB:.1f} "
        f"| {outcome.parsed:,} | {part} |"
    )


def _below() -> str:
    written = DOCUMENT.read_text("utf-8") if DOCUMENT.exists() else ""
    return written.partition(MEASURED)[2].strip() + "\n"


def _cell(text: str) -> str:
    """Write a text as one cell of a table, its markup as words."""
    for sign in "\\|<>*_[]":
        text = text.replace(sign, f"\\{sign}")
    return text


if __name__ == "__main__":
    sys.exit(main())
