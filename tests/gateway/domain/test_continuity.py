from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.continuity import Batch, Mark, digest_of, head_of, marks_after

NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)


def test_batches_are_numbered_from_one_and_each_head_covers_the_one_before() -> None:
    first = Batch.after(None, at=NOON, lines=["a"], acts=[])
    second = Batch.after(first, at=NOON, lines=[], acts=["b"])
    other = Batch.after(replace(first, head="0" * 64), at=NOON, lines=[], acts=["b"])

    assert (first.number, second.number) == (1, 2)
    assert (first.lines, first.acts, second.entries) == (1, 0, 1)
    assert second.digest == other.digest
    assert second.head != other.head


@pytest.mark.parametrize(
    "change",
    [
        {"number": 3},
        {"at": NOON + timedelta(microseconds=1)},
        {"lines": 2},
        {"acts": 2},
        {"digest": "f" * 64},
    ],
)
def test_a_head_covers_every_column(change: dict[str, object]) -> None:
    facts = {"number": 2, "at": NOON, "lines": 1, "acts": 1, "digest": "d" * 64}

    assert head_of("0" * 64, **facts) != head_of("0" * 64, **{**facts, **change})  # type: ignore[arg-type]


def test_a_head_is_the_same_in_every_release_and_zone() -> None:
    bangkok = timezone(timedelta(hours=7))
    heads = {
        head_of("0" * 64, number=1, at=at, lines=1, acts=0, digest="d" * 64)
        for at in (NOON, NOON.astimezone(bangkok))
    }

    assert heads == {"ce6f79c82f5861e3d5965d914dab148b93e537db91d8e0d8a039fbc65bf4a532"}


@given(st.lists(st.text("ab", min_size=1)), st.lists(st.text("ab", min_size=1)))
def test_a_line_is_no_act(lines: list[str], acts: list[str]) -> None:
    assert (digest_of(lines, acts) == digest_of(acts, lines)) == (lines == acts)


def test_a_mark_is_read_as_it_is_written() -> None:
    mark = Mark(12, NOON, "ab" * 32)

    assert Mark.parse(str(mark)) == mark


@pytest.mark.parametrize(
    "line", ["", "1", "1 2026-06-05T12:00:00 ab", "x 2026-06-05T12:00:00Z ab", "1 y ab"]
)
def test_what_is_no_mark_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Mark.parse(line)


def test_one_head_a_day_stands_outside_and_the_newest() -> None:
    marks: list[Mark] = []
    for number in range(1, 8):
        at = NOON + timedelta(hours=10 * number)
        marks = marks_after(marks, Mark(number, at, str(number)))

    # Hours 22; 8 and 18; 4 and 14 of the next day; 0 and 10 of the day after.
    assert [mark.number for mark in marks] == [1, 3, 5, 7]
