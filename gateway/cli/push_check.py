"""What `gateway check` says of what the hub shows to push endpoints."""

from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from gateway.cli.thai import thai_day
from gateway.config import SettingsError
from gateway.domain.delivery import CredentialsMissing
from gateway.transport.credentials import Credentials, PushFiles

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_SOON: Final = timedelta(days=14)


class Looked(TypedDict):
    """A line of `gateway check`."""

    name: str
    thai: str
    ok: bool
    found: str


async def look(hub: "Hub") -> list[Looked]:
    """Look at the files, where the settings name any."""
    settings = hub.settings
    named = (settings.push_certificate, settings.push_key, settings.push_authorities)
    if not any(named):
        return []
    try:
        files = PushFiles.of(settings)
        files.context()
        credentials = Credentials(files, settings.data, lambda _why: None)
        own = credentials.certificate()
    except (SettingsError, CredentialsMissing) as error:
        return [_said(str(error), ok=False)]
    if own is None:
        return [_said("ไม่แสดงใบรับรอง / the hub shows no certificate", ok=True)]
    until = own.not_valid_after_utc
    fine = until - hub.work.clock.now() >= _SOON
    return [_said(f"ใช้ได้ถึง / until {thai_day(until.date())}", ok=fine)]


def _said(found: str, *, ok: bool) -> Looked:
    return Looked(name="push", thai="ใบรับรองสำหรับส่งออก", ok=ok, found=found)
