"""Keeps what the hub shows and signs with as operators have it now, without a restart.

Its TLS files, the certificates offices may come in with, and its own key: a command
changes them beside the hub that runs.
"""

import asyncio
from typing import Final

from gateway.domain.organization import Purpose
from gateway.keys.change import note_key_in_use
from gateway.ports import Store
from gateway.runners.runner import Patience, Pause, pause
from gateway.tls import Tls
from gateway.workflow.work import Work

INTERVAL: Final = 2.0
"""Seconds between two looks; a new access certificate waits no longer."""


class KeyKeeper:
    """Looks at each interval until told to stop."""

    name: Final = "key-keeper"

    def __init__(
        self, work: Work, tls: Tls | None, *, stop: asyncio.Event, pause: Pause = pause
    ) -> None:
        self._work = work
        self._tls = tls
        self._stop = stop
        self._pause = pause
        self._patience = Patience(self.name, stop, pause=pause)
        self._noted = ""

    async def run(self) -> None:
        """Run until `stop` is set."""
        await self._patience.keep(self._round)

    async def _round(self) -> None:
        await self._pause(self._stop, INTERVAL)
        await self.look()

    async def look(self) -> None:
        """Take over what was changed."""
        if self._tls is not None:
            clients = await access_certificates(self._work.store)
            await asyncio.to_thread(self._tls.renew, clients)
        # A new key may be asked of a token.
        signer = await asyncio.to_thread(self._work.signer.pinned)
        if signer.certificate.fingerprint != self._noted:
            now = self._work.clock.now()
            await note_key_in_use(self._work.store, signer.certificate, now)
            self._noted = signer.certificate.fingerprint


async def access_certificates(store: Store) -> frozenset[bytes]:
    """Return the certificates for access, in force or not; the door judges them."""
    found = await store.every_certificate()
    return frozenset(one.der for one in found if Purpose.ACCESS in one.purposes)
