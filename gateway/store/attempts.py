"""Attempts to hand over, with what the endpoints answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select

from gateway.domain.delivery import Attempt
from gateway.store import rows
from gateway.store.connection import Connection
from gateway.store.reading import ATTEMPT, Reader
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox

_ADD: Final = insert(ATTEMPT)
_OF: Final = (
    select(ATTEMPT)
    .where(ATTEMPT.c.consignment_id == bindparam("consignment"))
    .order_by(ATTEMPT.c.at, ATTEMPT.c.number)
)


@dataclass(frozen=True, slots=True)
class StoredAttempts:
    """Attempts, in one unit or on a connection that only reads."""

    connection: Connection
    box: Strongbox

    async def add(self, attempt: Attempt) -> None:
        """Keep an attempt; an answer about a secret letter is encrypted.

        Its headers are left out then: they may say what the answer says.
        """
        answer, headers = attempt.answer.body, dict(attempt.answer.headers)
        secret = await self.box.letters_of([attempt.consignment])
        if secret:
            letter = secret[attempt.consignment]
            answer = await self.box.seal(letter, _place(attempt.promise), answer)
            headers = {}
        row = {
            "promise_id": attempt.promise,
            "consignment_id": attempt.consignment,
            "entry_id": attempt.entry,
            "organization": attempt.endpoint.text,
            "at": attempt.at,
            "seconds": attempt.answer.seconds,
            "number": attempt.number,
            "outcome": attempt.outcome,
            "status": attempt.answer.status,
            "headers": json.dumps(headers, sort_keys=True),
            "answer": answer,
        }
        await self.connection.execute(_ADD, with_seal("attempt", row))

    async def of(self, consignment: UUID) -> Sequence[Attempt]:
        """Return a consignment's attempts, oldest first.

        Raises `SecretsClosed` where its letter is secret and there is no key.
        """
        found = await Reader(self.connection).fetch(_OF, consignment=consignment)
        letter = (await self.box.letters_of([consignment])).get(consignment)
        attempts = []
        for row in found:
            body = row["answer"] or b""
            if letter is not None:
                body = await self.box.open(letter, _place(row["promise_id"]), body)
            attempts.append(rows.attempt(row, body))
        return attempts


def _place(promise: UUID) -> str:
    return f"attempt {promise} answer"
