"""Incidents: all failures of one cause, with the one action that mends it.

1. One incident is open for each cause: the code of the error, the stage, and where
   the cause lies with one endpoint, that endpoint.
2. Each failure adds one to it; it keeps when the first and the latest was.
3. It is closed when its cause is mended: by a success of the same stage and endpoint,
   by a replay that went through, or by a person. The next failure opens a new one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.promise import Stage

LETTER_PARKED: Final = "letter-parked"
"""The cause where no error is met: a client reads a letter again and again, and does
not get past it (`gateway/domain/inbox.py`, rule 4)."""

POISON: Final = "poison-message"
"""The cause where the error is not known: a message was set aside by the broker, since
handling it ended its process each time, or it could not be given up then."""

TAKEN: Final = "taken"
"""Why an incident was closed: its endpoint took something."""

REPLAYED: Final = "replayed"
"""Why an incident was closed: what was given up went through when it was replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """All failures of one cause."""

    id: UUID
    cause: str
    """Code of the error."""
    stage: Stage
    endpoint: OrganizationCode | None
    """None where the cause does not lie with one endpoint."""
    first_at: datetime
    last_at: datetime
    count: int
    """Failures so far."""
    closed_at: datetime | None = None
    closed_why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its cause may still be there."""
        return self.closed_at is None
