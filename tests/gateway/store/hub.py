"""A hub whose letters stand in every state: real verbs on the real store."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from envelopes.decoder import decode
from envelopes.dialects import BOI, CSHARP, JAVA_KEEPING, Dialect
from envelopes.letter import Attachment, Letter, LetterId, OrganizationCode, Party
from envelopes.notifier import Notifier, NotifierKind
from envelopes.requests import AskAgain, DeleteLetter, SendLetter
from gateway.arrivals import InProcessArrivals
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization, Person, RegisteredCertificate
from gateway.domain.promise import Promise, Stage
from gateway.keys.signing import KeySigner
from gateway.runners.deliverer import Courier, EndpointRests
from gateway.store.store import SqlStore, VaultKind, open_store
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import Shown, confirm, look
from gateway.workflow.endpoint import set_dialect
from gateway.workflow.free import free
from gateway.workflow.notice import take_notice
from gateway.workflow.notify import notify
from gateway.workflow.park import unpark
from gateway.workflow.receive import receive
from gateway.workflow.register import register
from gateway.workflow.route import route
from gateway.workflow.work import Work
from schemas.codes import mime_codes
from tests.doubles.clock import HandClock
from tests.doubles.handover import FakeHandover
from tests.doubles.ids import CountedIds
from tests.doubles.keyring import a_keyring
from tests.doubles.pki import identity
from tests.letters import a_letter, as_wire
from tests.tables import lay_tables

MINISTRY: Final = OrganizationCode("1500200000")
CHIANG_MAI: Final = OrganizationCode("1500200050")
LOEI: Final = OrganizationCode("1500200042")
NAN: Final = OrganizationCode("1500200055")
TRAT: Final = OrganizationCode("1500200023")
RAYONG: Final = OrganizationCode("1500200021")

CIRCULAR: Final = LetterId("มท 0210.3/ว 1795", "2026-06-05")
RETURNED: Final = LetterId("มท 0211/22", "2569-06-06")
ON_ITS_WAY: Final = LetterId("มท 0212/๓๓", "2026-06-07")
LARGE: Final = random.Random(7).randbytes(40_000)

T = TypeVar("T")


class InlineBench:
    """Does work where it stands."""

    async def run(self, size: int, work: Callable[[], T]) -> T:
        del size
        return work()


@dataclass
class Hub:
    """A hub at work, moved by hand."""

    work: Work
    store: SqlStore
    clock: HandClock
    held: set[Stage] = field(default_factory=set)
    """Stages whose promises nobody keeps for now."""
    endpoints: FakeHandover = field(default_factory=FakeHandover)
    """What the hub pushes to."""

    async def send(
        self, letter: Letter, *, signed: bool = True, escaped: bool = True
    ) -> str:
        """Send a letter at its sender's door; return the ProcessID of the answer.

        Where it is not `escaped`, each `&` goes bare, as BOI writes it.
        """
        by = identity(organization=letter.sender.organization.text) if signed else None
        wire = as_wire(letter, BOI, signed_by=by)
        if not escaped:
            wire = wire.replace(b"&amp;", b"&")
        request = decode(wire, dialect=BOI).request
        assert isinstance(request, SendLetter)
        custody = await receive(self.work, letter.sender.organization, request.document)
        await self.move()
        return custody.process_id

    async def move(self) -> None:
        """Let the runners keep what was promised."""
        while True:
            self.clock.advance(seconds=1)
            due = await self.store.outbox.due(self.clock.now(), limit=100)
            promises = [p for p in due if p.stage not in self.held]
            if not promises:
                return
            await self.store.outbox.published(
                [p.id for p in promises], self.clock.now()
            )
            for promise in promises:
                if promise.stage is Stage.DELIVER:
                    await self.hand_over(promise)
                    continue
                verb = {Stage.ROUTE: route, Stage.NOTIFY: notify}[promise.stage]
                await verb(self.work, promise.id)

    async def hand_over(self, promise: Promise) -> None:
        """Keep a promise to a push endpoint, as its deliverer does."""
        courier = Courier(self.work, self.endpoints, jitter=lambda: 0.0)
        with suppress(EndpointRests):
            await courier.deliver(promise.id)

    async def poll(self, organization: OrganizationCode, *, delete: bool) -> str:
        """Look at the head of an inbox, and take it out where that is wanted."""
        shown = await look(self.work, organization)
        assert shown is not None
        self.clock.advance(seconds=1)
        if delete:
            await confirm(self.work, organization, shown.process_id)
        return shown.process_id

    async def poll_in_vain(self, organization: OrganizationCode) -> None:
        """Look, and delete nothing, until the inbox shows nothing any more."""
        while await look(self.work, organization):
            self.clock.advance(seconds=1)

    async def poll_until(
        self, organization: OrganizationCode, *, other_than: str
    ) -> None:
        """Look, and delete nothing, until another entry is the head."""
        while await self.poll(organization, delete=False) == other_than:
            pass

    async def free(self, receiver: OrganizationCode, number: LetterId) -> None:
        """Let the department take a letter back."""
        self.clock.advance(seconds=1)
        await free(self.work, DEPARTMENT, DeleteLetter(number, DEPARTMENT, receiver))

    async def ask_again(self, receiver: OrganizationCode, number: LetterId) -> Shown:
        """Let a receiver ask for a letter once more."""
        self.clock.advance(seconds=1)
        asked = AskAgain(None, number, DEPARTMENT, receiver)
        return await ask_again(self.work, receiver, asked)

    async def speaks(self, organization: OrganizationCode, dialect: Dialect) -> None:
        """Say which client an endpoint has."""
        self.clock.advance(seconds=1)
        await set_dialect(self.work, organization, dialect)

    async def tell(
        self,
        organization: OrganizationCode,
        kind: NotifierKind,
        about: LetterId,
        number: str | None = None,
    ) -> None:
        """Send a notifier at an organization's door."""
        self.clock.advance(seconds=1)
        notifier = Notifier(kind, about, "", number)
        await take_notice(self.work, organization, notifier, to="")
        await self.move()

    async def register(self, organization: OrganizationCode, by: str) -> str:
        """Have the hub enter the head of an inbox, and return the number."""
        self.clock.advance(seconds=1)
        [line, *_] = await self.store.views.inbox(organization)
        done = await register(self.work, organization, line.entry.process_id, by=by)
        await self.move()
        return done.number.text


def to(receiver: OrganizationCode, number: LetterId, **changes: object) -> Letter:
    """Return a letter of the ministry to this receiver under this number."""
    letter = a_letter(id=number, send_date="2026-07-01T09:00:00", **changes)
    party = Party("", "", f"ผู้ว่าราชการจังหวัด {receiver}", "15", receiver)
    return replace(letter, receiver=party)


async def make_hub(
    data: Path,
    *,
    to_the_end: bool = False,
    vault: VaultKind = "directory",
    secret: bytes = b"",
    more: Callable[[Hub], Awaitable[None]] | None = None,
) -> None:
    """Make a hub in an empty folder, and let its letters come to stand everywhere.

    `to_the_end` adds those that were taken back, parked, held, fitted, asked for
    again, disputed and called wrong, and a circular with a secret file. `more` is
    what else is to happen before some of what moves letters comes to a halt.
    """
    lay_tables(data)
    async with open_store(
        data, elapsed=lambda: 0.0, keyring=a_keyring(), vault=vault
    ) as store:
        hub = a_hub_on(store)
        await enter_directory(hub)
        if to_the_end:
            await _every_end(hub)
            await secret_life(hub, files=(secret or SECRET_FILE,))
        if more is not None:
            await more(hub)
        await _circular(hub)
        await _returned(hub)
        await _on_its_way(hub)
        if to_the_end:
            await _freed_on_its_way(hub)


def a_hub_on(store: SqlStore) -> Hub:
    """Return a hub at work on an open store."""
    clock = HandClock()
    own = identity(organization="1500299999")
    work = Work(
        store=store,
        clock=clock,
        ids=CountedIds(),
        signer=KeySigner(own.key, own.pem),
        arrivals=InProcessArrivals(0.0),
        bench=InlineBench(),
        carries="003",
    )
    return Hub(work, store, clock)


async def enter_directory(hub: Hub) -> None:
    """Enter the ministry and five provinces, each with its certificate."""
    await enter(hub, MINISTRY, CHIANG_MAI, LOEI, NAN, TRAT, RAYONG)


async def enter(hub: Hub, *codes: OrganizationCode) -> None:
    """Enter organizations, each with its certificate."""
    async with hub.store.unit() as unit:
        for code in codes:
            own = identity(organization=code.text)
            certificate = RegisteredCertificate(
                code, own.der, own.fingerprint, own.not_before, own.not_after
            )
            organization = Organization(code, "หน่วยงาน", "Office", Signed.HOSTED)
            await unit.directory.add(organization, [certificate], hub.clock.now())
        await unit.commit()


async def _circular(hub: Hub) -> None:
    """Send one letter to five, each of which ends elsewhere.

    Chiang Mai's number is doubted and corrected, Loei and Nan have the hub's, Trat
    has looked at it, Rayong's system took it. From Nan on no receipt is told.
    """
    files = {"main": Attachment("application/pdf", LARGE)}
    for receiver in (CHIANG_MAI, LOEI, NAN, TRAT, RAYONG):
        await hub.send(to(receiver, CIRCULAR, **files))
    await hub.poll(CHIANG_MAI, delete=True)
    await hub.tell(CHIANG_MAI, NotifierKind.RECEIVED, CIRCULAR)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, CIRCULAR, "๑๐๒๔/๒๕๖๙")
    await hub.poll(MINISTRY, delete=True)
    await hub.poll(MINISTRY, delete=True)
    await hub.tell(MINISTRY, NotifierKind.WRONG_NUMBER, CIRCULAR, "๑๐๒๔/๒๕๖๙")
    await hub.poll(CHIANG_MAI, delete=False)
    await hub.tell(CHIANG_MAI, NotifierKind.REGISTERED, CIRCULAR, "1025/2569")
    await hub.register(LOEI, "สมศรี")
    # Said after the number: kept, and told to nobody.
    await hub.tell(LOEI, NotifierKind.RECEIVED, CIRCULAR)
    await hub.poll(NAN, delete=False)
    hub.held.add(Stage.NOTIFY)
    await hub.register(NAN, "สมปอง")
    await hub.poll(TRAT, delete=False)
    await hub.poll(RAYONG, delete=True)


async def _returned(hub: Hub) -> None:
    await hub.send(to(LOEI, RETURNED, main=None), signed=False)
    await hub.poll(LOEI, delete=True)
    await hub.tell(LOEI, NotifierKind.RETURNED, RETURNED)


async def _on_its_way(hub: Hub) -> None:
    hub.held.add(Stage.ROUTE)
    await hub.send(to(NAN, ON_ITS_WAY, attachments=()))


DEPARTMENT: Final = OrganizationCode("1500200001")
KRABI: Final = OrganizationCode("1500200081")
TRANG: Final = OrganizationCode("1500200092")
PHRAE: Final = OrganizationCode("1500200054")
SATUN: Final = OrganizationCode("1500200091")
DOCX: Final = mime_codes()["docx"]
OTHERS: Final = (DEPARTMENT, KRABI, TRANG, PHRAE, SATUN)


SONGKHLA: Final = OrganizationCode("1500200090")
YALA: Final = OrganizationCode("1500200095")
REGISTRAR: Final = "สมหญิง รักความลับ"
SECRET_SUBJECT: Final = 'แผนเผชิญเหตุ <"ด้านใน">'
SECRET_PERSON: Final = "มะลิวัลย์"
SECRET_FILE: Final = b"PK the plan, and who is to do what at which hour of the day, 7"


def numbered(n: int) -> LetterId:
    """Return the number of one of the letters that end otherwise."""
    return LetterId(f"มท 0300/{n:03}", "2026-06-08")


def sent(receiver: OrganizationCode, n: int, **changes: object) -> Letter:
    """Return the department's letter of this number, one with next to nothing in it."""
    nothing: dict[str, object] = {"main": None, "attachments": ()}
    letter = to(receiver, numbered(n), **(nothing | changes))
    return replace(letter, sender=replace(letter.sender, organization=DEPARTMENT))


async def _every_end(hub: Hub) -> None:
    await enter(hub, *OTHERS)
    await _disputed_and_wrong(hub)
    await _parked(hub)
    await _taken_back(hub)
    await _asked_again(hub)
    await _fitted(hub)


async def _disputed_and_wrong(hub: Hub) -> None:
    """Have one number disputed and one letter called wrong; hold what is told of it."""
    await hub.send(sent(KRABI, 1), signed=False)
    await hub.send(sent(KRABI, 2), signed=False)
    await hub.speaks(DEPARTMENT, BOI)
    await hub.poll(KRABI, delete=True)
    await hub.tell(KRABI, NotifierKind.REGISTERED, numbered(1), "7/2569")
    await hub.tell(DEPARTMENT, NotifierKind.WRONG_NUMBER, numbered(1), "7/2569")
    await hub.speaks(DEPARTMENT, CSHARP)
    await hub.poll(DEPARTMENT, delete=True)
    await hub.speaks(DEPARTMENT, BOI)
    await hub.tell(KRABI, NotifierKind.WRONG_LETTER, numbered(2))


async def _parked(hub: Hub) -> None:
    """Park a letter and a notifier for good, and another letter that comes back."""
    await hub.speaks(TRANG, CSHARP)
    await hub.send(sent(TRANG, 3), signed=False)
    await hub.send(sent(TRANG, 4), signed=False)
    back = await hub.poll(TRANG, delete=False)
    await hub.poll_in_vain(TRANG)
    await unpark(hub.work, TRANG, back, by="สมศรี")
    await hub.send(sent(TRANG, 5), signed=False)
    await hub.poll_until(TRANG, other_than=back)
    await hub.poll_in_vain(KRABI)


async def _taken_back(hub: Hub) -> None:
    """Take letters back while they wait, once they are there, and after a return."""
    for n in (6, 7, 8):
        await hub.send(sent(PHRAE, n), signed=False)
    await hub.free(PHRAE, numbered(8))
    await hub.poll(PHRAE, delete=True)
    await hub.free(PHRAE, numbered(6))
    await hub.tell(PHRAE, NotifierKind.REGISTERED, numbered(6), "๘/๒๕๖๙")
    await hub.poll(PHRAE, delete=True)
    await hub.tell(PHRAE, NotifierKind.RETURNED, numbered(7))
    await hub.free(PHRAE, numbered(7))
    await hub.send(sent(PHRAE, 7), signed=False)


async def _asked_again(hub: Hub) -> None:
    """Ask twice for one letter that was fetched, and once for another."""
    for n in (9, 10):
        await hub.send(sent(SATUN, n), signed=False)
        await hub.poll(SATUN, delete=True)
        shown = await hub.ask_again(SATUN, numbered(n))
    await confirm(hub.work, SATUN, shown.process_id)
    await hub.ask_again(SATUN, numbered(10))
    await confirm(hub.work, SATUN, shown.process_id)


async def _fitted(hub: Hub) -> None:
    """Fit a letter that came unescaped; its receiver answers it and never deletes."""
    letter = sent(KRABI, 11, subject="ก & ข", main=Attachment(DOCX, b"PK"))
    await hub.send(letter, signed=False, escaped=False)
    await hub.speaks(KRABI, BOI)
    await hub.poll(KRABI, delete=False)
    await hub.tell(KRABI, NotifierKind.RECEIVED, numbered(11))
    await hub.speaks(KRABI, JAVA_KEEPING)
    assert await look(hub.work, KRABI) is None


def secret_letter(
    receiver: OrganizationCode, n: int, files: tuple[bytes, ...] = (SECRET_FILE,)
) -> Letter:
    """Return a secret letter to a person, with these files."""
    letter = sent(
        receiver,
        n,
        secrecy="002",
        subject=SECRET_SUBJECT,
        main=Attachment(DOCX, files[0]),
        attachments=tuple(Attachment("application/pdf", f) for f in files[1:]),
    )
    to_person = replace(letter.receiver, given_name=SECRET_PERSON)
    return replace(letter, receiver=to_person)


async def secret_life(
    hub: Hub, n: int = 14, files: tuple[bytes, ...] = (SECRET_FILE,)
) -> LetterId:
    """Send a secret circular to two: one gets a fitted copy, one has the hub's number.

    The first number is disputed and corrected, and the letter asked for once more.
    """
    await enter(hub, SONGKHLA, YALA)
    async with hub.store.unit() as unit:
        for code in (SONGKHLA, YALA):
            await unit.persons.enter(Person(code, REGISTRAR, True, hub.clock.now()))  # noqa: FBT003 - what it is
        await unit.commit()
    number = numbered(n)
    for receiver in (SONGKHLA, YALA):
        await hub.send(secret_letter(receiver, n, files))
    await hub.speaks(SONGKHLA, BOI)
    await hub.poll(SONGKHLA, delete=True)
    await hub.tell(SONGKHLA, NotifierKind.RECEIVED, number)
    await hub.tell(SONGKHLA, NotifierKind.REGISTERED, number, "๑๒/๒๕๖๙")
    await hub.tell(DEPARTMENT, NotifierKind.WRONG_NUMBER, number, "๑๒/๒๕๖๙")
    await hub.tell(SONGKHLA, NotifierKind.REGISTERED, number, "13/2569")
    shown = await hub.ask_again(SONGKHLA, number)
    await confirm(hub.work, SONGKHLA, shown.process_id)
    await hub.register(YALA, REGISTRAR)
    return number


async def _freed_on_its_way(hub: Hub) -> None:
    """Take back what was not routed: one promise is still open, one was found void."""
    await hub.send(sent(PHRAE, 12), signed=False)
    await hub.free(PHRAE, numbered(12))
    hub.held.discard(Stage.ROUTE)
    promises = await hub.store.outbox.due(hub.clock.now(), limit=100)
    for promise in promises:
        if promise.stage is Stage.ROUTE:
            async with hub.store.unit() as unit:
                consignment = await unit.consignments.get(promise.consignment)
            if consignment.freed_at is not None:
                await route(hub.work, promise.id)
    hub.held.add(Stage.ROUTE)
    await hub.send(sent(PHRAE, 13), signed=False)
    await hub.free(PHRAE, numbered(13))
