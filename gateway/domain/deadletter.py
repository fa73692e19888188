"""Dead letters: work that no retry will help, set aside with its reason.

1. A dead letter is written in the transaction that gives up, and names what was given
   up: a stage, a consignment, and for a notifier its receipt.
2. It is open until it is settled, and settled once: replayed, discarded by a person,
   or overtaken, where its letter was answered or fetched all the same.
3. It is never removed.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.promise import Stage

INTERNAL: Final = "internal-error"
"""The code of an error that has none: a mistake of ours."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why work is given up, or was tried in vain."""

    cause: str
    """Code of the error, as in docs/errors.md."""
    detail: str = field(default="", repr=False)
    """What is known beside it, fit for the log: nothing that stands in a letter."""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Read an error of ours; of one that has no code only its kind is kept.

        What such an error says may quote anything; its traceback is for the log. So
        may what an endpoint answered: that lies with the attempt.
        """
        code = getattr(error, "code", None)
        if not isinstance(code, str):
            return cls(INTERNAL, type(error).__name__)
        status = getattr(getattr(error, "answer", None), "status", None)
        if status is not None:
            return cls(code, f"HTTP {status}")
        return cls(code, str(getattr(error, "detail", "")))


class Settled(StrEnum):
    """How a dead letter ended."""

    REPLAYED = "replayed"
    """Its work was promised again."""
    DISCARDED = "discarded"
    """A person decided that nothing more is tried."""
    OVERTAKEN = "overtaken"
    """It needs nothing any more: what was given up came about otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One piece of work given up."""

    id: UUID
    stage: Stage
    """Where a replay re-enters."""
    promise: UUID
    """The promise that was kept by giving up."""
    consignment: UUID
    receipt: UUID | None
    """Of a notifier; None for a letter."""
    entry: UUID | None
    """The inbox entry that could not be handed over; None before there is one."""
    endpoint: OrganizationCode
    """Who does not get it."""
    cause: str
    """Code of the error, as in docs/errors.md."""
    detail: str = field(repr=False)
    """What is known beside it, for operators; nothing that stands in a letter."""
    attempts: int
    incident: UUID
    at: datetime
    settled_at: datetime | None = None
    settled: Settled | None = None
    replay: UUID | None = None
    """The replay that settled it."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to be decided."""
        return self.settled_at is None
