"""What the workflow and runners need: unit of work, directory, signer, clock, views.

Every method that reads or writes storage may raise `gateway.store.errors.StoreError`
in the concrete store; a temporary one means: run the whole unit again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

from envelopes.letter import LetterId, OrganizationCode
from envelopes.parts import Parts
from gateway.domain.access import Access
from gateway.domain.act import Act
from gateway.domain.archive import Archive, Archived
from gateway.domain.books import Books
from gateway.domain.consignment import (
    Consignment,
    Entry,
    Excerpt,
    FittedCopy,
    LetterFacts,
)
from gateway.domain.deadletter import DeadLetter
from gateway.domain.delivery import Answer, Attempt, Parcel
from gateway.domain.endpoint import Endpoint
from gateway.domain.evidence import SignedReceipt, Unsigned
from gateway.domain.fetching import Fetched
from gateway.domain.hub_certificate import HubCertificate
from gateway.domain.inbox import InboxEntry
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import State
from gateway.domain.organization import (
    Organization,
    Person,
    RegisteredCertificate,
)
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt
from gateway.domain.register import Book, Registration
from gateway.domain.replay import Item, Lane, Outcome, Replay, Verdict
from gateway.domain.replay_plan import Candidate, Choice, Trace
from gateway.domain.retention import Retention

if TYPE_CHECKING:
    # It brings cryptography with it, which `gateway --help` does not need.
    from envelopes.trust import Certificate


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


class Ids(Protocol):
    """Makes identities."""

    def new(self) -> UUID:
        """Return an id nobody has; later ones sort behind earlier ones (UUIDv7)."""

    def process_id(self, at: datetime) -> str:
        """Return a wire number nobody has: digits only, at most 50 characters."""


class HubSigner(Protocol):
    """Signs in the name of the hub; what it signs proves only what the hub says."""

    @property
    def certificate(self) -> "Certificate":
        """The certificate of the key in use."""

    def pinned(self) -> "HubSigner":
        """Return a signer that keeps the key in use now, for what names it too.

        Between two calls of this one the operator may have changed the key.
        """

    def sign(self, document: bytes) -> bytes:
        """Return a GovernmentDocument with the hub's signature over its letter."""

    def sign_bytes(self, content: bytes) -> bytes:
        """Return ECDSA P-256 over the SHA-256 of these bytes: r and s, 64 bytes."""


class Letters(Protocol):
    """Letters in custody."""

    async def find(
        self, sender: OrganizationCode, content_digest: str
    ) -> LetterFacts | None:
        """Return the letter with this content, if one of its copies came before."""

    async def add(self, letter: LetterFacts, at: datetime) -> None:
        """Keep a letter whose first copy came now."""


class Consignments(Protocol):
    """Consignments and their journals."""

    async def add(self, consignment: Consignment) -> None:
        """Keep a new consignment and its fresh entries."""

    async def save(self, consignment: Consignment) -> None:
        """Keep its state and delivery, and add its fresh entries to the journal.

        Raises a temporary `StoreError` where it changed since it was read.
        """

    async def get(self, consignment: UUID) -> Consignment:
        """Return a consignment that must be there."""

    async def hold(self, consignments: Sequence[UUID]) -> Sequence[Consignment]:
        """Return those that are there, by id, as they are now.

        Nobody else changes them until the unit has ended.
        """

    async def save_all(self, consignments: Sequence[Consignment]) -> None:
        """Keep what `save` keeps of consignments that this unit holds."""

    async def same_number(
        self,
        sender: OrganizationCode,
        receiver: OrganizationCode,
        key: tuple[str, str],
    ) -> Consignment | None:
        """Return the one with this normalised number and day that was not freed."""

    async def received_by(
        self, receiver: OrganizationCode, day: str
    ) -> Sequence[Consignment]:
        """Return what a receiver has of letters of this day, oldest first.

        `day` is Gregorian `yyyy-MM-dd`; a letter whose date is written with a
        Buddhist year is found by its Gregorian day.
        """

    async def sent_by(
        self, sender: OrganizationCode, day: str
    ) -> Sequence[Consignment]:
        """Return what a sender sent of letters of this day, oldest first."""


class Inboxes(Protocol):
    """The inboxes of pull endpoints."""

    async def add(self, entry: InboxEntry) -> None:
        """Put an entry behind all others of its organization."""

    async def add_all(self, entries: Sequence[InboxEntry]) -> None:
        """Put entries behind all others of their organizations, in this order."""

    async def save(self, entry: InboxEntry) -> None:
        """Keep where it stands and what was done with it; it was read in this unit.

        Raises a temporary `StoreError` where it changed since.
        """

    async def head(self, organization: OrganizationCode) -> InboxEntry | None:
        """Return the oldest entry that was not taken."""

    async def find(
        self, organization: OrganizationCode, process_id: str
    ) -> InboxEntry | None:
        """Return an entry of this organization's own inbox."""

    async def carrying(
        self, consignment: UUID, receipt: UUID | None = None
    ) -> InboxEntry | None:
        """Return the entry that brings a consignment's letter, or a receipt's notifier.

        Without a receipt, the letter's.
        """

    async def unpromised(
        self, organization: OrganizationCode, *, after: UUID | None, limit: int
    ) -> Sequence[InboxEntry]:
        """Return entries that no open promise is to hand over, in their order.

        Those that wait and those held; `after` is the place of the last one known.
        """


class Asides(Protocol):
    """Entries beside the queues: held and parked ones."""

    async def held(self, organization: OrganizationCode) -> Sequence[InboxEntry]:
        """Return an organization's held entries, in the order of their places."""

    async def parked(
        self, organization: OrganizationCode | None, *, before: datetime | None = None
    ) -> Sequence[InboxEntry]:
        """Return parked entries, of all organizations for None, longest parked first.

        Without those the hub gave up: a replay brings them back. `before` limits them
        to those parked before a time.
        """


class Copies(Protocol):
    """Copies fitted to receivers."""

    async def find(self, consignment: UUID, dialect: str) -> FittedCopy | None:
        """Return what was made for this dialect, if it was."""

    async def add(self, copy: FittedCopy, *, secret: bool) -> None:
        """Keep a copy, or that none is needed; `secret` says whether its letter is."""


class Registers(Protocol):
    """The books, and what is registered in them."""

    async def next_number(
        self, organization: OrganizationCode, book: Book, year: int
    ) -> int:
        """Take the next number of a book; undone with the unit, so gap-free."""

    async def add(self, registration: Registration) -> None:
        """Enter a registration."""

    async def of(self, consignment: UUID) -> Sequence[Registration]:
        """Return a consignment's registrations, oldest first."""


class Receipts(Protocol):
    """Receipts."""

    async def add(self, receipt: Receipt) -> None:
        """Keep a receipt."""

    async def get(self, receipt: UUID) -> Receipt:
        """Return a receipt that must be there."""

    async def of(self, consignment: UUID) -> Sequence[Receipt]:
        """Return a consignment's receipts, oldest first."""


class SignedReceipts(Protocol):
    """Receipts as signed documents."""

    async def add(self, receipts: Sequence[SignedReceipt]) -> Sequence[SignedReceipt]:
        """Keep receipts whose facts have none; return those that were kept.

        Raises a temporary `StoreError` where another process was a moment faster.
        """


@dataclass(frozen=True, slots=True)
class Unrouted:
    """An open promise to route a consignment."""

    promise: UUID
    consignment: UUID
    sender: OrganizationCode
    receiver: OrganizationCode


class Promises(Protocol):
    """The outbox."""

    async def add(self, promise: Promise) -> None:
        """Have a runner take it up, if and only if this unit commits."""

    async def open(self, promise: UUID) -> Promise | None:
        """Return a promise that is not kept yet; None for a repeat of a kept one."""

    async def to_deliver(self, entry: InboxEntry) -> Promise | None:
        """Return the open promise to hand an entry over; None where there is none."""

    async def keep(self, promise: UUID, at: datetime) -> None:
        """Note that it is kept."""

    async def to_route(self, promises: Sequence[UUID]) -> Sequence[Unrouted]:
        """Return those of these promises that are open, by their consignments' ids."""

    async def up_to(
        self, these: Sequence[Unrouted], *, limit: int
    ) -> Sequence[Unrouted]:
        """Return what is not routed, up to the last of these that each sent each other.

        By their consignments' ids; these are among them, where the limit reaches.
        """

    async def hold(self, promises: Sequence[UUID]) -> Collection[UUID]:
        """Return those that are open; nobody else keeps them until the unit has ended.

        Asked after the consignments that they are about.
        """

    async def keep_all(self, promises: Sequence[UUID], at: datetime) -> None:
        """Note that promises are kept that this unit holds."""


class Vault(Protocol):
    """The bytes: each file once by its digest, each envelope with the files cut out."""

    async def keep(self, parts: Parts, *, secret_of: UUID | None) -> None:
        """Keep an envelope or a document; durable when the unit has committed.

        `secret_of` is the letter it belongs to, where that is secret. Keeping again
        what is already there changes nothing.
        """

    async def read(self, digest: str) -> bytes:
        """Return what was kept under this digest of the whole, byte for byte."""


class Directory(Protocol):
    """Who exists."""

    async def find(
        self, code: OrganizationCode, *, steady: bool = False
    ) -> Organization | None:
        """Return an organization.

        `steady` where something that is not its row is written because of what it
        says: it stays so until the unit has ended. Asked before anything is written.
        """

    async def certificates(
        self, code: OrganizationCode
    ) -> Sequence[RegisteredCertificate]:
        """Return the certificates that speak for an organization, valid or not."""

    async def add(
        self,
        organization: Organization,
        certificates: Sequence[RegisteredCertificate],
        at: datetime,
    ) -> None:
        """Enter an organization with its certificates."""

    async def all(self) -> Sequence[Organization]:
        """Return all organizations, by code."""

    async def note_endpoint(self, organization: Organization) -> None:
        """Keep what was learnt of its endpoint: dialect, whether it deletes.

        Raises a temporary `StoreError` where that changed since it was read.
        """

    async def decide(self, organization: Organization) -> None:
        """Keep what an operator decided: signing, secrecy, whether it is active.

        Raises a temporary `StoreError` where that changed since it was read.
        """

    async def add_certificate(
        self, certificate: RegisteredCertificate, at: datetime
    ) -> None:
        """Enter a certificate, or a further purpose of one that is there.

        Raises `CertificateTaken` where it is another organization's.
        """

    async def revoke(
        self, code: OrganizationCode, fingerprint: str, at: datetime, *, why: str
    ) -> None:
        """Let a certificate speak for nobody from now on; a second time is nothing.

        Raises `CertificateUnknown`.
        """


class Endpoints(Protocol):
    """How organizations are reached."""

    async def find(
        self, code: OrganizationCode, *, steady: bool = False
    ) -> Endpoint | None:
        """Return an endpoint; None for an organization that simply pulls.

        `steady` as in `Directory.find`.
        """

    async def several(
        self, codes: Iterable[OrganizationCode]
    ) -> Mapping[OrganizationCode, Endpoint]:
        """Return those of these that do not simply pull; `steady` as in `find`."""

    async def all(self) -> Sequence[Endpoint]:
        """Return all endpoints, by code."""

    async def set(self, endpoint: Endpoint) -> None:
        """Keep what an operator decided, in place of what was there."""

    async def note(self, endpoint: Endpoint) -> None:
        """Keep how it fares: failures, circuit, last success.

        Raises a temporary `StoreError` where that changed since it was read.
        """


class Attempts(Protocol):
    """Attempts to hand over."""

    async def add(self, attempt: Attempt) -> None:
        """Keep an attempt."""

    async def of(self, consignment: UUID) -> Sequence[Attempt]:
        """Return a consignment's attempts, oldest first."""


class DeadLetters(Protocol):
    """Work given up."""

    async def add(self, dead_letter: DeadLetter) -> None:
        """Keep a dead letter."""

    async def get(self, dead_letter: UUID) -> DeadLetter | None:
        """Return a dead letter."""

    async def of(self, consignment: UUID) -> Sequence[DeadLetter]:
        """Return a consignment's dead letters, oldest first."""

    async def open_in(self, incident: UUID) -> int:
        """Count the open dead letters of an incident."""

    async def save(self, dead_letter: DeadLetter) -> None:
        """Keep how it was settled.

        Raises a temporary `StoreError` where it changed since it was read.
        """


class Incidents(Protocol):
    """All failures of one cause each."""

    async def fail(
        self, cause: str, stage: Stage, endpoint: OrganizationCode | None, at: datetime
    ) -> UUID:
        """Add a failure to its open incident, or open one; return the incident's id."""

    async def close(
        self, stage: Stage, endpoint: OrganizationCode | None, at: datetime, *, why: str
    ) -> Sequence[Incident]:
        """Close the open incidents of a stage and endpoint; return those it closed."""

    async def get(self, incident: UUID) -> Incident | None:
        """Return an incident."""

    async def close_one(self, incident: UUID, at: datetime, *, why: str) -> Incident:
        """Close an open incident that is there."""


class Archives(Protocol):
    """Retention, archives and what lies in them."""

    async def rules(self) -> Sequence[Retention]:
        """Return what is set, the hub's own first."""

    async def set(self, rule: Retention, at: datetime) -> None:
        """Keep what an operator decided, in place of what was there."""

    async def add(self, archive: Archive) -> None:
        """Keep an archive that was made."""

    async def add_letters(self, letters: Sequence[Archived]) -> None:
        """Keep which letters are in an archive."""

    async def note_purged(self, letter: Archived) -> None:
        """Keep when the bytes of a letter went."""

    async def is_purged(self, consignment: UUID) -> bool:
        """Say whether the bytes of a letter went."""

    async def drop_bytes(self, consignment: UUID) -> None:
        """Take out what only purged consignments need; this one is noted as purged."""

    async def open_work(self, consignments: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return how many promises and dead letters of each are not settled."""


class Replays(Protocol):
    """Plans to send dead letters back, and what became of them."""

    async def candidates(self, dead_letters: Sequence[UUID]) -> Sequence[Candidate]:
        """Return these dead letters, open or not, with what is known of them now."""

    async def is_held_up(self, choice: Choice, since: datetime) -> bool:
        """Say whether a replay of this choice goes on, or stopped by itself since."""

    async def add(self, replay: Replay, items: Sequence[Item]) -> None:
        """Keep a plan."""

    async def get(self, replay: UUID) -> Replay | None:
        """Return a replay; nobody else changes it until the unit has ended."""

    async def save(self, replay: Replay) -> None:
        """Keep where a replay stands; it was read in this unit."""

    async def item(self, replay: UUID, position: int) -> Item | None:
        """Return one of its letters."""

    async def save_item(self, replay: UUID, item: Item, *, was: Outcome) -> None:
        """Keep what became of a letter.

        Raises a temporary `StoreError` where another process was faster.
        """

    async def release(self, replay: UUID, verdict: Verdict) -> None:
        """Let those wait for their turn that were held back by this verdict."""

    async def leave(self, replay: UUID, at: datetime) -> None:
        """Note that all that still wait are not attempted."""

    async def incidents(self, replay: UUID) -> Sequence[UUID]:
        """Return the incidents of its dead letters."""


class Handover(Protocol):
    """Hands parcels to push endpoints; stands outside any unit."""

    async def hand_over(self, endpoint: Endpoint, parcel: Parcel) -> Answer:
        """Return once the endpoint has taken custody; raises `DeliveryError`.

        The same parcel may be handed over again: the endpoint knows it by its id.
        """


class NodeQueues(Protocol):
    """The queues that other nodes keep for the hub; stands outside any unit.

    Each raises `DeliveryError`, and may be said again.
    """

    async def head(self, endpoint: Endpoint) -> Fetched | None:
        """Return the head, which stays there; None for an empty queue."""

    async def delete(self, endpoint: Endpoint, process_id: str) -> None:
        """Take an entry out; one that is gone already is as good."""

    async def give_back(self, endpoint: Endpoint, fetched: Fetched) -> None:
        """Tell a letter's sender that it was not taken."""


class Accesses(Protocol):
    """Ways in."""

    async def of(self, code: OrganizationCode) -> Sequence[Access]:
        """Return an organization's ways in, oldest first, those that are over too."""

    async def add(self, access: Access) -> None:
        """Enter a way in."""

    async def end(self, code: OrganizationCode, access: UUID, at: datetime) -> None:
        """Let a way in count for nothing from then on; raises `AccessUnknown`."""


class Persons(Protocol):
    """Persons of organizations."""

    async def of(self, code: OrganizationCode) -> Sequence[Person]:
        """Return an organization's persons, by name."""

    async def find(self, code: OrganizationCode, name: str) -> Person | None:
        """Return a person by its name, its blanks single."""

    async def enter(self, person: Person) -> None:
        """Enter a person, in place of what was known under its name."""


class Acts(Protocol):
    """What people did with the hub."""

    async def add(self, act: Act) -> None:
        """Write down what was done; durable when the unit has committed."""


class HubCertificates(Protocol):
    """The hub's own certificates; older ones verify what was signed with them."""

    async def all(self) -> Sequence[HubCertificate]:
        """Return all of them, newest first."""

    async def find(self, fingerprint: str) -> HubCertificate | None:
        """Return the one with this fingerprint."""

    async def add(self, certificate: "Certificate", at: datetime) -> None:
        """Know a certificate before anything is signed with it; again is nothing."""

    async def in_use(self, certificate: "Certificate", at: datetime) -> None:
        """Note that this one is in use, and all others no longer."""


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` undoes everything."""

    @property
    def replays(self) -> Replays:
        """Dead letters on their way back."""

    @property
    def archives(self) -> Archives:
        """Retention, archives and what lies in them."""

    @property
    def letters(self) -> Letters:
        """Letters."""

    @property
    def consignments(self) -> Consignments:
        """Consignments."""

    @property
    def inboxes(self) -> Inboxes:
        """Inboxes."""

    @property
    def asides(self) -> Asides:
        """Held and parked entries."""

    @property
    def copies(self) -> Copies:
        """Fitted copies."""

    @property
    def registers(self) -> Registers:
        """Registers."""

    @property
    def receipts(self) -> Receipts:
        """Receipts."""

    @property
    def signed_receipts(self) -> SignedReceipts:
        """Signed receipts."""

    @property
    def promises(self) -> Promises:
        """The outbox."""

    @property
    def vault(self) -> Vault:
        """The vault."""

    @property
    def directory(self) -> Directory:
        """The directory."""

    @property
    def endpoints(self) -> Endpoints:
        """How organizations are reached."""

    @property
    def attempts(self) -> Attempts:
        """Attempts to hand over."""

    @property
    def dead_letters(self) -> DeadLetters:
        """Work given up."""

    @property
    def incidents(self) -> Incidents:
        """All failures of one cause each."""

    @property
    def accesses(self) -> Accesses:
        """Ways in."""

    @property
    def persons(self) -> Persons:
        """Persons."""

    @property
    def acts(self) -> Acts:
        """Acts."""

    @property
    def hub_certificates(self) -> HubCertificates:
        """The hub's own certificates."""

    async def __aenter__(self) -> Self:
        """Begin; waits for its turn where the store has one writer."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; undo where `commit` was not called."""

    async def commit(self) -> None:
        """Return when the change is durable, alone or in the group it fell into.

        What a unit has read is durable then too. A verb that answers with what
        another one wrote therefore commits although it changed nothing: both may be
        in one group.
        """


class Store(Protocol):
    """Opens units of work, and answers what needs none."""

    def unit(self) -> UnitOfWork:
        """Return a unit that has not begun yet."""

    @property
    def views(self) -> "Views":
        """Read-only questions, outside any unit."""

    @property
    def evidence(self) -> "Evidence":
        """What the notary needs: facts without a signed receipt, and those made."""

    @property
    def replays(self) -> "ReplayViews":
        """Replays as they are looked at."""

    @property
    def outbox(self) -> "Outbox":
        """What the relay needs of the promises."""

    async def organization(self, code: OrganizationCode) -> Organization | None:
        """Return an organization, at most a second behind other processes."""

    async def certificates(
        self, code: OrganizationCode
    ) -> Sequence[RegisteredCertificate]:
        """Return its certificates, at most a second behind other processes."""

    async def every_certificate(self) -> Sequence[RegisteredCertificate]:
        """Return the certificates of all organizations, valid or not."""

    async def accesses(self, code: OrganizationCode) -> Sequence[Access]:
        """Return its ways in, at most a second behind other processes."""

    async def persons(self, code: OrganizationCode) -> Sequence[Person]:
        """Return its persons, by name."""

    async def hub_certificates(self) -> Sequence[HubCertificate]:
        """Return the hub's own certificates, newest first, older ones too."""

    async def check_books(self, progress: Callable[[int, int], None]) -> Books:
        """Compute the account of one moment, and name what does not add up.

        `progress` is told how much is done, of how much.
        """

    async def seen(self, marks: Mapping[OrganizationCode, datetime]) -> None:
        """Keep when endpoints were last seen, all in one transaction."""

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return how organizations are reached, by code."""

    async def facts(self) -> Mapping[str, str]:
        """Return what is noted about this hub: `made_at`, `demo` (`yes` or `no`)."""

    async def note_facts(self, facts: Mapping[str, str]) -> None:
        """Note facts about this hub, in place of those with the same names."""


class Outbox(Protocol):
    """The promises, as the relay sees them."""

    async def due(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return promises to publish, oldest first.

        Those never published whose time has come, and those published more than a
        minute ago and still not kept, each time after twice as long: publishing
        again is safe, losing is not.
        """

    async def take(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return promises to publish, as `due`, that no other process will publish.

        Who takes them publishes them at once: after some seconds they are free again.
        """

    async def published(self, promises: Sequence[UUID], at: datetime) -> None:
        """Note that the broker holds them durably."""

    async def changed(self, timeout: float) -> None:  # noqa: ASYNC109
        """Return when a promise may have become due, or after `timeout` seconds."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an inbox with all that its answer needs."""

    entry: InboxEntry
    consignment: Consignment
    receipt: Receipt | None
    fitted: FittedCopy | None = None
    """What was made of a letter for the dialect that was asked for."""


@dataclass(frozen=True, slots=True)
class Path:
    """A consignment with all that is known of it: what `track` shows."""

    consignment: Consignment
    receiver: Organization
    journal: Sequence[Entry]
    registrations: Sequence[Registration]
    receipts: Sequence[Receipt]
    entry: InboxEntry | None
    """The inbox entry that brings the letter to its receiver."""
    notifier_entries: Sequence[InboxEntry] = ()
    """The inbox entries that tell of its receipts, oldest first."""


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in a list."""

    letter: LetterFacts
    sender: Organization
    first_accepted_at: datetime
    states: Mapping[str, int]
    """How many consignments are in each state, by its value."""


@dataclass(frozen=True, slots=True)
class InboxLine:
    """An inbox entry in a list."""

    entry: InboxEntry
    letter: LetterFacts
    sender: Organization
    state: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class OutboundLine:
    """A consignment as its sender's system is told of it (operation 11)."""

    process_id: str
    number: str
    """The sender's own text."""
    state: State


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """A registration in a book."""

    registration: Registration
    letter: LetterFacts
    sender: Organization


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An organization and what the hub has seen of its endpoint."""

    organization: Organization
    certificates: Sequence[RegisteredCertificate]
    last_seen_at: datetime | None
    waiting: int
    """Entries in its inbox that were not taken."""
    endpoint: Endpoint | None = None
    """How it is reached, where that is on record."""


@dataclass(frozen=True, slots=True)
class DeadLine:
    """A dead letter in a list."""

    dead_letter: DeadLetter
    letter: LetterFacts
    state: State
    """Of the consignment now."""
    endpoint: Organization
    """Who does not get it."""


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """The dead letters of one incident, counted."""

    incident: Incident
    number: int
    endpoints: int
    """How many organizations do not get something."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident in a list."""

    incident: Incident
    dead_letters: int
    """How many of its dead letters are open."""


class DeadLetterViews(Protocol):
    """Read-only questions about dead letters and incidents."""

    async def lines(
        self, choice: Choice, *, settled: bool, limit: int
    ) -> Sequence[DeadLine]:
        """Return dead letters, newest first; open ones, or settled ones too."""

    async def groups(self, choice: Choice, *, settled: bool) -> Sequence[DeadGroup]:
        """Return dead letters counted by their incidents, the latest first."""

    async def dead_letter(self, dead_letter: UUID) -> DeadLetter | None:
        """Return a dead letter."""

    async def is_promised(self, message: UUID) -> bool:
        """Say whether a message is of a promise of this database, kept or not."""

    async def overtaken(self, *, limit: int) -> Sequence[UUID]:
        """Return open dead letters that need nothing any more, oldest first."""

    async def incidents(self, *, closed: bool) -> Sequence[IncidentLine]:
        """Return open incidents, or closed ones too, the latest first."""

    async def incident(self, incident: UUID) -> Incident | None:
        """Return an incident."""

    async def attempts(self, consignment: UUID) -> Sequence[Attempt]:
        """Return a consignment's attempts, oldest first.

        Of a secret letter without what was answered.
        """


class Views(Protocol):
    """Read-only questions of door, console and command line."""

    @property
    def dead(self) -> DeadLetterViews:
        """Dead letters and incidents."""

    async def head(
        self, organization: OrganizationCode, dialect: str = ""
    ) -> Head | None:
        """Return the head of an inbox; one indexed read where it is empty."""

    async def bytes_of(self, excerpt: Excerpt) -> bytes:
        """Return a stretch of what the vault keeps."""

    async def letters(self, *, limit: int) -> Sequence[LetterLine]:
        """Return the newest letters, newest first."""

    async def paths(self, number: str) -> Sequence[Path]:
        """Return the consignments of letters with this number, in any digit form."""

    async def paths_of(self, consignments: Sequence[UUID]) -> Sequence[Path]:
        """Return consignments with all that is known of them, in any order."""

    async def inbox(self, organization: OrganizationCode) -> Sequence[InboxLine]:
        """Return what waits in an inbox, head first."""

    async def aside(self, organization: OrganizationCode | None) -> Sequence[InboxLine]:
        """Return held and parked entries, of all organizations for None, by place."""

    async def unrouted_before(self, promise: UUID, *, limit: int) -> Sequence[UUID]:
        """Return the promises to route what came before, from the same to the same.

        Oldest first.
        """

    async def outbound(
        self, sender: OrganizationCode, *, limit: int
    ) -> Sequence[OutboundLine]:
        """Return a sender's newest consignments, newest first."""

    async def register(
        self, organization: OrganizationCode, book: Book, year: int
    ) -> Sequence[RegisterLine]:
        """Return a book's registrations of a Buddhist year, in order of entry."""

    async def endpoints(self) -> Sequence[EndpointLine]:
        """Return all organizations with what was seen of them, by code."""

    async def acts(
        self, organization: OrganizationCode | None, *, limit: int
    ) -> Sequence[Act]:
        """Return the newest acts, of all organizations for None, newest first."""


@dataclass(frozen=True, slots=True)
class ReplayLine:
    """A plan or a replay in a list."""

    replay: Replay
    counts: Mapping[Outcome, int]
    """How many of its letters have each outcome; those with none are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLetter:
    """One dead letter of a plan or a replay, as it is shown."""

    item: Item
    letter_id: LetterId
    is_letter: bool
    """Whether it is a letter, not a notifier."""
    cause: str
    """Why it was given up."""
    given_up_at: datetime


class ReplayViews(Protocol):
    """Replays, outside any unit."""

    async def chosen(self, choice: Choice) -> Sequence[Candidate]:
        """Return the open dead letters of a choice, in any order."""

    async def candidates(self, dead_letters: Sequence[UUID]) -> Sequence[Candidate]:
        """Return these dead letters, open or not, with what is known of them now."""

    async def mended(
        self, endpoint: OrganizationCode, since: datetime, *, limit: int
    ) -> Sequence[Candidate]:
        """Return what died of time before its endpoint took something, oldest first.

        Without what was replayed before.
        """

    async def running(self) -> Sequence[Replay]:
        """Return the replays that go on, oldest first."""

    async def newest(self, *, limit: int) -> Sequence[ReplayLine]:
        """Return the newest plans and replays, newest first."""

    async def find(self, beginning: str) -> Sequence[Replay]:
        """Return the replays whose ids begin so."""

    async def letters(self, replay: UUID) -> Sequence[ReplayLetter]:
        """Return its letters in order."""

    async def items(self, replay: UUID) -> Sequence[Item]:
        """Return its letters in order, without what is known of them."""

    async def lanes(self, replay: UUID) -> Sequence[Lane]:
        """Return what it has for each endpoint, by code."""

    async def next(
        self, replay: UUID, endpoint: OrganizationCode, *, limit: int
    ) -> Sequence[Item]:
        """Return the first of an endpoint's letters that wait for their turn."""

    async def latest(self, replay: UUID, *, limit: int) -> Sequence[Item]:
        """Return the letters whose outcome is known, newest first."""

    async def traces(self, replay: UUID) -> Sequence[Trace]:
        """Return what the records say of the letters that were sent."""


class Source(StrEnum):
    """What has a signed receipt each."""

    CONSIGNMENTS = "consignments"
    """The hub's own custody."""
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class Page:
    """Some facts, in the order of their ids."""

    unsigned: Sequence[Unsigned]
    end: UUID
    """The id of the last fact that was looked at; where the next page begins."""
    is_last: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far the notary is."""

    made: int
    """Signed receipts there are."""
    waiting: int
    """Facts that have none yet."""
    oldest: datetime | None
    """When the first of those happened."""


class Evidence(Protocol):
    """Signed receipts, outside any unit."""

    async def page(self, source: Source, after: UUID, *, limit: int) -> Page:
        """Return the facts behind a place that have no signed receipt yet."""

    async def backlog(self) -> Backlog:
        """Return how many facts wait for a signature, and since when."""

    async def of(
        self, consignments: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[SignedReceipt]]:
        """Return the signed receipts of consignments, oldest facts first."""

    async def signed(self, after: UUID, *, limit: int) -> Sequence[SignedReceipt]:
        """Return the signed receipts behind a place, in the order of their facts."""

    async def sizes(self, envelopes: Sequence[str]) -> Mapping[str, int]:
        """Return the sizes of what the vault keeps, by digest."""

    async def forms(
        self, consignments: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[str | None]]:
        """Return what was fitted of each consignment: digests, None for no need."""


class Arrivals(Protocol):
    """Who waits for what is on its way inside this process.

    An old client sends at one door and polls the other in its next statement
    (protocol A6): a poll of an empty inbox waits a moment for what is announced.
    """

    def announce(self, organization: OrganizationCode) -> None:
        """Something for this organization was taken into custody."""

    def arrived(self, organization: OrganizationCode) -> None:
        """It lies in the inbox now."""

    async def wait(self, organization: OrganizationCode) -> bool:
        """Wait until nothing announced is missing; False at once if nothing is."""
