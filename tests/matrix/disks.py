"""A disk that can be full: a tmpfs, mounted as root and filled to its last byte."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_PIECES: Final = (8 * 1024 * 1024, 64 * 1024, 4096)


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted file system of its own."""

    folder: Path

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def fill(self) -> None:
        """Leave no room at all; what is written into room left over fills it, too."""
        with self._filler.open("ab", buffering=0) as file:
            for piece in _PIECES:
                # What does not fit is given back whole, so the pieces become smaller.
                with suppress(OSError):
                    while True:
                        end = os.fstat(file.fileno()).st_size
                        os.posix_fallocate(file.fileno(), end, piece)

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount an empty disk on a folder; it is gone afterwards with all that it holds.

    Raises `subprocess.CalledProcessError` where this machine does not let us.
    """
    size = f"size={megabytes}m"
    _run("mount", "-t", "tmpfs", "-o", f"{size},mode=0755", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        # Lazily: a process that has just ended may hold a file a moment longer.
        _run("umount", "--lazy", str(folder))


@cache
def refused() -> str:
    """Say why no disk can be mounted here; empty where it can."""
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    with TemporaryDirectory() as folder:
        try:
            with disk(Path(folder), 1):
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            detail = getattr(error, "stderr", "") or str(error)
            return f"mount was refused: {detail.strip()}"


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
