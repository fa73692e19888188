"""Provincial offices with a system of their own: what their clerks press, in order.

Each keeps what it received in a memory of its own, as the real ones in their database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gateway.simulation import boi, boi_reader, csharp, csharp_reader
from gateway.simulation.errors import ClientBroken
from gateway.simulation.http import Line
from gateway.simulation.letter import ACCEPT, RECEIVE, Letter, Notifier, Pulled
from gateway.simulation.writing import escaped

_BUDDHIST_OFFSET: Final = 543


class Step:
    """What an office tells of while it works."""

    SAVED: Final = "saved"
    CONFIRMED: Final = "confirmed"
    NUMBERED: Final = "numbered"


Tell = Callable[[str], None]
"""Is told each step as it is done."""


class Office(Protocol):
    """A system of some make."""

    @property
    def given(self) -> dict[str, str]:
        """The numbers it gave, by ProcessID of the queue entry."""

    async def press(self) -> int:
        """Do once what its clerk does; return how many letters got a number."""


@dataclass(slots=True)
class Book:
    """An office's own book of received letters."""

    next_number: int
    """Offices number everything that reaches them, so it does not start at 1."""
    form: str
    """How the office writes a number: `{number}/{year}`."""
    now: Callable[[], datetime]
    """The time of the office's clock, aware."""

    def enter(self) -> str:
        """Return the next number."""
        number = self.next_number
        self.next_number += 1
        year = self.now().year + _BUDDHIST_OFFSET
        return self.form.format(number=number, year=year)


@dataclass(slots=True)
class BoiOffice:
    """An office with the BOI client: opens its inbound page, then registers."""

    line: Line
    book: Book
    tell: Tell
    letters: dict[str, Letter] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    async def press(self) -> int:
        """Open the page, which polls twenty times, and register what is new.

        It never sends a ReceiveLetterNotifier (ecms.md E3).
        """
        for _ in range(boi.POLLS_PER_PAGE):
            await self._get_one()
        new = [number for number in self.letters if number not in self.given]
        for process_id in new:
            await self._register(process_id)
        return len(new)

    async def _get_one(self) -> None:
        pulled = boi_reader.read_poll(await self.line.post(boi.poll_request()))
        if pulled is None or not isinstance(pulled.content, Letter):
            return
        # The insert is committed only when the deletion was answered (B-ENG:87).
        answer = await self.line.post(boi.delete_request(pulled.process_id))
        boi_reader.read_deleted(answer)
        self.letters[pulled.process_id] = pulled.content
        self.tell(Step.SAVED)

    async def _register(self, process_id: str) -> None:
        """Give the number, which is sent again at each save until it was taken."""
        letter = self.letters[process_id]
        notifier = Notifier(
            kind=ACCEPT,
            number=letter.number,
            accept_id=self.book.enter(),
            date=letter.date,
            subject=letter.subject,
        )
        answer = await self.line.post(boi.notifier_request(notifier))
        taken = boi_reader.read_notified(answer, ACCEPT)
        _expect_same(notifier, taken.notifier)
        self.given[process_id] = notifier.accept_id
        self.tell(Step.NUMBERED)


@dataclass(slots=True)
class CSharpOffice:
    """An office with the C# client, whose clerk presses four buttons per letter."""

    line: Line
    book: Book
    tell: Tell
    sender_url: str
    """Where its directory says that the sender's node is."""
    letters: dict[str, Letter] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    async def press(self) -> int:
        """Receive one letter, send its receipt, then its number."""
        pulled = csharp_reader.read_poll(
            await self.line.post(
                csharp.poll_request(message_id="รับ หนังสือ", own_url=self.line.url)
            )
        )
        if pulled is None:
            return 0
        letter = await self._keep(pulled)
        await self._confirm(pulled.process_id, letter)
        await self._register(pulled.process_id, letter)
        return 1

    async def _keep(self, pulled: Pulled) -> Letter:
        if not isinstance(pulled.content, Letter):
            raise ClientBroken("a notifier stays at the head of the letter page (I3)")
        # Known by ProcessID over all organizations (Q-C16).
        letter = self.letters.setdefault(pulled.process_id, pulled.content)
        await self._delete(pulled.process_id)
        self.tell(Step.SAVED)
        return letter

    async def _confirm(self, process_id: str, letter: Letter) -> None:
        taken = await self._notify(
            Notifier(
                kind=RECEIVE,
                # Raw inner XML, which is then escaped once more (Q-C17).
                number=escaped(letter.number),
                date=letter.date,
                subject=letter.subject,
            ),
            self._row(process_id),
        )
        # The page deletes the number of what it has just sent (Q-C14).
        await self._delete(taken)
        self.tell(Step.CONFIRMED)

    async def _register(self, process_id: str, letter: Letter) -> None:
        notifier = Notifier(
            kind=ACCEPT,
            number=letter.number,
            accept_id=self.book.enter(),
            date=letter.date,
            subject=letter.subject,
        )
        await self._notify(notifier, self._row(process_id))
        self.given[process_id] = notifier.accept_id
        self.tell(Step.NUMBERED)

    async def _notify(self, notifier: Notifier, message_id: str) -> str:
        message = csharp.notifier_request(
            notifier, message_id=message_id, to=self.sender_url
        )
        taken = csharp_reader.read_taken(await self.line.post(message))
        if notifier.kind == ACCEPT:
            _expect_same(notifier, taken.notifier)
        return taken.process_id

    async def _delete(self, process_id: str) -> None:
        message = csharp.delete_request(
            process_id, message_id=self._row(process_id), own_url=self.line.url
        )
        csharp_reader.read_deleted(await self.line.post(message))

    def _row(self, process_id: str) -> str:
        known = list(self.letters)
        return str(known.index(process_id) + 1 if process_id in known else 0)


def _expect_same(sent: Notifier, answered: Notifier | None) -> None:
    """See that the answer repeats what was sent (I2)."""
    if answered is None or answered.accept_id != sent.accept_id:
        raise ClientBroken(f"sent {sent.accept_id}, answered {answered}")
