"""Inputs that `tools/fuzz_decoder.py` found worth keeping, each judged again."""

from pathlib import Path

import pytest

from tests.properties.promises import judged

KEPT = sorted((Path(__file__).parent.parent / "assets" / "fuzz").iterdir())


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name[:12])
def test_what_fuzzing_found_keeps_every_promise(file: Path) -> None:
    judged(file.read_bytes())


def test_the_corpus_is_kept_small() -> None:
    assert sum(file.stat().st_size for file in KEPT) < 500_000
