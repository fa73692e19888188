"""What the store needs of a database: turns to write, a connection to read."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.store.connection import Connection


class Turn(Protocol):
    """One transaction, for one unit."""

    sees_others: bool
    """Whether it may see what others commit while it goes on."""

    async def take(self) -> Connection:
        """Wait for the turn, and begin. Raises `StoreUnavailable`."""

    async def done(self) -> None:
        """Return when what was done is durable, and give up the turn.

        Raises a temporary `StoreError`; nothing of it is kept then, unless the
        server was lost while it committed.
        """

    async def undone(self) -> None:
        """Undo what was done, and give up the turn."""


class Leading(Protocol):
    """Tells whether this process leads."""

    async def leads(self, duty: str) -> bool:
        """Say whether this process leads in a duty, and take the lead if nobody has."""


class Alone:
    """There is one process."""

    __slots__ = ()

    async def leads(self, duty: str) -> bool:
        """Say that it leads in everything."""
        del duty
        return True


class Database(Protocol):
    """An open database."""

    is_shared: bool
    """Whether other processes of this hub may work on it at the same time."""

    @property
    def leading(self) -> Leading:
        """Whether this process is the one that does what one is enough for."""

    @property
    def reading(self) -> Connection:
        """Sees what is committed, and nothing else."""

    def turn(self) -> Turn:
        """Return a turn that has not begun yet."""

    def snapshot(self) -> AbstractAsyncContextManager[Connection]:
        """Open a connection that shows one moment, however long it reads."""
