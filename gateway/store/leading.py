"""Which process of a hub leads in a duty that one at a time is enough for.

By an advisory lock of a session of its own: the server drops it with the
process, and within half a minute of a machine that is gone. It locks no row, so
nobody but who wants the same duty waits for it, however long the duty takes. Two may
lead for a moment after a connection was lost: whatever is done under it must be safe
to do twice.
"""

import asyncio
import zlib
from contextlib import AsyncExitStack
from typing import Final

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.store.errors import StoreError
from gateway.store.postgresql_errors import told

_OURS: Final = 7470326
"""Any number, the same in all versions; beside it stands that of the duty."""

_TRY: Final = text("SELECT pg_try_advisory_lock(:ours, :duty)").bindparams(
    bindparam("ours", _OURS)
)
_STILL: Final = text("SELECT 1")


class SessionLocks:
    """Leads by locks of one session, made again where it was lost."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._session = AsyncExitStack()
        self._connection: AsyncConnection | None = None
        self._held: set[str] = set()
        self._turn = asyncio.Lock()

    async def leads(self, duty: str) -> bool:
        """Say whether this process leads; False where the server does not answer."""
        async with self._turn:
            try:
                return await self._leads(duty)
            except StoreError:
                await self._let_go()
                return False

    async def close(self) -> None:
        """Give up all locks."""
        async with self._turn:
            await self._let_go()

    async def _leads(self, duty: str) -> bool:
        connection = self._connection
        if connection is None:
            entered = self._session.enter_async_context(self._engine.connect())
            connection = self._connection = await told(entered)
        if duty in self._held:
            await told(connection.execute(_STILL))
            return True
        number = zlib.crc32(duty.encode()) & 0x7FFFFFFF
        result = await told(connection.execute(_TRY, {"duty": number}))
        if is_ours := bool(result.scalar_one()):
            self._held.add(duty)
        return is_ours

    async def _let_go(self) -> None:
        self._held.clear()
        session, self._session = self._session, AsyncExitStack()
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            # Not back into a pool: the locks end with the session.
            await told(connection.invalidate())
            await told(session.aclose())
        except StoreError:
            # It was lost, and the locks with it.
            return
