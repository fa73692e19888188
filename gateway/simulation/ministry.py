"""The ministry's system: sends the circular, and collects the numbers for it.

It writes the C# dialect and signs, and matches what it pulls as that client does:
by exact number, date and subject, and the receiver's code (Q-C10). What matches
nothing stays at the head of its queue for ever (Q-C11).
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gateway.simulation import circular, csharp, csharp_reader
from gateway.simulation.errors import ClientBroken
from gateway.simulation.http import PATH, Line
from gateway.simulation.letter import (
    ACCEPT,
    INVALID_LETTER,
    REJECT,
    File,
    Letter,
    Notifier,
)
from gateway.simulation.provinces import Province
from gateway.simulation.signing import Signer

_AT_ONCE: Final = 2
"""Messages on the way at a time: as many as .NET has connections (I1)."""


@dataclass(slots=True)
class Sent:
    """A row of what was sent: one per receiver."""

    letter: Letter
    process_id: str
    notifiers: dict[str, Notifier] = field(default_factory=dict)
    """What came back, by the ProcessID of the queue entry."""

    @property
    def numbers(self) -> list[Notifier]:
        """Return the numbers given by the receiver, oldest first."""
        return [each for each in self.notifiers.values() if each.kind == ACCEPT]


@dataclass(slots=True)
class Ministry:
    """The sending office."""

    line: Line
    base: str
    signer: Signer
    now: Callable[[], datetime]
    """The time of its clock, aware."""
    sent: dict[str, Sent] = field(default_factory=dict)
    """By the receiver's code."""
    secrecy: str = "001"
    """The level of its circular."""

    async def send(
        self, provinces: Iterable[Province], tell: Callable[[str], None]
    ) -> None:
        """Send the circular to each province, signed anew for each."""
        contents = circular.files()
        gate = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for province in provinces:
                group.create_task(self._send(province, contents, gate, tell))

    async def _send(
        self,
        province: Province,
        contents: tuple[File, ...],
        gate: asyncio.Semaphore,
        tell: Callable[[str], None],
    ) -> None:
        async with gate:
            sent_at = self.now().strftime("%Y-%m-%dT%H:%M:%S")
            letter = replace(
                circular.letter_to(province, contents, sent_at), secrecy=self.secrecy
            )
            message = csharp.signed_send_request(
                letter,
                message_id=province.digits,
                to=self.base + PATH.format(organization=province.code),
                signer=self.signer,
                signed_by=circular.SENDER,
            )
            taken = csharp_reader.read_taken(await self.line.post(message))
            self.sent[province.code] = Sent(letter, taken.process_id)
            tell("sent")

    async def pull(self) -> Notifier | None:
        """Press the notifier button once: poll, match, keep, delete."""
        message = csharp.poll_request(message_id="รับ แจ้ง", own_url=self.line.url)
        pulled = csharp_reader.read_poll(await self.line.post(message))
        if pulled is None:
            return None
        if not isinstance(pulled.content, Notifier):
            raise ClientBroken("a letter stays at the head of the notifier page (I3)")
        self._match(pulled.content).notifiers[pulled.process_id] = pulled.content
        deletion = csharp.delete_request(
            pulled.process_id, message_id="0", own_url=self.line.url
        )
        csharp_reader.read_deleted(await self.line.post(deletion))
        return pulled.content

    def _match(self, notifier: Notifier) -> Sent:
        found = self.sent.get(notifier.department)
        # The client compares raw inner XML with its own text (Q-C10).
        if found is None or (notifier.number, notifier.date, notifier.subject) != (
            found.letter.number,
            found.letter.date,
            found.letter.subject,
        ):
            raise ClientBroken(f"matches nothing that was sent: {notifier}")
        if notifier.kind in (REJECT, INVALID_LETTER) and any(
            notifier.kind == earlier.kind for earlier in found.notifiers.values()
        ):
            raise ClientBroken(f"a repeated {notifier.kind} is never deleted (Q-C12)")
        return found
