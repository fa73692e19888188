"""Append-only files for large bodies: `vault/segments/000001` and so on.

One process writes a segment, and only the one that created it; all may read it. A
crash or an undone unit leaves bytes at the end that no row refers to: they are
never overwritten and never read.
"""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.store.errors import StoreUnavailable, VaultDamaged

ROLL_AT: Final = 64 * 1024 * 1024
"""Bytes from which on the next body begins a new segment."""

_NAME_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body lies."""

    segment: int
    start: int
    """Bytes before it in its segment."""


@dataclass(slots=True)
class _Open:
    """The segment this process writes."""

    number: int
    descriptor: int
    end: int = 0


@dataclass(slots=True)
class Segments:
    """The segments of one directory, as one process sees them. Safe in threads."""

    directory: Path
    roll_at: int = ROLL_AT
    _current: _Open | None = None
    _unsynced: list[_Open] = field(default_factory=list)
    _new_name: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    losses: int = 0
    """How often a sync failed: what was appended before may be lost."""

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to sync."""
        return not self._unsynced and not self._new_name

    def append(self, body: bytes) -> Place:
        """Write a body behind all others; durable only after `sync`.

        Raises `StoreUnavailable` where the disk does not take it.
        """
        with self._lock:
            try:
                return self._append(body)
            except OSError as error:
                # What was half written stays behind, and nothing follows it.
                self._current = None
                raise StoreUnavailable(detail=str(error)) from error

    def sync(self, losses: int | None = None) -> None:
        """Return when all that was appended is durable; blocks. Call before COMMIT.

        `losses` is their number when the unit began, where others sync meanwhile: one
        of theirs that failed has lost what this unit appended. Raises
        `StoreUnavailable`; the unit must then be undone.
        """
        with self._lock:
            if losses is not None and losses != self.losses:
                raise StoreUnavailable(detail="a segment was lost meanwhile")
            try:
                self._sync()
            except OSError as error:
                # After a failed fsync the kernel may have dropped the pages: what
                # this segment holds must not be trusted by a second attempt.
                self.losses += 1
                self._let_go()
                raise StoreUnavailable(detail=str(error)) from error

    def read(self, place: Place, size: int) -> bytes:
        """Return a body, or raise `VaultDamaged` where its bytes are not there."""
        if place.start < 0 or size < 0:
            raise VaultDamaged(detail="a file begins or ends nowhere")
        try:
            with self._path(place.segment).open("rb") as segment:
                segment.seek(place.start)
                body = segment.read(size)
        except OSError as error:
            raise VaultDamaged(detail=str(error)) from error
        if len(body) != size:
            raise VaultDamaged(detail=f"segment {place.segment} is cut short")
        return body

    def close(self) -> None:
        """Close what is open, without syncing: what was committed is synced."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        """Close what is open; the next body begins a segment."""
        kept = [self._current] if self._current else []
        for descriptor in {s.descriptor for s in (*self._unsynced, *kept)}:
            os.close(descriptor)
        self._current = None
        self._unsynced.clear()

    def _append(self, body: bytes) -> Place:
        segment = self._current
        if segment is not None and segment.end >= self.roll_at:
            if segment not in self._unsynced:
                os.close(segment.descriptor)
            segment = None
        if segment is None:
            segment = self._current = self._begin()
        if segment not in self._unsynced:
            self._unsynced.append(segment)
        place = Place(segment.number, segment.end)
        rest = memoryview(body)
        while rest:
            rest = rest[os.write(segment.descriptor, rest) :]
        segment.end += len(body)
        return place

    def _begin(self) -> _Open:
        """Create a segment nobody else writes: the name is taken exclusively."""
        self.directory.mkdir(parents=True, exist_ok=True)
        number = max((int(p.name) for p in self.directory.iterdir()), default=0)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        while True:
            number += 1
            try:
                descriptor = os.open(self._path(number), flags, 0o600)
            except FileExistsError:
                continue
            self._new_name = True
            return _Open(number, descriptor)

    def _sync(self) -> None:
        while self._unsynced:
            segment = self._unsynced[-1]
            os.fsync(segment.descriptor)
            self._unsynced.pop()
            if segment is not self._current:
                os.close(segment.descriptor)
        if self._new_name:
            # The directories may be as new as the name in them.
            for directory in (self.directory, *self.directory.parents[:2]):
                _sync_directory(directory)
            self._new_name = False

    def _path(self, number: int) -> Path:
        return self.directory / f"{number:0{_NAME_DIGITS}d}"


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
