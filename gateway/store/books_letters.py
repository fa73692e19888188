"""Walks all that any table calls a letter, and the books they are entered in."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from gateway.domain.books import RegisterAccount
from gateway.store.books_bundle import Problem, row_problems
from gateway.store.books_inspection import Inspection
from gateway.store.books_rows import TABLES, Found, RawReader, all_raw, raw_column
from gateway.store.books_secrets import opening_of
from gateway.store.errors import SecretsClosed, VaultDamaged

_SOURCES: Final = (
    ("letter", "id"),
    ("letter_file", "letter_id"),
    ("consignment", "letter_id"),
)
_REGISTRATION: Final = TABLES["registration"]
_BOOK_KEY: Final = ("organization", "book", "year")


@dataclass(slots=True)
class _Held:
    """What lies under one letter's id."""

    letter: Found | None = None
    files: list[Found] = field(default_factory=list)
    consignments: int = 0

    def problems(self, sizes: Mapping[Any, Any]) -> Iterator[Problem]:
        """Say what does not agree; `sizes` are those of the files by digest."""
        if self.letter is None:
            yield "letter", "the row is not there, but others speak of it"
        else:
            yield from row_problems(self.letter)
        if not self.consignments:
            yield "consignment", "the letter has no consignment"
        for file in self.files:
            yield from row_problems(file)
            if file.raw["digest"] not in sizes:
                yield "file", "a file of the letter is not there"
            elif sizes[file.raw["digest"]] != file.raw["size"]:
                yield "file", "a file of the letter has another size"


async def check_letters(inspection: Inspection) -> None:
    """Check the rows of each letter and its list of files."""
    reader = inspection.reader
    after: object = None
    while keys := await reader.keys(_SOURCES, after, limit=inspection.at_once):
        held = await _held(reader, keys)
        digests = {f.raw["digest"] for h in held.values() for f in h.files}
        sizes = dict(await reader.pairs("file", "digest", "size", digests))
        for key in keys:
            await inspection.of_letter(key, held[key].problems(sizes))
            await inspection.of_letter(key, await _hidden(inspection, held[key]))
        inspection.advance(len(keys))
        after = keys[-1]


async def _hidden(inspection: Inspection, held: _Held) -> list[Problem]:
    """Say what is wrong with what a secret letter hides."""
    if (row := held.letter) is None or row.unreadable:
        return []
    try:
        opening = await opening_of(inspection.contents.vault.box, row, "id")
        opened = opening.values(row)
    except SecretsClosed:
        inspection.closed.add(row.raw["id"])
        return []
    except VaultDamaged as error:
        return [("letter", error.detail)]
    return list(opening.file_problems(row.values["id"], opened, held.files))


async def _held(reader: RawReader, keys: Sequence[Any]) -> Mapping[Any, _Held]:
    held: dict[Any, _Held] = defaultdict(_Held)
    for row in await reader.of("letter", "id", keys):
        held[row.raw["id"]].letter = row
    for row in await reader.of("letter_file", "letter_id", keys):
        held[row.raw["letter_id"]].files.append(row)
    for key, _ in await reader.pairs("consignment", "letter_id", "id", keys):
        held[key].consignments += 1
    return held


async def check_registers(inspection: Inspection) -> list[RegisterAccount]:
    """Compare each book with the serials that were given from it."""
    reader = inspection.reader
    books = await reader.rows("book", all_raw(TABLES["book"]))
    given = await _given(reader)
    by_key = {_key(row.raw): row for row in books}
    accounts = []
    for key in sorted(by_key.keys() | given.keys(), key=str):
        book = by_key.get(key)
        account = _account(key, given.get(key, (0, 0, 0)), book)
        problems = list(row_problems(book)) if book else []
        if not account.in_balance:
            problems.append(("book", _imbalance(account)))
        for table, what in problems:
            names = await _newest(inspection, key)
            inspection.of_names(names, table, f"{' '.join(map(str, key))}: {what}")
        accounts.append(account)
    return accounts


async def _given(reader: RawReader) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    serial = raw_column(_REGISTRATION.c.serial)
    columns = [raw_column(_REGISTRATION.c[name]).label(name) for name in _BOOK_KEY]
    result = await reader.connection.execute(
        select(
            *columns,
            func.count(serial),
            func.max(serial),
            func.count(serial.distinct()),
        )
        .where(_REGISTRATION.c.serial.is_not(None))
        .group_by(*columns)
    )
    return {tuple(row[:3]): tuple(row[3:]) for row in result.all()}


def _key(columns: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(columns[name] for name in _BOOK_KEY)


def _account(
    key: tuple[Any, ...], given: tuple[Any, ...], book: Found | None
) -> RegisterAccount:
    number, highest, distinct = (_whole(value) for value in given)
    organization, name, year = key
    return RegisterAccount(
        organization=str(organization),
        book=str(name),
        year=_whole(year),
        given=number,
        highest=highest,
        distinct=distinct,
        last=_whole(book.raw["last"]) if book else 0,
    )


def _whole(value: object) -> int:
    """Return a number, and for what is none one that balances with nothing."""
    return value if isinstance(value, int) else -1


def _imbalance(account: RegisterAccount) -> str:
    return (
        f"{account.given} numbers given, the highest {account.highest}, "
        f"the book says {account.last}"
    )


async def _newest(inspection: Inspection, key: tuple[Any, ...]) -> list[str]:
    """Name the letter that was entered last in a book."""
    statement = all_raw(_REGISTRATION).order_by(_REGISTRATION.c.id.desc()).limit(1)
    for name, value in zip(_BOOK_KEY, key, strict=True):
        statement = statement.where(raw_column(_REGISTRATION.c[name]) == value)
    found = await inspection.reader.rows("registration", statement)
    ids = [row.raw["consignment_id"] for row in found]
    letters = await inspection.reader.pairs("consignment", "id", "letter_id", ids)
    return [await inspection.labels.of_letter(letter) for _, letter in letters]
