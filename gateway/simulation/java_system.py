"""A whole Java system behind its wrapper: one message per press (E3, F3).

What it sends is written in the C# dialect, with its own code as MessageID and no
names of persons (Q-J2, Q-J3).
"""

from dataclasses import dataclass, field, replace
from typing import Final

from gateway.simulation import csharp, java
from gateway.simulation.http import Line
from gateway.simulation.letter import ACCEPT, RECEIVE, File, Letter, Notifier, Party
from gateway.simulation.systems import TELLS, Address, Kept, Outcome, about

EMPTY_TXT: Final = File("text/plain", "IA==")
"""What stands for a letter without files: a file named empty.txt (Q-J4)."""


@dataclass(slots=True)
class JavaSystem:
    """It confirms each letter by itself, as often as it pulls it."""

    line: Line
    code: str
    address: Address
    deletes: bool = True
    """The parameter ECMSDELETEREQUEST; without it every press gets the same head
    again, for ever (Q-J10)."""
    sent: list[Kept] = field(default_factory=list)
    received: dict[str, Kept] = field(default_factory=dict)
    """By ProcessID."""
    notifiers: dict[str, Notifier] = field(default_factory=dict)
    """By ProcessID; matched with what was sent when a list is shown (Q-J17)."""

    async def send(self, letter: Letter) -> str:
        """Send a letter as this client writes it; raises `Refused`."""
        written = replace(
            letter,
            sender=_nameless(letter.sender),
            receiver=_nameless(letter.receiver),
            main=letter.main if letter.main.base64 else EMPTY_TXT,
        )
        message = csharp.send_request(
            written,
            message_id=self.code,
            to=self.address(letter.receiver.organization),
        )
        taken = java.read_taken(await self.line.post(message))
        self.sent.append(Kept(written, taken.process_id))
        return taken.process_id

    async def press(self) -> Outcome:
        """Get one message; raises `ClientBroken` where it cannot be read."""
        message = csharp.poll_request(message_id=self.code, own_url=self.line.url)
        pulled = java.read_poll(await self.line.post(message))
        if pulled is None:
            return Outcome.EMPTY
        if isinstance(pulled.content, Letter):
            kept = Kept(pulled.content, pulled.process_id)
            self.received.setdefault(pulled.process_id, kept)
        else:
            self.notifiers[pulled.process_id] = pulled.content
        if self.deletes:
            await self._delete(pulled.process_id)
        if isinstance(pulled.content, Letter):
            await self._confirm(self.received[pulled.process_id])
        return Outcome.SAVED

    async def register(self, process_id: str, accept_id: str) -> None:
        """Tell the number that a clerk has given."""
        kept = self.received[process_id]
        await self._tell(about(ACCEPT, kept.letter, accept_id), kept)
        kept.accept_id = accept_id

    def newest_of(self, kept: Kept) -> Notifier | None:
        """Return what its list shows of a letter: date and subject do not count."""
        fitting = [
            notifier
            for notifier in self.notifiers.values()
            if notifier.number == kept.letter.number
            and notifier.department == kept.letter.receiver.organization
        ]
        return fitting[-1] if fitting else None

    async def _confirm(self, kept: Kept) -> None:
        """Send a receipt, unless its sender is unknown here, which is no error."""
        if self.address(kept.letter.sender.organization):
            await self._tell(about(RECEIVE, kept.letter), kept)

    async def _tell(self, notifier: Notifier, kept: Kept) -> None:
        message = csharp.notifier_request(
            notifier,
            message_id=self.code,
            to=self.address(kept.letter.sender.organization),
        )
        java.read_taken(await self.line.post(message))
        kept.told = TELLS[notifier.kind]

    async def _delete(self, process_id: str) -> None:
        message = csharp.delete_request(
            process_id, message_id=self.code, own_url=self.line.url
        )
        await self.line.post(message)


def _nameless(party: Party) -> Party:
    return replace(party, given_name="", family_name="")
