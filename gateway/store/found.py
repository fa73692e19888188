"""What a statement found or did, of either database."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import MultipleResultsFound, NoResultFound

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What a statement found or did: as much of a `CursorResult` as we use."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    rowcount: int

    def mappings(self) -> "Mappings":
        """Return the rows by the names of their columns."""
        return Mappings([dict(zip(self.names, row, strict=True)) for row in self.rows])

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def all(self) -> list[tuple[Any, ...]]:
        """Return all rows."""
        return self.rows

    def scalars(self) -> list[Any]:
        """Return the first value of each row."""
        return [row[0] for row in self.rows]

    def scalar_one(self) -> Any:  # noqa: ANN401 - a column's
        """Return the first value of the only row."""
        return _one(self.rows)[0]

    def scalar_one_or_none(self) -> Any:  # noqa: ANN401 - a column's
        """Return the first value of the only row, or None without one."""
        row = _one_or_none(self.rows)
        return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class Mappings:
    """Rows by the names of their columns."""

    rows: list[dict[str, Any]]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def all(self) -> list[dict[str, Any]]:
        """Return all rows."""
        return self.rows

    def one(self) -> dict[str, Any]:
        """Return the only row."""
        return _one(self.rows)

    def one_or_none(self) -> dict[str, Any] | None:
        """Return the only row, or None."""
        return _one_or_none(self.rows)


def _one(rows: list[T]) -> T:
    row = _one_or_none(rows)
    if row is None:
        raise NoResultFound
    return row


def _one_or_none(rows: list[T]) -> T | None:
    if len(rows) > 1:
        raise MultipleResultsFound
    return rows[0] if rows else None
