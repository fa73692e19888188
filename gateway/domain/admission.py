"""The numbered checks that let a letter in.

Checks 1 to 7 stand in `CHECKS` and run in this order; the first that fails raises
its `Refusal`. What comes before them is the envelope's affair (size, well-formed,
schema, signature), what comes after is the number: a repeat is answered like the
first time, other content under the same number is refused (`same_send`).
`docs/admission.md` is made from this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from envelopes.letter import Letter, OrganizationCode
from envelopes.plain_dates import plain_day
from gateway.domain import errors
from gateway.domain.consignment import Consignment
from gateway.domain.organization import Organization
from gateway.domain.secrecy import OPEN, is_carried


@dataclass(frozen=True, slots=True)
class Arrival:
    """A letter at the door, and what the directory says of those it names."""

    letter: Letter
    door: OrganizationCode
    """The organization whose address was used."""
    sender: Organization | None
    receiver: Organization | None
    today: date
    """In Bangkok."""
    carries: str = OPEN
    """The highest level of secrecy that this hub carries."""


Check = Callable[[Arrival], None]


def sender_is_known(arrival: Arrival) -> None:
    """1. The sender's organization stands in the directory."""
    if arrival.sender is None:
        raise errors.SenderUnknown(arrival.letter.sender.organization.text)


def sender_is_of_this_door(arrival: Arrival) -> None:
    """2. The sender in the letter is the organization of the door that was used."""
    if arrival.letter.sender.organization != arrival.door:
        raise errors.SenderNotOfThisDoor(arrival.letter.sender.organization.text)


def sender_is_active(arrival: Arrival) -> None:
    """3. The sender's organization is not suspended."""
    if arrival.sender is not None and not arrival.sender.active:
        raise errors.SenderSuspended(arrival.letter.sender.organization.text)


def receiver_is_known(arrival: Arrival) -> None:
    """4. The receiver's organization stands in the directory and is active."""
    if arrival.receiver is None or not arrival.receiver.active:
        raise errors.ReceiverUnknown(arrival.letter.receiver.organization.text)


def number_is_there(arrival: Arrival) -> None:
    """5. The letter has a number: nothing could be matched without one (E1)."""
    if not arrival.letter.id.key[0]:
        raise errors.LetterUnknown("ram:ID")


def date_is_not_in_the_future(arrival: Arrival) -> None:
    """6. The letter's date is today or earlier; how much earlier is no error.

    A year above 2400 is a client's mistake and is read as Buddhist (saraban §2).
    One day is allowed for clocks that differ.
    """
    if day_of(arrival.letter.id.date) > arrival.today + timedelta(days=1):
        raise errors.DateInFuture(arrival.letter.id.date)


def level_is_carried(arrival: Arrival) -> None:
    """7. The hub, the sender and the receiver all carry the letter's level of secrecy.

    001 ปกติ always is, ลับที่สุด (004) never, and nothing above 001 where the hub has
    no key for secret letters (`gateway/domain/secrecy.py`).
    """
    offices = (arrival.sender, arrival.receiver)
    highest = (arrival.carries, *(office.secrecy for office in offices if office))
    if not is_carried(arrival.letter.secrecy, highest):
        raise errors.SecrecyNotCarried(arrival.letter.secrecy)


CHECKS: Final[tuple[Check, ...]] = (
    sender_is_known,
    sender_is_of_this_door,
    sender_is_active,
    receiver_is_known,
    number_is_there,
    date_is_not_in_the_future,
    level_is_carried,
)


def admit(arrival: Arrival) -> None:
    """Let a letter in, or raise the refusal of the first check that fails."""
    for check in CHECKS:
        check(arrival)


def same_send(letter: Letter, earlier: Consignment) -> Consignment:
    """Return the earlier consignment where this is a repeat of the same send.

    Raises `NumberTaken` where the same number and date came with other content.
    """
    if earlier.copy_digest != letter.copy_digest:
        raise errors.NumberTaken(letter.id.number)
    return earlier


def day_of(text: str) -> date:
    """Read `yyyy-MM-dd`, Gregorian or Buddhist; a time behind it is ignored.

    Raises `ValueError`; the schema has let only dates through (C5).
    """
    return date.fromisoformat(plain_day(text.strip())[:10])
