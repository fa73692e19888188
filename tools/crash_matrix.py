"""Play the crash matrix at full size; what came of it goes to docs/crash-matrix.md.

    python tools/crash_matrix.py [--letters N] [--engine NAME] [--only WORDS] [--json]
                                 [--results FILE] [--page]

Each row is one fault under the traffic of 48 offices, once on each engine; what is
counted at its end is what the clients saw and what the hub's own checks say
(`tests/matrix/judge.py`). With `--engine` or `--only` the document is left as it is.
With `--results` each row is kept in a file as it ends, and a run goes on with those
that are not in it; `--page` writes the document of what the file has.
The exit status is 0 only if every row that could be played was found in order.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.matrix import engines, judge  # noqa: E402 - found by the line above
from tests.matrix.play import Outcome, Row, play  # noqa: E402
from tests.matrix.table import rows  # noqa: E402
from tests.matrix.traffic import Counts  # noqa: E402

TARGET = ROOT / "docs" / "crash-matrix.md"
LETTERS = 200
"""In each row; all rows together are thousands on each engine."""

_COLUMNS = (
    *("fault", "engine", "letters", "struck", "lost", "twice", "order", "books"),
    *("queues", "repeats", "s", "how"),
)

Tell = Callable[[Row, str, Counts], None]


def main() -> int:
    """Play, print the table, and keep it."""
    # A signal must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = _arguments()
    words = chosen.only.lower()
    matrix = [row for row in rows(chosen.letters) if words in row.name.lower()]
    on = [chosen.engine] if chosen.engine else list(engines.ENGINES)
    results = Results(chosen.results)
    if not chosen.page:
        with _progress(len(matrix) * len(on), chosen.letters) as (tell, done):
            asyncio.run(
                _play_all(
                    matrix, on, results, letters=chosen.letters, tell=tell, done=done
                )
            )
    outcomes = results.of(matrix, on)
    text = page(outcomes, gathered=chosen.page)
    print(_as_json(outcomes) if chosen.json else text)
    if not (chosen.only or chosen.engine):
        TARGET.write_text(text, "utf-8")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=int, default=LETTERS, metavar="N")
    parser.add_argument("--engine", choices=engines.ENGINES)
    parser.add_argument("--only", default="", metavar="WORDS")
    parser.add_argument("--results", type=Path, metavar="FILE")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


class Results:
    """What was played, by row and engine; in a file where it is to be gone on with."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._found: dict[tuple[str, str], Outcome] = {}
        kept = file.read_text("utf-8") if file and file.exists() else ""
        for line in kept.splitlines():
            one = json.loads(line)
            one["verdict"] = judge.Verdict(**one["verdict"])
            outcome = Outcome(**one)
            self._found[outcome.row, outcome.engine] = outcome

    def has(self, row: Row, engine: str) -> bool:
        """Say whether a row was played on an engine, and found in order."""
        found = self._found.get((row.name, engine))
        return found is not None and found.good

    def add(self, outcome: Outcome) -> None:
        """Keep what a row came to, in place of what it came to before."""
        self._found[outcome.row, outcome.engine] = outcome
        if self._file:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")

    def of(self, matrix: Sequence[Row], on: Sequence[str]) -> list[Outcome]:
        """Return all rows, engine by engine; one that was not played says so."""
        return [
            self._found.get((row.name, engine))
            or _left_out(row, engine, "the run was ended before it")
            for engine in on
            for row in matrix
        ]


async def _play_all(
    matrix: Sequence[Row],
    on: Sequence[str],
    results: Results,
    *,
    letters: int,
    tell: Tell,
    done: Callable[[Outcome], None],
) -> None:
    for engine in on:
        if reason := engines.missing(engine):
            for row in matrix:
                results.add(_left_out(row, engine, reason))
            continue
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            engines.MAKERS[engine](Path(folder)) as make,
        ):
            for row in matrix:
                if not results.has(row, engine):
                    outcome = await _play(
                        row, make, engine, Path(folder), letters=letters, tell=tell
                    )
                    results.add(outcome)
                    done(outcome)


async def _play(
    row: Row, make: engines.Make, engine: str, folder: Path, *, letters: int, tell: Tell
) -> Outcome:
    place = Path(tempfile.mkdtemp(dir=folder))
    outcome = await play(
        row, make, engine, place, letters, tell=lambda counts: tell(row, engine, counts)
    )
    if outcome.good:
        shutil.rmtree(place, ignore_errors=True)
    else:
        kept = Path(tempfile.mkdtemp(prefix="crash-matrix-"))
        shutil.copytree(place, kept, dirs_exist_ok=True)
        print(f"{row.name} on {engine}: kept in {kept}", file=sys.stderr)
        for finding in outcome.verdict.findings[:10]:
            print(f"  {finding}", file=sys.stderr)
    return outcome


def _left_out(row: Row, engine: str, reason: str) -> Outcome:
    return Outcome(
        row=row.name, verb=row.verb, engine=engine, how=row.how, left_out=reason
    )


@contextmanager
def _progress(
    total: int, letters: int
) -> Iterator[tuple[Tell, Callable[[Outcome], None]]]:
    """Show how far the matrix is, and how far the letters of the row being played."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    ) as drawn:
        matrix = drawn.add_task("crash matrix", total=total)
        row_bar = drawn.add_task("", total=letters)

        def tell(row: Row, engine: str, counts: Counts) -> None:
            words = f"{engine}: {row.name}"
            drawn.update(row_bar, description=words, completed=counts.returned)

        def done(outcome: Outcome) -> None:
            drawn.advance(matrix)
            if drawn.disable:
                print(_line(outcome), file=sys.stderr, flush=True)

        yield tell, done


def page(outcomes: Sequence[Outcome], *, gathered: bool = False) -> str:
    """Write the document; `gathered` from what several runs have kept."""
    played = [outcome for outcome in outcomes if not outcome.left_out]
    good = sum(outcome.good for outcome in played)
    seconds = sum(outcome.seconds for outcome in played)
    rules = (judge.__doc__ or "").partition("\n\n")[2].strip()
    return f"""\
# The crash matrix

What no fault does: lose a letter, or stamp one twice.
Each row is one fault under the traffic of {_sizes(played)} letters, sent, routed,
received, registered and answered over HTTP by the simulated clients of up to 48
offices, many at the same time.
Killed means SIGKILL; the points at which a hub kills itself are the table of
`gateway/steps.py`, which only a demo hub obeys.

{_made(played, gathered=gathered)},
{os.cpu_count()} cores, Python {platform.python_version()},
{seconds / 60:.0f} minutes:
**{good} of {len(played)} rows in order**; {sum(o.letters for o in played):,} letters,
{sum(o.strikes for o in played):,} strikes, {sum(o.repeats for o in played):,} requests
sent again by clients.

At the end of each row:

{rules}

Struck: how often the fault was there.
Repeats: requests that clients sent again, since no answer came, or one that said
"later".

{_lines(_table(played))}
{_lines(_not_run([outcome for outcome in outcomes if outcome.left_out]))}
{_lines(_findings([outcome for outcome in played if not outcome.good]))}"""


def _sizes(played: Sequence[Outcome]) -> str:
    sizes = sorted({outcome.letters for outcome in played}) or [0]
    return " to ".join(f"{size:,}" for size in dict.fromkeys((sizes[0], sizes[-1])))


def _made(played: Sequence[Outcome], *, gathered: bool) -> str:
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    if gathered:
        return (
            f"Written on {when}, at commit `{_commit()}`, of what several runs kept\n"
            "that were ended early, at this commit and some before it"
        )
    return (
        f"Made by `make crash-matrix{_given(played)}` on {when},\ncommit `{_commit()}`"
    )


def _given(played: Sequence[Outcome]) -> str:
    """Return what the command was given where it was played at another size."""
    fewest = min((outcome.letters for outcome in played), default=LETTERS)
    return f" LETTERS={fewest}" if fewest != LETTERS else ""


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _table(played: Sequence[Outcome]) -> list[str]:
    rule = "|---|---|--:|--:|--:|--:|---|---|---|--:|--:|---|"
    return [f"| {' | '.join(_COLUMNS)} |", rule, *map(_line, played)]


def _line(outcome: Outcome) -> str:
    if outcome.left_out:
        return f"| {outcome.row} | {outcome.on} | not run here: {outcome.left_out} |"
    found = outcome.verdict
    cells = [
        outcome.row,
        outcome.on,
        f"{outcome.letters:,}",
        outcome.strikes,
        found.lost,
        found.twice,
        _order(found),
        "in balance" if found.books else "**not in balance**",
        "drained" if found.queues else "**not drained**",
        f"{outcome.repeats:,}",
        f"{outcome.seconds:.0f}",
        outcome.how,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _order(found: judge.Verdict) -> str:
    if not found.order_judged:
        return "not judged"
    broken = found.out_of_order
    return f"**broken {broken} times**" if broken else "kept"


def _not_run(left_out: Sequence[Outcome]) -> list[str]:
    if not left_out:
        return []
    lines = [f"| {o.row} | {o.on} | {o.left_out} |" for o in left_out]
    head = ["| fault | engine | why |", "|---|---|---|"]
    return ["## Not run here", "", *head, *lines]


def _findings(bad: Sequence[Outcome]) -> list[str]:
    lines = [
        f"- {outcome.row}, {outcome.on}: {finding}"
        for outcome in bad
        for finding in (outcome.verdict.findings or ["it was never struck"])[:10]
    ]
    return ["## Found", "", *lines] if lines else []


def _as_json(outcomes: Sequence[Outcome]) -> str:
    found = [asdict(one) | {"good": one.good} for one in outcomes]
    return json.dumps(found, ensure_ascii=False, indent=2)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
