"""The rows. They never leave this package.

Rows of the tables that hold custody carry a `seal`: SHA-256 over all their other
columns but those in `__unsealed__`, so that `check books` names a row that was
altered by anything but the hub. The journal's seal also covers the seal of the
entry before it, so that none can be taken out of the middle. A seal is no secret
and no signature: it finds damage and careless hands, not a forger.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gateway.store.types import UtcDateTime

_TIME: Any = UtcDateTime
_WAITING = "taken_at IS NULL AND parked_at IS NULL AND held_at IS NULL"
# Apart, so that what waits for an endpoint that is away is in nobody's way.
_UNROUTED = "state = 'accepted'"
_MOVED = "kept_at IS NULL AND endpoint IS NULL"
_PUSHED = "kept_at IS NULL AND endpoint IS NOT NULL"


class Row(SQLModel):
    """A row; the metadata of all tables hangs on it."""

    __unsealed__: ClassVar[frozenset[str]] = frozenset()


class HubFact(Row, table=True):
    """A fact about this hub: when it was made, whether for demonstration."""

    __tablename__ = "hub"

    name: str = Field(primary_key=True)
    value: str


class OrganizationRow(Row, table=True):
    """An organization of the directory."""

    __tablename__ = "organization"

    code: str = Field(primary_key=True, max_length=10)
    th_name: str
    en_name: str
    signing: str
    active: bool
    iso_code: str
    abbreviation: str
    added_at: datetime = Field(sa_type=_TIME)
    last_seen_at: datetime | None = Field(default=None, sa_type=_TIME)
    dialect: str = "unknown"
    dialect_by_hand: bool = False
    never_deletes: bool = False
    deleted_at: datetime | None = Field(default=None, sa_type=_TIME)
    secrecy: str = ""
    weak_signatures: bool = False


class CertificateRow(Row, table=True):
    """A certificate of an organization."""

    __tablename__ = "certificate"

    fingerprint: str = Field(primary_key=True, max_length=64)
    organization: str = Field(foreign_key="organization.code", index=True)
    der: bytes = Field(sa_type=LargeBinary)
    not_before: datetime = Field(sa_type=_TIME)
    not_after: datetime = Field(sa_type=_TIME)
    added_at: datetime = Field(sa_type=_TIME)
    purposes: str = "signature"
    """Joined by blanks, in alphabetical order."""
    revoked_at: datetime | None = Field(default=None, sa_type=_TIME)
    revoked_why: str = ""


class AccessRow(Row, table=True):
    """One way in for one organization."""

    __tablename__ = "access"

    id: UUID = Field(primary_key=True)
    organization: str = Field(foreign_key="organization.code", index=True)
    kind: str
    value: str
    added_at: datetime = Field(sa_type=_TIME)
    ends_at: datetime | None = Field(default=None, sa_type=_TIME)


class PersonRow(Row, table=True):
    """A person of an organization."""

    __tablename__ = "person"

    organization: str = Field(foreign_key="organization.code", primary_key=True)
    name: str = Field(primary_key=True)
    secret_registrar: bool
    added_at: datetime = Field(sa_type=_TIME)


class HubCertificateRow(Row, table=True):
    """A certificate of the hub's own, the one in use or an older one."""

    __tablename__ = "hub_certificate"

    fingerprint: str = Field(primary_key=True, max_length=64)
    der: bytes = Field(sa_type=LargeBinary)
    not_before: datetime = Field(sa_type=_TIME)
    not_after: datetime = Field(sa_type=_TIME)
    in_use_from: datetime = Field(sa_type=_TIME)
    in_use_until: datetime | None = Field(default=None, sa_type=_TIME)


class EndpointRow(Row, table=True):
    """How an organization is reached that does not simply pull."""

    __tablename__ = "endpoint"

    organization: str = Field(foreign_key="organization.code", primary_key=True)
    way: str
    url: str
    networks: str
    """Joined by blanks."""
    user: str
    password_file: str
    in_order: bool
    polled: bool
    replays: bool
    paused_at: datetime | None = Field(default=None, sa_type=_TIME)
    failures: int
    failing_since: datetime | None = Field(default=None, sa_type=_TIME)
    closed_until: datetime | None = Field(default=None, sa_type=_TIME)
    last_failure: str
    last_success_at: datetime | None = Field(default=None, sa_type=_TIME)
    changed_at: datetime = Field(sa_type=_TIME)


class AttemptRow(Row, table=True):
    """One attempt to hand an entry over, and what the endpoint answered."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_newest", "organization", "at"),)

    promise_id: UUID = Field(primary_key=True)
    """The promise that it was made for."""
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    entry_id: UUID = Field(foreign_key="inbox_entry.id")
    organization: str
    at: datetime = Field(sa_type=_TIME)
    seconds: float
    number: int
    """From 1."""
    outcome: str
    """`taken`, or the code of the error."""
    status: int | None = None
    """Of HTTP."""
    headers: str
    """Of the answer: a JSON object of texts."""
    answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The beginning of the answer; of a secret letter encrypted."""
    seal: str


class DeadLetterRow(Row, table=True):
    """Work given up, with its reason; settled once, never removed."""

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index(
            "dead_letter_open",
            "incident_id",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    stage: str
    promise_id: UUID = Field(unique=True)
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    entry_id: UUID | None = Field(default=None, foreign_key="inbox_entry.id")
    endpoint: str
    cause: str
    detail: str
    attempts: int
    incident_id: UUID = Field(foreign_key="incident.id")
    at: datetime = Field(sa_type=_TIME)
    settled_at: datetime | None = Field(default=None, sa_type=_TIME)
    settled: str | None = None
    replay_id: UUID | None = None
    seal: str


class IncidentRow(Row, table=True):
    """All failures of one cause."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "incident_open",
            "cause",
            "stage",
            "endpoint",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    cause: str
    stage: str
    endpoint: str
    """Empty where the cause does not lie with one endpoint."""
    first_at: datetime = Field(sa_type=_TIME)
    last_at: datetime = Field(sa_type=_TIME)
    count: int
    closed_at: datetime | None = Field(default=None, sa_type=_TIME)
    closed_why: str


class ReplayRow(Row, table=True):
    """A plan to send dead letters back, and what became of it."""

    __tablename__ = "replay"

    id: UUID = Field(primary_key=True)
    choice: str
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id")
    planned_at: datetime = Field(sa_type=_TIME)
    planned_account: str
    planned_name: str
    progress: str
    rate: float
    even_if_stamped: int | None = None
    started_at: datetime | None = Field(default=None, sa_type=_TIME)
    started_account: str | None = None
    started_name: str | None = None
    why: str
    ended_at: datetime | None = Field(default=None, sa_type=_TIME)
    ended_why: str


class ReplayItemRow(Row, table=True):
    """One dead letter of a replay."""

    __tablename__ = "replay_item"
    __table_args__ = (Index("replay_item_turn", "replay_id", "outcome", "position"),)

    replay_id: UUID = Field(foreign_key="replay.id", primary_key=True)
    position: int = Field(primary_key=True)
    dead_letter_id: UUID = Field(foreign_key="dead_letter.id", index=True)
    consignment_id: UUID = Field(foreign_key="consignment.id")
    endpoint: str
    """As in `dead_letter`: a replay goes on lane by lane."""
    verdict: str
    outcome: str
    canary: bool
    sent_at: datetime | None = Field(default=None, sa_type=_TIME)
    ended_at: datetime | None = Field(default=None, sa_type=_TIME)
    cause: str


class ChunkRow(Row, table=True):
    """A piece of a file in the vault that lies in rows instead of segments."""

    __tablename__ = "chunk"

    digest: str = Field(
        foreign_key="file.digest", ondelete="CASCADE", primary_key=True, max_length=64
    )
    """Of the file, as its row has it."""
    position: int = Field(primary_key=True)
    """0, 1, 2 …"""
    content: bytes = Field(sa_type=LargeBinary)


class LetterKeyRow(Row, table=True):
    """The key under which all of one secret letter lies, itself encrypted."""

    __tablename__ = "letter_key"

    letter_id: UUID = Field(primary_key=True)
    """No foreign key: bytes enter the vault before their letter its table."""
    wrapped_by: str
    """Which of the hub's keys it is encrypted under."""
    wrapped: bytes = Field(sa_type=LargeBinary)


class FileRow(Row, table=True):
    """A file, once: in the row, or in a segment of the vault."""

    __tablename__ = "file"

    digest: str = Field(primary_key=True, max_length=64)
    size: int
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    segment: int | None = None
    start: int | None = None
    letter_key: UUID | None = None
    """Of a file of a secret letter: body or segment hold it encrypted under it."""


class EnvelopeRow(Row, table=True):
    """An envelope or document with the files cut out."""

    __tablename__ = "envelope"

    digest: str = Field(primary_key=True, max_length=64)
    size: int
    skeleton: bytes = Field(sa_type=LargeBinary)
    cuts: str
    """`OFFSET:DIGEST` joined by blanks, ascending."""
    letter_key: UUID | None = None
    """Of an envelope of a secret letter: its skeleton is encrypted."""


class LetterRow(Row, table=True):
    """A letter: what is the same in all its copies."""

    __tablename__ = "letter"
    __table_args__ = (
        UniqueConstraint("sender", "content_digest"),
        Index("letter_number", "number_key"),
        Index("letter_newest", "accepted_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    sender: str = Field(foreign_key="organization.code")
    number: str
    date: str
    number_key: str
    day: str
    """Gregorian `yyyy-MM-dd`."""
    subject: str
    secrecy: str
    speed: str
    content_digest: str
    accepted_at: datetime = Field(sa_type=_TIME)
    """When its first copy came."""
    hidden: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Of a secret letter what its other columns leave empty, encrypted."""
    seal: str


class LetterFileRow(Row, table=True):
    """A file of a letter, in order."""

    __tablename__ = "letter_file"

    letter_id: UUID = Field(foreign_key="letter.id", primary_key=True)
    position: int = Field(primary_key=True)
    """0 is the main letter, 1 … the attachments."""
    mime_code: str
    digest: str = Field(foreign_key="file.digest", index=True)
    size: int
    seal: str


class ConsignmentRow(Row, table=True):
    """One letter for one receiver."""

    __tablename__ = "consignment"
    __table_args__ = (
        # A number that its sender freed may be sent again (operation 9).
        Index(
            "consignment_number",
            "sender",
            "receiver",
            "number_key",
            "day",
            unique=True,
            sqlite_where=text("freed_at IS NULL"),
            postgresql_where=text("freed_at IS NULL"),
        ),
        Index("consignment_received", "receiver", "day"),
        Index("consignment_sent", "sender", "day"),
        Index("consignment_newest", "sender", "accepted_at", "id"),
        # What is not routed yet: few, and soon none.
        Index(
            "consignment_unrouted",
            "sender",
            "receiver",
            "id",
            sqlite_where=text(_UNROUTED),
            postgresql_where=text(_UNROUTED),
        ),
    )

    id: UUID = Field(primary_key=True)
    letter_id: UUID = Field(foreign_key="letter.id", index=True)
    process_id: str = Field(unique=True, max_length=50)
    sender: str
    receiver: str = Field(foreign_key="organization.code")
    number_key: str
    day: str
    receiver_name: str
    copy_digest: str
    envelope_digest: str = Field(foreign_key="envelope.digest", index=True)
    signed: str
    accepted_at: datetime = Field(sa_type=_TIME)
    state: str
    entries: int
    delivery_digest: str | None = Field(default=None, foreign_key="envelope.digest")
    delivery_start: int | None = None
    delivery_stop: int | None = None
    freed_at: datetime | None = Field(default=None, sa_type=_TIME)
    intact: bool | None = None
    valid: bool | None = None
    trusted: bool | None = None
    reasons: str | None = None
    """Codes joined by blanks."""
    certificate: str | None = None
    algorithm: str | None = None
    hidden: bytes | None = Field(default=None, sa_type=LargeBinary)
    """As in `letter`."""
    seal: str


class FittedCopyRow(Row, table=True):
    """What a receiver of one dialect gets of a consignment."""

    __tablename__ = "fitted_copy"

    consignment_id: UUID = Field(foreign_key="consignment.id", primary_key=True)
    dialect: str = Field(primary_key=True)
    digest: str | None = Field(default=None, foreign_key="envelope.digest")
    """None where the delivery itself fits."""
    start: int | None = None
    stop: int | None = None
    made_at: datetime = Field(sa_type=_TIME)
    seal: str


class JournalRow(Row, table=True):
    """One line of a consignment's journal; never changed."""

    __tablename__ = "journal"
    __table_args__ = (Index("journal_batch_of", "batch"),)
    # Sealing in batches comes after the line, and must not change it.
    __unsealed__ = frozenset({"batch"})

    consignment_id: UUID = Field(foreign_key="consignment.id", primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=_TIME)
    happening: str
    state: str
    actor: str
    facts: str
    """A JSON object of texts, keys sorted."""
    hidden: bytes | None = Field(default=None, sa_type=LargeBinary)
    """As in `letter`."""
    batch: int | None = None
    """The batch that sealed it; None while none has."""
    seal: str


class InboxEntryRow(Row, table=True):
    """An entry of an inbox; marked as taken, never removed."""

    __tablename__ = "inbox_entry"
    __table_args__ = (
        Index(
            "inbox_head",
            "organization",
            text("coalesce(place, id)"),
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
        Index(
            "inbox_held",
            "organization",
            "held_at",
            sqlite_where=text("held_at IS NOT NULL"),
            postgresql_where=text("held_at IS NOT NULL"),
        ),
        Index(
            "inbox_parked",
            "organization",
            "parked_at",
            sqlite_where=text("parked_at IS NOT NULL"),
            postgresql_where=text("parked_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    organization: str = Field(foreign_key="organization.code")
    process_id: str = Field(unique=True, max_length=50)
    carries: str
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id", unique=True)
    queued_at: datetime = Field(sa_type=_TIME)
    shown_at: datetime | None = Field(default=None, sa_type=_TIME)
    taken_at: datetime | None = Field(default=None, sa_type=_TIME)
    place: UUID | None = None
    """None while it stands where it was queued: then its id is its place."""
    set_behind_at: datetime | None = Field(default=None, sa_type=_TIME)
    parked_at: datetime | None = Field(default=None, sa_type=_TIME)
    held_at: datetime | None = Field(default=None, sa_type=_TIME)
    seal: str


class PromiseRow(Row, table=True):
    """A promise of the outbox; it stays when it is kept."""

    __tablename__ = "promise"
    __table_args__ = (
        Index(
            "promise_open",
            "published_at",
            "not_before",
            sqlite_where=text(_MOVED),
            postgresql_where=text(_MOVED),
        ),
        Index(
            "promise_pushed",
            "endpoint",
            "not_before",
            sqlite_where=text(_PUSHED),
            postgresql_where=text(_PUSHED),
        ),
    )
    # The relay writes them in bulk without reading the row; they prove nothing.
    __unsealed__ = frozenset({"published_at", "claimed_until"})

    id: UUID = Field(primary_key=True)
    stage: str
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    made_at: datetime = Field(sa_type=_TIME)
    not_before: datetime = Field(sa_type=_TIME)
    published_at: datetime | None = Field(default=None, sa_type=_TIME)
    kept_at: datetime | None = Field(default=None, sa_type=_TIME)
    entry_id: UUID | None = None
    endpoint: str | None = None
    """None for what does not go to a push endpoint."""
    attempt: int | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=_TIME)
    """Until when one of several relays has it, to publish it."""
    seal: str


class BookRow(Row, table=True):
    """A register the hub keeps, in one year: the last number given."""

    __tablename__ = "book"

    organization: str = Field(foreign_key="organization.code", primary_key=True)
    book: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last: int
    seal: str


class RegistrationRow(Row, table=True):
    """The entry of a letter in a register."""

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("organization", "book", "year", "serial"),)

    id: UUID = Field(primary_key=True)
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    organization: str = Field(foreign_key="organization.code")
    book: str
    year: int
    serial: int | None = None
    text: str
    numbered_by: str
    by: str
    at: datetime = Field(sa_type=_TIME)
    replaces: UUID | None = Field(default=None, foreign_key="registration.id")
    hidden: bytes | None = Field(default=None, sa_type=LargeBinary)
    """As in `letter`."""
    seal: str


class ReceiptRow(Row, table=True):
    """A receipt."""

    __tablename__ = "receipt"

    id: UUID = Field(primary_key=True)
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    kind: str
    process_id: str = Field(unique=True, max_length=50)
    told_by: str
    tells: str | None = None
    at: datetime = Field(sa_type=_TIME)
    accept_at: datetime = Field(sa_type=_TIME)
    number: str | None = None
    registration_id: UUID | None = Field(default=None, foreign_key="registration.id")
    seal: str


class SignedReceiptRow(Row, table=True):
    """A receipt as a signed document; made once, never changed."""

    __tablename__ = "signed_receipt"

    about: UUID = Field(primary_key=True)
    """The id of the receipt, or of the consignment for the hub's own custody."""
    consignment_id: UUID = Field(foreign_key="consignment.id", index=True)
    kind: str
    version: int
    document: bytes = Field(sa_type=LargeBinary)
    """Encrypted where the letter is secret."""
    certificate: str
    """SHA-256 of the hub's certificate that it is signed by."""
    made_at: datetime = Field(sa_type=_TIME)


class ActRow(Row, table=True):
    """What a person did with the hub, or who was not let in; never changed."""

    __tablename__ = "act"
    __table_args__ = (Index("act_batch_of", "batch"), Index("act_newest", "at", "id"))
    __unsealed__ = frozenset({"batch"})

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_type=_TIME)
    what: str
    account: str
    name: str
    why: str
    organization: str | None = None
    consignment_id: UUID | None = None
    before: str
    """A JSON object of texts, keys sorted."""
    after: str
    hidden: bytes | None = Field(default=None, sa_type=LargeBinary)
    """As in `letter`."""
    batch: int | None = None
    seal: str


class BatchRow(Row, table=True):
    """A batch of journal lines and acts that was sealed; never changed."""

    __tablename__ = "batch"

    number: int = Field(primary_key=True)
    """1, 2, 3 … without a gap."""
    sealed_at: datetime = Field(sa_type=_TIME)
    lines: int
    acts: int
    digest: str
    """SHA-256 over the seals of all its entries, in the order of their keys."""
    head: str
    """SHA-256 over the head before it and all the other columns."""


class RetentionRow(Row, table=True):
    """How long letters of one kind stay."""

    __tablename__ = "retention"

    organization: str = Field(primary_key=True)
    """Empty for all that have none of their own."""
    kind: str = Field(primary_key=True)
    years: int
    changed_at: datetime = Field(sa_type=_TIME)


class ArchiveRow(Row, table=True):
    """An archive that was made."""

    __tablename__ = "archive"

    id: UUID = Field(primary_key=True)
    made_at: datetime = Field(sa_type=_TIME)
    until: str
    """Gregorian `yyyy-MM-dd`."""
    letters: int
    size: int = Field(sa_type=BigInteger)
    digest: str
    """SHA-256 of its list of files."""
    seal: str


class ArchivedRow(Row, table=True):
    """A consignment in an archive; its bytes may be gone from the vault since."""

    __tablename__ = "archived"

    consignment_id: UUID = Field(foreign_key="consignment.id", primary_key=True)
    archive_id: UUID = Field(foreign_key="archive.id", primary_key=True, index=True)
    entries: int
    """Lines of its journal then."""
    purged_at: datetime | None = Field(default=None, sa_type=_TIME)
    seal: str
