"""The way to an endpoint, walked step by step by the code that hands over.

It stops at the step that fails. Nothing is handed over: a node is asked for the time, a
webhook gets a `ping`. How an endpoint fares is not written down.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from cryptography import x509

from envelopes import asking
from gateway.domain.access import IpAddress
from gateway.domain.delivery import (
    CredentialsMissing,
    DeliveryError,
    EndpointRefused,
    EndpointUnreachable,
    EndpointUntrusted,
)
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.reach import Reach, Target
from gateway.transport import ecms, webhook
from gateway.transport.connecting import CheckedSockets, check, family_of
from gateway.transport.exchange import Exchanged, said_of
from gateway.transport.handover import HttpHandover
from schemas import names

MOST_APART: Final = timedelta(minutes=1)
"""How far two clocks may be apart: signatures and letters carry the time."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was made, or the one that failed."""

    name: str
    """`record`, `name`, `address`, `tcp`, `tls`, `shown`, `answer`, `protocol` or
    `clock`."""
    ok: bool
    found: str
    seconds: float
    until: datetime | None = None
    """When the certificate that was seen ends."""
    error: DeliveryError | None = None


@dataclass(slots=True)
class _Walk:
    """What is known on the way."""

    handover: HttpHandover
    endpoint: Endpoint
    target: Target = field(init=False)
    reach: Reach = field(init=False)
    addresses: Sequence[IpAddress] = ()
    connected: socket.socket | None = None
    until: datetime | None = None
    exchanged: Exchanged | None = None
    answered: DeliveryError | None = None
    theirs: datetime | None = None
    """The endpoint's time."""

    async def record(self) -> str:
        self.target, self.reach = self.handover.sessions.reach_of(self.endpoint)
        return f"{self.endpoint.way} {self.endpoint.url}"

    async def name(self) -> str | None:
        if self.target.literal is not None:
            self.addresses = [self.target.literal]
            return None
        try:
            async with asyncio.timeout(self.handover.patience.connect):
                found = await self.handover.sessions.lookup(self.target.host)
        except (OSError, TimeoutError) as error:
            raise EndpointUnreachable(said_of(error)) from error
        self.addresses = list(dict.fromkeys(found))
        return ", ".join(str(address) for address in self.addresses)

    async def address(self) -> str:
        check(self.reach, self.addresses)
        return ", ".join(str(address) for address in self.addresses)

    async def tcp(self) -> str:
        """Connect to the first address that answers, as handing over does."""
        error: Exception = EndpointUnreachable("no address")
        for address in self.addresses:
            try:
                return await self._connect(address)
            except (OSError, TimeoutError) as failure:
                error = failure
        raise EndpointUnreachable(said_of(error)) from error

    async def _connect(self, address: IpAddress) -> str:
        place = (str(address), self.target.port)
        family = family_of(address)
        made = CheckedSockets(self.reach)((family, socket.SOCK_STREAM, 0, "", place))
        made.settimeout(0)
        try:
            async with asyncio.timeout(self.handover.patience.connect):
                await asyncio.get_running_loop().sock_connect(made, place)
        except BaseException:
            made.close()
            raise
        self.connected = made
        return f"{address} port {self.target.port}"

    async def tls(self) -> str | None:
        """Prove the endpoint's certificate, without a word of HTTP."""
        if not self.target.is_https or self.connected is None:
            return None
        context = self.handover.sessions.credentials.context()
        try:
            async with asyncio.timeout(self.handover.patience.connect):
                transport, _ = await asyncio.get_running_loop().create_connection(
                    asyncio.Protocol,
                    sock=self.connected,
                    ssl=context,
                    server_hostname=self.target.host,
                )
        except (OSError, TimeoutError) as error:
            told = isinstance(error, ssl.SSLError)
            kind = EndpointUntrusted if told else EndpointUnreachable
            raise kind(said_of(error)) from error
        connection = transport.get_extra_info("ssl_object")
        certificate = x509.load_der_x509_certificate(
            connection.getpeercert(binary_form=True)
        )
        transport.abort()
        self.until = certificate.not_valid_after_utc
        return f"{_name_of(certificate.subject)} ({_name_of(certificate.issuer)})"

    async def shown(self) -> str | None:
        """Look at what the hub shows: its certificate, its user."""
        credentials = self.handover.sessions.credentials
        said = (
            [f"user {self.endpoint.user}"] if credentials.basic(self.endpoint) else []
        )
        own = credentials.certificate() if self.target.is_https else None
        if own is not None:
            self.until = own.not_valid_after_utc
            if self.until < self.handover.clock.now():
                raise CredentialsMissing("push_certificate: it has expired")
            said.append(_name_of(own.subject))
        return ", ".join(said) or None

    async def answer(self) -> str:
        """Ask by HTTP; an answer that is none is the next step's to judge."""
        try:
            self.exchanged = await self._ask()
        except DeliveryError as error:
            if error.answer.status is None:
                raise
            self.answered = error
            return f"HTTP {error.answer.status}"
        return f"HTTP {self.exchanged.answer.status}"

    async def _ask(self) -> Exchanged:
        if self.endpoint.way is Way.WEBHOOK:
            return await self.handover.tell(self.endpoint, webhook.ping(str(uuid4())))
        body = asking.time_check(message_id="Test", to=self.endpoint.url)
        return await self.handover.ask(self.endpoint, body)

    async def protocol(self) -> str:
        if self.answered is not None:
            raise self.answered
        if self.exchanged is None:
            raise ValueError("no answer to judge")
        if self.endpoint.way is Way.WEBHOOK:
            self.theirs = self.exchanged.date
            return "ping"
        answer, body = self.exchanged.answer, self.exchanged.body
        try:
            found = ecms.read(answer, body, names.TIME_RESPONSE)
        except EndpointRefused as error:
            # It speaks the protocol, and has no time to tell: not all nodes do.
            self.theirs = self.exchanged.date
            return error.detail
        self.theirs = ecms.clock_of(found) or self.exchanged.date
        return f"ECMSTime {found.time}"


_STEPS: Final = (
    *("record", "name", "address", "tcp", "tls", "shown"),
    *("answer", "protocol"),
)


async def walk(handover: HttpHandover, endpoint: Endpoint) -> list[Step]:
    """Walk the way to a push endpoint; what it has not is no step."""
    going = _Walk(handover, endpoint)
    steps: list[Step] = []
    try:
        for name in _STEPS:
            step = await _made(name, getattr(going, name), going)
            steps += [step] if step else []
            if step and not step.ok:
                return steps
    finally:
        if going.connected is not None:
            going.connected.close()
    if going.theirs is not None:
        steps.append(_clock(going.theirs, handover.clock.now()))
    return steps


async def _made(
    name: str, step: Callable[[], Awaitable[str | None]], going: _Walk
) -> Step | None:
    began = time.monotonic()
    going.until = None
    try:
        found = await step()
    except DeliveryError as error:
        seconds = round(time.monotonic() - began, 3)
        return Step(name, ok=False, found=error.detail, seconds=seconds, error=error)
    if found is None:
        return None
    seconds = round(time.monotonic() - began, 3)
    return Step(name, ok=True, found=found, seconds=seconds, until=going.until)


def _clock(theirs: datetime, ours: datetime) -> Step:
    apart = theirs.astimezone(UTC) - ours
    return Step(
        "clock",
        ok=abs(apart) <= MOST_APART,
        found=f"{apart.total_seconds():+.0f} s",
        seconds=0.0,
    )


def _name_of(name: x509.Name) -> str:
    """Return the common name, or all of it where there is none."""
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
