"""What `gateway check` says of the hub's own keys: for signing, and for TLS."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from gateway.cli.access_check import Looked
from gateway.cli.thai import thai_time, within
from gateway.config import SettingsError

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_SOON: Final = timedelta(days=14)
"""So close to its end a certificate for TLS should have been renewed."""


async def look(hub: "Hub") -> list[Looked]:
    """Look at what the hub signs with, and at what its address is served with."""
    return [_signing(hub), *await _waiting(hub), *await _tls(hub)]


def _signing(hub: "Hub") -> Looked:
    ends = hub.work.signer.certificate.not_after
    now = hub.work.clock.now()
    found = f"{_ends(ends, now)}, {hub.keys.where}"
    return Looked(
        name="certificate", thai="ใบรับรองของศูนย์กลาง", ok=ends > now, found=found
    )


async def _waiting(hub: "Hub") -> list[Looked]:
    # Cryptography is loaded with the hub, not with `gateway --help`.
    from gateway.keys.change import keys_of  # noqa: PLC0415

    found = await keys_of(hub.keys, hub.store)
    if found.waiting() is None:
        return []
    words = f"รอใบรับรอง / waits for its certificate: {found.request}"
    return [Looked(name="new key", thai="กุญแจใหม่", ok=True, found=words)]


async def _tls(hub: "Hub") -> list[Looked]:
    """Read the files anew: a hub that runs may go on with those before."""
    from gateway.runners.key_keeper import access_certificates  # noqa: PLC0415
    from gateway.tls import TlsFiles  # noqa: PLC0415

    now = hub.work.clock.now()
    try:
        files = TlsFiles.of(hub.settings)
        if files is None:
            return []
        clients = await access_certificates(hub.store)
        files.context(clients)
        ends = files.own().not_valid_after_utc
    except SettingsError as error:
        found = f"{error.name}: {error.problem}: {error.remedy}"
        return [Looked(name="tls", thai="TLS", ok=False, found=found)]
    found = f"{_ends(ends, now)}, {len(clients)} client certificates are known"
    return [Looked(name="tls", thai="TLS", ok=ends > now + _SOON, found=found)]


def _ends(ends: datetime, now: datetime) -> str:
    if ends <= now:
        return f"หมดอายุแล้ว / has expired ({thai_time(ends)})"
    return f"หมดอายุ{within(ends - now)} ({thai_time(ends)})"
