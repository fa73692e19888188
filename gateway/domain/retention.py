"""How long the bytes of a letter stay, and what has to be true before they go.

The bytes of one letter for one receiver are removed when all of this holds; the first
that does not is told:

1. It has come to its end: registered, sent back, or taken back.
2. Nothing of it is on its way: no promise is open, no dead letter unsettled.
3. Its receiver has it: the letter lies in no inbox.
4. Who is told of its receipts has them, or they are held beside the queue of a client
   that cannot read them.
5. Its retention is over: counted in calendar years from the last line of its journal.
   It is the longer one of sender's and receiver's.
6. It is no secret letter: an archive is plain files, and secret letters stay here.
7. It lies in an archive that was verified, with the journal it has today.

Its journal, its receipts and the rows stay in any case. What may be archived is what
holds 1 to 4 and 6.

| kind | which letters | years where nothing is set |
|---|---|---|
| `open` | all others | 10 |
| `secret` | secret ones | 10 |
| `test` | what only tries the system out: ทดสอบ…, (ทดสอบระบบ)… | 10 |

What is set for an organization counts before what is set for the hub.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.domain.consignment import LetterFacts
from gateway.domain.inbox import Standing
from gateway.domain.lifecycle import State
from gateway.domain.register import BANGKOK

YEARS: Final = 10
"""Where nothing is set (saraban regulation of 2526, no. 57)."""

LONGEST: Final = 200

FINAL: Final = frozenset(
    {State.REGISTERED, State.RETURNED, State.RETURNED_AS_WRONG, State.RECALLED}
)
"""States in which a letter may stay for good."""

_GONE: Final = (Standing.TAKEN,)
_TOLD: Final = (Standing.TAKEN, Standing.HELD)


class Kind(StrEnum):
    """What retention is set by, besides the organization."""

    OPEN = "open"
    SECRET = "secret"  # noqa: S105 - a kind of letters
    TEST = "test"


class Reason(StrEnum):
    """Why the bytes of a letter stay."""

    NOT_FINAL = "not-final"
    ON_ITS_WAY = "on-its-way"
    IN_INBOX = "in-inbox"
    RECEIPT_OPEN = "receipt-open"
    TOO_YOUNG = "too-young"
    SECRET = "secret"  # noqa: S105 - a kind of letters
    NOT_ARCHIVED = "not-archived"
    CHANGED = "changed-since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long letters of one kind stay."""

    organization: OrganizationCode | None
    """None for all that have none of their own."""
    kind: Kind
    years: int

    def __post_init__(self) -> None:
        """Keep it to what can be meant."""
        if not 1 <= self.years <= LONGEST:
            raise ValueError(f"between 1 and {LONGEST} years")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is known of a letter for one receiver when its end is judged."""

    letter: LetterFacts
    receiver: OrganizationCode
    state: State
    last_at: datetime
    """Of the last line of its journal."""
    letter_lies: Standing | None
    """Of the inbox entry that brings the letter; None where there is none."""
    receipts_lie: tuple[Standing | None, ...]
    """Of the entries that bring its receipts; None for one that waits to be put."""
    open_work: int
    """Promises that are not kept, and dead letters that are not settled."""


def kind_of(letter: LetterFacts) -> Kind:
    """Return which kind a letter is."""
    if letter.is_secret:
        return Kind.SECRET
    number, subject = letter.letter_id.number.strip(), letter.subject.strip()
    tries = number.startswith("ทดสอบ") or subject.startswith("(ทดสอบระบบ)")
    return Kind.TEST if tries else Kind.OPEN


def years_of(
    rules: Iterable[Retention], organization: OrganizationCode, kind: Kind
) -> int:
    """Return for how many years an organization's letters of a kind stay."""
    known: Mapping[OrganizationCode | None, int] = {
        rule.organization: rule.years for rule in rules if rule.kind is kind
    }
    return known.get(organization, known.get(None, YEARS))


def ends_at(last_at: datetime, years: int) -> datetime:
    """Return when it is over; of 29 February, on 1 March where there is none."""
    there = last_at.astimezone(BANGKOK)
    try:
        return there.replace(year=there.year + years)
    except ValueError:
        return there.replace(year=there.year + years, month=3, day=1)


def keeps_out_of_archive(ending: Ending) -> Reason | None:
    """Return why a letter cannot be archived yet (rules 1 to 4 and 6)."""
    return next((reason for reason, holds in _ARCHIVE if not holds(ending)), None)


def keeps_bytes(
    ending: Ending, rules: Iterable[Retention], now: datetime
) -> Reason | None:
    """Return why the bytes of an archived letter stay (rules 1 to 6)."""
    if reason := keeps_out_of_archive(ending):
        return reason
    kind, parties = kind_of(ending.letter), (ending.letter.sender, ending.receiver)
    known = tuple(rules)
    years = max(years_of(known, party, kind) for party in parties)
    return None if ends_at(ending.last_at, years) <= now else Reason.TOO_YOUNG


_ARCHIVE: Final[tuple[tuple[Reason, Callable[[Ending], bool]], ...]] = (
    (Reason.SECRET, lambda ending: not ending.letter.is_secret),
    (Reason.NOT_FINAL, lambda ending: ending.state in FINAL),
    (Reason.ON_ITS_WAY, lambda ending: ending.open_work == 0),
    (Reason.IN_INBOX, lambda ending: ending.letter_lies in (None, *_GONE)),
    (
        Reason.RECEIPT_OPEN,
        lambda ending: all(lies in _TOLD for lies in ending.receipts_lie),
    ),
)
