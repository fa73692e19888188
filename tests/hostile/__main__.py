"""`python -m tests.hostile`: what every vector cost, as a table."""

import asyncio
import tempfile
from pathlib import Path

from tests.hostile import trial
from tests.hostile.corpus import corpus
from tests.hostile.judge import complaints


def main() -> int:
    """Try everything; 1 where a vector did not get its verdict."""
    with tempfile.TemporaryDirectory() as folder:
        record = asyncio.run(trial.hold(Path(folder)))
    wrong = 0
    for vector in corpus():
        outcome = record.outcomes[vector.name]
        found = "; ".join(complaints(vector, outcome))
        wrong += bool(found)
        print(  # noqa: T201 - a program for people
            f"{vector.kind}/{vector.name}\t{len(vector.content)}\t"
            f"{outcome.seconds:.4f}\t{outcome.peak}\t{outcome.parsed}\t"
            f"{vector.verdict}\t{found or 'as it should be'}"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
