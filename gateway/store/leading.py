"""Which process of a hub leads in a duty that one at a time is enough for.

By an advisory lock of a session of its own: the server drops it with the
process, and within half a minute of a machine that is gone. It locks no row, so
nobody but who wants the same duty waits for it, however long the duty takes. Two may
lead for a moment after a connection was lost: whatever is done under it must be safe
to do twice.
"""

import asyncio
import zlib
from typing import Final

from gateway.store.errors import StoreError
from gateway.store.lending import Session, connect
from gateway.store.postgresql_errors import told

_OURS: Final = 7470326
"""Any number, the same in all versions; beside it stands that of the duty."""

_TRY: Final = "SELECT pg_try_advisory_lock($1, $2)"
_STILL: Final = "SELECT 1"


class SessionLocks:
    """Leads by locks of one session, made again where it was lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: Session | None = None
        self._held: set[str] = set()
        self._turn = asyncio.Lock()

    async def leads(self, duty: str) -> bool:
        """Say whether this process leads; False where the server does not answer."""
        async with self._turn:
            try:
                return await self._leads(duty)
            except StoreError:
                self._let_go()
                return False

    async def close(self) -> None:
        """Give up all locks."""
        async with self._turn:
            self._let_go()

    async def _leads(self, duty: str) -> bool:
        if self._session is None:
            self._session = Session(await told(connect(self._url)))
        session = self._session
        if duty in self._held:
            await session.write(_STILL, ())
            return True
        number = zlib.crc32(duty.encode()) & 0x7FFFFFFF
        if is_ours := await session.done(session.driver.fetchval(_TRY, _OURS, number)):
            self._held.add(duty)
        return bool(is_ours)

    def _let_go(self) -> None:
        self._held.clear()
        session, self._session = self._session, None
        if session is not None:
            # The locks end with the session.
            session.driver.terminate()
