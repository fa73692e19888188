"""A whole C# system: its buttons, and what its database makes of an answer (E3, F2)."""

from dataclasses import dataclass, field
from typing import Final

from gateway.simulation import csharp, csharp_lists, csharp_lookups, csharp_reader
from gateway.simulation.http import Line
from gateway.simulation.letter import (
    INVALID_ACCEPT_ID,
    INVALID_LETTER,
    RECEIVE,
    REJECT,
    Letter,
    Notifier,
    Pulled,
    Taken,
)
from gateway.simulation.systems import TELLS, Address, Kept, Outcome, Told, about
from gateway.simulation.writing import escaped

_RETURNS: Final = (REJECT, INVALID_LETTER)


@dataclass(slots=True)
class CSharpSystem:
    """Two buttons poll one queue, and each understands only its own kind."""

    line: Line
    code: str
    address: Address
    sent: list[Kept] = field(default_factory=list)
    received: dict[str, Kept] = field(default_factory=dict)
    """By ProcessID, over all organizations of the installation (Q-C16)."""
    freed: list[str] = field(default_factory=list)
    """The numbers that operation 9 was sent for, by itself."""

    async def send(self, letter: Letter) -> str:
        """Send a letter, and return its ProcessID; raises `Refused`."""
        message = csharp.send_request(
            letter,
            message_id=str(len(self.sent) + 1),
            to=self.address(letter.receiver.organization),
        )
        taken = csharp_reader.read_taken(await self.line.post(message))
        # Sent anew after a return, it is the same row of its database.
        self.sent = [kept for kept in self.sent if not _same(kept.letter, letter)]
        self.sent.append(Kept(letter, taken.process_id))
        return taken.process_id

    async def receive_letters(self) -> Outcome:
        """Press the first button: letters, and doubts of a number."""
        pulled = await self._poll()
        if pulled is None:
            return Outcome.EMPTY
        if isinstance(pulled.content, Letter):
            return await self._save(pulled, pulled.content)
        if pulled.content.kind != INVALID_ACCEPT_ID:
            return Outcome.STUCK
        return await self._hear(pulled, pulled.content, list(self.received.values()))

    async def receive_notifiers(self) -> Outcome:
        """Press the second button: the other four notifiers.

        It spells the fifth wrong, takes it for an acceptance, and finds no letter of
        its own for it (Q-C13).
        """
        pulled = await self._poll()
        if pulled is None:
            return Outcome.EMPTY
        notifier = pulled.content
        if isinstance(notifier, Letter) or notifier.kind == INVALID_ACCEPT_ID:
            return Outcome.STUCK
        outcome = await self._hear(pulled, notifier, self.sent)
        if outcome is Outcome.SAVED and notifier.kind in _RETURNS:
            await self._free(notifier)
        return outcome

    async def confirm(self, process_id: str) -> Taken:
        """Say that a letter came, then delete what the answer was numbered (Q-C14)."""
        kept = self.received[process_id]
        # The field holds raw inner XML, which is then escaped once more (Q-C17).
        number = escaped(kept.letter.number)
        notifier = about(RECEIVE, kept.letter)
        taken = await self._tell(
            Notifier(
                kind=RECEIVE,
                number=number,
                date=notifier.date,
                subject=notifier.subject,
            ),
            kept,
        )
        await self._delete(taken.process_id)
        return taken

    async def answer(self, process_id: str, kind: str, accept_id: str = "") -> Taken:
        """Register, reject, or call a received letter wrong."""
        kept = self.received[process_id]
        taken = await self._tell(about(kind, kept.letter, accept_id), kept)
        kept.accept_id = accept_id or kept.accept_id
        return taken

    async def doubt(self, kept: Kept) -> Taken:
        """Say that the number of a letter that was sent is wrong (H2.7)."""
        notifier = about(INVALID_ACCEPT_ID, kept.letter, kept.accept_id)
        message = csharp.notifier_request(
            notifier,
            message_id=kept.process_id[:4],
            to=self.address(kept.letter.receiver.organization),
        )
        return csharp_reader.read_taken(await self.line.post(message))

    async def _poll(self) -> Pulled | None:
        message = csharp.poll_request(message_id="รับ หนังสือ", own_url=self.line.url)
        return csharp_reader.read_poll(await self.line.post(message))

    async def _save(self, pulled: Pulled, letter: Letter) -> Outcome:
        """Keep a letter, unless its codes are unknown here (Q-C15)."""
        parties = (letter.sender, letter.receiver)
        if not all(self.address(party.organization) for party in parties):
            return Outcome.STUCK
        self.received.setdefault(pulled.process_id, Kept(letter, pulled.process_id))
        await self._delete(pulled.process_id)
        return Outcome.SAVED

    async def _hear(
        self, pulled: Pulled, notifier: Notifier, kept: list[Kept]
    ) -> Outcome:
        """Keep a notifier, unless it fits no row, or says a return again (Q-C12)."""
        found = [one for one in kept if _matches(one.letter, notifier)]
        if not found:
            return Outcome.STUCK
        (row, *_), told = found, TELLS[notifier.kind]
        repeated = row.told is told
        if repeated and told in (Told.REJECTED, Told.WRONG, Told.DOUBTED):
            return Outcome.STUCK
        row.told = told
        row.heard.append(notifier)
        row.accept_id = notifier.accept_id or row.accept_id
        await self._delete(pulled.process_id)
        return Outcome.SAVED

    async def _free(self, notifier: Notifier) -> None:
        """Free the number of what came back, without being asked to (H2.6')."""
        message = csharp_lookups.delete_letter_request(
            notifier.number,
            notifier.date,
            sender=self.code,
            receiver=notifier.department,
            message_id="1",
            own_url=self.line.url,
        )
        number, _ = csharp_lists.read_letter_deleted(await self.line.post(message))
        self.freed.append(number)

    async def _tell(self, notifier: Notifier, kept: Kept) -> Taken:
        message = csharp.notifier_request(
            notifier,
            message_id=kept.process_id[:4],
            to=self.address(kept.letter.sender.organization),
        )
        taken = csharp_reader.read_taken(await self.line.post(message))
        kept.told = TELLS[notifier.kind]
        return taken

    async def _delete(self, process_id: str) -> None:
        message = csharp.delete_request(
            process_id, message_id="1", own_url=self.line.url
        )
        await self.line.post(message)


def _same(letter: Letter, other: Letter) -> bool:
    return (letter.number, letter.date, letter.receiver.organization) == (
        other.number,
        other.date,
        other.receiver.organization,
    )


def _matches(letter: Letter, notifier: Notifier) -> bool:
    """Compare what is stored with raw inner XML, letter for letter (Q-C10)."""
    return (
        letter.number,
        letter.date,
        letter.subject,
        letter.receiver.organization,
    ) == (notifier.number, notifier.date, notifier.subject, notifier.department)
