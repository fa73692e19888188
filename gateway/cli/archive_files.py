"""The files of an archive: written one after the other, listed, and whole at the end.

| file | what it is |
|---|---|
| `README.txt` | what each file is, in Thai and English |
| `index.html`, `index.csv` | a line for each letter and receiver |
| `letters/YEAR/RECEIVER/PROCESS_ID/` | one letter for one receiver |
| `… request.xml` | the envelope as it came; its digest is the one of all receipts |
| `… delivered.xml`, `… delivered-DIALECT.xml` | what its receiver got |
| `… letter.json`, `… journal.json`, `… journal.csv` | what the hub knows of it |
| `… receipts/` | signed receipts |
| `files/` | each file of the letters once, named by its SHA-256 |
| `certificates/` | the hub's certificates, which verify the receipts |
| `archive.json` | which archive this is |
| `SHA256SUMS` | the digests of all the others: `sha256sum -c SHA256SUMS` |

It is written beside its place under a name that ends in `.part`, and gets its own name
when all of it is on the disk: what has its name is whole.
"""

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, BinaryIO, Final, Self

SUMS: Final = "SHA256SUMS"
PART: Final = ".part"
ABOUT: Final = "archive.json"

_MARK: Final = "NOT-COMPLETE.txt"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_BOM: Final = "\ufeff"


@dataclass(slots=True)
class Folder:
    """A folder that is being filled."""

    place: File
    """Where it will be."""
    size: int = 0
    """Bytes so far, of all files but the list."""
    _sums: dict[str, str] = field(default_factory=dict)
    _files: list[BinaryIO] = field(default_factory=list)
    """Those that were opened to be written piece by piece."""

    @property
    def root(self) -> File:
        """Where it is meanwhile."""
        return self.place.with_name(self.place.name + PART)

    def begin(self) -> Self:
        """Make it; what an earlier attempt left half done is removed.

        Raises `OSError` where something else is in the way.
        """
        if self.place.exists():
            raise FileExistsError(17, "File exists", str(self.place))
        if (self.root / _MARK).is_file():
            shutil.rmtree(self.root)
        self.root.mkdir(mode=0o700, parents=True)
        (self.root / _MARK).write_text("gateway archive make\n")
        return self

    def has(self, name: str) -> bool:
        """Say whether there is such a file already."""
        return name in self._sums

    def add(self, name: str, content: bytes) -> str:
        """Write a file; return its digest."""
        path = self.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
        self.listed(name, hashlib.sha256(content).hexdigest(), len(content))
        return self._sums[name]

    def open(self, name: str) -> "Listed":
        """Open a file beside the list: it is listed when it is closed."""
        file = (self.root / name).open("xb")
        self._files.append(file)
        return Listed(self, name, file)

    def listed(self, name: str, digest: str, size: int) -> None:
        """Note a file that was written."""
        self._sums[name] = digest
        self.size += size

    def end(self) -> str:
        """Write the list, have all on the disk, give it its name; return its digest."""
        lines = (f"{self._sums[name]}  {name}\n" for name in sorted(self._sums))
        whole = "".join(lines).encode()
        (self.root / SUMS).write_bytes(whole)
        (self.root / _MARK).unlink()
        # One sync of everything costs less than one for each of very many files.
        os.sync()
        self.root.rename(self.place)
        _sync(self.place.parent)
        return hashlib.sha256(whole).hexdigest()

    def drop(self) -> None:
        """Remove what was written so far."""
        for file in self._files:
            file.close()
        if (self.root / _MARK).is_file():
            shutil.rmtree(self.root)


@dataclass(slots=True)
class Listed:
    """A file that is written piece by piece."""

    folder: Folder
    name: str
    file: BinaryIO
    _digest: Any = field(default_factory=hashlib.sha256)
    _size: int = 0

    def close(self) -> None:
        """Close it, and list it."""
        self.file.close()
        self.folder.listed(self.name, self._digest.hexdigest(), self._size)

    def write(self, content: bytes) -> None:
        """Write a piece."""
        self.file.write(content)
        self._digest.update(content)
        self._size += len(content)

    def write_text(self, text: str) -> None:
        """Write a piece of text."""
        self.write(text.encode("utf-8", "replace"))


def json_of(document: object) -> bytes:
    """Write a document for people and programs."""
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def csv_line(cells: Iterable[object]) -> str:
    """Write a line of CSV that no spreadsheet takes for a formula."""
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(str(cell)) for cell in cells])
    return line.getvalue()


def csv_file(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a whole table; Excel reads its Thai because of the mark it begins with."""
    return "".join([_BOM, csv_line(head), *map(csv_line, rows)]).encode()


def csv_head(head: Sequence[str]) -> str:
    """Write the first line of a table that is written piece by piece."""
    return _BOM + csv_line(head)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _sync(folder: File) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
