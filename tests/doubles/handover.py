"""Push endpoints that take, fail, or take and lose their answer, as they are told."""

import asyncio
from collections import deque
from uuid import UUID

from envelopes.letter import OrganizationCode
from gateway.domain.delivery import (
    Answer,
    DeliveryError,
    EndpointSilent,
    EndpointUnreachable,
    Parcel,
)
from gateway.domain.endpoint import Endpoint


class FakeHandover:
    """Takes each parcel once, by its id, unless it is told to fail."""

    def __init__(self) -> None:
        self.held: dict[UUID, Parcel] = {}
        """What endpoints have custody of, in the order in which they took it."""
        self.heard: list[tuple[Endpoint, Parcel]] = []
        """Every call."""
        self.away: set[OrganizationCode] = set()
        """Whose endpoints cannot be reached."""
        self._fails: deque[DeliveryError | None] = deque()
        self._always: DeliveryError | None = None
        self._loses = 0
        self._gate = asyncio.Event()
        self._gate.set()

    def fail(self, *errors: DeliveryError | None) -> None:
        """End the next calls so; None for one that succeeds."""
        self._fails.extend(errors)

    def always_fail(self, error: DeliveryError | None) -> None:
        """End all calls so from now on; None for success."""
        self._always = error

    def lose_answers(self, times: int = 1) -> None:
        """Take the next parcels, and lose the answers."""
        self._loses += times

    def shut(self) -> None:
        """Let calls wait until it is opened."""
        self._gate.clear()

    def open(self) -> None:
        """Let calls that wait go on."""
        self._gate.set()

    async def hand_over(self, endpoint: Endpoint, parcel: Parcel) -> Answer:
        """Take a parcel, or fail."""
        self.heard.append((endpoint, parcel))
        await self._gate.wait()
        if endpoint.organization in self.away:
            raise EndpointUnreachable
        error = self._fails.popleft() if self._fails else self._always
        if error is not None:
            raise error
        self.held.setdefault(parcel.id, parcel)
        if self._loses:
            self._loses -= 1
            raise EndpointSilent
        number = f"N{list(self.held).index(parcel.id) + 1}"
        return Answer(
            status=200,
            headers={"Subject": parcel.letter.subject},
            body=b"taken",
            seconds=0.25,
            process_id=number,
        )
