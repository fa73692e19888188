"""The queue that another node keeps for the hub: what is fetched, and what is given up.

1. Its head is taken in as though its organization had sent it at its own door, and
   deleted there once that is committed: it is in somebody's hands at any moment.
2. A head that the hub refuses stays where it is, and so does all behind it. It is
   tried again each time, since mostly the hub's own directory is what lacks.
3. After a day and twenty tries it is skipped: a letter is given back first, by an
   InvalidLetterNotifier, which its sender's system shows as any other return; then it
   is deleted there. A notifier is only deleted. An act of the hub's says so.

Tries are counted in memory: after a restart the day begins anew.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from envelopes.letter import LetterId, OrganizationCode

SKIPPED_AFTER: Final = timedelta(days=1)
"""An operator who sees it in the morning has mended it before."""
SKIPPED_TRIES: Final = 20
"""Beside the time: a hub that was away for the day has not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The head of the queue; it still lies there."""

    process_id: str
    """Under which it is deleted."""
    envelope: bytes = field(repr=False)
    """What it holds, as its organization would have sent it."""
    letter_id: LetterId | None
    """Which letter it holds, as far as nobody vouched for it; None for a notifier."""
    subject: str = field(default="", repr=False)


@dataclass(slots=True)
class _Refused:
    """A head that was refused."""

    process_id: str
    since: datetime
    times: int = 0


class Tries:
    """How often, and since when, the head of each queue was refused."""

    def __init__(self) -> None:
        self._refused: dict[OrganizationCode, _Refused] = {}

    def note(self, code: OrganizationCode, process_id: str, now: datetime) -> int:
        """Count one more refusal; return how many there were."""
        known = self._refused.get(code)
        if known is None or known.process_id != process_id:
            known = self._refused[code] = _Refused(process_id, now)
        known.times += 1
        return known.times

    def are_enough(self, code: OrganizationCode, now: datetime) -> bool:
        """Say whether this head is skipped now (rule 3)."""
        known = self._refused.get(code)
        return (
            known is not None
            and known.times >= SKIPPED_TRIES
            and now - known.since >= SKIPPED_AFTER
        )

    def forget(self, code: OrganizationCode) -> None:
        """Begin anew: the head is another one."""
        self._refused.pop(code, None)
