"""Promises: what a runner will take up, because a transaction said so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Stage(StrEnum):
    """Where work is taken up; the value is the name of its queue."""

    ROUTE = "route"
    NOTIFY = "notify"


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
    """What NOTIFY is about; None for ROUTE."""
    made_at: datetime
    not_before: datetime
