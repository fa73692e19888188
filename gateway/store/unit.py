"""One unit of work: the repositories in one turn to write."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Executable

from envelopes.letter import OrganizationCode
from gateway.store.accesses import StoredAccesses, StoredPersons
from gateway.store.acts import StoredActs
from gateway.store.archives import StoredArchives
from gateway.store.asides import StoredAsides
from gateway.store.attempts import StoredAttempts
from gateway.store.bodies import Bodies
from gateway.store.connection import Connection
from gateway.store.consignments import StoredConsignments
from gateway.store.copies import StoredCopies
from gateway.store.database import Turn
from gateway.store.dead_letters import StoredDeadLetters
from gateway.store.directory import StoredDirectory
from gateway.store.endpoints import StoredEndpoints
from gateway.store.errors import ConcurrentChange, StoreError
from gateway.store.evidence import StoredSignedReceipts
from gateway.store.found import Found
from gateway.store.hub_certificates import StoredHubCertificates
from gateway.store.inboxes import StoredInboxes
from gateway.store.incidents import StoredIncidents
from gateway.store.keyring import Keyring
from gateway.store.letter_keys import StoredLetterKeys
from gateway.store.letters import StoredLetters
from gateway.store.outbox import StoredPromises
from gateway.store.receipts import StoredReceipts
from gateway.store.registers import StoredRegisters
from gateway.store.replays import StoredReplays
from gateway.store.strongbox import Strongbox
from gateway.store.vault import StoredVault


class UnitConnection:
    """A connection that is good for one unit, until it ends or something fails."""

    __slots__ = ("_connection", "failure", "is_live")

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self.is_live = False
        self.failure: StoreError | None = None

    def begin(self, connection: Connection) -> None:
        """Run statements on this connection from now on."""
        self._connection = connection
        self.is_live = True

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Found:
        """Run a statement; after one that failed, none is run any more.

        An error may have made the database undo the whole transaction: what came
        after it would be durable by itself.
        """
        if self._connection is None or not self.is_live:
            raise StoreError(detail="a statement outside its unit")
        try:
            return await self._connection.execute(statement, parameters)
        except StoreError as error:
            self.failure = error
            self.is_live = False
            raise
        except BaseException:
            self.is_live = False
            raise

    async def add(
        self,
        statement: Executable,
        rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ) -> None:
        """Have an INSERT run, now or with the next statement or the commit."""
        if self._connection is None or not self.is_live:
            raise StoreError(detail="a statement outside its unit")
        try:
            await self._connection.add(statement, rows)
        except StoreError as error:
            self.failure = error
            self.is_live = False
            raise
        except BaseException:
            self.is_live = False
            raise


class StoredUnit:
    """One transaction. Leaving it without `commit` undoes everything."""

    def __init__(
        self,
        turn: Turn,
        bodies: Bodies,
        promised: Callable[[], None],
        changed: Callable[[OrganizationCode], None],
        *,
        keyring: Keyring | None = None,
    ) -> None:
        self._turn = turn
        self._promised = promised
        self._promises = 0
        self._changed = changed
        self._changes: list[OrganizationCode] = []
        self._has_turn = False
        self._connection = UnitConnection()
        self.strongbox = box = Strongbox(self._connection, keyring)
        self.letter_keys = StoredLetterKeys(self._connection)
        self.letters = StoredLetters(self._connection, box)
        self.consignments = StoredConsignments(self._connection, box)
        self.inboxes = StoredInboxes(self._connection)
        self.asides = StoredAsides(self._connection, self.inboxes.seals)
        self.copies = StoredCopies(self._connection, box)
        self.registers = StoredRegisters(self._connection, box)
        self.receipts = StoredReceipts(self._connection)
        self.signed_receipts = StoredSignedReceipts(self._connection, box)
        self.promises = StoredPromises(self._connection, self._count_promise)
        self.vault = StoredVault(self._connection, bodies, box)
        self.directory = StoredDirectory(self._connection, self._changes.append)
        self.accesses = StoredAccesses(self._connection, self._changes.append)
        self.endpoints = StoredEndpoints(self._connection)
        self.attempts = StoredAttempts(self._connection, box)
        self.dead_letters = StoredDeadLetters(self._connection)
        self.incidents = StoredIncidents(self._connection)
        self.replays = StoredReplays(self._connection)
        self.archives = StoredArchives(self._connection)
        self.persons = StoredPersons(self._connection)
        self.acts = StoredActs(self._connection, box)
        self.hub_certificates = StoredHubCertificates(self._connection)

    @property
    def connection(self) -> Connection:
        """For the store's own statements."""
        return self._connection

    async def __aenter__(self) -> Self:
        """Begin; waits for its turn. Raises `StoreUnavailable`."""
        self._connection.begin(await self._turn.take())
        self._has_turn = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; undo where `commit` was not called.

        Raises `ConcurrentChange` in place of an error that is no one's move but the
        other process's, which changed something between two readings of this unit.
        """
        del kind, trace
        try:
            if isinstance(error, Exception) and await self._was_overtaken(error):
                raise ConcurrentChange(detail=type(error).__name__) from error
        finally:
            self._connection.is_live = False
            if self._has_turn:
                self._has_turn = False
                await self._turn.undone()

    async def _was_overtaken(self, error: Exception) -> bool:
        if not (self._turn.sees_others and self._connection.is_live):
            return False
        if getattr(error, "temporary", False):
            return False
        return await self.inboxes.changed() or await self.consignments.changed()

    async def commit(self) -> None:
        """Return when the change is durable.

        Raises a temporary `StoreError` where it could not be committed: then nothing
        of it is kept. One that is cancelled meanwhile, or whose database is lost, may
        have been kept: run again, its verb finds that it was.
        """
        if not self._connection.is_live:
            failure = self._connection.failure or StoreError(detail="the unit is over")
            raise type(failure)(detail=failure.detail)
        self._has_turn = self._connection.is_live = False
        await self._turn.done()
        if self._promises:
            self._promised()
        for code in self._changes:
            self._changed(code)

    def _count_promise(self) -> None:
        self._promises += 1
