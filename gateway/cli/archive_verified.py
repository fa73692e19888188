"""Is an archive whole and as it was? Asked of its files alone, without the hub."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path as File
from typing import Final

from gateway.cli.archive_files import ABOUT, SUMS

SHOWN: Final = 50
"""Problems that are told at most; one is enough to know."""

_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")
_PIECE: Final = 1024 * 1024
_REQUEST: Final = "request.xml"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found."""

    digest: str
    """SHA-256 of its list of files: the hub knows it by that."""
    files: int
    letters: int
    problems: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, altered or added."""
        return not self.problems


def verify(place: File, progress: Callable[[int, int], None]) -> Verified:
    """Read an archive, and say what is not as it was; memory holds its list of files.

    Raises `OSError` where there is none.
    """
    written = (place / SUMS).read_bytes()
    lines = written.decode("utf-8", "replace").splitlines()
    problems = list(islice(_problems(place, lines, progress), SHOWN))
    letters = sum(line.endswith(f"/{_REQUEST}") for line in lines)
    return Verified(
        hashlib.sha256(written).hexdigest(), len(lines), letters, tuple(problems)
    )


def _problems(
    place: File, lines: list[str], progress: Callable[[int, int], None]
) -> Iterator[str]:
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        found = _LINE.fullmatch(line)
        if found is None or ".." in found[2].split("/") or found[2].startswith("/"):
            yield f"{SUMS}: line {number} cannot be read"
        elif found[2] in listed:
            yield f"{found[2]}: stands there twice"
        else:
            listed[found[2]] = found[1]
    yield from _added(place, listed)
    for done, (name, digest) in enumerate(listed.items(), start=1):
        yield from _file_problem(place, name, digest)
        if name.endswith("/letter.json"):
            yield from _letter_problem(place, name, listed)
        progress(done, len(listed))
    yield from _about_problem(place, listed)


def _added(place: File, listed: dict[str, str]) -> Iterator[str]:
    for path in place.rglob("*"):
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            yield f"{name}: is a link"
        elif path.is_file() and name not in listed and name != SUMS:
            yield f"{name}: is not in the list"


def _file_problem(place: File, name: str, digest: str) -> Iterator[str]:
    try:
        found = _digest(place / name)
    except OSError as error:
        yield f"{name}: {error.strerror}"
        return
    if found != digest:
        yield f"{name}: is not as it was"


def _digest(path: File) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _letter_problem(place: File, name: str, listed: dict[str, str]) -> Iterator[str]:
    """Compare what the hub knows of a letter with the bytes beside it."""
    request = f"{name.removesuffix('letter.json')}{_REQUEST}"
    try:
        letter = json.loads((place / name).read_bytes())
        envelope, kept = letter["consignment"]["envelope_digest"], letter["kept_as"]
        digests = [file["digest"] for file in letter["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{name}: is not to be read"
        return
    if listed.get(request) != envelope:
        yield f"{request}: is not the envelope that came"
    if [listed.get(file) for file in kept] != digests:
        yield f"{name}: its files are not those of the letter"


def _about_problem(place: File, listed: dict[str, str]) -> Iterator[str]:
    try:
        letters = json.loads((place / ABOUT).read_bytes())["letters"]
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{ABOUT}: is not to be read"
        return
    found = sum(name.endswith(f"/{_REQUEST}") for name in listed)
    if found != letters:
        yield f"{found} letters are here, {letters} were written"
