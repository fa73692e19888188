"""What every walk of `check books` is handed, and where it leaves its findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select

from gateway.domain.books import Finding
from gateway.store.books_bundle import Bundle, Problem
from gateway.store.books_content import Contents
from gateway.store.books_labels import Labels
from gateway.store.books_rows import TABLES, RawReader

Progress = Callable[[int, int], None]
"""Told how much is done, of how much: consignments, letters and files."""

AT_ONCE: Final = 100
"""Consignments, letters or files that are held in memory at once."""


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


@dataclass(slots=True)
class Inspection:
    """One run of `check books`."""

    reader: RawReader
    contents: Contents
    labels: Labels
    progress: Progress
    at_once: int = AT_ONCE
    findings: set[Finding] = field(default_factory=set)
    closed: set[object] = field(default_factory=set)
    """Secret letters that cannot be opened here, by their raw ids."""
    done: int = 0
    total: int = 0

    async def count(self) -> None:
        """Find out how much there is to do."""
        for table in ("consignment", "letter", "file"):
            result = await self.reader.connection.execute(
                select(func.count()).select_from(TABLES[table])
            )
            self.total += result.scalar_one()

    def advance(self, number: int) -> None:
        """Tell that so much more is done."""
        # Records may speak of more consignments than have a row.
        self.done = min(self.done + number, self.total)
        self.progress(self.done, self.total)

    async def of_bundle(self, bundle: Bundle, problems: Iterable[Problem]) -> None:
        """Report what is wrong with a consignment's records."""
        for table, what in problems:
            letter = await self.labels.of_bundle(bundle)
            self.findings.add(Finding(letter, bundle.name, table, what))

    async def of_letter(self, letter: object, problems: Iterable[Problem]) -> None:
        """Report what is wrong with a letter's rows, by its id."""
        for table, what in problems:
            name = await self.labels.of_letter(letter)
            self.findings.add(Finding(name, "", table, what))

    def of_names(self, names: Iterable[str], table: str, what: str) -> None:
        """Report what concerns these letters; one finding without a name if none."""
        for name in list(names) or [""]:
            self.findings.add(Finding(name, "", table, what))
