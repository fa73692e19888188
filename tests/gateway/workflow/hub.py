"""A hub whose runners are moved by hand: real verbs on the real store, no broker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import select, text

from envelopes.decoder import decode
from envelopes.dialects import CSHARP, UNKNOWN, Dialect
from envelopes.letter import Letter, LetterId, OrganizationCode, Party
from envelopes.notifier import Notifier, NotifierKind
from envelopes.requests import AskAgain, DeleteLetter, SendLetter
from gateway.arrivals import InProcessArrivals
from gateway.domain.books import Books
from gateway.domain.consignment import Entry, Signed
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import InboxEntry
from gateway.domain.lifecycle import Happening
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.domain.promise import Promise, Stage
from gateway.domain.register import Registration
from gateway.keys.signing import KeySigner
from gateway.ports import Path
from gateway.runners.deliverer import Courier, EndpointRests
from gateway.store.books import check_books
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.store import SqlStore
from gateway.store.tables import Row
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import Shown, confirm, look
from gateway.workflow.endpoint import set_dialect
from gateway.workflow.free import free
from gateway.workflow.notice import Taken, take_notice
from gateway.workflow.notify import notify
from gateway.workflow.reach import set_endpoint
from gateway.workflow.receive import Custody, receive
from gateway.workflow.register import register
from gateway.workflow.route import route
from gateway.workflow.work import Work
from tests.doubles.clock import HandClock
from tests.doubles.handover import FakeHandover
from tests.doubles.ids import CountedIds
from tests.doubles.pki import Identity, identity
from tests.letters import a_letter, as_wire

MINISTRY: Final = OrganizationCode("1500200000")
"""Hosted: its own signature is taken where it comes."""
LANDS: Final = OrganizationCode("1500300000")
"""Must sign."""
HEALTH: Final = OrganizationCode("2100200000")
"""Is carried unsigned."""
CLOSED: Final = OrganizationCode("1500400000")
"""Suspended."""
CHIANG_MAI: Final = OrganizationCode("1500200050")
LOEI: Final = OrganizationCode("1500200042")
NAN: Final = OrganizationCode("1500200055")
NOBODY: Final = OrganizationCode("9900200000")
"""In no directory."""

NUMBER: Final = LetterId("มท 0210.3/ว 1795", "2026-06-05")
HUB: Final = identity(organization="1500299999")

ROUTES: Final = (Stage.ROUTE,)
NOTIFIERS: Final = (Stage.NOTIFY,)

Rows = Mapping[str, Sequence[str]]
T = TypeVar("T")

_SIGNING: Final = {
    MINISTRY: Signed.HOSTED,
    LANDS: Signed.OWN,
    HEALTH: Signed.NONE,
    CLOSED: Signed.HOSTED,
    CHIANG_MAI: Signed.HOSTED,
    LOEI: Signed.HOSTED,
    NAN: Signed.HOSTED,
}


class InlineBench:
    """Does work where it stands."""

    async def run(self, size: int, work: Callable[[], T]) -> T:
        del size
        return work()


async def patiently(verb: Callable[[], Awaitable[T]]) -> T:
    """Run a verb, and again where another changed what it had read.

    So do door and runners. Where one process alone writes, nothing is repeated.
    """
    while True:
        try:
            return await verb()
        except ConcurrentChange:
            continue


@dataclass(frozen=True)
class Hub:
    """The verbs, as door and runners call them."""

    work: Work
    store: SqlStore
    clock: HandClock
    endpoints: FakeHandover = field(default_factory=FakeHandover)
    """What the hub pushes to."""

    async def send(
        self,
        letter: Letter,
        *,
        door: OrganizationCode | None = None,
        signed_by: Identity | None = None,
        dialect: Dialect = CSHARP,
    ) -> Custody:
        """Send a letter at its sender's door, or another; it is not routed yet."""
        wire = as_wire(letter, dialect, signed_by=signed_by)
        return await self.send_bytes(wire, door or letter.sender.organization)

    async def send_bytes(
        self, wire: bytes, door: OrganizationCode, *, known: Dialect = UNKNOWN
    ) -> Custody:
        """Send these bytes at the door of an endpoint known to speak a dialect."""
        request = decode(wire, dialect=known).request
        assert isinstance(request, SendLetter)
        document = request.document
        return await patiently(lambda: receive(self.work, door, document))

    async def keep(self, stages: Sequence[Stage] = tuple(Stage)) -> int:
        """Keep what was promised, as relay and runners do; return how much it was."""
        due = await self.store.outbox.due(self.clock.now(), limit=1000)
        promises = [promise for promise in due if promise.stage in stages]
        for promise in promises:
            if promise.stage is Stage.DELIVER:
                await self.hand_over(promise)
                continue
            verb = {Stage.ROUTE: route, Stage.NOTIFY: notify}[promise.stage]
            await patiently(partial(verb, self.work, promise.id))
        return len(promises)

    async def hand_over(self, promise: Promise) -> None:
        """Keep a promise to a push endpoint as its deliverer does, without jitter."""
        courier = Courier(self.work, self.endpoints, jitter=lambda: 0.0)
        endpoint = await self.endpoint(promise.endpoint)
        verb = courier.deliver_in_order if endpoint.in_order else courier.deliver
        with suppress(EndpointRests):
            await patiently(partial(verb, promise.id))

    async def endpoint(self, code: OrganizationCode | None) -> Endpoint:
        """Return how an endpoint is reached, and how it fares."""
        [found] = [e for e in await self.store.endpoints() if e.organization == code]
        return found

    async def push_to(
        self, code: OrganizationCode, way: Way = Way.WEBHOOK, **facts: object
    ) -> Endpoint:
        """Have an operator set an endpoint to push, a second later."""
        self.clock.advance(seconds=1)
        endpoint = Endpoint(
            organization=code,
            way=way,
            url="https://example.org/in",
            changed_at=self.clock.now(),
            **facts,  # type: ignore[arg-type]
        )
        await patiently(lambda: set_endpoint(self.work, endpoint))
        return endpoint

    async def deliver(self, letter: Letter, **how: object) -> Custody:
        """Send a letter and route it."""
        custody = await self.send(letter, **how)  # type: ignore[arg-type]
        await self.keep()
        return custody

    async def look(self, organization: OrganizationCode) -> Shown | None:
        """Poll."""
        return await patiently(lambda: look(self.work, organization))

    async def head(self, organization: OrganizationCode) -> Shown:
        """Poll where something must be."""
        shown = await self.look(organization)
        assert shown is not None
        return shown

    async def take(self, organization: OrganizationCode) -> Shown:
        """Poll, and delete what came."""
        shown = await self.head(organization)
        self.clock.advance(seconds=1)
        await self.confirm(organization, shown.process_id)
        return shown

    async def confirm(self, organization: OrganizationCode, process_id: str) -> None:
        """Delete."""
        await patiently(lambda: confirm(self.work, organization, process_id))

    async def tell(
        self,
        door: OrganizationCode,
        kind: NotifierKind,
        number: str | None = None,
        *,
        about: LetterId = NUMBER,
        subject: str = "",
        to: str = "",
    ) -> Taken:
        """Send a notifier a second later; it is not on its way to anybody yet."""
        self.clock.advance(seconds=1)
        notifier = Notifier(kind, about, subject, number)
        return await patiently(lambda: take_notice(self.work, door, notifier, to=to))

    async def free(
        self,
        receiver: OrganizationCode,
        number: LetterId = NUMBER,
        *,
        door: OrganizationCode = MINISTRY,
        sender: OrganizationCode | None = None,
    ) -> datetime:
        """Free the number of a letter a second later (operation 9)."""
        self.clock.advance(seconds=1)
        request = DeleteLetter(number, sender or door, receiver)
        return await patiently(lambda: free(self.work, door, request))

    async def ask_again(
        self,
        door: OrganizationCode,
        kind: NotifierKind | None = None,
        *,
        receiver: OrganizationCode,
        number: LetterId = NUMBER,
    ) -> Shown:
        """Ask a second later for an entry to come once more (operation 10)."""
        self.clock.advance(seconds=1)
        request = AskAgain(kind, number, MINISTRY, receiver)
        return await patiently(lambda: ask_again(self.work, door, request))

    async def speaks(self, organization: OrganizationCode, dialect: Dialect) -> None:
        """Say which client an endpoint has, a second later."""
        self.clock.advance(seconds=1)
        await patiently(lambda: set_dialect(self.work, organization, dialect))

    async def read(self, organization: OrganizationCode, times: int) -> list[str]:
        """Poll and never delete; return the ProcessIDs that came."""
        return [(await self.head(organization)).process_id for _ in range(times)]

    async def organization(self, code: OrganizationCode) -> Organization:
        """Return what the directory has of an organization now."""
        async with self.store.unit() as unit:
            found = await unit.directory.find(code)
        assert found is not None
        return found

    async def journal(
        self, happening: Happening, receiver: OrganizationCode
    ) -> list[Entry]:
        """Return what the journal of the one letter to a receiver says of one kind."""
        path = await self.path(receiver)
        return [entry for entry in path.journal if entry.happening is happening]

    async def register(
        self, organization: OrganizationCode, *, by: str = "สมศรี"
    ) -> Registration:
        """Have the hub enter the letter at the head of an inbox."""
        entry = next(
            line.entry
            for line in await self.store.views.inbox(organization)
            if line.receipt is None
        )
        return await patiently(
            lambda: register(self.work, organization, entry.process_id, by=by)
        )

    async def path(self, receiver: OrganizationCode, number: LetterId = NUMBER) -> Path:
        """Return all that is known of one consignment."""
        paths = await self.store.views.paths(number.number)
        [path] = [p for p in paths if p.consignment.receiver == receiver]
        return path

    async def inbox(self, organization: OrganizationCode) -> list[InboxEntry]:
        """Return what waits in an inbox, head first."""
        return [line.entry for line in await self.store.views.inbox(organization)]

    async def announced(self, organization: OrganizationCode) -> bool:
        """Say whether a poll would wait for something on its way to this inbox."""
        waiting = asyncio.ensure_future(self.work.arrivals.wait(organization))
        await asyncio.sleep(0)
        waits = not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
        return waits

    async def rows(self) -> Rows:
        """Return every committed row of every table."""
        return {
            name: sorted(
                repr(tuple(row))
                for row in await self.store.reading.execute(select(table))
            )
            for name, table in Row.metadata.tables.items()
        }

    async def counts(self) -> dict[str, int]:
        """Return how many rows each table has."""
        return {table: len(rows) for table, rows in (await self.rows()).items()}

    async def writes(self) -> int:
        """Return a number that changes with every transaction that wrote something."""
        try:
            result = await self.store.reading.execute(text("PRAGMA data_version"))
        except StoreError:
            return hash(await self._versions())
        return int(result.scalar_one())

    async def _versions(self) -> tuple[str | None, ...]:
        """Return by which transactions PostgreSQL wrote its rows, and where."""
        found = []
        for name in Row.metadata.tables:
            rows = f"SELECT string_agg(xmin::text || ctid::text, ' ') FROM {name}"  # noqa: S608
            found.append((await self.store.reading.execute(text(rows))).scalar_one())
        return tuple(found)

    async def books(self) -> Books:
        """Check the books."""
        return await check_books(self.store.reading, self.store.vault)


def to(
    receiver: OrganizationCode,
    number: LetterId = NUMBER,
    *,
    sender: OrganizationCode = MINISTRY,
    **changes: object,
) -> Letter:
    """Return a letter to this receiver under this number."""
    letter = a_letter(id=number, send_date="2026-07-01T09:00:00", **changes)
    return replace(
        letter,
        sender=replace(letter.sender, organization=sender, ministry=sender.ministry),
        receiver=Party("", "", "ผู้ว่าราชการจังหวัด", receiver.ministry, receiver),
    )


def key_of(organization: OrganizationCode) -> Identity:
    """Return the key and certificate the directory knows an organization by."""
    return identity(organization=organization.text)


async def a_hub(store: SqlStore, *, wait: float = 5.0) -> Hub:
    """Return a hub whose directory is filled; a poll waits so many seconds at most."""
    clock = HandClock()
    work = Work(
        store=store,
        clock=clock,
        ids=CountedIds(),
        signer=KeySigner(HUB.key, HUB.pem),  # type: ignore[arg-type]
        arrivals=InProcessArrivals(wait),
        bench=InlineBench(),
        carries="003",
    )
    async with store.unit() as unit:
        for code, signing in _SIGNING.items():
            own = key_of(code)
            certificate = RegisteredCertificate(
                code, own.der, own.fingerprint, own.not_before, own.not_after
            )
            organization = Organization(
                code, "หน่วยงาน", "Office", signing, active=code != CLOSED
            )
            await unit.directory.add(organization, [certificate], clock.now())
        await unit.commit()
    return Hub(work, store, clock)
