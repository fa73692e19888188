"""The queue that a node keeps for an organization, as its client sees it.

The port `NodeQueues` by the C# client's operations 5, 7 and 8.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from envelopes import asking
from envelopes.letter import OrganizationCode
from envelopes.notifier import NotifierCopy, NotifierKind
from gateway.domain.delivery import EndpointMisbehaved
from gateway.domain.endpoint import Endpoint
from gateway.domain.fetching import Fetched
from gateway.transport import ecms
from gateway.transport.handover import HttpHandover
from schemas import names

_MESSAGE: Final = "1"
"""As that client numbers what is no letter."""
_LONGEST: Final = 250


@dataclass(frozen=True, slots=True)
class HttpNodeQueues:
    """Queues of nodes, by HTTP."""

    handover: HttpHandover
    most: int
    """Bytes of the largest letter that is fetched, with its envelope."""

    async def head(self, endpoint: Endpoint) -> Fetched | None:
        """Return the head, which stays there; None for an empty queue."""
        body = asking.poll(message_id=_MESSAGE, to=endpoint.url)
        done = await self.handover.ask(endpoint, body, most=self.most)
        found = await asyncio.to_thread(
            ecms.read, done.answer, done.body, names.INBOUND_RESPONSE
        )
        if not found.process_id:
            if found.envelope is None:
                return None
            raise EndpointMisbehaved("an entry without ProcessID", answer=done.answer)
        if len(found.process_id) > _LONGEST:
            raise EndpointMisbehaved("a long ProcessID", answer=done.answer)
        return Fetched(
            process_id=found.process_id,
            # What is neither letter nor notifier is refused as any such request.
            envelope=found.envelope or done.body,
            letter_id=found.letter_id,
            subject=found.subject,
        )

    async def delete(self, endpoint: Endpoint, process_id: str) -> None:
        """Take an entry out; one that is gone already is as good."""
        body = asking.delete(process_id, message_id=_MESSAGE, to=endpoint.url)
        done = await self.handover.ask(endpoint, body)
        ecms.read(done.answer, done.body, names.DELETE_RESPONSE)

    async def give_back(self, endpoint: Endpoint, fetched: Fetched) -> None:
        """Tell the sender that its letter is wrong here (operation 5)."""
        if fetched.letter_id is None:
            raise ValueError("only a letter is given back")
        told = NotifierCopy(
            kind=NotifierKind.WRONG_LETTER,
            letter_id=fetched.letter_id,
            subject=fetched.subject,
            accept_id=None,
            # The node's own to fill in.
            accept_date="",
            accept_organization=OrganizationCode(""),
        )
        body = asking.send_notifier(told, message_id=_MESSAGE, to=endpoint.url)
        done = await self.handover.ask(endpoint, body)
        ecms.process_id_in(done.answer, done.body)
