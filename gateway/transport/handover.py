"""Hands parcels to push endpoints: e-CMS or webhook, as their records say.

`opened` makes it from the settings; it stands outside any unit, and closes what it has
opened when its context ends.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from gateway.config import Settings
from gateway.domain.delivery import Answer, EndpointMisbehaved, Parcel
from gateway.domain.endpoint import Endpoint, Way
from gateway.ports import Clock, HubSigner
from gateway.telemetry import emit
from gateway.transport import ecms, webhook
from gateway.transport.credentials import Credentials, PushFiles
from gateway.transport.exchange import READ, Exchanged, Patience, Request, post
from gateway.transport.sessions import Sessions


@dataclass(frozen=True, slots=True)
class HttpHandover:
    """The port `Handover`, by HTTP."""

    sessions: Sessions
    signer: HubSigner
    clock: Clock
    patience: Patience = field(default_factory=Patience)

    async def hand_over(self, endpoint: Endpoint, parcel: Parcel) -> Answer:
        """Return once the endpoint has taken custody; raises `DeliveryError`."""
        match endpoint.way:
            case Way.ECMS:
                return await self._to_node(endpoint, parcel)
            case Way.WEBHOOK:
                message = await asyncio.to_thread(webhook.message_of, parcel)
                return (await self.tell(endpoint, message)).answer
            case Way.PULL:
                raise EndpointMisbehaved("it pulls")

    async def _to_node(self, endpoint: Endpoint, parcel: Parcel) -> Answer:
        body = await asyncio.to_thread(ecms.request_of, parcel, endpoint.url)
        # The answer may hold the whole letter once more (B5, operation 1).
        done = await self.ask(endpoint, body, most=READ + len(body))
        number = await asyncio.to_thread(ecms.process_id_in, done.answer, done.body)
        return replace(done.answer, process_id=number)

    async def ask(
        self, endpoint: Endpoint, body: bytes, *, most: int = READ
    ) -> Exchanged:
        """Post an envelope to a node; raises `DeliveryError`."""
        return await self._post(endpoint, body, ecms.HEADERS, most)

    async def tell(self, endpoint: Endpoint, message: webhook.Message) -> Exchanged:
        """Post a signed message to a webhook; raises `DeliveryError`."""
        headers = await asyncio.to_thread(
            webhook.headers_of, message, endpoint.url, self.signer, self.clock.now()
        )
        return await self._post(endpoint, message.body, headers, READ)

    async def _post(
        self, endpoint: Endpoint, body: bytes, headers: dict[str, str], most: int
    ) -> Exchanged:
        session = self.sessions.of(endpoint)
        shown = headers | self.sessions.credentials.basic(endpoint)
        request = Request(url=endpoint.url, body=body, headers=shown, most=most)
        return await post(session, request, self.patience, self.clock.now())


@asynccontextmanager
async def opened(
    settings: Settings, signer: HubSigner, clock: Clock, *, demo: bool
) -> AsyncIterator[HttpHandover]:
    """Open what hands over; raises `SettingsError` where its files are not right."""
    files = PushFiles.of(settings)
    files.context()
    credentials = Credentials(
        files, settings.data, lambda why: emit("push files not renewed", detail=why)
    )
    sessions = Sessions(credentials, demo=demo)
    try:
        yield HttpHandover(
            sessions, signer, clock, Patience(answer=settings.push_seconds)
        )
    finally:
        await sessions.close()
