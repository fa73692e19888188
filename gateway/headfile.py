"""The head of the sealed journal, in a file outside the database.

One line each: number, time (UTC) and head, ascending; the last of each day and the
newest. It is written anew and renamed, so that it is whole or as it was.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from gateway.domain.continuity import Mark


class HeadFile:
    """A file with heads; it may lie on a disk of another machine."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Mark]:
        """Return what stands there, ascending; nothing where there is no file.

        Raises `OSError` where it cannot be read, `ValueError` where it is no such file.
        """
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Mark.parse(line) for line in lines if line.strip()]

    def write(self, marks: Sequence[Mark]) -> None:
        """Put these in place of what stands there, durably; raises `OSError`."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(fresh, flags, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{mark}\n" for mark in marks)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def set_aside(self, name: str) -> Path | None:
        """Keep what stands there under another name beside it; None for nothing.

        Raises `OSError`, also where there is something of that name.
        """
        aside = self.path.with_name(f"{self.path.name}.{name}")
        if not self.path.exists():
            return None
        os.link(self.path, aside)
        self.path.unlink()
        return aside
