"""A whole BOI system: its inbound page, its registrations, its sending (E3, F1)."""

from dataclasses import dataclass, field

from gateway.simulation import boi, boi_reader
from gateway.simulation.errors import ClientBroken
from gateway.simulation.http import Line
from gateway.simulation.letter import ACCEPT, Letter
from gateway.simulation.systems import Kept, Outcome, about


@dataclass(slots=True)
class BoiSystem:
    """It understands letters and nothing else, and never says that one came."""

    line: Line
    code: str
    sent: list[Kept] = field(default_factory=list)
    received: dict[str, Kept] = field(default_factory=dict)
    """By ProcessID."""
    stuck: str = ""
    """Why the head of the queue could not be taken at the last poll."""

    async def send(self, letter: Letter) -> str:
        """Send a letter, unescaped; return its ProcessID.

        Raises `ClientBroken` where none came: the exception is dropped, and the letter
        counts as not sent.
        """
        message = boi.send_request(letter, own_url=self.line.url, signer=letter.sender)
        taken = boi_reader.read_taken(await self.line.post(message))
        self.sent.append(Kept(letter, taken.process_id))
        return taken.process_id

    async def open_page(self) -> list[Outcome]:
        """Open the inbound page: it polls twenty times, whatever comes (Q-B19)."""
        return [await self.press() for _ in range(boi.POLLS_PER_PAGE)]

    async def press(self) -> Outcome:
        """Poll once. What cannot be inserted is rolled back, and not deleted."""
        answer = await self.line.post(boi.poll_request())
        try:
            pulled = boi_reader.read_poll(answer)
        except ClientBroken as error:
            self.stuck = str(error)
            return Outcome.STUCK
        if pulled is None:
            return Outcome.EMPTY
        if not isinstance(pulled.content, Letter):
            raise TypeError(pulled.content)
        deleted = await self.line.post(boi.delete_request(pulled.process_id))
        boi_reader.read_deleted(deleted)
        self.received[pulled.process_id] = Kept(pulled.content, pulled.process_id)
        return Outcome.SAVED

    async def register(self, process_id: str, accept_id: str) -> None:
        """Save the number, which is told again at each save until it was taken.

        Raises `ClientBroken` where the answer has no `processID` (Q-B8).
        """
        kept = self.received[process_id]
        notifier = about(ACCEPT, kept.letter, accept_id)
        answer = await self.line.post(boi.notifier_request(notifier))
        boi_reader.read_notified(answer, ACCEPT)
        kept.accept_id = accept_id
