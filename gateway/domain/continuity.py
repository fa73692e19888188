"""Batches: the journal and the acts sealed in order, so that nothing can be cut out.

1. Every line of a journal and every act bears a seal over its own columns. A batch
   takes those that no batch has taken yet, whoever wrote them, and digests their
   seals in the order of their keys: writers need no common lock and no order.
2. Batches are numbered 1, 2, 3 … and each head covers the head before it, so that
   none can be altered, taken out or put in between.
3. The newest head is also written outside the database, with the last head of each
   day: who cuts off the end, or makes all batches anew, meets another head there.
4. What no batch has taken yet is the unsealed tail. It is shown as such: seals of
   lines still chain within a consignment (`gateway check books`), nothing else does.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

NO_HEAD: Final = "0" * 64
"""What stands before the first head."""

_FIELDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Entries that were sealed together."""

    number: int
    sealed_at: datetime
    lines: int
    """Lines of journals."""
    acts: int
    digest: str
    """SHA-256 over the seals of its entries, as `digest_of` writes them."""
    head: str
    """SHA-256 over the head before it and all of the above."""

    @property
    def entries(self) -> int:
        """Lines and acts."""
        return self.lines + self.acts

    @classmethod
    def after(
        cls,
        before: Self | None,
        *,
        at: datetime,
        lines: Sequence[str],
        acts: Sequence[str],
    ) -> Self:
        """Seal entries, given their seals in the order of their keys."""
        number = before.number + 1 if before else 1
        digest = digest_of(lines, acts)
        head = head_of(
            before.head if before else NO_HEAD,
            number=number,
            at=at,
            lines=len(lines),
            acts=len(acts),
            digest=digest,
        )
        return cls(
            number=number,
            sealed_at=at,
            lines=len(lines),
            acts=len(acts),
            digest=digest,
            head=head,
        )


def digest_of(lines: Iterable[str], acts: Iterable[str]) -> str:
    """Return SHA-256 over seals, a line of text for each, its kind before it."""
    whole = hashlib.sha256()
    for kind, seals in (("line", lines), ("act", acts)):
        for seal in seals:
            whole.update(f"{kind} {seal}\n".encode())
    return whole.hexdigest()


def head_of(
    before: str, *, number: int, at: datetime, lines: int, acts: int, digest: str
) -> str:
    """Return the head of a batch; times are written in UTC, to the microsecond."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = f"{before}\n{number}\n{moment}\n{lines}\n{acts}\n{digest}\n"
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Mark:
    """A head as it is written outside the database."""

    number: int
    sealed_at: datetime
    head: str

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Return the mark of a batch."""
        return cls(batch.number, batch.sealed_at, batch.head)

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read `NUMBER TIME HEAD`, or raise `ValueError`."""
        parts = line.split()
        if len(parts) != _FIELDS:
            raise ValueError("a mark is a number, a time and a head")
        at = datetime.fromisoformat(parts[1])
        if at.tzinfo is None:
            raise ValueError("a time without its zone")
        return cls(int(parts[0]), at, parts[2])

    def __str__(self) -> str:
        return f"{self.number} {self.sealed_at.astimezone(UTC).isoformat()} {self.head}"


def marks_after(marks: Sequence[Mark], newest: Mark) -> list[Mark]:
    """Return what is to stand outside the database: one head a day, and the newest.

    Days are those of UTC. `marks` are those that stand there, ascending.
    """
    last = marks[-1] if marks else None
    same_day = last and last.sealed_at.date() == newest.sealed_at.date()
    return [*(marks[:-1] if same_day else marks), newest]


@dataclass(frozen=True, slots=True, order=True)
class Break:
    """Where the journal is not what was sealed."""

    batch: int
    """0 where it concerns none."""
    what: str
    entry: str = ""
    """The line or act, where one can be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuity:
    """What `gateway check journal` found."""

    batches: int
    sealed: int
    """Entries in batches."""
    unsealed: int
    """Entries that no batch has taken yet."""
    newest: Mark | None
    outside: Mark | None
    """The newest head that stands outside the database."""
    breaks: tuple[Break, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was cut out, put in, altered or cut off."""
        return not self.breaks
