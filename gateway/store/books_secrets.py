"""Whether what a secret letter hides is what its rows show, opened with its key."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gateway.store.books_bundle import Bundle, Problem
from gateway.store.books_rows import Found
from gateway.store.errors import VaultDamaged
from gateway.store.hiding import agrees, shown
from gateway.store.keyring import Keyring, LetterKey
from gateway.store.rows import FILES
from gateway.store.strongbox import Strongbox

_HIDING: Final = ("consignment", "journal", "registration")


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens the rows of one letter; nothing has to be opened of others."""

    key: LetterKey | None = None
    ring: Keyring | None = None

    def values(self, row: Found) -> Mapping[str, Any]:
        """Return a row's columns with what they hide; raises `VaultDamaged`."""
        opened = shown(row.name, row.values, self.key)
        if self.ring and not agrees(row.name, row.values, opened, self.ring):
            raise VaultDamaged(detail=f"{row.name}: shows other digests than it hides")
        return opened

    def problems(self, bundle: Bundle) -> Iterator[Problem]:
        """Say which rows of a consignment cannot be opened."""
        for table in _HIDING if self.key else ():
            for row in bundle.found[table]:
                if row.unreadable:
                    continue
                try:
                    self.values(row)
                except VaultDamaged as error:
                    yield table, error.detail

    def file_problems(
        self, letter: UUID, opened: Mapping[str, Any], files: Iterable[Found]
    ) -> Iterator[Problem]:
        """Say whether the files are those whose digests a letter hides."""
        if self.ring is None:
            return
        told = {
            position: self.ring.hidden_file(letter, digest)
            for position, (digest, _) in opened.get(FILES, {}).items()
        }
        if told != {str(f.raw["position"]): f.raw["digest"] for f in files}:
            yield "letter_file", "the files are not those that the letter hides"


async def opening_of(box: Strongbox, row: Found, letter: str) -> Opening:
    """Return what opens a row; `letter` is its column with the letter's id.

    Raises `SecretsClosed` where this hub cannot open it, `VaultDamaged` where the key
    of the letter is not there.
    """
    if row.unreadable or row.values["hidden"] is None:
        return Opening()
    return Opening(await box.key(row.values[letter]), box.ring)
