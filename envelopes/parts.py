"""An envelope taken apart: its own few kilobytes, and the files cut out of it.

A file is cut out where its base64 text in the envelope is exactly what encoding the
file gives again; any other spelling stays in the skeleton as it is. Putting the
parts together gives the envelope byte for byte.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pybase64

_SPLIT: Final = 256 * 1024
"""Bytes up to which a second copy is cheap."""

LEAST_CUT: Final = 64
"""Bytes of a file below which cutting it out would save nothing."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A place in the skeleton where a file's base64 text stood."""

    offset: int
    """In bytes of the skeleton; cuts are in ascending order."""
    digest: str
    """SHA-256 of the decoded file."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An envelope or document taken apart."""

    digest: str
    """SHA-256 of the whole."""
    size: int
    """Bytes of the whole."""
    skeleton: bytes = field(repr=False)
    cuts: tuple[Cut, ...]
    files: Mapping[str, bytes] = field(repr=False)
    """Every file of the letter by its digest, cut out or not."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the base64 text of a file stands in the whole."""

    start: int
    stop: int
    digest: str


def take_apart(whole: bytes, files: Mapping[str, bytes]) -> Parts:
    """Cut the files out of an envelope that carries them as base64 texts.

    `files` are the decoded files by their SHA-256. Those shorter than 64 bytes stay
    in the skeleton, and so does everything where putting together would not give
    the whole again. Time and memory grow with the size of the whole alone.
    """
    found = list(_found(whole, files))
    skeleton, cuts = _cut(whole, found)
    digest = hashlib.sha256(whole).hexdigest()
    again = hashlib.sha256()
    texts = (text_of(files[cut.digest]) for cut in cuts)
    for piece in _pieces(skeleton, cuts, texts):
        again.update(piece)
    if again.hexdigest() != digest:  # pragma: no cover - `_found` compared each text
        skeleton, cuts = whole, ()
    return Parts(digest, len(whole), skeleton, cuts, files)


def put_together(
    skeleton: bytes, cuts: tuple[Cut, ...], texts: Iterable[bytes]
) -> bytes:
    """Return the whole; `texts` are what stood at the cuts, as `text_of` writes it."""
    return b"".join(_pieces(skeleton, cuts, texts))


def text_of(file: bytes) -> bytes:
    """Return a file as it stands in an envelope."""
    return bytes(pybase64.b64encode(file))


def _pieces(
    skeleton: bytes, cuts: tuple[Cut, ...], texts: Iterable[bytes]
) -> Iterator[bytes | memoryview]:
    view = memoryview(skeleton)
    offset = 0
    for cut, text in zip(cuts, texts, strict=True):
        yield view[offset : cut.offset]
        yield text
        offset = cut.offset
    yield view[offset:]


def _cut(whole: bytes, found: list[_Found]) -> tuple[bytes, tuple[Cut, ...]]:
    view = memoryview(whole)
    kept: list[memoryview] = []
    cuts: list[Cut] = []
    offset = size = 0
    for place in found:
        kept.append(view[offset : place.start])
        size += place.start - offset
        cuts.append(Cut(size, place.digest))
        offset = place.stop
    kept.append(view[offset:])
    return b"".join(kept), tuple(cuts)


def _found(whole: bytes, files: Mapping[str, bytes]) -> Iterator[_Found]:
    """Find the texts between two tags that are the base64 of a file, in order.

    Each such text is decoded and known by its digest: looking for every file in
    the whole would cost the number of files times its size.
    """
    view = memoryview(whole)
    lengths = {
        (len(content) + 2) // 3 * 4
        for content in files.values()
        if len(content) >= LEAST_CUT
    }
    for start, stop in _texts(whole, min(lengths, default=0)) if lengths else ():
        if stop - start not in lengths:
            continue
        digest = _digest_of(view[start:stop])
        if digest in files and pybase64.b64encode(files[digest]) == view[start:stop]:
            yield _Found(start, stop, digest)


def _texts(whole: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of at least so many bytes between a `>` and the next `<`."""
    if len(whole) <= _SPLIT:
        yield from _texts_of_small(whole, least)
        return
    start = whole.find(b">") + 1
    while start > 0:
        stop = whole.find(b"<", start)
        if stop < 0:
            return
        if stop - start >= least:
            yield start, stop
        start = whole.find(b">", stop) + 1


def _texts_of_small(whole: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Yield the same by one copy of the whole, which costs less than many steps."""
    at = 0
    *pieces, _ = whole.split(b"<")
    for piece in pieces:
        stop = at + len(piece)
        if len(piece) > least and (begins := piece.find(b">") + 1):
            start = at + begins
            if stop - start >= least:
                yield start, stop
        at = stop + 1


def _digest_of(encoded: memoryview) -> str:
    try:
        return hashlib.sha256(pybase64.b64decode(encoded, validate=True)).hexdigest()
    except ValueError:
        return ""
