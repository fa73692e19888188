"""Which letter a notifier is about (docs/protocol/ecms.md, E2).

1. Only letters in the caller's hands count: those whose consignment names it as
   receiver, or, for a disputed number, those it sent.
2. The number matches exactly after trimming; else once more decoded (a client
   sends the raw inner XML of what it got, Q-C17); else in its normalised form; else
   as far as its client's column held it (Q-B13: a fitted copy ends such a number
   with `…`).
   The day is compared by its first ten characters (Q-J20).
3. Where several fit: the one whose other party wsa:To names, then the number in
   AcceptID (for a dispute), then the subject, then the latest.
"""

import html
from collections.abc import Callable, Sequence

from envelopes.fitting import is_cut_from
from envelopes.letter import LetterId, normalised_number
from envelopes.notifier import Notifier
from gateway.domain.admission import day_of
from gateway.domain.consignment import Consignment


def same_day(left: str, right: str) -> bool:
    """Compare two dates by day, whatever stands behind it or which era it is in."""
    try:
        return day_of(left) == day_of(right)
    except ValueError:
        return left.strip()[:10] == right.strip()[:10]


def fitting(
    notifier: Notifier, candidates: Sequence[Consignment], *, to: str
) -> list[Consignment]:
    """Return the consignments a notifier may be about, by number, day and wsa:To.

    The arguments are those of `about`; the order stays.
    """
    found = with_number(notifier.letter_id, candidates)
    return [c for c in found if _other_party(c, notifier) in to] or found


def about(
    notifier: Notifier, candidates: Sequence[Consignment], *, to: str
) -> Consignment | None:
    """Choose the consignment a notifier is about; candidates are in the caller's hands.

    `candidates` come oldest first. `to` is the text of wsa:To.
    """
    found = fitting(notifier, candidates, to=to)
    subject = " ".join(notifier.subject.split())
    found = [c for c in found if " ".join(c.letter.subject.split()) == subject] or found
    return found[-1] if found else None


def _other_party(consignment: Consignment, notifier: Notifier) -> str:
    if notifier.kind.told_by_sender:
        return consignment.receiver.text
    return consignment.sender.text


def day_text(written: str) -> str:
    """Return a date as the Gregorian day `yyyy-MM-dd`; as written where it is none."""
    try:
        return day_of(written).isoformat()
    except ValueError:
        return written.strip()[:10]


def with_number(
    wanted: LetterId, candidates: Sequence[Consignment]
) -> list[Consignment]:
    """Return the candidates of this number and day, in their order (rule 2)."""
    on_that_day = [
        c for c in candidates if same_day(c.letter.letter_id.date, wanted.date)
    ]
    number = wanted.number.strip()
    readings: tuple[Callable[[str], bool], ...] = (
        lambda own: own == number,
        lambda own: own == html.unescape(number),
        lambda own: normalised_number(own) == normalised_number(number),
        lambda own: normalised_number(own) == normalised_number(html.unescape(number)),
        lambda own: is_cut_from(number, own),
    )
    for reads in readings:
        if fitting := [
            c for c in on_that_day if reads(c.letter.letter_id.number.strip())
        ]:
            return fitting
    return []
