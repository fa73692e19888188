"""Letters: what is the same in all copies, and the files by their digests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from envelopes.letter import OrganizationCode
from gateway.domain.admission import day_of
from gateway.domain.consignment import LetterFacts
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.hiding import hidden, shown
from gateway.store.keyring import LetterKey
from gateway.store.reading import LETTER, LETTER_FILE, Reader, padded
from gateway.store.rows import Columns
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox

_BY_CONTENT: Final = select(LETTER).where(
    LETTER.c.sender == bindparam("sender"),
    LETTER.c.content_digest.in_(bindparam("content_digests", expanding=True)),
)
_FILES: Final = select(LETTER_FILE).where(
    LETTER_FILE.c.letter_id.in_(bindparam("letters", expanding=True))
)
_ADD: Final = insert(LETTER)
_ADD_FILES: Final = insert(LETTER_FILE)


@dataclass(frozen=True, slots=True)
class StoredLetters:
    """Letters in custody, in one unit."""

    connection: Connection
    box: Strongbox

    async def find(
        self, sender: OrganizationCode, content_digest: str
    ) -> LetterFacts | None:
        """Return the letter with this content, if one of its copies came before."""
        found = await Reader(self.connection).fetch(
            _BY_CONTENT,
            sender=sender.text,
            # Nobody needs to say whether it is a secret letter that is looked for.
            content_digests=self.box.kept_as(content_digest),
        )
        letters = await letters_of(self.connection, self.box, found)
        return letters[found[0]["id"]] if found else None

    async def add(self, letter: LetterFacts, at: datetime) -> None:
        """Keep a letter whose first copy came now; its files lie in the vault."""
        row, files = _row(letter, at), _file_rows(letter)
        if letter.is_secret:
            row = hidden(
                "letter",
                row,
                await self.box.key(letter.id),
                self.box.ring,
                {
                    str(file["position"]): [file["digest"], file["mime_code"]]
                    for file in files
                },
            )
            for file in files:
                file["digest"] = self.box.ring.hidden_file(letter.id, file["digest"])
                file["mime_code"] = ""
        await self.connection.add(_ADD, with_seal("letter", row))
        if files:
            await self.connection.add(
                _ADD_FILES, [with_seal("letter_file", file) for file in files]
            )


async def letters_of(
    connection: Connection,
    box: Strongbox,
    found: Sequence[Columns],
    keys: Mapping[UUID, LetterKey] | None = None,
) -> dict[UUID, LetterFacts]:
    """Read letters with their files from their rows, in one statement for all.

    Secret ones cost one more, unless their keys are given.
    """
    by_id = {row["id"]: row for row in found}
    if not by_id:
        return {}
    if keys is None:
        keys = await box.keys(secret_ones(by_id.values()))
    by_id = {key: shown("letter", row, keys.get(key)) for key, row in by_id.items()}
    files = defaultdict(list)
    # One receiver's or sender's letters of one day: far below a statement's limit.
    for file in await Reader(connection).fetch(_FILES, letters=padded(list(by_id))):
        files[file["letter_id"]].append(file)
    return {key: rows.letter_facts(row, files[key]) for key, row in by_id.items()}


def secret_ones(found: Iterable[Columns]) -> list[UUID]:
    """Return the ids of those letters that hide something."""
    return [row["id"] for row in found if row["hidden"] is not None]


def _row(letter: LetterFacts, at: datetime) -> dict[str, Any]:
    return {
        "id": letter.id,
        "sender": letter.sender.text,
        "number": letter.letter_id.number,
        "date": letter.letter_id.date,
        "number_key": letter.letter_id.key[0],
        "day": day_of(letter.letter_id.date).isoformat(),
        "subject": letter.subject,
        "secrecy": letter.secrecy,
        "speed": letter.speed,
        "content_digest": letter.content_digest,
        "accepted_at": at,
        "hidden": None,
    }


def _file_rows(letter: LetterFacts) -> list[dict[str, Any]]:
    # The main letter is 0, so that attachments keep their places without one.
    places = [(0, letter.main)] if letter.main else []
    return [
        {
            "letter_id": letter.id,
            "position": position,
            "mime_code": file.mime_code,
            "digest": file.digest,
            "size": file.size,
        }
        for position, file in (*places, *enumerate(letter.attachments, 1))
    ]
