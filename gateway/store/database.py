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


class Database(Protocol):
    """An open database."""

    @property
    def reading(self) -> Connection:
        """Sees what is committed, and nothing else."""

    def turn(self) -> Turn:
        """Return a turn that has not begun yet."""

    def snapshot(self) -> AbstractAsyncContextManager[Connection]:
        """Open a connection that shows one moment, however long it reads."""
