"""The store of one hub: units of work, views, outbox, cached directory."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, or_, select, update

from envelopes.letter import OrganizationCode
from gateway.domain.access import Access
from gateway.domain.books import Books
from gateway.domain.continuity import Batch, Continuity, Mark
from gateway.domain.endpoint import Endpoint
from gateway.domain.hub_certificate import HubCertificate
from gateway.domain.organization import (
    Organization,
    Person,
    RegisteredCertificate,
)
from gateway.domain.promise import Promise
from gateway.store.accesses import StoredAccesses, StoredPersons
from gateway.store.batches import batch_numbered, check_journal, last_batch, seal
from gateway.store.bodies import Bodies, InChunks, InSegments
from gateway.store.books import check_books
from gateway.store.books_inspection import Progress, no_progress
from gateway.store.claims import claim
from gateway.store.connection import Connection
from gateway.store.database import Database
from gateway.store.directory import StoredDirectory
from gateway.store.endpoints import StoredEndpoints
from gateway.store.errors import SecretsClosed
from gateway.store.evidence import StoredEvidence
from gateway.store.hub_certificates import StoredHubCertificates
from gateway.store.keyring import Keyring
from gateway.store.letter_keys import StoredLetterKeys
from gateway.store.outbox import UNKEPT, Wake, due, note_published
from gateway.store.postgresql import PostgresDatabase
from gateway.store.reading import CONSIGNMENT, INBOX_ENTRY, ORGANIZATION
from gateway.store.replay_views import StoredReplayViews
from gateway.store.segments import Segments
from gateway.store.sqlite import SqliteDatabase
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row
from gateway.store.unit import StoredUnit
from gateway.store.vault import StoredVault
from gateway.store.views import StoredViews

DATABASE: Final = "hub.db"
SEGMENTS: Final = Path("vault", "segments")

VAULT_FACT: Final = "vault"
"""The fact that says where the vault is: `database`, or by what its folder is marked;
none of a folder that only one machine can have."""
DATABASE_VAULT: Final = "database"
VaultKind = Literal["directory", "database"]

FRESH: Final = 1.0
"""Seconds for which an answer of the directory is taken for true."""

KNOWN: Final = 20_000
"""Organizations of which answers are kept."""

_TAKES: Final = 3
"""How often a relay looks again at once where another was faster."""

T = TypeVar("T")

_HUB: Final = Row.metadata.tables["hub"]
_FACTS: Final = select(_HUB)
_NEWEST_IDS: Final = tuple(
    select(table.c.id).order_by(table.c.id.desc()).limit(1)
    for table in (CONSIGNMENT, INBOX_ENTRY)
)
_FORGET_FACT: Final = delete(_HUB).where(_HUB.c.name == bindparam("fact"))
_ADD_FACT: Final = insert(_HUB)
_SEEN: Final = (
    update(ORGANIZATION)
    .where(
        ORGANIZATION.c.code == bindparam("the_code"),
        or_(
            ORGANIZATION.c.last_seen_at.is_(None),
            ORGANIZATION.c.last_seen_at < bindparam("at"),
        ),
    )
    .values(last_seen_at=bindparam("at"))
)


class SqlStore:
    """Opens units of work, and answers what needs none."""

    def __init__(
        self,
        database: Database,
        bodies: Bodies,
        elapsed: Callable[[], float] = time.monotonic,
        keyring: Keyring | None = None,
    ) -> None:
        self._database = database
        self.keyring = keyring
        """What opens secret letters; None where nothing does."""
        self._bodies = bodies
        self._wake = Wake()
        self._directory = StoredDirectory(database.reading)
        self._organizations: _Cache[Organization] = _Cache(
            self._directory.find, elapsed
        )
        self._certificates: _Cache[Sequence[RegisteredCertificate]] = _Cache(
            self._directory.certificates, elapsed
        )
        self._accesses: _Cache[Sequence[Access]] = _Cache(
            StoredAccesses(database.reading).of, elapsed
        )
        self.strongbox = Strongbox(database.reading, keyring)
        self.vault = StoredVault(database.reading, bodies, self.strongbox)
        """What is committed, to read."""
        self.views = StoredViews(database.reading, self.vault)
        self.evidence = StoredEvidence(database.reading, self.strongbox)
        self.replays = StoredReplayViews(database.reading)
        self.outbox = StoredOutbox(self, self._wake)

    @property
    def is_shared(self) -> bool:
        """Whether other processes of this hub may work on it at the same time."""
        return self._database.is_shared

    async def leads(self, duty: str) -> bool:
        """Say whether this process does what one process at a time is enough for.

        Where nobody leads in a duty, it does from now on; where the database does
        not answer, nobody is known to. What it leads in must be safe to do twice.
        """
        return await self._database.leading.leads(duty)

    def unit(self) -> StoredUnit:
        """Return a unit that has not begun yet."""
        return StoredUnit(
            self._database.turn(),
            self._bodies,
            self._wake.up,
            self._forget,
            keyring=self.keyring,
        )

    def _forget(self, code: OrganizationCode) -> None:
        """Ask anew for all that is known of an organization the next time."""
        for cache in (self._organizations, self._certificates, self._accesses):
            cache.forget(code)

    async def try_keys(self) -> None:
        """Raise `SecretsClosed` where secret letters cannot be opened with our keys."""
        keys = StoredLetterKeys(self.reading)
        if self.keyring is not None:
            await keys.try_out(self.keyring)
        elif number := sum((await keys.counted()).values()):
            raise SecretsClosed(detail=f"there is no key for {number} of them")

    @property
    def reading(self) -> Connection:
        """A connection that sees what is committed; for `check books`."""
        return self._database.reading

    async def organization(self, code: OrganizationCode) -> Organization | None:
        """Return an organization, at most a second behind other processes."""
        return await self._organizations.find(code)

    async def certificates(
        self, code: OrganizationCode
    ) -> Sequence[RegisteredCertificate]:
        """Return its certificates, at most a second behind other processes."""
        return await self._certificates.find(code) or ()

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return how organizations are reached, by code."""
        return await StoredEndpoints(self.reading).all()

    async def every_certificate(self) -> Sequence[RegisteredCertificate]:
        """Return the certificates of all organizations, valid or not."""
        return await self._directory.every_certificate()

    async def accesses(self, code: OrganizationCode) -> Sequence[Access]:
        """Return its ways in, at most a second behind other processes."""
        return await self._accesses.find(code) or ()

    async def persons(self, code: OrganizationCode) -> Sequence[Person]:
        """Return its persons, by name."""
        return await StoredPersons(self.reading).of(code)

    async def hub_certificates(self) -> Sequence[HubCertificate]:
        """Return the hub's own certificates, newest first, older ones too."""
        return await StoredHubCertificates(self.reading).all()

    async def seen(self, marks: Mapping[OrganizationCode, datetime]) -> None:
        """Keep when endpoints were last seen, all in one transaction."""
        if not marks:
            return
        seen = [{"the_code": code.text, "at": at} for code, at in marks.items()]
        # In one order, so that two processes do not wait for each other.
        seen.sort(key=itemgetter("the_code"))
        async with self.unit() as unit:
            await unit.connection.execute(_SEEN, seen)
            await unit.commit()

    async def check_books(self, progress: Progress = no_progress) -> Books:
        """Compute the account of one moment, and name what does not add up.

        `progress` is told how much is done, of how much.
        """
        async with self._database.snapshot() as connection:
            box = Strongbox(connection, self.keyring)
            vault = StoredVault(connection, self._bodies, box)
            return await check_books(connection, vault, progress)

    async def seal_journal(self, at: datetime) -> Batch | None:
        """Seal some of what no batch has taken yet; None where there is nothing.

        Raises a temporary `StoreError` where another process sealed meanwhile.
        """
        async with self.unit() as unit:
            batch = await seal(unit.connection, at)
            if batch is not None:
                await unit.commit()
            return batch

    async def last_batch(self) -> Batch | None:
        """Return the newest batch."""
        return await last_batch(self.reading)

    async def batch(self, number: int) -> Batch | None:
        """Return a batch."""
        return await batch_numbered(self.reading, number)

    async def check_journal(
        self, outside: Sequence[Mark], progress: Progress = no_progress
    ) -> Continuity:
        """Follow all batches of one moment, and say where they are broken.

        `outside` are the heads that stand outside the database, read before.
        """
        async with self._database.snapshot() as connection:
            return await check_journal(connection, outside, progress)

    async def newest_id(self) -> UUID | None:
        """Return the newest of what stands in an order; the next is to come behind."""
        results = [await self.reading.execute(newest) for newest in _NEWEST_IDS]
        found = [result.scalar_one_or_none() for result in results]
        return max((one for one in found if one is not None), default=None)

    async def facts(self) -> Mapping[str, str]:
        """Return what is noted about this hub: `made_at`, `demo` (yes or no)."""
        result = await self.reading.execute(_FACTS)
        return {row["name"]: row["value"] for row in result.mappings()}

    async def note_facts(self, facts: Mapping[str, str]) -> None:
        """Note facts about this hub, in place of what was noted under their names."""
        async with self.unit() as unit:
            for name, value in facts.items():
                await unit.connection.execute(_FORGET_FACT, {"fact": name})
                await unit.connection.execute(_ADD_FACT, {"name": name, "value": value})
            await unit.commit()


class StoredOutbox:
    """The promises, as the relay of this process sees them."""

    def __init__(self, store: SqlStore, wake: Wake) -> None:
        self._store = store
        self._wake = wake

    async def due(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return promises to publish, oldest first."""
        self._wake.down()
        return await due(self._store.reading, now, limit=limit)

    async def take(self, now: datetime, *, limit: int) -> Sequence[Promise]:
        """Return promises to publish, as `due`; nobody else publishes them meanwhile.

        Where one process has the database, that is so anyway.
        """
        for _ in range(_TAKES):
            found = await self.due(now, limit=limit)
            if not (found and self._store.is_shared):
                return found
            async with self._store.unit() as unit:
                promises = [promise.id for promise in found]
                ours = await claim(unit.connection, promises, now - UNKEPT)
                await unit.commit()
            if ours:
                return [promise for promise in found if promise.id in ours]
        return ()

    async def published(self, promises: Sequence[UUID], at: datetime) -> None:
        """Note that the broker holds them durably."""
        if not promises:
            return
        async with self._store.unit() as unit:
            await note_published(unit.connection, promises, at)
            await unit.commit()

    async def changed(self, timeout: float) -> None:  # noqa: ASYNC109
        """Return when a promise may have become due, or after `timeout` seconds.

        At once where one was made since the last look at what is due. What other
        processes promise is seen after the time-out.
        """
        await self._wake.wait(timeout)


class _Cache(Generic[T]):
    """Answers for `FRESH` seconds; who is not there is asked for anew.

    That there are none is an answer, and is known of strangers' codes too: of more
    than `KNOWN` the oldest is forgotten. Many who ask at the same moment, as when an
    answer has just become old, are one question.
    """

    def __init__(
        self,
        ask: Callable[[OrganizationCode], Awaitable[T | None]],
        elapsed: Callable[[], float],
    ) -> None:
        self._ask = ask
        self._elapsed = elapsed
        self._known: dict[OrganizationCode, tuple[float, T]] = {}
        self._asking: dict[OrganizationCode, asyncio.Task[T | None]] = {}

    async def find(self, code: OrganizationCode) -> T | None:
        """Return what is known of an organization."""
        known = self._known.get(code)
        if known is not None and self._elapsed() - known[0] < FRESH:
            return known[1]
        if (asking := self._asking.get(code)) is None:
            asking = asyncio.create_task(self._asked(code))
            self._asking[code] = asking
            asking.add_done_callback(lambda done: self._answered(code, done))
        # Who gives up leaves the question to the others.
        return await asyncio.shield(asking)

    async def _asked(self, code: OrganizationCode) -> T | None:
        now = self._elapsed()
        answer = await self._ask(code)
        # What was found before it changed is not kept.
        is_current = self._asking.get(code) is asyncio.current_task()
        if answer is not None and is_current:
            self._known.pop(code, None)
            self._known[code] = now, answer
            if len(self._known) > KNOWN:
                self._known.pop(next(iter(self._known)))
        return answer

    def forget(self, code: OrganizationCode) -> None:
        """Ask anew for an organization the next time."""
        self._known.pop(code, None)
        self._asking.pop(code, None)

    def _answered(self, code: OrganizationCode, done: asyncio.Task[T | None]) -> None:
        if self._asking.get(code) is done:
            del self._asking[code]


@asynccontextmanager
async def open_store(
    data: Path,
    *,
    database: Path | str | None = None,
    elapsed: Callable[[], float] = time.monotonic,
    keyring: Keyring | None = None,
    vault: VaultKind | None = None,
) -> AsyncIterator[SqlStore]:
    """Open the store of a data directory, with its tables and vault.

    `database` is the file where it is not `hub.db`, or the URL of a PostgreSQL
    database. Without `keyring` secret letters stay closed. `vault` is its kind where
    that is not noted in the database. The tables must be there
    (`gateway.store.schema.upgrade`). Raises `StoreUnavailable`.
    """
    segments = Segments(data / SEGMENTS)
    try:
        async with _database(database or data / DATABASE, segments) as opened:
            kind = vault or await _kind_of_vault(opened.reading)
            bodies = InChunks() if kind == DATABASE_VAULT else InSegments(segments)
            yield SqlStore(opened, bodies, elapsed, keyring)
    finally:
        segments.close()


async def _kind_of_vault(reading: Connection) -> str:
    result = await reading.execute(_FACTS)
    noted = {row["name"]: row["value"] for row in result.mappings()}
    return str(noted.get(VAULT_FACT, ""))


def _database(
    where: Path | str, segments: Segments
) -> AbstractAsyncContextManager[Database]:
    if isinstance(where, Path):
        return SqliteDatabase.open(where, before_commit=segments.sync)
    return PostgresDatabase.open(where, segments)
