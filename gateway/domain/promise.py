"""Promises: what a runner will take up, because a transaction said so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from envelopes.letter import OrganizationCode


class Stage(StrEnum):
    """Where work is taken up; the value is the name of its queue."""

    ROUTE = "route"
    NOTIFY = "notify"
    DELIVER = "deliver"
    """To a push endpoint, each of which has a queue of its own beside it
    (`Promise.queue`); in the stage's queue lies what has no endpoint any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A message written inside a transaction, to be published after it.

    It stays when it is kept: what the hub did is told from what it meant to do.
    """

    id: UUID
    """Also the id of the queue message: a repeat is recognised by it."""
    stage: Stage
    consignment: UUID
    receipt: UUID | None
    """What NOTIFY is about, and DELIVER where a notifier is handed over."""
    made_at: datetime
    not_before: datetime
    entry: UUID | None = None
    """The inbox entry that DELIVER hands over."""
    endpoint: OrganizationCode | None = None
    """Whose inbox it lies in."""
    attempt: int | None = None
    """Which attempt DELIVER is, from 1."""

    @property
    def queue(self) -> str:
        """The queue it is published to."""
        return queue_of(self.endpoint) if self.endpoint else self.stage.value


def queue_of(endpoint: OrganizationCode) -> str:
    """Return a push endpoint's own queue: a slow one delays no other."""
    return f"{Stage.DELIVER}.{endpoint}"
